"""Many threads, one log: races have one winner, and readers never hold up the writer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from audit.model import AlreadyDelivered, ClaimHeld, Conflict
from audit.sqlite.reader import Reader
from audit.sqlite.store import Store
from tests.audit.parts import entry, whole

THREADS = 8


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


@pytest.mark.parametrize("again", range(5))
def test_of_eight_deciding_on_one_version_one_wins(store: Store, path: Path, again: int) -> None:
    """Two leads click at once: one transaction wins, all others are told the version it made."""
    store.append([entry()], operation="op1", expected=0)
    ended = race(lambda n: store.append([entry(n=n)], operation="op1", expected=1))
    lost = [e for e in ended if isinstance(e, Conflict)]
    assert len(lost) == THREADS - 1
    assert {e.current for e in lost} == {2}
    assert [r.version for r in store.read("op1")] == [1, 2]
    assert whole(path) == 2


@pytest.mark.parametrize("again", range(5))
def test_of_eight_operations_on_one_claim_one_opens(store: Store, again: int) -> None:
    """The losers are told the winner, and nothing of them is in the log."""
    ended = race(lambda n: store.append([entry()], operation=f"op{n}", expected=0, claim="pair"))
    lost = [e for e in ended if isinstance(e, ClaimHeld)]
    assert len(lost) == THREADS - 1
    assert {e.operation for e in lost} == {store.holder("pair")}
    assert store.open_operations() == (store.holder("pair"),)
    assert store.head()[0] == 1


@pytest.mark.parametrize("again", range(5))
def test_of_eight_copies_of_a_delivery_one_is_recorded(store: Store, again: int) -> None:
    """A delivery that arrives several times at once is in the log once."""
    ended = race(lambda _: store.append([entry()], delivery="d1"))
    assert sum(isinstance(e, AlreadyDelivered) for e in ended) == THREADS - 1
    assert store.head()[0] == 1


def test_appends_of_many_threads_make_one_chain(store: Store, path: Path) -> None:
    """Every acknowledged row of every thread is there, in one unbroken chain, each thread's in its order."""

    def writer(number: int) -> list[int]:
        return [store.append([entry()], operation=f"op{number}", expected=n)[0].seq for n in range(25)]

    seqs = race(writer)
    assert sorted(s for own in seqs for s in own) == list(range(1, THREADS * 25 + 1))  # type: ignore[attr-defined]
    assert whole(path) == THREADS * 25


def test_readers_in_all_threads_see_what_was_acknowledged(store: Store) -> None:
    """A thread that has its answer reads its own row, whichever connection it is given."""

    def own(number: int) -> bool:
        rows = [store.append([entry(n=n)], operation=f"op{number}", expected=n)[0] for n in range(20)]
        return store.read(f"op{number}") == tuple(rows)

    assert race(own) == [True] * THREADS


def test_another_process_view_reads_while_the_bot_writes(store: Store, path: Path) -> None:
    """A read-only view follows and verifies a log that is being written, and cannot write itself."""
    with Reader(path) as reader:
        for n in range(5):
            rows = store.append([entry(n=n)], operation="op1", expected=n)
            assert reader.tail(after=n) == rows
            assert reader.head() == store.head()
            assert reader.verify().rows == n + 1
        assert not hasattr(reader, "append")
