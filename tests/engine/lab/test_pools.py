"""Health and quorum, which follow from the Front Ends alone."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.lab.pools import health, quorum
from engine.model import Health

PACE = settings(derandomize=True, database=None, deadline=None)


@settings(PACE)
@given(st.lists(st.booleans(), min_size=1, max_size=12), st.booleans())
def test_health_follows_the_quorum_table(up: list[bool], backend: bool) -> None:
    """DOWN with nothing up; a Front End more never makes a pool less healthy; all up is UP or without back end."""
    order = [Health.DOWN, Health.QUORUM_LOST, Health.BACKEND_DOWN, Health.UP]
    found = health(up, backend)
    assert (found is Health.DOWN) == (not any(up))
    for n, is_up in enumerate(up):
        if not is_up:
            better = [*up[:n], True, *up[n + 1 :]]
            assert order.index(health(better, backend)) >= order.index(found)
    assert health([True] * len(up), True) is Health.UP


def test_the_quorum_table_is_the_published_one() -> None:
    """2 Front Ends need 1, 3-4 need 2, 5-6 need 3, 7 needs 4, 8-9 need 4 of the first 7, 10-12 need 5 of 9."""
    needed = {1: (1, 1), 2: (1, 2), 3: (2, 3), 4: (2, 4), 5: (3, 5), 6: (3, 6), 7: (4, 7), 8: (4, 7), 9: (4, 7)}
    needed |= {10: (5, 9), 11: (5, 9), 12: (5, 9)}
    assert {n: quorum(n) for n in needed} == needed
