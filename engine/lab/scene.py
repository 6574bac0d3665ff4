"""What one step of a run works on: the run, its two pools, the open transaction, and how it reports what it did."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.lab.pools import PoolRow
from engine.lab.world import World, partner_of, pool_by_id, save
from engine.model import Ended, Kind, Stream


@dataclass(frozen=True)
class LabRun:
    """One row of `run`, fields in the order of `SELECT`. Times are virtual seconds."""

    id: str
    kind: Kind
    pool: int
    disaster: int
    skip: int
    flush: int
    force: int
    wait: float
    linked: int
    k: int
    due: float
    committed: int
    complaints: int
    assumed: int | None
    lost: int | None
    ended: str | None


SELECT = " ".join(("SELECT", ", ".join(LabRun.__dataclass_fields__), "FROM run WHERE id = ?"))


class Scene:
    """A run in the middle of a transaction. `at` is the virtual time at which the step counts as done."""

    def __init__(self, db: sqlite3.Connection, world: World, run_id: str, at: float) -> None:
        self.db = db
        self.at = at
        self.instant = world.instant
        self._world = world
        self.run = run_of(db, run_id)
        self._look()

    def _look(self) -> None:
        self.pool: PoolRow = pool_by_id(self.db, self.run.pool)
        partner = partner_of(self.db, self.pool)
        assert partner is not None, "a run without a partner is refused before it begins"
        self.partner: PoolRow = partner

    def settle(self) -> None:
        """Let time pass for both pools up to `at`, and keep what it brought. In an instant world it brings nothing."""
        if self.instant:
            return
        pool, partner = self.pool, self.partner
        save(self.db, self._world.settle(pool, partner, self.at))
        save(self.db, self._world.settle(partner, pool, self.at))
        self._look()

    def set_pool(self, **columns: int) -> None:
        """Change columns of the run's own pool."""
        self._set("pool", self.pool.id, columns)
        self.pool = replace(self.pool, **columns)  # type: ignore[arg-type]

    def set_run(self, **columns: float | int | None) -> None:
        """Change columns of the run itself."""
        self._set("run", self.run.id, columns)
        self.run = replace(self.run, **columns)  # type: ignore[arg-type]

    def set_run_late(self, seconds: float) -> None:
        """What the stopped run had set in motion comes this much later, once."""
        self.db.execute("UPDATE run SET late = ? WHERE id = ?", (self.at + seconds, self.run.id))
        self.db.execute("UPDATE clock SET late = 0")

    def _set(self, table: str, key: object, columns: Mapping[str, float | int | None]) -> None:
        names = ", ".join(f"{name} = ?" for name in columns)
        self.db.execute(f"UPDATE {table} SET {names} WHERE id = ?", (*columns.values(), key))  # noqa: S608 - our names

    def tell(self, stream: Stream, text: str, percent: int | None = None) -> None:
        tell(self.db, self.run.id, stream, text, percent)

    def complain(self, text: str) -> None:
        """A non-fatal error. -Force hides it from view and from nothing else."""
        if self.run.force:
            self.tell("debug", f"suppressed by -Force: {text}")
        else:
            self.tell("warning", text)
        self.set_run(complaints=self.run.complaints + 1)

    def close(self, ended: Ended, say: str, error_id: str = "") -> None:
        close(self.db, self.run.id, ended, say, error_id)


def run_of(db: sqlite3.Connection, run_id: str) -> LabRun:
    """The run of this id, which exists."""
    row = db.execute(SELECT, (run_id,)).fetchone()
    return LabRun(row[0], Kind(row[1]), *row[2:])


def tell(db: sqlite3.Connection, run: str, stream: Stream, text: str, percent: int | None = None) -> None:
    """Add a record to a run, numbered on."""
    db.execute(
        "INSERT INTO record SELECT ?, coalesce(max(n), 0) + 1, ?, ?, ? FROM record WHERE run = ?",
        (run, stream, text, percent, run),
    )


def close(db: sqlite3.Connection, run: str, ended: Ended, say: str, error_id: str) -> None:
    """The run's last record. Nothing happens in it afterwards."""
    tell(db, run, "phase", "ended")
    db.execute("UPDATE run SET ended = ?, say = ?, error_id = ? WHERE id = ?", (ended.value, say, error_id, run))
