"""What was approved is what runs: a change between the approval and the start voids the approvals."""

from __future__ import annotations

from typing import Any

import pytest

from bot import clock
from bot.demo.demo import PEOPLE
from engine.states import State
from tests.conversations.house import House

DAVE = {"name": "Dave", "slack": ["U0DAVE"], "roles": ["lead"]}


@pytest.mark.parametrize(
    ("trouble", "difference"),
    [
        (("pool", "pool01"), "pool01.contoso.com health: was up, is down"),
        (("pool", "pool02"), "pool02.contoso.com health: was up, is down"),
        (("backend", "pool01"), "pool01.contoso.com health: was up, is back end down"),
        (("cms", "pool01"), "Central Management Store on: was pool02.contoso.com, is pool01.contoso.com"),
        (("edge", "pool01"), "is pool01.contoso.com"),
        (("link", "pool01"), "W_NOT_IN_SYNC is new"),
    ],
)
def test_facts_that_change_before_the_start_void_the_approvals(
    house: House, trouble: tuple[str, ...], difference: str
) -> None:
    """Bob approves what the card showed; it is not so any more, nothing runs, and the difference is shown."""
    operation, card = house.asked()
    house.breaks(*trouble)
    assert house.bob.click("Approve", ts=card).ok
    op = house.closed(operation)
    assert (op.state, house.runs()) == (State.VOID, 0)
    shown = house.sees(operation, "Void: something changed between approval and start.")["rendered"]
    assert difference in shown
    assert "[" not in shown
    house.repairs()
    house.asked()


def test_a_change_that_is_mended_again_before_the_start_voids_nothing(house: House) -> None:
    """What counts is what is true at the start; nothing was done in between."""
    operation, card = house.asked()
    house.breaks("pool", "pool01")
    house.repairs()
    assert house.bob.click("Approve", ts=card).ok
    assert house.closed(operation).state is State.SUCCEEDED


def test_writes_of_users_void_nothing(house: House) -> None:
    """Counters move all the time; only facts that decide something are bound."""
    operation, card = house.asked("/failover pool01 --disaster")
    assert house.bob.click("Approve", ts=card).ok
    house.breaks("backlog", "pool01", "7")
    assert house.carol.click("Approve", ts=card).ok
    assert "Lost: 7 changes" in house.sees(house.closed(operation).id, "SUCCEEDED.")["rendered"]


@pytest.mark.parametrize(
    ("people", "difference"),
    [
        (PEOPLE | {"dave": DAVE, "bob": {**PEOPLE["bob"], "roles": ["oncall"]}}, "Bob may no longer approve"),
        ({"alice": PEOPLE["alice"], "carol": PEOPLE["carol"], "dave": DAVE}, "Bob may no longer approve"),
        (
            PEOPLE | {"dave": DAVE, "alice": {**PEOPLE["alice"], "roles": ["auditor"]}},
            "Alice may no longer ask for this",
        ),
    ],
    ids=["approver is no lead", "approver is gone", "requester may not"],
)
def test_rights_that_are_lost_before_the_start_void_the_approvals(
    empty_house: House, people: dict[str, Any], difference: str
) -> None:
    """The people section is another one in the bot's next life, and the last approval comes then."""
    house = empty_house
    house.live()
    operation, card = house.approved("/failover pool01 --disaster", by=("bob",))
    house.dies()
    house.live(people=people)
    assert house.carol.click("Approve", ts=card).ok
    assert (house.closed(operation).state, house.runs()) == (State.VOID, 0)
    assert difference in house.sees(operation, "Void")["rendered"]


def test_a_restart_loses_no_approval(empty_house: House) -> None:
    """An approval given in one life of the bot counts in the next, and the card is the same message."""
    house = empty_house
    house.live()
    operation, card = house.approved("/failover pool01 --disaster", by=("bob",))
    house.dies()
    house.live()
    assert house.carol.click("Approve", ts=card).ok
    op = house.closed(operation)
    assert (op.state, [a.by for a in op.approvals]) == (State.SUCCEEDED, ["bob", "carol"])
    assert house.sees(operation, "SUCCEEDED.")["ts"] == card
    assert len(house.cards(operation)) == 1


GONE, BACK = "ALTER TABLE pool RENAME TO gone", "ALTER TABLE gone RENAME TO pool"
"""The engine cannot be read, and can again."""


def test_an_engine_that_is_away_at_the_start_is_waited_for_while_the_approvals_are_good(house: House) -> None:
    """It starts when the engine is back, with everything read anew."""
    operation, card = house.asked()
    house.change(GONE)
    house.bob.click("Approve", ts=card)
    house.sees(operation, "Approved by Bob.")
    house.change(BACK)
    assert house.closed(operation).state is State.SUCCEEDED


def test_an_approved_run_does_not_start_after_the_approvals_time_is_over(empty_house: House) -> None:
    """The bot was away from the last approval until later: nobody expects the failover any more, so it is void."""
    house = empty_house
    house.live(policy={"expires_after": 2, "remind_before": 1})
    operation, card = house.asked()
    house.change(GONE)
    assert house.bob.click("Approve", ts=card).ok
    house.reaches(operation, State.APPROVED)
    house.dies()
    house.change(BACK)
    expires = house.operation(operation).expires_at
    assert expires
    house.until(lambda: clock.now() > expires)
    house.live()
    assert (house.closed(operation).state, house.runs()) == (State.VOID, 0)
    assert "the approvals were good until" in house.sees(operation, "Void")["rendered"]
