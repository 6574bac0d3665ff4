"""The log cannot be written while the cmdlet ends: what arrived is kept until its row is written; an end is an end."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager

import pytest

from bot import clock
from engine.facts import PoolState
from engine.lab.engine import Lab
from engine.states import State
from tests.faults.conftest import Shaken

OUTAGE = 3.0
"""Seconds that the log stays unwritable after the run is over."""


Outage = Callable[[Shaken], AbstractContextManager[None]]


def _fails(**errors: int) -> Outage:
    @contextmanager
    def outage(shaken: Shaken) -> Iterator[None]:
        shaken.faults.arm(**errors)
        yield
        shaken.faults.mended()

    return outage


@contextmanager
def _locked(shaken: Shaken) -> Iterator[None]:
    """By a shell on the file that began to write."""
    with closing(sqlite3.connect(shaken.house.log, isolation_level=None)) as conn:
        conn.execute("BEGIN IMMEDIATE")
        yield
        conn.execute("ROLLBACK")


@pytest.mark.slow  # a run to its end, and some seconds more; in-process in conversations/test_log_trouble
@pytest.mark.parametrize(
    "outage",
    [
        _fails(syncs=errno.EIO),
        _fails(writes=errno.EROFS),
        _fails(writes=errno.ENOSPC),
        _locked,
    ],
    ids=["sync", "read-only", "full", "locked"],
)
def test_a_run_that_ends_while_the_log_cannot_be_written_is_seen_to_its_end(shaken: Shaken, outage: Outage) -> None:
    """The card does not say "Running" for ever: every record is written once it can be, in order, and none is lost."""
    house, shaken.place.speed = shaken.house, 0.5
    with shaken.lives() as service:
        service.says("Connected")
        operation, _ = house.approved()
        house.until(lambda: house.operation(operation).record is not None)  # the world has begun, too
        with outage(shaken):
            with closing(Lab(house.world, clock=clock.unix, wait=clock.wait, speed=shaken.place.speed)) as lab:
                house.until(lambda: lab.facts("pool01.contoso.com").pool.state is PoolState.FAILED_OVER)
            clock.wait(OUTAGE)
            assert house.operation(operation).state is State.RUNNING
        assert house.closed(operation).state is State.SUCCEEDED
        service.says("what an engine reported is held until it can be recorded")
        assert service.stops() == 0
    numbers = [row.body["record"]["n"] for row in house.rows(operation) if row.kind == "run.recorded"]
    assert numbers == sorted(set(numbers))
    assert house.runs() == 1
    house.is_in_order()
