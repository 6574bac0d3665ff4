"""A lab world: the SQLite file that plays the remote side, its virtual clock, its transactions.

Several processes may have it open at once. What happens in it (runs, troubles, users) is elsewhere; this module
reads rows and commits changes, nothing more. Durable: WAL, synchronous=FULL.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.lab.build import Size, populate
from engine.lab.pools import SELECT, PoolRow, settled
from engine.lab.schema import APPLICATION_ID, SCHEMA, TABLES
from engine.port import EngineUnavailable

BUSY = 10.0
"""Seconds to wait for another process's transaction."""


class WorldLost(EngineUnavailable):
    """The world file cannot be read or written."""


def create(path: Path, size: Size = Size.DEFAULT, *, clock: Callable[[], float], product: str = "2013") -> World:
    """Make a world where there is none, and open it. `product` is "2013" or "2015". Raises FileExistsError."""
    if path.exists():
        raise FileExistsError(f"there is already a lab world: {path}")
    db = _connect(path)
    try:
        _fill(db, size, clock(), product)
    finally:
        db.close()
    return World(path, clock=clock)


class World:
    """An open world. One connection behind a lock, so threads take turns and none starves."""

    def __init__(
        self, path: Path, *, clock: Callable[[], float], at_commit: Callable[[str], None] | None = None
    ) -> None:
        """Open an existing world. `clock` gives unix seconds; `at_commit` gets the name of every committed
        change. Raises WorldLost when there is no world in that file."""
        if not path.is_file():
            raise WorldLost(f"there is no lab world at {path}; make one with: csfailover lab reset")
        self.path = path
        self._clock = clock
        self._at_commit = at_commit
        self._lock = threading.RLock()
        self._closed = False
        try:
            self._db = _connect(path)
            if self._db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                self._db.close()
                raise WorldLost(f"{path} is not a lab world")
        except sqlite3.Error as error:
            raise WorldLost(f"the lab world at {path} cannot be opened", str(error)) from error

    def close(self) -> None:
        """Threads that still use it get WorldLost, and its runs go on when somebody else opens the world."""
        with self._lock:
            self._closed = True
            self._db.close()

    @contextmanager
    def _used(self) -> Iterator[None]:
        if self._closed:
            raise WorldLost(f"the lab world at {self.path} is closed")
        try:
            yield
        except sqlite3.OperationalError as error:
            raise WorldLost(f"the lab world at {self.path} cannot be used", str(error)) from error

    @contextmanager
    def change(self, name: str) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is committed, or none. Raises WorldLost when the file cannot be written."""
        with self._lock:
            with self._used():
                self._db.execute("BEGIN IMMEDIATE")
                before = self._db.total_changes
                try:
                    yield self._db
                    self._db.execute("COMMIT")
                except BaseException:
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")
                    raise
            if self._at_commit and self._db.total_changes != before:
                self._at_commit(name)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Several statements that see one and the same state."""
        with self._lock, self._used():
            self._db.execute("BEGIN")
            try:
                yield self._db
            finally:
                self._db.execute("ROLLBACK")

    def one(self, sql: str, parameters: tuple[object, ...] = ()) -> tuple[object, ...] | None:
        """The first row of a single statement."""
        with self._lock, self._used():
            row: tuple[object, ...] | None = self._db.execute(sql, parameters).fetchone()
            return row

    def all(self, sql: str, parameters: tuple[object, ...] = ()) -> list[Any]:
        """Every row of a single statement."""
        with self._lock, self._used():
            return self._db.execute(sql, parameters).fetchall()

    def now(self) -> float:
        """Virtual seconds since the world was made."""
        row = self.one("SELECT real, virtual, speed FROM clock")
        assert row is not None
        real, virtual, speed = (float(str(value)) for value in row)
        return virtual + max(0.0, self._clock() - real) * speed

    @property
    def unix(self) -> float:
        """The real clock, in unix seconds."""
        return self._clock()

    @property
    def instant(self) -> bool:
        """Whether steps take no time (and nothing is written or replicated between them)."""
        return bool((self.one("SELECT instant FROM clock") or (0,))[0])

    @property
    def speed(self) -> float:
        """Virtual seconds in a real one; 1 in an instant world."""
        return float(str((self.one("SELECT speed FROM clock") or (1,))[0]))

    def go(self, speed: float | None) -> None:
        """Set the speed for everybody who has the world open; None or infinity makes it instant."""
        instant = speed is None or speed == float("inf")
        rate = 1.0 if speed is None or instant else speed
        if rate <= 0:
            raise ValueError(f"the speed of a lab world must be more than 0, not {speed}")
        if (self.instant, self.speed) == (instant, rate):
            return
        with self.change("clock") as db:
            now = self.now()
            for pool in pools(db):
                save(db, self.settle(pool, partner_of(db, pool), now))
            db.execute(
                "UPDATE clock SET real = ?, virtual = ?, speed = ?, instant = ?", (self._clock(), now, rate, instant)
            )

    def settle(self, pool: PoolRow, partner: PoolRow | None, at: float) -> PoolRow:
        return settled(pool, partner, at, flowing=not self.instant)

    def remake(self, size: Size, product: str = "2013") -> None:
        """Make a new world in the same file, while others have it open. The speed stays; every run is gone."""
        with self.change("reset") as db:
            pace = db.execute("SELECT speed, instant FROM clock").fetchone()
            for table in TABLES:
                db.execute(f"DROP TABLE IF EXISTS {table}")
            _fill_open(db, size, self._clock(), product)
            db.execute("UPDATE clock SET speed = ?, instant = ?", pace)


def pools(db: sqlite3.Connection) -> list[PoolRow]:
    return [PoolRow(*row) for row in db.execute(SELECT + " ORDER BY fqdn")]


def pool_by_id(db: sqlite3.Connection, number: int) -> PoolRow:
    return PoolRow(*db.execute(SELECT + " WHERE id = ?", (number,)).fetchone())


def pool_named(db: sqlite3.Connection, fqdn: str) -> PoolRow | None:
    row = db.execute(SELECT + " WHERE fqdn = ?", (fqdn.lower(),)).fetchone()
    return PoolRow(*row) if row else None


def partner_of(db: sqlite3.Connection, pool: PoolRow) -> PoolRow | None:
    return pool_by_id(db, pool.backup) if pool.backup is not None else None


def save(db: sqlite3.Connection, pool: PoolRow) -> None:
    """Write back the counters of a pool that was settled."""
    db.execute(
        "UPDATE pool SET write_seq = ?, repl_seq = ?, at = ?, synced_at = ? WHERE id = ?",
        (pool.write_seq, pool.repl_seq, pool.at, pool.synced_at, pool.id),
    )


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=BUSY, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    return db


def _fill(db: sqlite3.Connection, size: Size, real: float, product: str) -> None:
    db.execute("BEGIN IMMEDIATE")
    _fill_open(db, size, real, product)
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute("COMMIT")


def _fill_open(db: sqlite3.Connection, size: Size, real: float, product: str) -> None:
    statement = ""
    for line in SCHEMA.splitlines(keepends=True):  # executescript would commit the open transaction
        statement += line
        if sqlite3.complete_statement(statement):
            db.execute(statement)
            statement = ""
    populate(db, size, real, product)
