"""A real bot process is killed with SIGKILL at random moments of a run over the wire, and started again until all is
over: the right verdict or an honest doubt, and by the server's own log nothing was ever sent twice.

Seeded, so that a moment that found something can be had again; machine and scheduler still have their say.
"""

from __future__ import annotations

import os
import random  # noqa: TID251  # seeded: an argument
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bot.demo import WORLD as WORLD_NAME
from tests.crash.child import Bullet
from tests.remote import proof
from tests.remote.incident import RemoteIncident, Shot, place_of
from tests.remote.proof import Told
from tests.wsman.fixtures import TRANSPORTS
from tests.wsman.peer import Peer

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGKILL, fork")
SIDE_BY_SIDE = 3
RUN = 1.5
"""Seconds that a failover takes in the peer's world."""


def storm(place: Path, seed: int, most: int, **peer: Any) -> Told:
    """One incident with up to `most` kills at moments that the seed chooses."""
    chance = random.Random(seed)
    shots = [_shot(chance) for _ in range(chance.randint(1, most))]
    place = place_of(place, seed)
    with (
        Peer.start({"auto_disconnect": 1.0} | peer, world=place / WORLD_NAME, speed=0.56 / RUN) as server,
        RemoteIncident(place, peer=server, wire=TRANSPORTS[seed % 2]) as incident,
    ):
        incident.stormed(shots)
        return proof.holds(incident)


def _shot(chance: random.Random) -> Shot:
    """Two of three in mid-run, the third at a commit, of which an incident has some thirty."""
    if chance.random() < 2 / 3:
        return chance.uniform(0, RUN * 1.2)
    return Bullet(chance.choice(("before", "after")), chance.randint(1, 30))


def storms(place: Path, seeds: range, most: int = 2, **peer: Any) -> list[Told]:
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        told = list(pool.map(lambda seed: storm(place, seed, most, **peer), seeds))
    print(proof.summary(told))
    return told


def test_killed_in_mid_run_it_comes_back_and_finds_the_run_again(tmp_path: Path) -> None:
    """Where WinRM gives a run back: mostly the next life follows it to its end."""
    assert sum(told.kills for told in storms(tmp_path, range(4))) >= 4


def test_killed_where_nothing_can_be_found_again_it_looks_until_the_state_is_plain(tmp_path: Path) -> None:
    """An endpoint under IIS: in doubt, until the users are seen where they were to go."""
    assert sum(told.doubted for told in storms(tmp_path, range(10, 12), most=1, disconnect=False)) >= 1


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_a_hundred_kills(tmp_path: Path) -> None:
    """The same, a hundred times, over both wires; one in five where nothing can be found again."""
    told = storms(tmp_path, range(100, 160), most=3) + storms(tmp_path, range(200, 215), most=1, disconnect=False)
    assert sum(one.kills for one in told) >= 100
