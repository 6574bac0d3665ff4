"""What an append promises: all or nothing, in order, once, and readable as it was written."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from audit.model import BODY_LIMIT, WORD_LIMIT, AlreadyDelivered, CannotRecord, ClaimHeld, Conflict, Entry, Row
from audit.sqlite.reader import Reader
from audit.sqlite.rebuild import rebuild_projections
from audit.sqlite.store import Store
from tests.audit.parts import START, entry, ticking, whole


def test_what_was_appended_is_what_is_read(store: Store) -> None:
    """Rows come back from the file as append returned them, with versions and seq counting on."""
    first = store.append([entry(n=1), entry(n=2)], operation="op1", expected=0, delivery="d1", claim="pair")
    second = store.append([entry("read.done")])
    third = store.append([entry(n=3)], operation="op1", expected=2, closes=True)
    assert store.read("op1") == first + third
    assert store.tail() == first + second + third
    assert [(r.seq, r.operation, r.version) for r in store.tail()] == [
        (1, "op1", 1),
        (2, "op1", 2),
        (3, None, None),
        (4, "op1", 3),
    ]
    assert [(r.delivery, r.claim, r.closes) for r in first + third] == [
        ("d1", "pair", False),
        (None, None, False),
        (None, None, True),
    ]
    assert first[0].at == START + timedelta(seconds=1)


def test_what_is_read_does_not_change_with_the_callers_objects(store: Store) -> None:
    """A row's body is a copy: the caller's dictionary may be changed afterwards."""
    body: dict[str, int | float | str | bool | None] = {"n": 1}
    row = store.append([Entry("k", "a", body)])[0]
    body["n"] = 2
    assert row.body == {"n": 1}


def test_a_stale_version_is_a_conflict_that_tells_the_current_one(store: Store) -> None:
    """Who decided on an old version writes nothing and learns the new one."""
    store.append([entry(), entry()], operation="op1", expected=0)
    for stale in (0, 1, 3):
        with pytest.raises(Conflict) as refused:
            store.append([entry()], operation="op1", expected=stale)
        assert refused.value.current == 2
    with pytest.raises(Conflict) as refused:
        store.append([entry()], operation="never seen", expected=1)
    assert refused.value.current == 0
    assert store.head()[0] == 2


def test_a_delivery_is_recorded_once(store: Store) -> None:
    """A replayed delivery changes nothing, with an operation or without, and is told where it stands."""
    store.append([entry()], delivery="d1")
    store.append([entry()], operation="op1", expected=0, delivery="d2")
    for key, seq in (("d1", 1), ("d2", 2)):
        with pytest.raises(AlreadyDelivered) as refused:
            store.append([entry()], delivery=key)
        assert refused.value.seq == seq
    with pytest.raises(AlreadyDelivered):
        store.append([entry()], operation="op1", expected=0, delivery="d2")
    assert store.head()[0] == 2


def test_a_claim_is_held_until_its_operation_closes(store: Store) -> None:
    """The second operation on a claim is told who holds it; after the close the claim is free again."""
    store.append([entry()], operation="op1", expected=0, claim="pair")
    with pytest.raises(ClaimHeld) as refused:
        store.append([entry()], operation="op2", expected=0, claim="pair")
    assert refused.value.operation == "op1"
    assert store.holder("pair") == "op1"
    store.append([entry()], operation="op3", expected=0, claim="another pair")
    store.append([entry()], operation="op1", expected=1, closes=True)
    assert store.holder("pair") is None
    store.append([entry()], operation="op2", expected=0, claim="pair")
    assert store.holder("pair") == "op2"


def test_a_late_row_does_not_open_a_closed_operation(store: Store) -> None:
    """A late click on a finished operation is recorded, and the operation stays closed."""
    store.append([entry()], operation="op1", expected=0, claim="pair")
    store.append([entry()], operation="op1", expected=1, closes=True)
    store.append([entry("click.late")], operation="op1", expected=2)
    assert store.open_operations() == ()
    assert store.holder("pair") is None


def test_open_operations_come_oldest_first_and_last_ones_newest_first(store: Store) -> None:
    """The order is that of the first rows, whatever came later."""
    for name in ("b", "c", "a"):
        store.append([entry()], operation=name, expected=0)
    store.append([entry()], operation="b", expected=1)
    store.append([entry()], operation="c", expected=1, closes=True)
    assert store.open_operations() == ("b", "a")
    assert store.last_operations() == ("a", "c", "b")
    assert store.last_operations(1) == ("a",)
    assert [r.seq for r in store.tail(after=2, limit=2)] == [3, 4]


def test_a_batch_is_recorded_whole_or_not_at_all(store: Store) -> None:
    """One entry that cannot be written keeps the others out, and the log goes on after it."""
    for broken in (
        entry(text="\ud800"),
        entry(number=float("nan")),
        entry(number=2**53),
        entry(text="x" * BODY_LIMIT),
        Entry("k" * (WORD_LIMIT + 1), "a", {}),
        Entry("\ud800", "a", {}),
        Entry("k", "a", {1: "not text"}),  # type: ignore[dict-item]
        Entry("k", "a", {"x": object()}),  # type: ignore[dict-item]
    ):
        with pytest.raises(ValueError):
            store.append([entry(), broken], operation="op1", expected=0)
    assert store.head()[0] == 0
    store.append([entry()], operation="op1", expected=0)
    assert store.degraded is None


def test_a_body_of_64_kib_fits(store: Store) -> None:
    """The limit is inclusive, and counted in bytes of canonical JSON."""
    text = "ü" * ((BODY_LIMIT - len('{"text":""}')) // 2)
    assert store.append([entry(text=text)])[0].body == {"text": text}
    with pytest.raises(ValueError, match="more than the 65536"):
        store.append([entry(text=text + "ü")])


def test_senseless_appends_are_refused(store: Store) -> None:
    """Mistakes of the caller are ValueErrors, before anything is written."""
    for arguments in (
        {"operation": "op1"},
        {"expected": 0},
        {"operation": "op1", "expected": 1, "claim": "pair"},
        {"claim": "pair"},
        {"closes": True},
    ):
        with pytest.raises(ValueError):
            store.append([entry()], **arguments)
    with pytest.raises(ValueError):
        store.append([])
    assert store.head()[0] == 0


def test_control_characters_are_stored_as_escapes(store: Store, path: Path) -> None:
    """No byte of the file's text can move a terminal's cursor, and the text comes back as it was."""
    text = "\x00\x1b[2J\r\n\t\u202e"
    assert store.append([entry(text=text)])[0].body["text"] == text
    assert store.read("nothing") == ()
    assert store.tail()[0].body["text"] == text
    with closing(sqlite3.connect(path)) as conn:
        (stored,) = conn.execute("SELECT body FROM event").fetchone()
    assert not any(c < " " for c in stored)


def test_times_are_utc_with_microseconds(path: Path) -> None:
    """A clock of another zone is recorded as the same instant in UTC; one without a zone is refused."""
    berlin = datetime(2026, 3, 1, 13, 0, 0, 7, tzinfo=timezone(timedelta(hours=1)))
    with Store.open(path, clock=lambda: berlin) as store:
        row = store.append([entry()])[0]
    assert (row.at, row.at.tzinfo) == (berlin, UTC)
    with (
        Store.open(path, clock=lambda: berlin.replace(tzinfo=None)) as store,
        pytest.raises(ValueError, match="time zone"),
    ):
        store.append([entry()])


def test_waiting_ends_when_the_log_grows(store: Store) -> None:
    """Who waits is woken by an append of another thread, and not by time."""
    woken: list[int] = []
    waiting = threading.Thread(target=lambda: woken.append(store.wait(after=0, timeout=60)))
    waiting.start()
    store.append([entry()])
    waiting.join(timeout=10)
    assert woken == [1]
    assert store.wait(after=0, timeout=60) == 1
    assert store.wait(after=1, timeout=0.01) == 1


def test_waiting_ends_when_the_store_closes(path: Path) -> None:
    """A worker that waits for the next row does not hold up the end of the process."""
    store = Store.open(path, clock=ticking())
    waiting = threading.Thread(target=lambda: store.wait(after=0, timeout=60))
    waiting.start()
    store.close()
    waiting.join(timeout=10)
    assert not waiting.is_alive()


def test_a_closed_store_says_so(path: Path) -> None:
    """An append after the close is refused with a sentence; closing twice is nothing."""
    store = Store.open(path, clock=ticking())
    store.close()
    store.close()
    with pytest.raises(CannotRecord, match="shutting down"):
        store.append([entry()])


def test_notes_are_kept_replaced_and_forgotten(store: Store, path: Path) -> None:
    """What is shown is found by operation and by slot, survives a restart, and is no event."""
    store.note("op1", "card", {"ts": "1.0"})
    store.note("op1", "card", {"ts": "2.0"})
    store.note("op1", "thread", {"ts": "3.0"})
    store.note("op2", "card", {"ts": "4.0"})
    assert store.notes("op1") == {"card": {"ts": "2.0"}, "thread": {"ts": "3.0"}}
    assert store.noted("card") == {"op1": {"ts": "2.0"}, "op2": {"ts": "4.0"}}
    store.note("op1", "card", None)
    store.note("op1", "never noted", None)
    store.close()
    with Store.open(path, clock=ticking()) as again:
        assert again.notes("op1") == {"thread": {"ts": "3.0"}}
        assert again.head()[0] == 0


def test_a_restart_changes_nothing(store: Store, path: Path) -> None:
    """Head, rows, open operations and claims are the same after closing and opening."""

    def seen(log: Store) -> tuple[tuple[Row, ...], tuple[int, str], tuple[str, ...], str | None]:
        return log.tail(), log.head(), log.open_operations(), log.holder("pair")

    store.append([entry()], operation="op1", expected=0, claim="pair", delivery="d")
    store.append([entry()], operation="op2", expected=0)
    store.append([entry()], operation="op2", expected=1, closes=True)
    before = seen(store)
    store.close()
    with Store.open(path, clock=ticking()) as again:
        assert seen(again) == before
        with pytest.raises(AlreadyDelivered):
            again.append([entry()], delivery="d")
        again.append([entry()], operation="op1", expected=1)
    assert whole(path) == 4


def test_projections_rebuilt_are_the_live_ones(store: Store, path: Path) -> None:
    """Open operations and claims follow from the events alone."""
    for n in range(20):
        store.append([entry()], operation=f"op{n}", expected=0, claim=f"pair{n % 7}" if n % 3 else None)
        if n % 2 or n % 3:
            store.append([entry(), entry()], operation=f"op{n}", expected=1, closes=n % 5 != 0 or n < 15)
            store.append([entry()], operation=f"op{n}", expected=3)
    store.close()

    def live() -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(path)) as conn:
            return conn.execute("SELECT * FROM operation ORDER BY operation").fetchall()

    before = live()
    assert {row[3] for row in before} == {0, 1}
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("UPDATE operation SET claim = NULL, open = 1 - open")
        conn.execute("DELETE FROM operation WHERE operation = 'op3'")
    with Reader(path) as reader:
        assert not reader.verify().ok
    rebuild_projections(path)
    assert live() == before
    whole(path)
