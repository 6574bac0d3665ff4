"""Health, which follows from the Front Ends, the back end and the product."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.facts import Health
from engine.lab.build import PRODUCTS
from engine.lab.pools import health

PACE = settings(derandomize=True, database=None, deadline=None)


@settings(PACE)
@given(st.lists(st.booleans(), min_size=1, max_size=12), st.booleans(), st.sampled_from(sorted(PRODUCTS.values())))
def test_health_follows_the_quorum_table(up: list[bool], backend: bool, product: str) -> None:
    """DOWN with nothing up; a Front End more never makes a pool less healthy; all up is UP or without back end."""
    order = [Health.DOWN, Health.QUORUM_LOST, Health.BACKEND_DOWN, Health.UP]
    found = health(up, backend, product)
    assert (found is Health.DOWN) == (not any(up))
    for n, is_up in enumerate(up):
        if not is_up:
            better = [*up[:n], True, *up[n + 1 :]]
            assert order.index(health(better, backend, product)) >= order.index(found)
    assert health([True] * len(up), True, product) is Health.UP


def test_a_pool_that_the_table_does_not_have_is_down_or_unknown() -> None:
    """13 Front Ends of 2013: with nothing up it is down, otherwise nobody can say."""
    assert health([False] * 13, True, "Lync Server 2013") is Health.DOWN
    assert health([True] * 13, True, "Lync Server 2013") is Health.UNKNOWN
