"""How long one append takes, against a bare SQLite commit of a row of the same size, interleaved in one process.

`raw` is one INSERT of the same columns into a table with nothing but a primary key: WAL, synchronous=FULL, same disk;
no thread, chain, trigger, index or projection. Both sides start with new files, as after a start of the bot, and
while a write-ahead log grows every commit also makes a file longer. `warm` is the same raw commit once its
write-ahead log is reused, the best SQLite can do here; it is told beside the target, which is set against `raw`.
"""

from __future__ import annotations

import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

from audit import chain
from audit.model import COLUMNS, GENESIS, Entry, JsonValue
from audit.sqlite.store import Store

TARGET = 1.25
BLOCK = 500
"""Rounds with the same files; a default write-ahead log of SQLite grows for 1,000 commits of one page."""

BODY: dict[str, JsonValue] = {
    "pair": ["pool01.contoso.com", "pool02.contoso.com"],
    "line": "Invoke-CsPoolFailOver -PoolFqdn pool01.contoso.com -DisasterMode -WaitTime 00:05:00 -Verbose",
    "digest": "3b1f" * 16,
    "progress": 42,
    "text": "Moving users of pool01.contoso.com to pool02.contoso.com: 1200 of 80000 done",
}
ENTRY = Entry("run.recorded", "engine", BODY, rule="record")
_INSERT = f"INSERT INTO event VALUES ({', '.join('?' * len(COLUMNS))})"

Action = Callable[[], object]


def run(rounds: int) -> dict[str, float]:
    """Medians and p99 in milliseconds of `raw`, `warm` and `append`; `ratio` and `warm_ratio` of the medians."""
    took: dict[str, list[float]] = {"raw": [], "append": [], "warm": []}
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="csfailover-bench-")))
        warm = committer(stack.enter_context(closing(raw(place / "warm.db"))))
        for _ in range(1100):
            warm()
        for start in range(0, rounds, BLOCK):
            _block(place / str(start), min(BLOCK, rounds - start), took, warm)
    found = {f"{name}_median": median(times) for name, times in took.items()}
    found |= {f"{name}_p99": quantiles(times, n=100)[98] for name, times in took.items()}
    return found | {
        "ratio": found["append_median"] / found["raw_median"],
        "warm_ratio": found["append_median"] / found["warm_median"],
    }


def _block(place: Path, rounds: int, took: dict[str, list[float]], warm: Action) -> None:
    place.mkdir()
    with Store.open(place / "log.db", clock=_clock) as store, closing(raw(place / "raw.db")) as conn:
        actions = {"raw": committer(conn), "append": _appender(store), "warm": warm}
        for _ in range(rounds):
            for name, action in actions.items():
                start = time.perf_counter()
                action()
                took[name].append((time.perf_counter() - start) * 1000)


def _clock() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


def raw(path: Path) -> sqlite3.Connection:
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = FULL")
    columns = ("seq INTEGER PRIMARY KEY", *COLUMNS[1:])
    conn.execute(f"CREATE TABLE event ({', '.join(columns)})")
    return conn


def committer(conn: sqlite3.Connection) -> Action:
    text = chain.canonical(BODY)
    start = ("bench", 1, ENTRY.kind, ENTRY.actor, chain.instant(_clock()), ENTRY.rule, text)
    row = (*start, None, None, None, 0, GENESIS, GENESIS)

    def commit() -> None:
        conn.execute("BEGIN IMMEDIATE")
        conn.execute(_INSERT, (None, *row))
        conn.execute("COMMIT")

    return commit


def _appender(store: Store) -> Action:
    version = 0

    def append() -> None:
        nonlocal version
        store.append([ENTRY], operation="bench", expected=version)
        version += 1

    return append


if __name__ == "__main__":
    result = run(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
    print(f"{platform.platform()}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}")
    for name in ("raw", "warm", "append"):
        print(f"{name:>8}: median {result[name + '_median']:.3f} ms, p99 {result[name + '_p99']:.3f} ms")
    print(f"   ratio: {result['ratio']:.2f} (target: at most {TARGET}); against warm {result['warm_ratio']:.2f}")
