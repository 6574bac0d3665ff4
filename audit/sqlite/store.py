"""The store: append to the log, read it, wait for it. What cannot be recorded is refused, with a sentence.

Every write is one transaction on the one writer thread and is on disk when the call returns. Knows operations,
versions, claims and deliveries as opaque words; no rule of the product may enter.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from audit import chain
from audit.model import COLUMNS, AlreadyDelivered, CannotRead, Claim, ClaimHeld, Columns, Conflict, Entry, Row
from audit.sqlite import connect, place
from audit.sqlite.ballast import Ballast
from audit.sqlite.disk import Disk
from audit.sqlite.lock import SingleInstance
from audit.sqlite.reader import Reader
from audit.sqlite.writer import Writer

Clock = Callable[[], datetime]

BALLAST = 4 * 1024 * 1024
"""Bytes kept in reserve for the end of what already runs. On a file system of 24 MiB filled to the last byte, that was
room for 5,000 rows of half a kilobyte, for 500 of the longest lines an engine may report, or for 4 of BODY_LIMIT. Not
that many large rows come at the end: what is large is a plan, and a plan is recorded before anything runs."""

_INSERT = f"INSERT INTO event VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608  # question marks only
_IN_THE_WAY = "SELECT operation FROM claim WHERE claim = ? AND 'exclusive' IN (mode, ?) ORDER BY operation LIMIT 1"


class Store(Reader):
    """audit.port.Store in a file, for its one writing process. Made by `open`; any thread may call any method."""

    def __init__(self, path: Path, disk: Disk, lock: SingleInstance, files: place.Whereabouts, clock: Clock) -> None:
        super().__init__(path)
        self._files = files
        self._disk = disk
        self._lock = lock
        self._clock = clock
        self._closed = False
        self._grown = threading.Condition()
        self._head = super().head()

    @classmethod
    def open(
        cls, path: Path, *, clock: Clock, ballast: int = BALLAST, max_pages: int | None = None, new: bool = False
    ) -> Store:
        """Open or create the log at `path`. `clock` must give times with a zone; it is called on the writer thread.

        Raises CannotOpen, also where something shows that there was a log and now is none: `new` begins one anyway.
        With a full disk it opens `degraded`: what runs must be seen and ended.
        `ballast` is in bytes; `max_pages` is for tests, see `drill`.
        """
        connect.refuse_network(path)
        path = place.real(path)
        with ExitStack() as undo:
            lock = SingleInstance(path)
            undo.callback(lock.release)
            writer = cls._writer(path, lock, new)
            undo.callback(writer.close)
            files = place.Whereabouts(path, lock.identity())
            disk = Disk(writer, Ballast(path.with_name(path.name + ".ballast"), ballast), files.astray)
            lock.mark()
            store = cls(path, disk, lock, files, clock)
            store.drill(max_pages=max_pages)
            undo.pop_all()
        return store

    @staticmethod
    def _writer(path: Path, lock: SingleInstance, new: bool) -> Writer:
        if not path.exists() and not new:
            place.refuse_lost(path, lock)
        lock.hold(path)
        begin = (lambda: None) if new else (lambda: place.refuse_lost(path, lock))
        return Writer(lambda: connect.writable(path, begin))

    def append(
        self,
        entries: Sequence[Entry],
        *,
        operation: str | None = None,
        expected: int | None = None,
        delivery: str | None = None,
        claims: Sequence[Claim] = (),
        releases: Sequence[str] = (),
        closes: bool = False,
        essential: bool = False,
    ) -> tuple[Row, ...]:
        """As audit.port.Ledger says: all entries or none, in one transaction, on disk when this returns."""
        draft = _Draft(tuple(entries), operation, expected, delivery, tuple(claims), tuple(releases), closes)
        draft.check()
        bodies = [chain.canonical(entry.body) for entry in entries]

        def write(conn: sqlite3.Connection) -> list[Columns]:
            draft.refuse(conn)
            rows = draft.chained(self._head, chain.instant(self._clock()), bodies)
            for row in rows:
                conn.execute(_INSERT, row)
            draft.project(conn, rows[0][0])
            return rows

        return tuple(chain.row(row) for row in self._disk.commit(write, essential=essential, then=self._grow))

    def head(self) -> tuple[int, str]:
        """Seq and hash of the last row; (0, 64 zeros) in an empty log."""
        return self._head

    def wait(self, after: int, timeout: float) -> int:
        """Block until there is a row with a seq greater than `after`, at most `timeout` seconds; the head's seq.

        Returns at once when the store is closed.
        """
        with self._grown:
            self._grown.wait_for(lambda: self._head[0] > after or self._closed, timeout)
        return self._head[0]

    def note(self, operation: str, slot: str, value: Mapping[str, Any] | None) -> None:
        """Remember (with None: forget) what is shown for the operation in the slot. Not an event, not chained.

        It records something already done, so it is tried when degraded too. Raises CannotRecord, ValueError.
        """
        written = None if value is None else chain.canonical(value)

        def write(conn: sqlite3.Connection) -> None:
            if written is None:
                conn.execute("DELETE FROM shown WHERE operation = ? AND slot = ?", (operation, slot))
            else:
                conn.execute("INSERT OR REPLACE INTO shown VALUES (?, ?, ?)", (operation, slot, written))

        self._disk.commit(write, essential=True)

    @property
    def degraded(self) -> str | None:
        """Why nothing may be started, as a sentence, while that is so. Only a `probe` that passes ends it."""
        return self._disk.degraded

    def probe(self) -> None:
        """Write and erase 64 KiB and take the ballast again. Ends `degraded`, or raises CannotRecord."""
        self._disk.probe()

    def drill(self, *, max_pages: int | None = None, read_only: bool | None = None) -> None:
        """For tests and drills: let the file have `max_pages` pages (a freed ballast comes on top), or not be written.

        The errors that follow are SQLite's own (PRAGMA max_page_count, query_only). A later call lifts the limit.
        """
        self._disk.drill(max_pages=max_pages, read_only=read_only)

    def close(self) -> None:
        """Finish the jobs already given, close the file, release the lock, wake those waiting. May be called again."""
        with self._grown:
            if self._closed:
                return
            self._closed = True
            self._grown.notify_all()
        if self._files.astray():
            # SQLite would end with a checkpoint of what is not there, and remove what is not its own. The end of the
            # process leaves all as it is.
            self._lock.release()
            return
        super().close()  # before the writer: the last connection to go checkpoints, and a reader cannot
        self._disk.close()
        self._files.close()
        self._lock.release()

    def _unreadable(self) -> str:
        return ""  # not by the process that writes, see place.unreadable

    def _connected(self) -> sqlite3.Connection:
        if astray := self._files.astray():
            raise CannotRead(astray)  # another log may be there now
        return super()._connected()

    def _grow(self, rows: Sequence[Columns]) -> None:
        with self._grown:
            self._head = (rows[-1][0], rows[-1][-1])
            self._grown.notify_all()


@dataclass(frozen=True)
class _Draft:
    """One append before it is written."""

    entries: tuple[Entry, ...]
    operation: str | None
    expected: int | None
    delivery: str | None
    claims: tuple[Claim, ...]
    releases: tuple[str, ...]
    closes: bool

    def check(self) -> None:
        if not self.entries or (self.operation is None) != (self.expected is None):
            raise ValueError("an append has entries, and an expected version exactly when it has an operation")
        if self.claims and self.expected != 0:
            raise ValueError("claims come with the first append of an operation")
        if (self.releases and not self.expected) or (self.closes and self.operation is None):
            raise ValueError("only an operation closes, and it releases nothing before it has something")
        for entry in self.entries:
            for name in ("kind", "actor", "rule"):
                chain.word(name, getattr(entry, name))
        for name in ("operation", "delivery"):
            chain.word(name, getattr(self, name))
        for claim in self.claims:
            chain.word("claim", claim.name)
        chain.claimed(self.claims)

    def refuse(self, conn: sqlite3.Connection) -> None:
        """Raises AlreadyDelivered, Conflict or ClaimHeld, in this order: a replay of the winner is a replay."""
        if self.delivery is not None:
            seen = conn.execute("SELECT seq FROM event WHERE delivery = ?", (self.delivery,)).fetchone()
            if seen:
                raise AlreadyDelivered(seen[0])
        if self.operation is not None:
            found = conn.execute("SELECT max(version) FROM event WHERE operation = ?", (self.operation,)).fetchone()
            if (current := found[0] or 0) != self.expected:
                raise Conflict(current)
        for claim in self.claims:
            held = conn.execute(_IN_THE_WAY, (claim.name, claim.mode)).fetchone()
            if held:
                raise ClaimHeld(held[0], claim.name)

    def project(self, conn: sqlite3.Connection, first_seq: int) -> None:
        """Write what follows from the rows into the tables beside the log. Raises ValueError for a claim not held."""
        if self.expected == 0:
            conn.execute("INSERT INTO operation VALUES (?, ?, 1)", (self.operation, first_seq))
        for claim in self.claims:
            conn.execute("INSERT INTO claim VALUES (?, ?, ?)", (claim.name, self.operation, claim.mode))
        for name in self.releases:
            if not conn.execute("DELETE FROM claim WHERE claim = ? AND operation = ?", (name, self.operation)).rowcount:
                raise ValueError(f"{self.operation} does not hold {name}, so it cannot release it")
        if self.closes:
            conn.execute("UPDATE operation SET open = 0 WHERE operation = ?", (self.operation,))
            conn.execute("DELETE FROM claim WHERE operation = ?", (self.operation,))

    def chained(self, head: tuple[int, str], at: str, bodies: Sequence[str]) -> list[Columns]:
        """The rows that follow `head`, in the order of COLUMNS."""
        seq, prev = head
        last = len(self.entries) - 1
        claims, releases = chain.claimed(self.claims), chain.released(self.releases)
        rows: list[Columns] = []
        for n, (entry, body) in enumerate(zip(self.entries, bodies, strict=True)):
            columns = (
                seq + n + 1,
                self.operation,
                None if self.expected is None else self.expected + n + 1,
                entry.kind,
                entry.actor,
                at,
                entry.rule,
                body,
                self.delivery if n == 0 else None,
                claims if n == 0 else None,
                releases if n == last else None,
                int(self.closes and n == last),
                prev,
            )
            prev = chain.digest(columns)
            rows.append((*columns, prev))
        return rows
