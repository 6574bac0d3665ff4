"""Houses for conversations: over both ways in which Slack delivers where that matters, over HTTP where not."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot import clock, demo
from engine.lab.build import Size
from engine.lab.world import create
from tests.conversations.house import House


@pytest.fixture(scope="session")
def small_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pairs of small pools and a pool alone, to be copied."""
    path = tmp_path_factory.mktemp("world") / demo.WORLD
    create(path, Size.TINY, clock=clock.unix).close()
    return path


@contextmanager
def furnished(place: Path, world: Path, transport: str) -> Iterator[House]:
    shutil.copy(world, place / demo.WORLD)
    house = House(place, transport)
    house.furnished()
    try:
        yield house
        house.dies()
        house.is_in_order()
    finally:
        house.dies()
        house.standin.stop()


@pytest.fixture
def empty_house(tmp_path: Path, small_world: Path) -> Iterator[House]:
    """No bot in it yet: `live` says which."""
    with furnished(tmp_path, small_world, "http") as house:
        yield house


@pytest.fixture
def house(empty_house: House) -> House:
    """The bot lives in it as the demo configures it; the lab takes no time."""
    empty_house.live()
    return empty_house


@pytest.fixture(params=["socket", "http"])
def either_house(request: pytest.FixtureRequest, tmp_path: Path, small_world: Path) -> Iterator[House]:
    """The same, over Socket Mode and over signed HTTP."""
    with furnished(tmp_path, small_world, request.param) as house:
        house.live()
        yield house
