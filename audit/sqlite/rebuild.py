"""Making the projections anew from the log, after a repair or a doubt. Never touches an event."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from audit.sqlite import connect, schema
from audit.sqlite.lock import SingleInstance


def rebuild_projections(path: Path) -> None:
    """Derive open operations and their claims again from the events. Raises CannotOpen, also while a bot runs."""
    connect.refuse_network(path)
    lock = SingleInstance(path.with_name(path.name + ".lock"))
    try:
        with closing(connect.unguarded(path)) as conn, conn:
            conn.execute("BEGIN IMMEDIATE")
            conn.execute("DELETE FROM operation")
            conn.execute(f"INSERT INTO operation {schema.FROM_LOG}")
    finally:
        lock.release()
