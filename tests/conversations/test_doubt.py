"""In doubt is an answer: the pair stays locked until what is read, or a lead who has looked, settles it."""

from __future__ import annotations

from datetime import timedelta

from bot.standin.people import Json
from engine.model import Verdict
from engine.states import State
from tests.conversations.house import House

SLOW = 0.25
"""Virtual seconds in a real one: a failover of 50 users then takes two and a half real seconds."""


def _in_doubt(house: House) -> tuple[str, Json]:
    """Sight of the run is lost right after it began; the card that says so."""
    house.live(speed=SLOW)
    house.breaks("sight")
    operation, _ = house.approved()
    house.reaches(operation, State.IN_DOUBT)
    return operation, house.sees(operation, "In doubt: nobody can say from here whether it happened.")


def test_a_run_that_was_lost_from_sight_settles_when_the_users_are_seen_at_the_partner(empty_house: House) -> None:
    """It is not run again; the pair is locked meanwhile; the verdict says that not every step was seen."""
    house = empty_house
    operation, _ = _in_doubt(house)
    assert f"Operation {operation} is open on this pair" in house.bob.command("/failover pool02").text
    op = house.closed(operation)
    assert op.verdict is Verdict.SUCCEEDED_WITH_WARNINGS
    assert "Sight was lost on the way" in house.sees(operation, "SUCCEEDED_WITH_WARNINGS.")["rendered"]
    assert (house.runs(), house.kinds(operation).count("run.intended")) == (1, 1)
    assert house.serves() == "pool02.contoso.com"


def test_a_lead_who_has_looked_settles_a_doubt_that_reading_does_not_settle(empty_house: House) -> None:
    """The run was undone behind the bot's back. That is no proof for the bot; Bob looks, and says so with a reason."""
    house = empty_house
    operation, card = _in_doubt(house)
    house.breaks("pool", "pool02")  # the run meets it and goes back
    assert "Settled" not in str(house.thread(operation))
    house.alice.click("Settle", ts=card["ts"])
    house.alice.wait_for("Alice may not settle this")
    house.bob.click("Settle", ts=card["ts"])
    assert "A reason is needed" in house.bob.submit({"choice": "not-happened", "reason": "  "}).text
    assert house.bob.submit({"choice": "not-happened", "reason": "PoolState is Active, no process on fe01"}).ok
    op = house.closed(operation)
    assert (op.verdict, house.serves()) == (Verdict.FAILED, "pool01.contoso.com")
    shown = house.sees(operation, "FAILED.")["rendered"]
    assert "Bob looked and says: the pools are as before. Reason: PoolState is Active, no process on fe01" in shown
    assert house.refusals(operation) == [("U0ALICE", "E_MAY_NOT_APPROVE"), ("U0BOB", "E_NO_REASON")]


def test_a_lead_may_say_that_it_happened(empty_house: House) -> None:
    """It is their word and counts at once; what can be read stands beside it."""
    house = empty_house
    operation, card = _in_doubt(house)
    house.carol.click("Settle", ts=card["ts"])
    assert house.carol.submit({"choice": "happened", "reason": "users sign in at pool02"}).ok
    assert house.closed(operation).verdict is Verdict.SUCCEEDED_WITH_WARNINGS
    shown = house.sees(operation, "SUCCEEDED_WITH_WARNINGS.")["rendered"]
    assert "Carol looked and says: it happened. Reason: users sign in at pool02" in shown
    assert "ead at that time: pool01.contoso.com is FailingOver" in shown
    at = {row.kind: row.at for row in house.rows(operation)}
    assert at["operation.closed"] - at["doubt.settled"] < timedelta(seconds=3)
