"""What the tests of the log share: a clock that is an argument, entries, and a way to say "the log is whole"."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from audit.model import Entry, JsonValue
from audit.reader import Reader

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def ticking() -> Callable[[], datetime]:
    """A clock that goes one second forward whenever it is read."""
    now = START

    def clock() -> datetime:
        nonlocal now
        now += timedelta(seconds=1)
        return now

    return clock


def entry(kind: str = "thing.happened", **body: JsonValue) -> Entry:
    return Entry(kind, "slack:T1/U1", body, rule="a-rule")


def whole(path: Path) -> int:
    """Assert that the log verifies; the number of its rows."""
    with Reader(path) as reader:
        found = reader.verify()
    assert found.ok, found.why
    return found.rows


def edit(path: Path, *statements: str) -> None:
    """What somebody with access to the file can do to it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        for statement in statements:
            conn.execute(statement)
