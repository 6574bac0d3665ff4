"""Rebuilding the tables beside the log from its rows, after a repair or a doubt. Never touches an event."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from audit.sqlite import connect
from audit.sqlite.lock import SingleInstance
from audit.sqlite.place import real, refuse_lost
from audit.sqlite.verify import ROWS
from audit.standing import Standings, standings


def rebuild_projections(path: Path) -> None:
    """Derive open operations and claims again from the events. Raises CannotOpen, also while a bot is running."""
    connect.refuse_network(path)
    path = real(path)
    lock = SingleInstance(path)
    try:
        if not path.exists():
            refuse_lost(path, lock)
        lock.hold(path)
        with closing(connect.unguarded(path)) as conn, conn:
            conn.execute("BEGIN IMMEDIATE")
            _write(conn, standings(conn.execute(ROWS)))
    finally:
        lock.release()


def _write(conn: sqlite3.Connection, found: Standings) -> None:
    conn.execute("DELETE FROM operation")
    conn.execute("DELETE FROM claim")
    for name, standing in found.items():
        conn.execute("INSERT INTO operation VALUES (?, ?, ?)", (name, standing.first_seq, standing.open))
        for claim, mode in standing.claims.items():
            conn.execute("INSERT INTO claim VALUES (?, ?, ?)", (claim, name, mode))
