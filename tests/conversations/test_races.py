"""People at the same moment: the first in the log has done it, and the other gets an answer that says so."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from audit.model import Entry, Row
from audit.sqlite.store import Store
from bot import clock
from bot.standin import Member
from engine.states import State
from tests.conversations import forge
from tests.conversations.house import House


class Slow(Store):
    """Rows are on disk, and seen by others, well before the one who wrote them hears of it."""

    def append(self, entries: Sequence[Entry], **how: Any) -> tuple[Row, ...]:
        rows = super().append(entries, **how)
        clock.wait(0.2)
        return rows


def _at_once(*acts: Callable[[], object]) -> None:
    barrier = threading.Barrier(len(acts))

    def act(what: Callable[[], object]) -> None:
        barrier.wait()
        what()

    threads = [threading.Thread(target=act, args=(what,)) for what in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _approves(lead: Member, card: str) -> Callable[[], object]:
    """On a screen that may be a moment behind, as screens are."""
    return lambda: lead.click(ts=card, action_id="approve", stale=True)


@pytest.mark.parametrize("time", range(2))
def test_two_leads_at_the_same_moment_complete_the_quorum_once(either_house: House, time: int) -> None:
    """One approval is needed: one lead gives it, the other reads that it has been given; it runs once."""
    house = either_house
    operation, card = house.asked()
    _at_once(*(_approves(lead, card) for lead in (house.bob, house.carol)))
    op = house.closed(operation)
    house.until(lambda: len(house.refusals(operation)) == 1)
    assert (op.state, len(op.approvals), house.runs()) == (State.SUCCEEDED, 1, 1)
    assert [code for _, code in house.refusals(operation)] in (["E_APPROVED_ALREADY"], ["E_OVER"])
    assert house.kinds(operation).count("run.intended") == 1


def test_both_approvals_of_a_disaster_failover_may_come_at_the_same_moment(house: House) -> None:
    """Two are needed and two are given: neither is lost."""
    operation, card = house.asked("/failover pool01 --disaster")
    _at_once(*(_approves(lead, card) for lead in (house.bob, house.carol)))
    op = house.closed(operation)
    assert (op.state, {a.by for a in op.approvals}) == (State.SUCCEEDED, {"bob", "carol"})


def test_an_approval_and_a_denial_at_the_same_moment_have_one_outcome(house: House) -> None:
    """Either it is denied and never ran, or it ran and the denial is refused."""
    operation, _ = house.asked()
    _at_once(
        lambda: forge.click(house.url, operation, user="U0BOB"),
        lambda: forge.submission(house.url, operation, "no", user="U0CAROL"),
    )
    op = house.closed(operation)
    denied = house.kinds(operation).count("request.denied")
    assert (op.state, denied, house.runs()) in ((State.DENIED, 1, 0), (State.SUCCEEDED, 0, 1))


def test_requests_on_one_pair_at_the_same_moment_are_one_operation(house: House) -> None:
    """From both of its sides; the other person reads which one is open.

    On a pair without the CMS: a request for its host is refused at once, and then the pair is free again.
    """
    told: list[str] = []
    alice, bob = house.alice, house.bob
    _at_once(
        lambda: told.append(alice.command("/failover pool03").text),
        lambda: told.append(bob.command("/failover pool04").text),
    )
    assert len(house.operations()) == 1
    assert sum("is open on this pair" in words for words in told) == 1


def test_the_card_shows_the_newest_row_though_its_writer_is_still_busy(empty_house: House) -> None:
    """The poster is woken by the row itself, and shows that one and not the one before."""
    house = empty_house
    house.live(log=Slow)
    operation, card = house.asked("/failover pool01 --disaster")
    house.told(operation, "Preflight passed")
    assert house.bob.click("Approve", ts=card).ok
    assert "Waiting: 1 of 2" in house.sees(operation, "Approved by Bob.")["rendered"]
