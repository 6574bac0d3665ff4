"""Houses for conversations: over both of Slack's transports where that matters, over HTTP otherwise."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from bot import clock
from bot.demo import demo
from engine.lab.build import Size
from engine.lab.world import create
from tests.conversations.house import House

Furnish = Callable[[str], House]


@pytest.fixture(scope="session")
def small_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pairs of small pools and a pool alone, to be copied."""
    path = tmp_path_factory.mktemp("world") / demo.WORLD
    create(path, Size.TINY, clock=clock.unix).close()
    return path


@pytest.fixture(scope="session")
def closes_later() -> Iterator[Callable[[House], None]]:
    """Closes a house while the next conversation goes on; what goes wrong there is reported at the very end."""
    futures: list[Future[None]] = []
    with ThreadPoolExecutor(max_workers=16) as pool:
        yield lambda house: futures.append(pool.submit(house.closes))
    for future in futures:
        future.result()


@pytest.fixture
def furnish(tmp_path: Path, small_world: Path, closes_later: Callable[[House], None]) -> Iterator[Furnish]:
    """A house in which Slack delivers by this transport, and no bot yet."""
    houses: list[House] = []

    def make(transport: str) -> House:
        shutil.copy(small_world, tmp_path / demo.WORLD)
        houses.append(House(tmp_path, transport))
        houses[-1].furnished()
        return houses[-1]

    try:
        yield make
        for house in houses:
            house.is_in_order()
    finally:
        for house in houses:
            closes_later(house)


@pytest.fixture
def empty_house(furnish: Furnish) -> House:
    """No bot in it yet: `live` says which."""
    return furnish("http")


@pytest.fixture
def house(empty_house: House) -> House:
    """The bot lives in it as the demo configures it; the lab takes no time."""
    empty_house.live()
    return empty_house


@pytest.fixture(params=["socket", "http"])
def either_house(request: pytest.FixtureRequest, furnish: Furnish) -> House:
    """The same, over Socket Mode and over signed HTTP."""
    made = furnish(request.param)
    made.live()
    return made
