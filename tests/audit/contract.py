"""What every store must do: the tests behind `audit.port.Store`.

A test module of a store makes a class of `StoreContract` and gives it these fixtures:

- `opens`: opens the one log of this test, also again after it was closed; it takes the clock as an argument.
- `store`: that log, opened with a ticking clock.
- `fails`: from `fails(True)` to `fails(False)` the open store cannot write, by a real error of its own kind.
- `forges`: `forges(seq, column, value)` changes one column of one row behind the back of the closed store.

Nothing here knows a file or a statement of SQL.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

import pytest

from audit.model import (
    BODY_LIMIT,
    GENESIS,
    WORD_LIMIT,
    AlreadyDelivered,
    CannotRecord,
    Claim,
    ClaimHeld,
    Conflict,
    Entry,
    Row,
)
from audit.port import Store
from tests.audit.parts import START, entry

THREADS = 8
PAIR, CMS = Claim("pair"), Claim("cms", shared=True)
ALONE_WITH_CMS = Claim("cms")


class Opens(Protocol):
    def __call__(self, clock: Callable[[], datetime] = ...) -> Store: ...


Fails = Callable[[bool], None]
Forges = Callable[[int, str, str], None]


def race(action: Callable[[int], object]) -> list[object]:
    """Run `action(n)` in all threads at the same moment: what each returned or raised."""
    start = threading.Barrier(THREADS)

    def runner(number: int) -> object:
        start.wait()
        try:
            return action(number)
        except (Conflict, ClaimHeld, AlreadyDelivered) as refused:
            return refused

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(runner, range(THREADS)))


class StoreContract:
    """The claims. Subclass it in a test module that has the fixtures."""

    # --- appending and reading ---------------------------------------------------------------------------------------

    def test_what_was_appended_is_what_is_read(self, store: Store) -> None:
        """Rows come back as append returned them, with versions and seq counting on."""
        first = store.append([entry(n=1), entry(n=2)], operation="op1", expected=0, delivery="d1", claims=[PAIR, CMS])
        second = store.append([entry("read.done")])
        third = store.append([entry(n=3), entry(n=4)], operation="op1", expected=2, releases=["pair"])
        fourth = store.append([entry(n=5)], operation="op1", expected=4, closes=True)
        assert store.read("op1") == first + third + fourth
        assert store.tail() == first + second + third + fourth
        assert [(r.seq, r.operation, r.version) for r in store.tail()] == [
            (1, "op1", 1),
            (2, "op1", 2),
            (3, None, None),
            (4, "op1", 3),
            (5, "op1", 4),
            (6, "op1", 5),
        ]
        assert [(r.delivery, r.claims, r.releases, r.closes) for r in first + third + fourth] == [
            ("d1", (CMS, PAIR), (), False),
            (None, (), (), False),
            (None, (), (), False),
            (None, (), ("pair",), False),
            (None, (), (), True),
        ]
        assert first[0].at == START + timedelta(seconds=1)
        assert store.read("nothing") == ()

    def test_what_is_read_does_not_change_with_the_callers_objects(self, store: Store) -> None:
        """A row's body is a copy: the caller's dictionary may be changed afterwards."""
        body: dict[str, int | float | str | bool | None] = {"n": 1}
        row = store.append([Entry("k", "a", body)])[0]
        body["n"] = 2
        assert row.body == {"n": 1}

    def test_a_stale_version_is_a_conflict_that_names_the_current_one(self, store: Store) -> None:
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

    def test_a_delivery_is_recorded_once(self, store: Store) -> None:
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

    def test_a_batch_is_recorded_whole_or_not_at_all(self, store: Store) -> None:
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

    def test_a_body_of_one_mebibyte_fits(self, store: Store) -> None:
        """The limit is inclusive, and counted in bytes of canonical JSON."""
        text = "ü" * ((BODY_LIMIT - len('{"text":""}')) // 2)
        assert store.append([entry(text=text)])[0].body == {"text": text}
        assert store.tail()[0].body == {"text": text}
        with pytest.raises(ValueError, match="more than the 1048576"):
            store.append([entry(text=text + "ü")])

    def test_senseless_appends_are_refused(self, store: Store) -> None:
        """Mistakes of the caller are ValueErrors, before anything is written."""
        store.append([entry()], operation="op1", expected=0, claims=[PAIR])
        for arguments in (
            {"operation": "op2"},
            {"expected": 0},
            {"operation": "op1", "expected": 1, "claims": [CMS]},
            {"operation": "op2", "expected": 0, "claims": [PAIR, CMS, ALONE_WITH_CMS]},
            {"operation": "op2", "expected": 0, "claims": [Claim("x" * (WORD_LIMIT + 1))]},
            {"operation": "op2", "expected": 0, "claims": [CMS], "releases": ["cms"]},
            {"operation": "op1", "expected": 1, "releases": ["never claimed"]},
            {"operation": "op1", "expected": 1, "releases": ["pair", "pair"]},
            {"claims": [PAIR]},
            {"releases": ["pair"]},
            {"closes": True},
        ):
            with pytest.raises(ValueError):
                store.append([entry()], **arguments)
        with pytest.raises(ValueError):
            store.append([])
        assert (store.head()[0], store.holders("pair"), store.holders("cms")) == (1, ("op1",), ())

    def test_text_comes_back_as_it_was(self, store: Store) -> None:
        """Zero bytes, escape sequences, direction marks and all."""
        text = "\x00\x1b[2J\r\n\t\u202e"
        assert store.append([entry(text=text)])[0].body["text"] == text
        assert store.tail()[0].body["text"] == text

    def test_times_are_utc_with_microseconds(self, store: Store, opens: Opens) -> None:
        """A clock of another zone is recorded as the same instant in UTC; one without a zone is refused."""
        store.close()
        berlin = datetime(2026, 3, 1, 13, 0, 0, 7, tzinfo=timezone(timedelta(hours=1)))
        store = opens(lambda: berlin)
        row = store.append([entry()])[0]
        store.close()
        assert (row.at, row.at.tzinfo) == (berlin, UTC)
        store = opens(lambda: berlin.replace(tzinfo=None))
        with pytest.raises(ValueError, match="time zone"):
            store.append([entry()])
        store.close()

    # --- claims and closing ------------------------------------------------------------------------------------------

    def test_a_claim_is_held_until_its_operation_closes(self, store: Store) -> None:
        """The second operation on a claim is told who holds which; after the close the claim is free again."""
        store.append([entry()], operation="op1", expected=0, claims=[PAIR])
        with pytest.raises(ClaimHeld) as refused:
            store.append([entry()], operation="op2", expected=0, claims=[PAIR])
        assert (refused.value.operation, refused.value.claim) == ("op1", "pair")
        assert store.holders("pair") == ("op1",)
        store.append([entry()], operation="op3", expected=0, claims=[Claim("another pair")])
        store.append([entry()], operation="op1", expected=1, closes=True)
        assert store.holders("pair") == ()
        store.append([entry()], operation="op2", expected=0, claims=[PAIR])
        assert store.holders("pair") == ("op2",)

    def test_shared_claims_stand_beside_each_other_and_not_beside_an_exclusive_one(self, store: Store) -> None:
        """Many may share; who wants it alone waits for all of them, and while one has it alone nobody shares."""
        store.append([entry()], operation="op1", expected=0, claims=[CMS])
        store.append([entry()], operation="op2", expected=0, claims=[CMS])
        assert store.holders("cms") == ("op1", "op2")
        store.append([entry()], operation="op1", expected=1, closes=True)
        with pytest.raises(ClaimHeld) as refused:
            store.append([entry()], operation="op3", expected=0, claims=[ALONE_WITH_CMS])
        assert (refused.value.operation, refused.value.claim) == ("op2", "cms")
        store.append([entry()], operation="op2", expected=1, closes=True)
        store.append([entry()], operation="op3", expected=0, claims=[ALONE_WITH_CMS])
        for claim in (CMS, ALONE_WITH_CMS):
            with pytest.raises(ClaimHeld):
                store.append([entry()], operation="op4", expected=0, claims=[claim])

    def test_all_claims_are_taken_or_none(self, store: Store) -> None:
        """One that is held keeps the others free, and nothing of the operation is in the log."""
        store.append([entry()], operation="op1", expected=0, claims=[Claim("held")])
        for claims in ([PAIR, Claim("held"), CMS], [Claim("held"), PAIR, CMS]):
            with pytest.raises(ClaimHeld):
                store.append([entry()], operation="op2", expected=0, claims=claims)
        assert (store.holders("pair"), store.holders("cms"), store.read("op2")) == ((), (), ())

    def test_a_claim_that_was_released_is_free_while_its_operation_goes_on(self, store: Store) -> None:
        """A lane's settled end releases its own pair and nothing else."""
        store.append([entry()], operation="op1", expected=0, claims=[PAIR, Claim("other pair"), CMS])
        store.append([entry()], operation="op1", expected=1, releases=["pair"])
        assert store.open_operations() == ("op1",)
        assert [store.holders(name) for name in ("pair", "other pair", "cms")] == [(), ("op1",), ("op1",)]
        store.append([entry()], operation="op2", expected=0, claims=[PAIR, CMS])
        with pytest.raises(ValueError, match="does not hold pair"):  # it is another's now
            store.append([entry()], operation="op1", expected=2, releases=["pair"])
        store.append([entry()], operation="op1", expected=2, releases=["other pair"], closes=True)
        assert [store.holders(name) for name in ("pair", "other pair", "cms")] == [("op2",), (), ("op2",)]

    def test_a_late_row_does_not_open_a_closed_operation(self, store: Store) -> None:
        """A late click on a finished operation is recorded, and the operation stays closed."""
        store.append([entry()], operation="op1", expected=0, claims=[PAIR])
        store.append([entry()], operation="op1", expected=1, closes=True)
        store.append([entry("click.late")], operation="op1", expected=2)
        assert store.open_operations() == ()
        assert store.holders("pair") == ()

    def test_open_operations_come_oldest_first_and_last_ones_newest_first(self, store: Store) -> None:
        """The order is that of the first rows, whatever came later."""
        for name in ("b", "c", "a"):
            store.append([entry()], operation=name, expected=0)
        store.append([entry()], operation="b", expected=1)
        store.append([entry()], operation="c", expected=1, closes=True)
        assert store.open_operations() == ("b", "a")
        assert store.last_operations() == ("a", "c", "b")
        assert store.last_operations(1) == ("a",)
        assert [r.seq for r in store.tail(after=2, limit=2)] == [3, 4]

    # --- waiting, notes, restarts ------------------------------------------------------------------------------------

    def test_waiting_ends_when_the_log_grows(self, store: Store) -> None:
        """Who waits is woken by an append of another thread, and not by time."""
        woken: list[int] = []
        waiting = threading.Thread(target=lambda: woken.append(store.wait(after=0, timeout=60)))
        waiting.start()
        store.append([entry()])
        waiting.join(timeout=10)
        assert woken == [1]
        assert store.wait(after=0, timeout=60) == 1
        assert store.wait(after=1, timeout=0.01) == 1

    def test_waiting_ends_when_the_store_closes(self, store: Store) -> None:
        """A worker that waits for the next row does not hold up the end of the process."""
        waiting = threading.Thread(target=lambda: store.wait(after=0, timeout=60))
        waiting.start()
        store.close()
        waiting.join(timeout=10)
        assert not waiting.is_alive()

    def test_a_closed_store_says_so(self, store: Store) -> None:
        """An append after the close is refused with a sentence; closing twice is nothing."""
        store.close()
        store.close()
        with pytest.raises(CannotRecord, match="shutting down"):
            store.append([entry()])

    def test_notes_are_kept_replaced_and_forgotten(self, store: Store, opens: Opens) -> None:
        """What is shown is found by operation and slot, survives a restart, and is no event."""
        store.note("op1", "card", {"ts": "1.0"})
        store.note("op1", "card", {"ts": "2.0"})
        store.note("op1", "thread", {"ts": "3.0"})
        store.note("op2", "card", {"ts": "4.0"})
        assert store.notes("op1") == {"card": {"ts": "2.0"}, "thread": {"ts": "3.0"}}
        assert store.notes("op2") == {"card": {"ts": "4.0"}}
        store.note("op1", "card", None)
        store.note("op1", "never noted", None)
        store.close()
        store = opens()
        assert store.notes("op1") == {"thread": {"ts": "3.0"}}
        assert store.head() == (0, GENESIS)
        store.close()

    def test_a_restart_changes_nothing(self, store: Store, opens: Opens) -> None:
        """Head, rows, open operations and claims are the same after closing and opening."""

        def seen(log: Store) -> tuple[tuple[Row, ...], tuple[int, str], tuple[str, ...], list[tuple[str, ...]]]:
            held = [log.holders(name) for name in ("pair", "cms", "released")]
            return log.tail(), log.head(), log.open_operations(), held

        store.append([entry()], operation="op1", expected=0, claims=[PAIR, CMS, Claim("released")], delivery="d")
        store.append([entry()], operation="op1", expected=1, releases=["released"])
        store.append([entry()], operation="op2", expected=0, claims=[CMS])
        store.append([entry()], operation="op2", expected=1, closes=True)
        before = seen(store)
        store.close()
        again = opens()
        assert seen(again) == before
        assert before[3] == [("op1",), ("op1",), ()]
        with pytest.raises(AlreadyDelivered):
            again.append([entry()], delivery="d")
        again.append([entry()], operation="op1", expected=2)
        assert again.verify().ok
        again.close()

    # --- degraded ----------------------------------------------------------------------------------------------------

    def test_what_cannot_be_recorded_is_refused_and_latches(self, store: Store, fails: Fails) -> None:
        """One failure is enough; only a probe that passes ends it, and what was refused is nowhere."""
        store.append([entry()], operation="op1", expected=0, claims=[PAIR])
        fails(True)
        with pytest.raises(CannotRecord):
            store.append([entry()], operation="op2", expected=0, claims=[CMS])
        said = store.degraded
        assert said
        with pytest.raises(CannotRecord):
            store.probe()
        fails(False)
        with pytest.raises(CannotRecord) as refused:
            store.append([entry()])
        assert str(refused.value) == said
        store.append([entry()], operation="op1", expected=1, essential=True)
        store.note("op1", "card", {"ts": "1.0"})
        assert _is_degraded(store)
        store.probe()
        assert not _is_degraded(store)
        store.append([entry()], operation="op2", expected=0, claims=[CMS])
        assert (store.head()[0], store.verify().ok) == (3, True)

    # --- proof -------------------------------------------------------------------------------------------------------

    def test_a_log_is_whole_and_every_row_names_the_one_before(self, store: Store) -> None:
        """The verdict has the head; each hash can be asked for."""
        for n in range(5):
            store.append([entry(n=n)], operation="op1", expected=n)
        found = store.verify()
        assert (found.ok, found.rows, (found.rows, found.head)) == (True, 5, store.head())
        assert [store.hash_at(row.seq) for row in store.tail()] == [row.hash for row in store.tail()]
        assert [row.prev for row in store.tail()] == [store.hash_at(seq) for seq in range(5)]
        assert (store.hash_at(0), store.hash_at(6)) == (GENESIS, None)

    @pytest.mark.parametrize(
        ("column", "value"),
        [("body", "{}"), ("actor", "nobody"), ("claims", '{"cms":"shared"}'), ("releases", '["pair"]')],
    )
    def test_a_row_that_was_changed_is_named(
        self, store: Store, opens: Opens, forges: Forges, column: str, value: str
    ) -> None:
        """What was claimed and released is chained like everything else."""
        store.append([entry(n=1)], operation="op1", expected=0, claims=[PAIR])
        store.append([entry(n=2), entry(n=3)], operation="op1", expected=1)
        store.close()
        forges(2, column, value)
        store = opens()
        found = store.verify()
        assert (found.ok, found.first_bad, found.rows) == (False, 2, 1)
        assert "Row 2 was changed" in found.why
        store.close()

    def test_stored_rows_are_all_rows_as_they_stand(self, store: Store, opens: Opens, forges: Forges) -> None:
        """One that cannot be read has no row, and its line shows what is there."""
        rows = [store.append([entry(n=n)], operation="op1", expected=n)[0] for n in range(3)]
        assert [stored.row for stored in store.stored("op1")] == rows
        assert store.last_stored(2) == store.stored("op1")[1:]
        assert all(f'"hash":"{stored.row.hash}"' in stored.line for stored in store.stored("op1") if stored.row)
        store.close()
        forges(2, "at", "yesterday")
        store = opens()
        second = store.stored("op1")[1]
        assert (second.seq, second.row, '"at":"yesterday"' in second.line) == (2, None, True)
        store.close()

    # --- many threads ------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("again", range(5))
    def test_of_eight_deciding_on_one_version_one_wins(self, store: Store, again: int) -> None:  # noqa: ARG002
        """Two leads click at once: one transaction wins, all others are told the version it made."""
        store.append([entry()], operation="op1", expected=0)
        ended = race(lambda n: store.append([entry(n=n)], operation="op1", expected=1))
        lost = [e for e in ended if isinstance(e, Conflict)]
        assert len(lost) == THREADS - 1
        assert {e.current for e in lost} == {2}
        assert [r.version for r in store.read("op1")] == [1, 2]
        assert (store.verify().ok, store.verify().rows) == (True, 2)

    @pytest.mark.parametrize("again", range(5))
    def test_of_eight_operations_on_one_claim_one_opens(self, store: Store, again: int) -> None:  # noqa: ARG002
        """The losers are told the winner, and nothing of them is in the log."""
        ended = race(lambda n: store.append([entry()], operation=f"op{n}", expected=0, claims=[CMS, PAIR]))
        lost = [e for e in ended if isinstance(e, ClaimHeld)]
        assert len(lost) == THREADS - 1
        assert {(e.operation,) for e in lost} == {store.holders("pair")}
        assert store.open_operations() == store.holders("pair") == store.holders("cms")
        assert store.head()[0] == 1

    @pytest.mark.parametrize("again", range(5))
    def test_of_eight_copies_of_a_delivery_one_is_recorded(self, store: Store, again: int) -> None:  # noqa: ARG002
        """A delivery that arrives several times at once is in the log once."""
        ended = race(lambda _: store.append([entry()], delivery="d1"))
        assert sum(isinstance(e, AlreadyDelivered) for e in ended) == THREADS - 1
        assert store.head()[0] == 1

    def test_appends_of_many_threads_make_one_chain(self, store: Store) -> None:
        """Every acknowledged row of every thread is there, in one unbroken chain, each thread's in its order."""

        def writer(number: int) -> list[int]:
            return [store.append([entry()], operation=f"op{number}", expected=n)[0].seq for n in range(25)]

        seqs = race(writer)
        assert sorted(s for own in seqs for s in own) == list(range(1, THREADS * 25 + 1))  # type: ignore[attr-defined]
        assert (store.verify().ok, store.verify().rows) == (True, THREADS * 25)

    def test_readers_in_all_threads_see_what_was_acknowledged(self, store: Store) -> None:
        """A thread that has its answer reads its own row."""

        def own(number: int) -> bool:
            rows = [store.append([entry(n=n)], operation=f"op{number}", expected=n)[0] for n in range(20)]
            return store.read(f"op{number}") == tuple(rows)

        assert race(own) == [True] * THREADS


def _is_degraded(store: Store) -> bool:
    return store.degraded is not None
