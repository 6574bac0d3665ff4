"""The log is append-only for us and for honest tools, and says what was done to it by anybody else."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from audit import chain
from audit.model import COLUMNS, GENESIS, CannotOpen, CannotRecord, Claim
from audit.sqlite import connect, schema
from audit.sqlite.rebuild import rebuild_projections
from audit.sqlite.store import Store
from audit.sqlite.verify import hash_at, verify
from tests.audit.parts import edit, entry, ticking, unlocked, whole, written_anew

VALUES = "'op1', 3, 'k', 'a', '2026-03-01T12:00:00.000000Z', '', '{}', NULL, NULL, NULL, 0"
NEXT = f"SELECT seq + 1, {VALUES}, hash, hash FROM audit_head"


@pytest.fixture
def written(path: Path) -> Path:
    """A log of eight rows, closed: op1 open with a claim, op2 closed."""
    with Store.open(path, clock=ticking()) as store:
        store.append([entry(n=1), entry(n=2)], operation="op1", expected=0, claims=[Claim("pair")], delivery="d1")
        for n in range(5):
            store.append([entry(n=n)], operation="op2", expected=n, closes=n == 4)
        store.append([entry()])
    return path


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET actor = 'nobody' WHERE seq = 2",
        "UPDATE OR REPLACE event SET seq = 1 WHERE seq = 2",
        "DELETE FROM event WHERE seq = 8",
        "DELETE FROM event",
        "UPDATE audit_head SET seq = 3",
        "UPDATE audit_head SET seq = 9",
        "UPDATE audit_head SET seq = seq, hash = hash",
        "DELETE FROM audit_head",
        "INSERT OR REPLACE INTO audit_head VALUES (1, 0, '')",
        f"INSERT INTO event SELECT 8, {VALUES}, hash, hash FROM audit_head",
        f"INSERT OR REPLACE INTO event SELECT 8, {VALUES}, hash, hash FROM audit_head",
        f"INSERT INTO event SELECT 10, {VALUES}, hash, hash FROM audit_head",
        f"INSERT INTO event SELECT 9, {VALUES}, '{'0' * 64}', hash FROM audit_head",
        f"INSERT OR REPLACE INTO event {NEXT.replace('3,', '2,', 1)}",
        f"INSERT INTO event {NEXT.replace('3,', '4,', 1)}",
        f"INSERT OR REPLACE INTO event {NEXT.replace('NULL', repr('d1'), 1)}",
        f"INSERT INTO event {NEXT.replace('{}', '{')}",
    ],
)
def test_the_file_itself_refuses_whatever_is_no_append(written: Path, statement: str) -> None:
    """No UPDATE, DELETE or REPLACE and no row out of order, for any program that opens the file."""
    with pytest.raises(sqlite3.IntegrityError):
        edit(written, statement)
    assert whole(written) == 8


def test_a_row_that_is_next_is_taken(written: Path) -> None:
    """The counterpart of the refusals: the same statement with nothing wrong passes the triggers."""
    edit(written, f"INSERT INTO event {NEXT}")
    found = verify(written)
    assert (found.ok, found.first_bad) == (False, 9)
    assert "content does not match its hash" in found.why


FORBIDDEN: dict[str, Callable[[Database], object]] = {
    "transform": lambda db: db.table("event").transform(types={"kind": str}),
    "update": lambda db: db.table("event").update(1, {"actor": "nobody"}),
    "upsert": lambda db: db.table("event").upsert({"seq": 1, "actor": "nobody"}, pk="seq"),
    "delete": lambda db: db.table("event").delete_where("seq = 8"),
    "drop table": lambda db: db.table("event").drop(),
    "add column": lambda db: db.table("event").add_column("note", str),
    "forget operations": lambda db: db.table("operation").delete_where(),
    "drop trigger": lambda db: db.execute("DROP TRIGGER event_no_update"),
    "rename": lambda db: db.execute("ALTER TABLE event RENAME TO other"),
    "writable schema": lambda db: db.execute("PRAGMA writable_schema = 1"),
    "edit schema": lambda db: db.execute("DELETE FROM sqlite_master"),
    "move head": lambda db: db.execute("UPDATE audit_head SET seq = 1"),
    "attach": lambda db: db.execute("ATTACH ':memory:' AS other"),
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_the_connection_that_writes_cannot_undo_the_triggers(written: Path, name: str) -> None:
    """The guard refuses what would take the triggers away first, sqlite-utils' transform() before all."""
    conn = connect.writable(written)
    try:
        with pytest.raises(sqlite3.DatabaseError, match=r"not authorized|prohibited|may not be modified"):
            FORBIDDEN[name](Database(conn, execute_plugins=False, recursive_triggers=False))
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        assert not schema.missing_triggers(conn)
    finally:
        conn.close()
    assert whole(written) == 8


def test_transform_without_the_guard_does_take_the_triggers_away(written: Path) -> None:
    """Why the guard is there; and the log says so, and is not opened any more."""
    with closing(sqlite3.connect(written, isolation_level=None)) as conn:
        Database(conn, execute_plugins=False).table("event").transform(types={"kind": str})
        assert "event_no_update" in schema.missing_triggers(conn)
    with pytest.raises(CannotOpen, match="no longer append-only"):
        Store.open(written, clock=ticking())


def test_an_edited_row_is_named(written: Path) -> None:
    """Any column of any row: the walk stops at the row and says that it was changed."""
    for column, value in {
        "body": "'{}'",
        "actor": "'nobody'",
        "at": "'2020-01-01T00:00:00.000000Z'",
        "rule": "'x'",
    }.items():
        edit(written, "VACUUM")
        copy = written.with_name(f"{column}.db")
        copy.write_bytes(written.read_bytes())
        found = unlocked(copy, f"UPDATE event SET {column} = {value} WHERE seq = 4")
        assert (found.ok, found.first_bad, found.rows) == (False, 4, 3)
        assert "Row 4 was changed" in found.why


@pytest.mark.parametrize("column", [c for c in COLUMNS if c not in {"seq", "prev", "hash"}])
def test_the_hash_covers_every_column(column: str) -> None:
    """No column can be changed without changing the hash."""
    row = [7, "op", 3, "k", "a", "2026-03-01T12:00:00.000000Z", "r", "{}", "d", "c", "l", 0, "0" * 64]
    changed = list(row)
    changed[COLUMNS.index(column)] = 1 if column in {"version", "closes"} else "x"
    assert chain.digest(changed) != chain.digest(row)


def test_an_edited_row_with_its_hash_made_anew_breaks_the_next(written: Path) -> None:
    """Recomputing one hash is not enough: the row after it names the old one."""
    with closing(connect.read_only(written)) as conn:
        row = list(conn.execute(f"SELECT {', '.join(COLUMNS)} FROM event WHERE seq = 4").fetchone())
    row[COLUMNS.index("actor")] = "nobody"
    found = unlocked(written, f"UPDATE event SET actor = 'nobody', hash = '{chain.digest(row)}' WHERE seq = 4")
    assert (found.ok, found.first_bad) == (False, 5)
    assert "One of the two was replaced" in found.why


def test_a_row_taken_out_is_named(written: Path) -> None:
    """A gap is told by the first missing seq."""
    found = unlocked(written, "DELETE FROM event WHERE seq IN (3, 4)")
    assert (found.ok, found.first_bad) == (False, 3)
    assert "after row 2 comes row 5" in found.why


def test_the_first_row_taken_out_is_named(written: Path) -> None:
    """The chain begins at row 1 and nowhere else."""
    assert unlocked(written, "DELETE FROM event WHERE seq = 1").first_bad == 1


def test_rows_taken_out_and_closed_up_are_named(written: Path) -> None:
    """Renumbering hides the gap, not the hash that is missing."""
    found = unlocked(written, "DELETE FROM event WHERE seq = 4", "UPDATE event SET seq = seq - 1 WHERE seq > 4")
    assert (found.ok, found.first_bad) == (False, 4)


def test_two_rows_exchanged_are_named(written: Path) -> None:
    """Order is part of what is proven."""
    found = unlocked(
        written,
        "UPDATE event SET seq = 99 WHERE seq = 4",
        "UPDATE event SET seq = 4 WHERE seq = 5",
        "UPDATE event SET seq = 5 WHERE seq = 99",
    )
    assert (found.ok, found.first_bad) == (False, 4)


def test_a_cut_end_is_seen_and_the_log_is_not_written_any_more(written: Path) -> None:
    """The head remembers how long the log was; nobody appends to what is left."""
    found = unlocked(written, "DELETE FROM event WHERE seq > 6")
    assert (found.ok, found.first_bad, found.rows) == (False, 7, 6)
    assert "the head says 8 rows, the log ends at row 6" in found.why
    with pytest.raises(CannotOpen, match="last row 6, head 8"):
        Store.open(written, clock=ticking())


def test_an_end_cut_together_with_the_head_is_not_seen_by_the_chain_alone(written: Path) -> None:
    """The limit said plainly in audit.sqlite.verify: this needs a checkpoint that left the machine before."""
    found = unlocked(
        written,
        "DELETE FROM event WHERE seq = 8",
        "UPDATE audit_head SET (seq, hash) = (SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1)",
    )
    assert found.ok
    assert found.rows == 7


def test_a_log_written_anew_is_not_seen_by_the_chain_but_bears_other_hashes(written: Path) -> None:
    """The other limit: everything follows again, and only a head that was kept elsewhere tells."""
    with closing(connect.read_only(written)) as conn:
        kept = [hash_at(conn, seq) for seq in range(9)]
        assert hash_at(conn, 9) is None
    assert (kept[0], kept[8]) == (GENESIS, verify(written).head)
    found = written_anew(written, 4, "actor", "nobody")
    assert (found.ok, found.rows) == (True, 8)
    with closing(connect.read_only(written)) as conn:
        assert [hash_at(conn, seq) == kept[seq] for seq in range(9)] == [True] * 4 + [False] * 5


def test_rows_behind_the_head_are_seen(written: Path) -> None:
    """A head set back, or missing, is told."""
    found = unlocked(written, "UPDATE audit_head SET (seq, hash) = (SELECT seq, hash FROM event WHERE seq = 5)")
    assert (found.ok, found.first_bad) == (False, 6)
    found = unlocked(written, "DELETE FROM audit_head")
    assert not found.ok
    assert "head is missing" in found.why


@pytest.mark.parametrize("claims", ["[1]", '"pair"', "7"])
def test_claims_that_are_none_of_ours_are_named(written: Path, claims: str) -> None:
    """With all hashes made anew the chain holds, and still the row that makes no sense is named."""
    found = written_anew(written, 4, "claims", claims)
    assert (found.ok, found.first_bad) == (False, 4)
    assert "claims that are not ours" in found.why


def test_the_file_itself_refuses_a_claim_that_is_held(written: Path) -> None:
    """Also a shared one beside an exclusive one, whoever writes; and no claim is changed in place."""
    for statement in (
        "INSERT INTO claim VALUES ('pair', 'op2', 'exclusive')",
        "INSERT OR REPLACE INTO claim VALUES ('pair', 'op2', 'shared')",
        "INSERT OR REPLACE INTO claim VALUES ('pair', 'op1', 'shared')",
        "UPDATE claim SET mode = 'shared'",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            edit(written, statement)
    assert whole(written) == 8


@pytest.mark.parametrize("name", schema.TRIGGERS)
def test_a_trigger_that_is_missing_or_weakened_is_named(written: Path, name: str) -> None:
    """Each trigger counts, and a trigger of the same name that does nothing is not one."""
    edit(written, f"DROP TRIGGER {name}")
    assert name in verify(written).why
    edit(written, f"CREATE TRIGGER {name} BEFORE DELETE ON event BEGIN SELECT 1; END")
    found = verify(written)
    assert not found.ok
    assert name in found.why
    with pytest.raises(CannotOpen, match=name):
        Store.open(written, clock=ticking())


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        (
            "UPDATE operation SET open = 0 WHERE operation = 'op1'",
            "there 'op1' is closed since row 1 with the lock 'pair', but by its rows it is open since row 1",
        ),
        ("DELETE FROM claim WHERE operation = 'op1'", "'op1' is open since row 1 with no lock, but"),
        ("DELETE FROM operation WHERE operation = 'op1'", "'op1' is missing with the lock 'pair', but"),
        ("INSERT INTO claim VALUES ('cms', 'op1', 'shared')", "with the locks 'cms' (shared), 'pair', but"),
        (
            "INSERT INTO claim VALUES ('cms', 'op2', 'shared')",
            "closed since row 3 with the lock 'cms' (shared)",
        ),
        ("INSERT INTO claim VALUES ('x', 'ghost', 'shared')", "'ghost' is missing with the lock 'x' (shared), but"),
        ("INSERT INTO operation VALUES ('op1 again', 1, 1)", "by its rows it is missing"),
        ("UPDATE operation SET open = 1 WHERE operation = 'op2'", "by its rows it is closed since row 3"),
    ],
)
def test_a_projection_that_does_not_follow_from_the_log_is_seen(written: Path, statement: str, named: str) -> None:
    """Nobody frees a pair or closes an operation past the log: what should be there is not asked of the file."""
    edit(written, statement)
    found = verify(written)
    assert not found.ok
    assert named in found.why
    rebuild_projections(written)
    assert verify(written).ok


def test_what_slack_shows_is_no_part_of_the_proof(written: Path) -> None:
    """It is the poster's note of what Slack answered, and nothing in the log says what it must be."""
    edit(written, """INSERT INTO shown VALUES ('op1', 'card', '{"ts":"1"}')""")
    assert verify(written).ok


@pytest.mark.parametrize("value", ["x'ff'", "NULL"])
def test_a_row_that_holds_no_text_is_named(written: Path, value: str) -> None:
    """Without STRICT a forger can put anything into a column; verify says which row, and does not break."""
    lax = "UPDATE sqlite_master SET sql = replace(replace(sql, 'STRICT', ''), 'body TEXT NOT NULL', 'body')"
    edit(written, "PRAGMA writable_schema = 1", f"{lax} WHERE name = 'event'")
    found = unlocked(written, "PRAGMA ignore_check_constraints = 1", f"UPDATE event SET body = {value} WHERE seq = 4")
    assert (found.ok, found.first_bad) == (False, 4)
    assert "Row 4 was changed" in found.why


@pytest.mark.parametrize("column", ["kind", "hash"])
def test_what_sqlite_says_of_a_forged_row_is_no_order_to_the_terminal(written: Path, column: str) -> None:
    """Its message repeats the bytes of the row: a cleared screen and "The log is whole" would pass for ours."""
    lax = "UPDATE sqlite_master SET sql = replace(replace(sql, 'STRICT', ''), 'CHECK (length(hash) = 64)', '')"
    edit(written, "PRAGMA writable_schema = 1", f"{lax} WHERE name = 'event'")
    order = b"\x1b[2J\x1b[HThe log is whole: ".hex()
    forged = f"UPDATE event SET {column} = CAST(x'{order}ff' AS TEXT) WHERE seq = 4"
    found = unlocked(written, "PRAGMA ignore_check_constraints = 1", forged)
    assert (found.ok, found.first_bad) == (False, 4)
    assert found.why.isprintable()


def test_what_sqlite_cannot_read_is_a_finding_and_not_a_crash(written: Path) -> None:
    """Bytes overwritten in the middle of the file: not ok, with SQLite's words."""
    with Store.open(written, clock=ticking()) as store:
        for n in range(60):
            store.append([entry(text="x" * 500)], operation="op3", expected=n)
    data = bytearray(written.read_bytes())
    data[4096 * 20 : 4096 * 24] = b"\xff" * (4096 * 4)
    written.write_bytes(data)
    found = verify(written)
    assert not found.ok
    assert found.why


def test_a_program_that_writes_beside_us_stops_the_log(path: Path) -> None:
    """A row put in by somebody else while we run: the next append is refused, and the log says degraded."""
    with Store.open(path, clock=ticking()) as store:
        store.append([entry(), entry()], operation="op1", expected=0)
        edit(path, f"INSERT INTO event {NEXT}")
        with pytest.raises(CannotRecord, match="another program changed the file"):
            store.append([entry()])
        assert store.degraded
