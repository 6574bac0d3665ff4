"""What stands in the file beside the contract: escapes, tables that follow from the rows, queries that do not scan."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from audit.model import Claim
from audit.sqlite.reader import HOLDERS, OPEN_OPERATIONS, Reader
from audit.sqlite.rebuild import rebuild_projections
from audit.sqlite.store import Store
from tests.audit.parts import entry, projections, whole


def test_control_characters_are_stored_as_escapes(store: Store, path: Path) -> None:
    """No byte of the file's text can move a terminal's cursor."""
    store.append([entry(text="\x00\x1b[2J\r\n\t\u202e")])
    with closing(sqlite3.connect(path)) as conn:
        (stored,) = conn.execute("SELECT body FROM event").fetchone()
    assert not any(c < " " for c in stored)


def test_another_process_view_reads_while_the_bot_writes(store: Store, path: Path) -> None:
    """A read-only view follows and verifies a log that is being written, and cannot write itself."""
    with Reader(path) as reader:
        for n in range(5):
            rows = store.append([entry(n=n)], operation="op1", expected=n)
            assert reader.tail(after=n) == rows
            assert reader.head() == store.head()
            assert reader.verify().rows == n + 1
        assert not hasattr(reader, "append")


def test_open_operations_and_holders_are_found_without_a_scan(store: Store, path: Path) -> None:
    """However many operations the log has: SQLite goes by the index of the open ones, in its order."""
    for n in range(50):
        store.append([entry()], operation=f"op{n}", expected=0, closes=n != 7, claims=[Claim(f"pair{n}")])
    assert store.open_operations() == ("op7",)
    with closing(sqlite3.connect(path)) as conn:
        plan = [row[3] for row in conn.execute(f"EXPLAIN QUERY PLAN {OPEN_OPERATIONS}")]
        held = [row[3] for row in conn.execute(f"EXPLAIN QUERY PLAN {HOLDERS}", ("pair7",))]
        assert conn.execute("SELECT count(*) FROM claim").fetchone() == (1,)
    assert plan == ["SCAN operation USING INDEX operation_open"]
    assert held == ["SEARCH claim USING PRIMARY KEY (claim=?)"]


def test_projections_rebuilt_are_the_live_ones(store: Store, path: Path) -> None:
    """Open operations and their claims follow from the events alone: taken, released, and freed by the close."""
    for n in range(20):
        claims = [Claim(f"pair{n}"), Claim(f"lane{n}"), Claim("cms", shared=True)] if n % 3 else []
        store.append([entry()], operation=f"op{n}", expected=0, claims=claims)
        if n % 2 or n % 3:
            released = [f"lane{n}"] if claims and n % 4 else []
            closes = n % 5 != 0 or n < 15
            store.append([entry(), entry()], operation=f"op{n}", expected=1, releases=released, closes=closes)
            store.append([entry()], operation=f"op{n}", expected=3)
    store.append([entry()], operation="op20", expected=0, claims=[Claim("cms", shared=True), Claim("lane16")])
    store.append([entry()], operation="op20", expected=1, releases=["lane16"])
    store.close()
    before = projections(path)
    assert {row[2] for row in before[0]} == {0, 1}
    assert len(before[1]) == 1
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("DELETE FROM claim")
        conn.execute("INSERT INTO claim VALUES ('lane16', 'op20', 'exclusive')")
        conn.execute("UPDATE operation SET open = 1 - open")
        conn.execute("DELETE FROM operation WHERE operation = 'op3'")
    with Reader(path) as reader:
        assert not reader.verify().ok
    rebuild_projections(path)
    assert projections(path) == before
    whole(path)
