"""Houses over the wire: a peer process with a small world of its own for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.demo import demo
from tests.remote.wire import WireHouse
from tests.wsman.fixtures import TRANSPORTS
from tests.wsman.peer import Peer

Furnish = Callable[..., WireHouse]


@contextmanager
def furnished(place: Path, wire: str = "https-negotiate", product: str = "2013", **peer: Any) -> Iterator[WireHouse]:
    """No bot lives in it yet; `peer` are settings of the peer. What holds for every house is looked at in the end."""
    with Peer.start({"auto_disconnect": 1.0} | peer, world=place / demo.WORLD, product=product) as running:
        house = WireHouse(place, "http", peer=running, wire=wire)
        house.furnished()
        try:
            yield house
            house.dies()
            house.is_in_order()
        finally:
            house.dies()
            house.standin.stop()


@pytest.fixture
def furnish(tmp_path: Path) -> Iterator[Furnish]:
    """Makes a house: `furnish(product="2015", disconnect=False)`."""
    with ExitStack() as stack:
        yield lambda **how: stack.enter_context(furnished(tmp_path, **how))


@pytest.fixture
def house(furnish: Furnish) -> WireHouse:
    """The bot lives in it, over HTTPS with Negotiate."""
    made = furnish()
    made.moves_in()
    return made


@pytest.fixture(params=[pytest.param(TRANSPORTS[0], marks=pytest.mark.slow), TRANSPORTS[1]])
def either_house(request: pytest.FixtureRequest, furnish: Furnish) -> WireHouse:
    """The same, over both wires."""
    made = furnish(wire=request.param)
    made.moves_in()
    return made
