"""Proving a log in an SQLite file: the walk of audit.verify over its rows, and then what surrounds them.

Around them: the head, the triggers, and the open operations and claims, which must follow from the rows.

What it does not look at: `shown`. That is the poster's note of what Slack answered (which message is whose card, how
far a thread has come); nothing in the log determines it. Somebody who changes it can make the bot post again, or
overwrite the wrong one of its messages; no pair is locked or freed by it and nothing is started.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from audit.model import COLUMNS, GENESIS, Verification
from audit.sqlite import connect, schema
from audit.standing import Standing, Standings, difference
from audit.verify import Walk

ROWS = f"SELECT {', '.join(COLUMNS)} FROM event ORDER BY seq"  # noqa: S608  # names of our own columns


def verify(log: sqlite3.Connection | Path) -> Verification:
    """Check all of the log as it is now, even while it is being written. Raises CannotOpen when there is none.

    About 30,000 rows a second. A connection must not be in a transaction; it is only read.
    """
    if isinstance(log, Path):
        with closing(connect.read_only(log)) as conn:
            return verify(conn)
    log.execute("BEGIN")  # one snapshot for rows and head
    walk = Walk()
    try:
        return walk.through(log.execute(ROWS)) or _surroundings(log, walk) or walk.whole()
    except sqlite3.DatabaseError as error:
        return walk.unreadable(sqlite3.DatabaseError(f"SQLite says {error}"))
    finally:
        log.execute("ROLLBACK")


def _surroundings(log: sqlite3.Connection, walk: Walk) -> Verification | None:
    if fault := walk.ends_at(log.execute("SELECT seq, hash FROM audit_head").fetchone()):
        return fault
    if missing := schema.missing_triggers(log):
        say = "The rows are intact, but nothing keeps them that way: triggers missing or changed: "
        return walk.broken(None, f"{say}{', '.join(missing)}.")
    if stray := difference(kept(log), walk.standings):
        return walk.broken(None, stray)
    return None


def kept(log: sqlite3.Connection) -> Standings:
    """Operations and claims as the tables beside the log have them."""
    found = {
        name: Standing(first_seq, bool(is_open))
        for name, first_seq, is_open in log.execute("SELECT operation, first_seq, open FROM operation")
    }
    for name, claim, mode in log.execute("SELECT operation, claim, mode FROM claim"):
        found.setdefault(name, Standing()).claims[claim] = mode
    return found


def hash_at(log: sqlite3.Connection, seq: int) -> str | None:
    """The hash of row `seq`, that of an empty log for 0; None when there is no such row."""
    if seq == 0:
        return GENESIS
    found = log.execute("SELECT hash FROM event WHERE seq = ?", (seq,)).fetchone()
    return str(found[0]) if found else None
