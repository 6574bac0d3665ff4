"""The only place that reads the clock, waits, and draws random ids. Everything else takes them as arguments."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No 0/O, 1/I/L or U: an operation's id is read out over the phone."""


def now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251  # this is the place


def elapsed() -> float:
    """Seconds since some moment, including those that the machine was suspended, where the system counts them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Steady:
    """The time of one life of the process: the wall clock's at its start, plus what has gone by since on a clock that
    counts suspended time too and never steps. Setting the wall clock neither ends nor lengthens a wait."""

    def __init__(self, wall: Callable[[], datetime] = now, elapsed: Callable[[], float] = elapsed) -> None:
        self._wall = wall
        self._elapsed = elapsed
        self._start = wall()
        self._began = elapsed()

    def now(self) -> datetime:
        """Never earlier than it was."""
        return self._start + timedelta(seconds=self._elapsed() - self._began)

    def not_before(self, at: datetime) -> None:
        """Recorded times do not go back from one life to the next: called once, before the first is recorded. A time
        more than a day ahead is an old mistake, and is not followed."""
        ahead = at - self.now()
        if timedelta(0) < ahead <= timedelta(days=1):
            self._start += ahead

    def stepped(self) -> float:
        """Seconds by which the wall clock is ahead of this one; below 0 behind it."""
        return (self._wall() - self.now()).total_seconds()


def unix() -> float:
    """Seconds since 1970."""
    return time.time()


def monotonic() -> float:
    """Seconds that never go back, for intervals."""
    return time.monotonic()


def wait(seconds: float) -> None:
    time.sleep(seconds)  # noqa: TID251  # this is the place


def operation_id() -> str:
    """Eight random characters, as `7KQ2-M4XA`: opaque, and short enough to be read aloud."""
    drawn = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"{drawn[:4]}-{drawn[4:]}"


def run_id() -> str:
    """An upper-case UUID, as WSMan wants them."""
    return str(uuid.uuid4()).upper()  # noqa: TID251  # this is the place
