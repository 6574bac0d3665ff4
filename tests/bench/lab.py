"""How fast the lab is: a redirect and a whole operation at a million users, and who serves one of them.

Each figure stands against its baseline, measured in turns in one process on one disk. An absolute number says
something about the disk; the ratios say something about the lab. WAL, synchronous=FULL, as in the product.
"""

from __future__ import annotations

import gc
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median, quantiles

from engine import plan as planning
from engine.lab import reading
from engine.lab.build import Size
from engine.lab.engine import Lab
from engine.lab.scene import Scene
from engine.lab.steps import EFFECTS
from engine.lab.world import World, create
from engine.model import Ended, Kind, Options, Plan
from engine.plan import CMDLETS
from engine.policy import Policy

POOL = "pool01.contoso.com"
TARGETS = {"redirect": 1.5, "operation": 1.5, "who_serves": 2.0}
COMMITS = 16
LOOKUPS = 20
"""Look-ups in one timing, as a single one is too short for the clock."""

Action = Callable[[], None]


def run(rounds: int) -> dict[str, float]:
    """Medians and p99 in milliseconds of each figure and its baseline, and the `_ratio` of the medians."""
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as place, _labs(Path(place)) as (big, small):
        raw = _raw(Path(place) / "raw.db")
        try:
            sip = "user0500000@contoso.com"
            return {
                **_compare("redirect", _redirect(big.world), _redirect(small.world), rounds),
                **_compare("operation", _operation(big), _commits(raw), rounds),
                **_compare("who_serves", _who_serves(big.world, sip), _select(big.world, sip), rounds),
            }
        finally:
            raw.close()


@contextmanager
def _labs(place: Path) -> Iterator[tuple[Lab, Lab]]:
    """A million users, and five thousand."""
    for name, size in (("big.db", Size.FOREST), ("small.db", Size.TINY)):
        create(place / name, size, clock=time.time).close()
    big, small = (Lab(place / name, clock=time.time, wait=_no_wait) for name in ("big.db", "small.db"))
    with small.world.change("grow") as db:
        db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4860)"
            " INSERT INTO user SELECT printf('more%07d@contoso.com', i), 1 FROM n"
        )
        db.execute("UPDATE pool SET users = 4910 WHERE fqdn = ?", (POOL,))
    try:
        yield big, small
    finally:
        big.close()
        small.close()


def _no_wait(_: float) -> None:
    """An instant world is never waited for."""


def _raw(path: Path) -> sqlite3.Connection:
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = FULL")
    conn.execute("CREATE TABLE line (n INTEGER PRIMARY KEY, text)")
    return conn


def _commits(raw: sqlite3.Connection) -> Action:
    def commits() -> None:
        for _ in range(COMMITS):
            raw.execute("BEGIN IMMEDIATE")
            raw.execute("INSERT INTO line (text) VALUES ('a step was done')")
            raw.execute("COMMIT")

    return commits


def _redirect(world: World) -> Action:
    """The commit point alone, there and back by turns, in one durable transaction each."""
    turns = count()
    for kind in Kind:
        with world.change("bench") as db:
            db.execute(
                "INSERT INTO run (id, shell_id, command_id, kind, pool, disaster, skip, flush, force, wait, linked,"
                " blind, began, due, ended) SELECT ?, '', '', ?, id, 0, 0, 0, 0, 15, 1, 0, 0, 0, 'failed' FROM pool"
                " WHERE fqdn = ?",
                (f"bench-{kind.value}", kind.value, POOL),
            )
            db.execute("UPDATE pool SET repl_seq = write_seq")

    def redirect() -> None:
        kind = Kind.FAILBACK if next(turns) % 2 else Kind.FAILOVER
        with world.change("redirect") as db:
            EFFECTS["REDIRECT"](Scene(db, world, f"bench-{kind.value}", 0.0))

    return redirect


def _operation(lab: Lab) -> Action:
    """Everything from the first record to the outcome: failover and failback by turns."""
    turns = count()

    def operation() -> None:
        turn = next(turns)
        kind = Kind.FAILBACK if turn % 2 else Kind.FAILOVER
        pool = "pool03.contoso.com"
        parameters = planning.parameters(pool, Options(flush_storage=kind is Kind.FAILOVER))
        plan = Plan(kind, pool, "pool04.contoso.com", CMDLETS[kind], parameters, Policy().approvals)
        outcome = lab.invoke(lab.ticket(pool, f"run-{turn}", "s", "c"), plan, lambda _: None, lambda: False)
        assert outcome.ended is Ended.COMPLETED, outcome

    return operation


def _who_serves(world: World, sip: str) -> Action:
    def who_serves() -> None:
        for _ in range(LOOKUPS):
            reading.who_serves(world, sip)

    return who_serves


def _select(world: World, sip: str) -> Action:
    """The user's row by its primary key, on a connection of its own."""
    conn = sqlite3.connect(world.path)

    def select() -> None:
        for _ in range(LOOKUPS):
            conn.execute("SELECT sip, home FROM user WHERE sip = ?", (sip,)).fetchone()

    return select


def _compare(name: str, ours: Action, baseline: Action, rounds: int) -> dict[str, float]:
    """Both by turns; the first tenth warms up and is not counted."""
    took: dict[str, list[float]] = {name: [], f"{name}_baseline": []}
    warm = max(4, rounds // 10)
    gc.disable()  # a collection would fall on one half of a pair
    try:
        for turn in range(rounds + warm):
            pair = ((name, ours), (f"{name}_baseline", baseline))
            for which, action in pair if turn % 2 else pair[::-1]:
                elapsed = _timed(action)
                if turn >= warm:
                    took[which].append(elapsed)
    finally:
        gc.enable()
    figures = {f"{which}_median": median(times) for which, times in took.items()}
    figures |= {f"{which}_p99": quantiles(times, n=100)[98] for which, times in took.items()}
    figures[f"{name}_ratio"] = figures[f"{name}_median"] / figures[f"{name}_baseline_median"]
    return figures


def _timed(action: Action) -> float:
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1000


def main(rounds: int) -> None:
    """Print the figures, and what they are measured against."""
    against = {
        "redirect": "the same at 5,000 users",
        "operation": f"{COMMITS} raw commits",
        "who_serves": "a SELECT on the primary key",
    }
    result = run(rounds)
    print(f"{platform.platform()}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}")
    for name, target in TARGETS.items():
        per = LOOKUPS if name == "who_serves" else 1
        for which, label in ((name, f"{name}, 1,000,000 users"), (f"{name}_baseline", against[name])):
            middle, worst = (result[f"{which}_{figure}"] / per for figure in ("median", "p99"))
            print(f"{label:>32}: median {middle:.4f} ms, p99 {worst:.4f} ms")
        print(f"{'ratio':>32}: {result[name + '_ratio']:.2f} (target: at most {target})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
