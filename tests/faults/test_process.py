"""The process on a machine in trouble: no threads, a full disk under its output, a hang-up, an engine that hangs."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot import clock
from engine.states import State
from tests.bot.service import PATIENCE, TOKENS, Service
from tests.faults import hanging
from tests.faults.conftest import Shaken

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and /dev/full are POSIX")


@pytest.mark.slow  # starts, waits, starts again; what it rests on is in bot/desk/test_workers
def test_an_operation_for_which_there_was_no_thread_starts_once_there_is(shaken: Shaken) -> None:
    """It is due again; SIGTERM ends the bot cleanly after it, and in the midst of it too."""
    house = shaken.house
    with shaken.lives() as service:
        service.says("Connected")
        operation, card = house.asked()
        house.told(operation, "Preflight passed")
        shaken.faults.arm(threads=errno.EAGAIN)
        house.bob.click("Approve", ts=card)
        service.says("no thread can be started: can't start new thread; trying again")
        clock.wait(1.0)
        assert house.operation(operation).state is State.APPROVED
        assert house.runs() == 0
        shaken.faults.mended()
        assert house.closed(operation).state is State.SUCCEEDED
        shaken.faults.arm(threads=errno.EAGAIN)
        assert service.stops() == 0
    house.is_in_order()


def test_sigterm_ends_a_bot_whose_engine_hangs(shaken: Shaken) -> None:
    """In the time that was set, with a sentence and exit code 1; the log is intact."""
    command = [sys.executable, "-m", "tests.faults.hanging", str(shaken.place.path), shaken.place.api_url]
    with Service(command, shaken.place.environment({}), Path(__file__).parents[2]) as service:
        service.says("up")
        shaken.house.ask("/failover pool01")
        before = time.monotonic()
        assert service.stops() == 1
        assert time.monotonic() - before < hanging.SECONDS + PATIENCE / 2
    assert service.err == ["csfailover: did not end within 1 s; ended by force, as by a kill."]
    shaken.house.is_in_order()


@pytest.mark.parametrize("stream", [pytest.param("stdout", marks=pytest.mark.slow), "both"])
def test_output_on_a_full_disk_keeps_it_neither_from_starting_nor_from_ending(shaken: Shaken, stream: str) -> None:
    """/dev/full takes no byte: what cannot be said is not said, and the exit code is 0."""
    shaken.place.write()
    command = shaken.place.command("run", "--config", str(shaken.place.file))
    environment = shaken.place.environment(TOKENS)
    del environment["PYTHONUNBUFFERED"]
    with Path("/dev/full").open("w") as full, (shaken.place.path / "err").open("w+") as kept:
        err = full if stream == "both" else kept
        with subprocess.Popen(command, env=environment, cwd=shaken.place.path, stdout=full, stderr=err) as process:
            shaken.house.until(shaken.house.log.exists)
            shaken.house.until(lambda: "recorded as" in shaken.house.alice.command("/failover pool01").text)
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0
        kept.seek(0)
        assert kept.read() == ""


def test_a_hang_up_does_not_end_the_bot(shaken: Shaken) -> None:
    """A terminal that is closed, or a log rotation: what it follows, it follows on."""
    with shaken.lives() as service:
        service.says("Connected")
        service.signals(signal.SIGHUP)
        clock.wait(0.2)
        assert shaken.house.done().state is State.SUCCEEDED
        assert service.stops() == 0
