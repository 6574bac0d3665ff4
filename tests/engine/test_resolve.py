"""Which pool is meant: exactly one, or the nearest is named and nothing starts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.facts import Pool, Topology
from engine.model import Refusal
from engine.resolve import pair_of, resolve

TOPOLOGY = Topology(
    (
        Pool("pool01.contoso.com", "pool02.contoso.com"),
        Pool("pool02.contoso.com", "pool01.contoso.com"),
        Pool("Paris.contoso.com", None),
        Pool("paris.fabrikam.com", None),
    )
)


@pytest.mark.parametrize(
    ("named", "fqdn"),
    [
        ("pool01", "pool01.contoso.com"),
        ("POOL01.Contoso.com", "pool01.contoso.com"),
        (" pool01.contoso.com. ", "pool01.contoso.com"),
        ("paris.contoso.com", "Paris.contoso.com"),
    ],
)
def test_an_fqdn_or_an_unambiguous_short_name_is_found(named: str, fqdn: str) -> None:
    """Whatever the case, and with the root's dot."""
    found = resolve(named, TOPOLOGY)
    assert isinstance(found, Pool)
    assert found.fqdn == fqdn


@pytest.mark.parametrize(
    ("named", "code", "near"),
    [
        ("paris", "E_AMBIGUOUS_POOL", ""),
        ("pool1", "E_UNKNOWN_POOL", "pool01.contoso.com"),
        ("pool01.contoso.con", "E_UNKNOWN_POOL", "pool01.contoso.com"),
        ("zzz", "E_UNKNOWN_POOL", "The pools are Paris.contoso.com"),
        ("", "E_UNKNOWN_POOL", "The pools are Paris.contoso.com"),
        ("pool01' '--disaster", "E_UNKNOWN_POOL", ""),
    ],
)
def test_what_is_not_one_pool_is_refused_with_the_nearest(named: str, code: str, near: str) -> None:
    """Never corrected silently, never the first of several."""
    found = resolve(named, TOPOLOGY)
    assert isinstance(found, Refusal)
    assert found.code == code
    assert near in found.cure


NAMES = ("pool01", "pool02", "pool04", "pool10", "london", "us-east", "usw1", "frankfurt-a", "frankfurt-b")
FOREST = Topology(tuple(Pool(f"{name}.contoso.com", None) for name in NAMES))


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        *((slip, ["pool01"]) for slip in ("pol01", "poool01", "opol01", "polo01", "ppool01", "poo01", "pool1")),
        *((slip, ["pool01"]) for slip in ("pool001", "pool-01", "pool_01", "pool0l", "poolO1", "POLL01")),
        *((slip, ["pool01"]) for slip in ("pool01.contso.com", "pool1.contoso.com", "pol01.contosso.com")),
        *((other, []) for other in ("pool99", "pool05", "pool40", "pool20", "pool11", "pool0", "pool")),
        *(
            (other, [])
            for other in ("pool99.contoso.com", "pool01.fabrikam.com", "pool01.contoso", "pool01.x.contoso.com")
        ),
        *((other, []) for other in ("p01", "01", "xyz", "", ".", "....", "-", "#", "9" * 5_000, "p" * 5_000)),
        ("lindon", ["london"]),
        ("londno", ["london"]),
        ("lodnon", ["london"]),
        ("useast", ["us-east"]),
        ("usw01", ["usw1"]),
        ("usw2", []),
        ("ukw1", []),
        ("frankfurt", ["frankfurt-a", "frankfurt-b"]),
        ("frankfurt-c", []),
        ("frnkfrt-a", ["frankfurt-a"]),
        ("frank", []),
    ],
)
def test_only_a_slip_of_the_finger_is_near(typed: str, near: list[str]) -> None:
    """A letter missing, repeated, swapped or wrong, a zero more or less; another number is another pool."""
    found = resolve(typed, FOREST)
    assert isinstance(found, Refusal)
    meant = " or ".join(f"{name}.contoso.com" for name in near)
    assert found.cure.partition(" /pools")[0] == (f"Did you mean {meant}?" if near else _six_and_more())
    assert len(found.say) < 150


def _six_and_more() -> str:
    first = ", ".join(f"{name}.contoso.com" for name in sorted(NAMES)[:6])
    return f"The pools are {first} … and 3 more;"


def test_no_number_is_told_by_its_neighbours() -> None:
    """Of two pools with the same letters, each number that is not there gets the list, and none of them."""
    pair = Topology((Pool("pool01.contoso.com", None), Pool("pool02.contoso.com", None)))
    for n in range(3, 100):
        found = resolve(f"pool{n:02}", pair)
        assert isinstance(found, Refusal)
        assert found.cure == "The pools are pool01.contoso.com, pool02.contoso.com."
    found = resolve("pool", pair)
    assert isinstance(found, Refusal)
    assert found.cure.startswith("Did you mean pool01.contoso.com or pool02.contoso.com?")
    found = resolve("pool99", Topology(pair.pools[:1]))
    assert isinstance(found, Refusal)
    assert found.cure == "The only pool is pool01.contoso.com."
    found = resolve("pool99", Topology(()))
    assert isinstance(found, Refusal)
    assert found.cure == "The topology has no pools."


@given(st.text(max_size=30))
def test_whatever_is_named_nothing_is_guessed(named: str) -> None:
    """A pool is found only by its whole name or its first label."""
    found = resolve(named, TOPOLOGY)
    if isinstance(found, Pool):
        assert named.strip().rstrip(".").lower() in {found.fqdn.lower(), found.fqdn.lower().partition(".")[0]}


def test_both_pools_of_a_pair_have_the_same_lock() -> None:
    """The key is the pair's, from whichever side it is asked for, whatever the case."""
    one, other = TOPOLOGY.pools[:2]
    assert pair_of(one) == pair_of(other) == pair_of(Pool("POOL01.contoso.com", "Pool02.contoso.com"))
    assert pair_of(TOPOLOGY.pools[2]) != pair_of(one)
