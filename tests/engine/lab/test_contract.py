"""The lab keeps the contract of every engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.lab.engine import Lab
from engine.lab.trouble import break_
from engine.lab.world import World
from engine.port import Engine
from tests.engine.contract import EngineContract
from tests.engine.lab.worlds import Time, new_lab


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def engine(tmp_path: Path, time: Time) -> Iterator[Lab]:
    lab = new_lab(tmp_path, time=time)
    yield lab
    lab.close()


@pytest.fixture
def world(engine: Lab, time: Time) -> Iterator[World]:
    other = World(engine.world.path, clock=time)
    yield other
    other.close()


@pytest.fixture
def passes(time: Time) -> Callable[[float], None]:
    return time.wait


@pytest.fixture
def unanswered(world: World) -> Callable[[], None]:
    return lambda: (break_(world, "start"), None)[1]


class TestLabKeepsTheContract(EngineContract):
    def test_it_is_an_engine(self, engine: Lab) -> None:
        """The type checker agrees, and it says its name."""
        port: Engine = engine
        assert port.name == "lab"
