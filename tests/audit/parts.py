"""What the tests of the log share: a clock that is an argument, entries, and a way to say "the log is intact"."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from audit import chain
from audit.model import COLUMNS, GENESIS, Entry, JsonValue, Verification
from audit.sqlite import schema
from audit.sqlite.reader import Reader
from audit.sqlite.verify import ROWS, verify

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


def projections(path: Path) -> tuple[list[tuple[object, ...]], ...]:
    """The tables beside the log: operations, and the claims they hold."""
    with closing(sqlite3.connect(path)) as conn:
        operations = conn.execute("SELECT * FROM operation ORDER BY operation").fetchall()
        return operations, conn.execute("SELECT * FROM claim ORDER BY claim, operation").fetchall()


def edit(path: Path, *statements: str) -> None:
    """What somebody with access to the file can do to it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        for statement in statements:
            conn.execute(statement)


def unlocked(path: Path, *statements: str) -> Verification:
    """Do this to the file with the triggers out of the way and back again, as a careful forger would."""
    drop = [f"DROP TRIGGER {name}" for name in schema.TRIGGERS]
    edit(path, *drop, *statements, *schema.TRIGGERS.values())
    return verify(path)


def written_anew(path: Path, seq: int, column: str, value: str) -> Verification:
    """Change one column of one row, and make all hashes from there on again: what a patient forger does."""
    with closing(sqlite3.connect(path)) as conn:
        rows = [list(columns) for columns in conn.execute(ROWS)]
    prev, statements = GENESIS, []
    for row in rows:
        if row[0] == seq:
            row[COLUMNS.index(column)] = value
            statements.append(f"UPDATE event SET {column} = '{value}' WHERE seq = {seq}")
        row[-2] = prev
        prev = row[-1] = chain.digest(row)
        statements.append(f"UPDATE event SET prev = '{row[-2]}', hash = '{row[-1]}' WHERE seq = {row[0]}")
    return unlocked(path, *statements, f"UPDATE audit_head SET hash = '{prev}'")
