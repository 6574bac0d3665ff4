"""The watch when the bot is ended: what an engine says that was closed under it is no trouble."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from slack_sdk import WebClient

from audit.sqlite.store import Store
from bot import clock
from bot.desk.kept import Watch
from bot.desk.timings import Timings
from bot.slack.people import People
from engine.facts import Topology
from engine.lab.build import Size
from engine.lab.engine import Lab
from engine.lab.world import create


class Slow(Lab):
    """Begins a reading, and reads on when it is let."""

    begun: threading.Event
    goes_on: threading.Event

    def topology(self) -> Topology:
        self.begun.set()
        assert self.goes_on.wait(10)
        return super().topology()


@pytest.mark.parametrize("leaving", [True, False], ids=["ending", "while it works"])
def test_an_engine_that_is_closed_is_trouble_only_while_the_bot_works(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, leaving: bool
) -> None:
    """A reading is under way when the engine is closed: silence at the end, a warning otherwise."""
    world = tmp_path / "lab.db"
    create(world, Size.TINY, clock=clock.unix).close()
    lab = Slow(world, clock=clock.unix, wait=clock.wait)
    lab.begun, lab.goes_on = threading.Event(), threading.Event()
    store = Store.open(tmp_path / "log.db", clock=clock.now)
    people = People("T0LAB", {}, {}, (), WebClient(token="xoxb-lab"), time.monotonic)
    watch = Watch(lab, people, store, time.monotonic, Timings(), lambda: None)
    watch.start()
    assert lab.begun.wait(10)
    if leaving:
        watch.leave()
    lab.close()
    lab.goes_on.set()
    deadline = time.monotonic() + 5
    while not leaving and not watch.trouble and time.monotonic() < deadline:
        clock.wait(0.01)
    watch.stop()
    store.close()
    told = [record.getMessage() for record in caplog.records if record.name == "bot.desk.kept"]
    assert (bool(watch.trouble), len(told)) == ((False, 0) if leaving else (True, 1)), told
