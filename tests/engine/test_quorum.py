"""The quorum of a pool: every row of Microsoft's table at both its edges, and what is not known stays unknown."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import pytest

from engine.facts import Health
from engine.lab import pools as lab
from engine.quorum import ORDERED_FROM, Quorum, is_2019_or_later, quorum
from engine.remote import facts as remote

OLD, NEW = "Lync Server 2013", "Skype for Business Server 2019"
State = bool | None


def published(up: Sequence[State], version: str) -> bool | None:
    """The table as the page words it, for Front Ends that are all known and in order; None where it has no row."""

    def run(needed: int, of_the_first: int) -> bool:
        return sum(map(bool, up[:of_the_first])) >= needed

    match len(up):
        case 1 | 2:
            return run(1, 2)
        case 3 | 4:
            return run(2, 4)
        case 5 | 6:
            return run(3, 6)
        case 7 | 8 | 9:
            return run(4, 7)
        case 10 | 11:
            return run(5, 9)
        case 12:
            return run(5, 9) and (version == OLD or run(7, 12))
        case 13 | 14 | 15 | 16 if version == NEW:
            return run(7, 12)
        case _:
            return None


def one_of(answers: set[bool | None]) -> Quorum:
    """The answer that all of them give."""
    if answers == {True}:
        return Quorum.HELD
    return Quorum.LOST if answers == {False} else Quorum.UNKNOWN


def known(size: int) -> Iterator[tuple[bool, ...]]:
    return itertools.product((True, False), repeat=size)


@pytest.mark.parametrize("version", [OLD, NEW])
@pytest.mark.parametrize("size", range(14))
def test_the_table_is_the_published_one(size: int, version: str) -> None:
    """Every combination of Front Ends that are up and down, in order; no Front End at all and 13 before 2019 have no
    row."""
    for up in known(size):
        assert quorum(up, version, ordered=True) is one_of({published(up, version)}), up


@pytest.mark.parametrize(
    ("size", "version", "needed", "voters"),
    [(1, OLD, 1, 1), (2, OLD, 1, 2), (3, OLD, 2, 3), (4, NEW, 2, 4), (5, OLD, 3, 5), (6, NEW, 3, 6), (7, OLD, 4, 7),
     (8, OLD, 4, 7), (9, NEW, 4, 7), (10, OLD, 5, 9), (11, NEW, 5, 9), (12, OLD, 5, 9), (13, NEW, 7, 12),
     (14, NEW, 7, 12), (15, NEW, 7, 12), (16, NEW, 7, 12)],
)  # fmt: skip
def test_each_row_holds_at_its_edge_and_not_one_below(size: int, version: str, needed: int, voters: int) -> None:
    """Whichever of the voters run; those that started later do not count, even if all of them run."""
    late = [True] * (size - voters)
    for running in itertools.combinations(range(voters), needed):
        first = [n in running for n in range(voters)]
        assert quorum([*first, *[False] * len(late)], version, ordered=True) is Quorum.HELD
        first[running[0]] = False
        assert quorum([*first, *late], version, ordered=True) is Quorum.LOST


def test_twelve_front_ends_in_2019_must_hold_both_rows() -> None:
    """5 of the first 9, and 7 of the 12."""
    assert quorum([True] * 5 + [False] * 4 + [True] * 3, NEW, ordered=True) is Quorum.HELD
    assert quorum([True] * 6 + [False] * 6, NEW, ordered=True) is Quorum.LOST
    assert quorum([True] * 4 + [False] * 5 + [True] * 3, NEW, ordered=True) is Quorum.LOST
    assert quorum([True] * 6 + [False] * 6, OLD, ordered=True) is Quorum.HELD


@pytest.mark.parametrize(
    ("size", "version"), [(0, OLD), (0, NEW), (13, OLD), (16, OLD), (17, NEW), (17, OLD), (30, NEW)]
)
@pytest.mark.parametrize("ordered", [True, False])
def test_a_pool_that_the_table_does_not_have_is_unknown(size: int, version: str, ordered: bool) -> None:
    """Neither all up nor all down says anything about a number that Microsoft does not support."""
    for state in (True, False):
        assert quorum([state] * size, version, ordered=ordered) is Quorum.UNKNOWN


@pytest.mark.parametrize("version", [OLD, NEW])
@pytest.mark.parametrize("size", range(1, 10))
def test_an_unknown_machine_counts_as_neither(size: int, version: str) -> None:
    """The answer is what every way of being up or down would give; otherwise it is unknown."""
    for up in itertools.product((True, False, None), repeat=size):
        if None in up:
            ways = ((True, False) if state is None else (state,) for state in up)
            wanted = one_of({published(way, version) for way in itertools.product(*ways)})
            assert quorum(up, version, ordered=True) is wanted, up


@pytest.mark.parametrize("version", [OLD, NEW])
@pytest.mark.parametrize("size", range(1, 13))
def test_without_the_order_only_what_every_order_gives_is_known(size: int, version: str) -> None:
    """Up to seven Front Ends it does not matter which of them run; from eight on it does."""
    for running in range(size + 1):
        orders = itertools.combinations(range(size), running)
        answers = {published([n in up for n in range(size)], version) for up in orders}
        found = quorum([True] * running + [False] * (size - running), version, ordered=False)
        assert found is one_of(answers), running
        assert found is not Quorum.UNKNOWN or size >= ORDERED_FROM


def test_all_up_and_none_up_need_no_order() -> None:
    """Of every pool that the table has."""
    for size, version in itertools.product(range(1, 17), (OLD, NEW)):
        if published([True] * size, version) is not None:
            assert quorum([True] * size, version, ordered=False) is Quorum.HELD
            assert quorum([False] * size, version, ordered=False) is Quorum.LOST


@pytest.mark.parametrize("version", [None, "", "7", "something else"])
def test_a_product_that_is_not_known_matters_where_the_rows_differ(version: str | None) -> None:
    """12 Front Ends can be without a quorum in 2019 only; 13 are unknown."""
    assert quorum([True] * 6 + [False] * 6, version, ordered=True) is Quorum.UNKNOWN
    assert quorum([True] * 7 + [False] * 5, version, ordered=True) is Quorum.HELD
    assert quorum([True] * 4 + [False] * 5 + [True] * 3, version, ordered=True) is Quorum.LOST
    assert quorum([True] * 13, version, ordered=True) is Quorum.UNKNOWN
    assert quorum([True, False, True], version, ordered=False) is Quorum.HELD


@pytest.mark.parametrize(
    ("version", "answer"),
    [("Lync Server 2013", False), ("Skype for Business Server 2015", False), ("5.0.8308.0", False), ("6", False),
     ("6.0.9319.0", False), ("Skype for Business Server 2019", True), ("7.0.2046.0", True), ("8", True),
     ("Skype for Business Server Subscription Edition", True), ("7", None), ("", None), (None, None), ("new", None)],
)  # fmt: skip
def test_the_product_is_read_from_its_name_or_its_build(version: str | None, answer: bool | None) -> None:
    """A bare 7 could be a version of the topology or of the product."""
    assert is_2019_or_later(version) is answer


@pytest.mark.parametrize("version", [OLD, NEW])
@pytest.mark.parametrize("size", range(1, 13))
def test_both_engines_give_the_same_health(size: int, version: str) -> None:
    """With the back end up, all Front Ends read, and their order too."""
    for up in known(size):
        seen = remote.health(up, version, ordered=True, complaint=False)
        assert seen is lab.health(up, True, version), up
        assert (seen is Health.DOWN) == (not any(up))
