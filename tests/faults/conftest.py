"""A service whose machine can be made to fail, and the people of its channel."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot import clock
from bot.demo import demo
from bot.slack.manifest import commands
from bot.standin import StandIn
from engine.lab.build import Size
from engine.lab.world import create
from tests.bot.service import TOKENS, Place, Service
from tests.conversations.house import House
from tests.faults.faults import MUST, Faults, built, cannot


@dataclass
class Shaken:
    """The files of one bot, its lives as processes under the faults, and the people (`house` is never alive here)."""

    place: Place
    house: House
    faults: Faults
    more: dict[str, str] = field(default_factory=dict)

    def lives(self) -> Service:
        """A new life. Use with `with`."""
        self.place.write()
        command = self.place.command("run", "--config", str(self.place.file))
        environment = self.place.environment(TOKENS) | self.faults.environment | self.more
        return Service(command, environment, self.place.path)


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if why := cannot():
        if os.environ.get(MUST):
            pytest.fail(why)
        pytest.skip(why)
    return built(tmp_path_factory.mktemp("faults"))


@pytest.fixture
def shaken(tmp_path: Path, library: Path) -> Iterator[Shaken]:
    standin = StandIn()
    standin.commands = commands()
    standin.start()
    create(tmp_path / demo.WORLD, Size.TINY, clock=clock.unix).close()
    place = Place(tmp_path, standin.api_url, speed=600)
    yield Shaken(place, House(tmp_path, "socket", standin), Faults(library, tmp_path / "armed", demo.LOG))
    standin.stop()
