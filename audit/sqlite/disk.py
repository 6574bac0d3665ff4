"""Committing, and what happens when that fails: the latch, the ballast, the probe.

One failure latches: after "disk full" small rows may still fit, and a log with holes in it is worse than none. While
latched only essential writes are tried. Knows transactions and errors of SQLite, not what is written.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable
from typing import TypeVar

from audit.model import CannotRecord, FateUnknown
from audit.sqlite.ballast import Ballast
from audit.sqlite.writer import Writer

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]

_PROBE = b"\x5a" * 64 * 1024

_MALFORMED = (
    "what was read from the file makes no sense: it is damaged, or the disk cannot be read. Check the system log; "
    "then stop the bot, keep a copy of its files, and run `csfailover log verify`"
)
_CURES = {
    "SQLITE_FULL": "the disk is full. Free space on the disk of the log",
    "SQLITE_READONLY": "the file is read-only. Give the service account write permission, or make the disk writable",
    "SQLITE_IOERR": "the disk reports an error. Check the disk and the system log",
    "SQLITE_CORRUPT": _MALFORMED,
    "SQLITE_NOTADB": _MALFORMED,
    "SQLITE_BUSY": "another program has locked the file. Close it: a shell, a viewer with write access, a backup tool",
    "SQLITE_CONSTRAINT": "another program changed the file. Stop the bot and run `csfailover log verify` on it",
}


class Disk:
    """Commits jobs on the writer thread. `astray` names the file that is no longer where it was."""

    def __init__(self, writer: Writer, ballast: Ballast, astray: Callable[[], str]) -> None:
        self._latched: str | None = None
        self.astray = astray
        self._writer = writer
        self._ballast = ballast
        self._max_pages: int | None = None
        try:
            ballast.lay()
        except OSError as error:  # full before we start: come up anyway, so that what runs can be seen and ended
            self._latched = _sentence(error)

    @property
    def degraded(self) -> str | None:
        """The sentence while latched, else None. Looks at the files too."""
        if astray := self.astray():
            self._latched = astray
        return self._latched

    def commit(self, job: Job[T], *, essential: bool, then: Callable[[T], None] = lambda _: None) -> T:
        """Run `job` in one transaction; `then` runs after the commit and before the next job.

        What `job` raises comes out, with nothing written. Raises CannotRecord when SQLite cannot write.
        """
        return self._writer.run(lambda conn: self._attempt(conn, job, essential, then))

    def probe(self) -> None:
        """Write and erase 64 KiB and take the ballast again: ends the latch, or raises CannotRecord."""
        self._writer.run(self._probe)

    def drill(self, *, max_pages: int | None, read_only: bool | None) -> None:
        """See Store.drill."""

        def job(conn: sqlite3.Connection) -> None:
            if max_pages is not None:
                self._max_pages = max_pages
                _limit(conn, max_pages)
            if read_only is not None:
                conn.execute(f"PRAGMA query_only = {read_only:d}")

        self._writer.run(job)

    def close(self) -> None:
        """Finish the jobs already given and close the connection."""
        self._writer.close()

    def _attempt(self, conn: sqlite3.Connection, job: Job[T], essential: bool, then: Callable[[T], None]) -> T:
        if (degraded := self.degraded) and not essential:
            raise CannotRecord(degraded)
        try:
            result = _transaction(conn, job)
        except (sqlite3.Error, _CommitFailedError) as failed:
            error = failed.why if isinstance(failed, _CommitFailedError) else failed
            self._latched = _sentence(error)
            if essential and _name(error) == "SQLITE_FULL" and self._give_ballast(conn):
                return self._attempt(conn, job, essential, then)  # in place of the one that failed
            raise (CannotRecord if error is failed else FateUnknown)(self._latched) from error
        then(result)
        return result

    def _probe(self, conn: sqlite3.Connection) -> None:
        try:
            # Committed and then erased: what is rolled back never leaves the cache and would prove nothing.
            _transaction(conn, lambda c: c.execute("INSERT INTO probe VALUES (?)", (_PROBE,)))
            _transaction(conn, lambda c: c.execute("DELETE FROM probe"))
            self._take_ballast(conn)
            if astray := self.astray():
                raise CannotRecord(astray)
        except (sqlite3.Error, _CommitFailedError, OSError) as failed:
            error = failed.why if isinstance(failed, _CommitFailedError) else failed
            self._latched = _sentence(error)
            raise CannotRecord(self._latched) from error
        self._latched = None

    def _take_ballast(self, conn: sqlite3.Connection) -> None:
        self._ballast.lay()
        if self._max_pages is not None and _limit(conn, self._max_pages) > self._max_pages:
            raise OSError(errno.ENOSPC, "no room for the ballast")

    def _give_ballast(self, conn: sqlite3.Connection) -> bool:
        freed = self._ballast.free()
        if freed and self._max_pages is not None:  # a drill: the imagined disk has that much more room now
            page = conn.execute("PRAGMA page_size").fetchone()[0]
            _limit(conn, self._max_pages + self._ballast.size // page)
        return freed


class _CommitFailedError(Exception):
    """SQLite could not end the transaction: nobody knows whether it is on disk."""

    def __init__(self, why: sqlite3.Error) -> None:
        super().__init__(str(why))
        self.why = why


def _transaction(conn: sqlite3.Connection, job: Job[T]) -> T:
    # IMMEDIATE: a deferred one that reads first fails at once, without waiting, when somebody else has written.
    conn.execute("BEGIN IMMEDIATE")
    try:
        result = job(conn)
        try:
            conn.execute("COMMIT")
        except sqlite3.Error as error:
            # What it wrote may be in the write-ahead log, and would count after a crash.
            raise _CommitFailedError(error) from error
    except BaseException:
        if conn.in_transaction:  # SQLite has already rolled back after some errors
            conn.execute("ROLLBACK")
        raise
    return result


def _limit(conn: sqlite3.Connection, pages: int) -> int:
    return int(conn.execute(f"PRAGMA max_page_count = {pages:d}").fetchone()[0])


def _name(error: Exception) -> str:
    if isinstance(error, OSError):
        return "SQLITE_FULL" if error.errno == errno.ENOSPC else "SQLITE_IOERR"
    return getattr(error, "sqlite_errorname", None) or ""


def _sentence(error: Exception) -> str:
    cause = next((cure for name, cure in _CURES.items() if _name(error).startswith(name)), f"SQLite says: {error}")
    return (
        f"The audit log cannot be written: {cause}. Until then nothing new is started; what is already running goes on."
    )
