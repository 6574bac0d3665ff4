"""The bot is killed with SIGKILL at every commit of an operation; the next life goes on, and everything adds up.

Real processes on real files: the bot of the product, its audit log, a lab world, Slack's stand-in. Each series takes
one commit after the other, right before it and right after it, until the operation was over before the bullet.
"""

from __future__ import annotations

import itertools
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.crash import proof
from tests.crash.child import Bullet, Where
from tests.crash.incident import Incident, furnish

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGKILL, fork")
AT_ONCE = {"before": 24, "after": 24, "world": 8}
"""Incidents side by side: nearly all of their time is spent waiting for Slack's rates."""
PLANNED = "/failover pool01"
DISASTER = "/failover pool01 --disaster"


FAILBACK = "/failback pool01"


def sweep(place: Path, worlds: dict[str, Path], ask: str, where: Where, how: signal.Signals = signal.SIGKILL) -> int:
    """One incident per commit, until one was over before its bullet; how many were hit."""
    numbers, over = itertools.count(1), threading.Event()

    def some() -> int:
        hit = 0
        while not over.is_set():
            n = next(numbers)
            with Incident(furnish(place / str(n), worlds[ask]), ask) as incident:
                if incident.play(Bullet(where, n, how)):
                    hit += 1
                else:
                    over.set()
                proof.holds(incident, runs=2 if ask == FAILBACK else 1)
        return hit

    with ThreadPoolExecutor(AT_ONCE[where]) as pool:
        return sum(future.result() for future in [pool.submit(some) for _ in range(AT_ONCE[where])])


SLOW = pytest.mark.slow
SERIES = [
    pytest.param(DISASTER, "after", 20, marks=SLOW),
    pytest.param(PLANNED, "world", 5),
    pytest.param(DISASTER, "before", 20, marks=SLOW),
    pytest.param(FAILBACK, "world", 5, marks=SLOW),
    pytest.param(DISASTER, "world", 3, marks=SLOW),
    *(pytest.param(ask, where, 20, marks=SLOW) for ask in (PLANNED, FAILBACK) for where in ("before", "after")),
]


@pytest.mark.parametrize(("ask", "where", "least"), SERIES)
def test_killed_at_every_commit_it_goes_on_and_everything_adds_up(
    tmp_path: Path, worlds: dict[str, Path], ask: str, where: Where, least: int
) -> None:
    """One run, one redirect, one end; no acknowledged approval lost; one card, each sentence once; the log whole."""
    assert sweep(tmp_path, worlds, ask, where) >= least


@SLOW
@pytest.mark.parametrize("ask", [DISASTER, FAILBACK])
def test_asked_to_end_at_every_commit_it_goes_on_and_everything_adds_up(
    tmp_path: Path, worlds: dict[str, Path], ask: str
) -> None:
    """SIGTERM instead: nothing is refused, voided or doubted because the bot was restarted."""
    assert sweep(tmp_path, worlds, ask, "after", signal.SIGTERM) >= 20
