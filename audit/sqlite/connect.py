"""Opening the file: what is refused, which pragmas are set and read back, and the sentence when it fails.

The only module that calls sqlite3.connect. No query of the product and nothing of threads: the connection belongs
to the thread that opened it, or to the one that it is handed to.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from audit.model import GENESIS, CannotOpen
from audit.sqlite import schema
from audit.sqlite.place import unreadable

BUSY_SECONDS = 1.0
"""How long a write waits for somebody else's lock (a shell on the file). Below the 3 s in which Slack wants an ack."""


WAL_BYTES = 2 * 1024 * 1024
"""Room that the write-ahead log has from the start: about 170 appends between two checkpoints."""


_MALFORMED = ("SQLITE_NOTADB", "SQLITE_CORRUPT")


def writable(path: Path, begin: Callable[[], None] = lambda: None) -> sqlite3.Connection:
    """The one connection that appends: created and migrated if needed, WAL and FULL, triggers checked, guarded.
    `begin` is called before a log is begun in an empty file, and may raise CannotOpen."""
    conn = unguarded(path, begin)
    try:
        with _explained(path):
            _lay_out_wal(conn)  # the first write: a file we may not write fails here, not at the first click
    except CannotOpen:
        conn.close()
        raise
    schema.guard(conn)
    return conn


def unguarded(path: Path, begin: Callable[[], None] = lambda: None) -> sqlite3.Connection:
    """The same without the guard, for repairs of what is not the log itself."""
    refuse_network(path)
    with _explained(path):
        conn = _connect(path, "rwc")
        try:
            if _empty(conn):
                begin()
            else:
                _refuse_foreign(conn, path)
            _set_durable(conn, path)
            db = Database(conn, execute_plugins=False)
            _refuse_newer(db, path)
            schema.MIGRATIONS.apply(db)
            _refuse_damaged(conn, path)
        except BaseException:
            conn.close()
            raise
    return conn


def read_only(path: Path) -> sqlite3.Connection:
    """A connection that cannot write, for one thread at a time. Raises CannotOpen when there is no log at `path`."""
    refuse_network(path)
    with _explained(path):
        conn = _connect(path, "ro")
        try:
            _refuse_foreign(conn, path)
            _refuse_newer(Database(conn, execute_plugins=False), path)
        except BaseException:
            conn.close()
            raise
    return conn


def refuse_network(path: Path) -> None:
    """Raises CannotOpen for UNC paths: file locks and fsync over SMB do not keep SQLite's promises."""
    plain = str(path).replace("\\", "/").lower()
    if plain.startswith("//?/unc/") or (plain.startswith("//") and not plain.startswith("//?/")):
        raise CannotOpen(
            f"The audit log cannot be on a network path ({path}): SQLite is not safe there. "
            "Name a file on a local disk."
        )


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.resolve().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False)


def _lay_out_wal(conn: sqlite3.Connection) -> None:
    """Grow the write-ahead log once, now: a commit that makes a file longer costs about half as much again.

    What does not fit in the cache is spilled to the write-ahead log and then rolled back; the file keeps its length
    and is overwritten from its start. It is checkpointed before it would grow.
    """
    pages = WAL_BYTES // conn.execute("PRAGMA page_size").fetchone()[0]
    kept = conn.execute("PRAGMA cache_size").fetchone()[0]
    conn.execute("PRAGMA cache_size = 10")
    conn.execute("BEGIN IMMEDIATE")
    try:
        conn.execute("INSERT INTO probe VALUES (zeroblob(?))", (WAL_BYTES,))
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname != "SQLITE_FULL":  # with a full disk the log is opened anyway
            raise
    finally:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        conn.execute(f"PRAGMA cache_size = {kept:d}")
        conn.execute(f"PRAGMA wal_autocheckpoint = {pages:d}")


def _empty(conn: sqlite3.Connection) -> bool:
    # Only the table of migrations is what a process leaves when it is killed while creating the file.
    return set(Database(conn, execute_plugins=False).table_names()) <= {schema.MIGRATIONS.migrations_table}


def _refuse_foreign(conn: sqlite3.Connection, path: Path) -> None:
    if conn.execute("PRAGMA application_id").fetchone()[0] != schema.APPLICATION_ID:
        raise CannotOpen(f"{path} is not an audit log of csfailover. Name another file.")


def _set_durable(conn: sqlite3.Connection, path: Path) -> None:
    mode = conn.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    conn.execute("PRAGMA synchronous = FULL")
    synchronous = conn.execute("PRAGMA synchronous").fetchone()[0]
    if (mode, synchronous) != ("wal", 2):
        raise CannotOpen(
            f"SQLite does not make {path} durable (journal_mode {mode}, synchronous {synchronous} instead of wal, 2). "
            "Name a file on a local disk with an ordinary file system."
        )


def _refuse_newer(db: Database, path: Path) -> None:
    if unknown := schema.unknown_migrations(db):
        raise CannotOpen(
            f"{path} was written by a newer csfailover ({', '.join(unknown)}). Start that version, or a later one."
        )


def _refuse_damaged(conn: sqlite3.Connection, path: Path) -> None:
    cure = "Keep the file as it is, run `csfailover log verify` on it, and restore the last backup."
    if missing := schema.missing_triggers(conn):
        raise CannotOpen(f"{path} is no longer append-only: triggers missing or changed: {', '.join(missing)}. {cure}")
    last = conn.execute("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone() or (0, GENESIS)
    head = conn.execute("SELECT seq, hash FROM audit_head").fetchone()
    if last != head:
        raise CannotOpen(f"The end of {path} is not what it was: last row {last[0]}, head {head and head[0]}. {cure}")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError, ValueError) as error:
        raise CannotOpen(f"The audit log {path} cannot be opened: {error}. {_cure(error, path)}") from error


def _cure(error: Exception, path: Path) -> str:
    name = getattr(error, "sqlite_errorname", None) or ""
    if name.startswith("SQLITE_READONLY"):
        return "Give the service account write permission on the file and its directory."
    if name.startswith("SQLITE_FULL"):
        return "Free space on its disk."
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return "Another program has it open; close that one."
    if name.startswith("SQLITE_IOERR") or (name.startswith(_MALFORMED) and unreadable(path)):
        return "Its disk cannot be read; the file itself may be intact. Check the system log."
    if name.startswith(_MALFORMED):
        return "Keep the file for examination and restore the last backup, or name a new file."
    return "It must be a file in an existing directory which the service account may read and write."
