"""Proving the log: walk the chain, name the first bad row and say in a sentence what is wrong with it.

What the chain shows: a row edited, inserted, taken out or reordered; an end cut off while the head stays; triggers
missing; open operations and claims that do not follow from the events.

What it does not look at: `shown`. That is the poster's note of what Slack answered (which message is whose card, how
far a thread is told); nothing in the log says what it must be. Whoever changes it can make the bot post again, or
write over the wrong message of its own; no pair is locked or freed by it and nothing is started.

What it cannot show: the whole chain written anew, or its end cut together with the head, by somebody with write
access to the file. Everything needed for that is in the file. Against it only a checkpoint helps that left the
machine before: the head that `csfailover log verify` prints, kept elsewhere and compared with `hash_at`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from audit import chain
from audit.model import COLUMNS, GENESIS, Verification
from audit.sqlite import connect, schema
from audit.timeline import visible

_ROWS = f"SELECT {', '.join(COLUMNS)} FROM event ORDER BY seq"  # noqa: S608  # names of our own columns
_KEPT = "SELECT operation, first_seq, claim, open FROM operation"
_STRAY = f"""SELECT operation FROM (SELECT * FROM ({_KEPT}) EXCEPT SELECT * FROM ({schema.FROM_LOG}))
             UNION SELECT operation FROM (SELECT * FROM ({schema.FROM_LOG}) EXCEPT SELECT * FROM ({_KEPT}))
             ORDER BY operation LIMIT 1"""  # noqa: S608  # our own constants


def verify(log: sqlite3.Connection | Path) -> Verification:
    """Check all of the log as it is now, also while it is written. Raises CannotOpen when there is none.

    About 30,000 rows a second. A connection must not be in a transaction; it is only read.
    """
    if isinstance(log, Path):
        with closing(connect.read_only(log)) as conn:
            return verify(conn)
    log.execute("BEGIN")  # one snapshot for rows and head
    try:
        return _walk(log)
    finally:
        log.execute("ROLLBACK")


def _walk(log: sqlite3.Connection) -> Verification:
    seq, prev = 0, GENESIS
    try:
        for row in log.execute(_ROWS):
            if fault := _fault(seq, prev, row):
                return Verification(False, seq, prev, seq + 1, fault)
            seq, prev = row[0], row[-1]
        first_bad, why = _surroundings(log, seq, prev)
    except sqlite3.DatabaseError as error:
        return Verification(
            False, seq, prev, seq + 1, f"Row {seq + 1} cannot be read: SQLite says {visible(str(error))}."
        )
    if why:
        return Verification(False, seq, prev, first_bad, why)
    return Verification(True, seq, prev, None, f"{seq} rows, each follows the one before; the head is {prev}.")


def _fault(last: int, last_hash: str, row: Sequence[Any]) -> str:
    seq, prev, given = row[0], row[-2], row[-1]
    if seq != last + 1:
        return f"Row {last + 1} is missing: after row {last} comes row {seq}. Rows were taken out."
    if prev != last_hash:
        return f"Row {seq} does not follow row {last}: its prev is not that row's hash. One of the two was replaced."
    if _digest(row) != given:
        return f"Row {seq} was changed after it was written: its content does not give its hash."
    return ""


def _digest(row: Sequence[Any]) -> str:
    try:
        return chain.digest(row)
    except (AttributeError, TypeError, ValueError):  # bytes, or a number where text belongs: no row of ours
        return ""


def _surroundings(log: sqlite3.Connection, seq: int, last_hash: str) -> tuple[int | None, str]:
    head = log.execute("SELECT seq, hash FROM audit_head").fetchone()
    if head is None:
        return None, "The head is missing: audit_head has no row, so a cut end could not be seen."
    if head[0] > seq:
        return seq + 1, f"The end is missing: the head says {head[0]} rows, the log ends at row {seq}."
    if head != (seq, last_hash):
        return head[0] + 1, f"The log goes past its head: the head is at row {head[0]}, the log ends at row {seq}."
    if missing := schema.missing_triggers(log):
        return (
            None,
            f"The rows are whole, but nothing keeps them so: triggers missing or changed: {', '.join(missing)}.",
        )
    if stray := log.execute(_STRAY).fetchone():
        return None, _strays(log, stray[0])
    return None, ""


def _strays(log: sqlite3.Connection, operation: str) -> str:
    kept, told = (
        log.execute(f"SELECT first_seq, claim, open FROM ({source}) WHERE operation = ?", (operation,)).fetchone()  # noqa: S608
        for source in (_KEPT, schema.FROM_LOG)
    )
    return (
        f"Its rows are untouched, but the list of operations made from them was changed: {operation!r} is "
        f"{_kept(kept)} there, and by its rows it is {_kept(told)}."
    )


def _kept(found: tuple[int, str | None, int] | None) -> str:
    if found is None:
        return "missing"
    first, claim, is_open = found
    return f"{'open' if is_open else 'closed'} since row {first} with {f'the lock {claim!r}' if claim else 'no lock'}"


def hash_at(log: sqlite3.Connection, seq: int) -> str | None:
    """The hash that row `seq` bears, that of an empty log for 0; None when there is no such row."""
    if seq == 0:
        return GENESIS
    found = log.execute("SELECT hash FROM event WHERE seq = ?", (seq,)).fetchone()
    return str(found[0]) if found else None
