"""Which pool is meant: exactly one, or the nearest is named and nothing starts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model import Pool, Refusal, Topology
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
        ("pool0", "E_UNKNOWN_POOL", "pool0"),
        ("zzz", "E_UNKNOWN_POOL", "/pools"),
        ("", "E_UNKNOWN_POOL", "/pools"),
        ("pool01' '--disaster", "E_UNKNOWN_POOL", ""),
    ],
)
def test_what_is_not_one_pool_is_refused_with_the_nearest(named: str, code: str, near: str) -> None:
    """Never corrected silently, never the first of several."""
    found = resolve(named, TOPOLOGY)
    assert isinstance(found, Refusal)
    assert found.code == code
    assert near in found.cure


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
