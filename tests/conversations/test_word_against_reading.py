"""A lead's word settles what cannot be read; against what is read it does not stand."""

from __future__ import annotations

from typing import Any

from bot.standin.people import Member
from engine.lab.engine import Lab
from engine.model import Outcome, PoolState, Verdict
from engine.states import State
from tests.conversations.house import House


class LosesSightAtOnce(Lab):
    """Before anything is sent, and without being able to say so."""

    def invoke(self, *_: Any, **__: Any) -> Outcome:
        raise ValueError("a thing nobody has seen before")


def _in_doubt(house: House) -> tuple[str, str]:
    """Operation and card, with the last look just taken: the next is some seconds away."""
    house.live(engine=LosesSightAtOnce)
    operation, card = house.approved()
    house.reaches(operation, State.IN_DOUBT)
    house.told(operation, "Looked again: pool01.contoso.com is Active")
    house.sees(operation, "[ Settle ]")
    return operation, card


def _opens_form(house: House, lead: Member, card: str) -> None:
    """The form opens a moment after the click."""
    lead.click("Settle", ts=card)
    house.until(lambda: lead.modal() is not None)


def test_users_who_are_seen_at_the_partner_are_there_whatever_a_lead_says(empty_house: House) -> None:
    """It ends as a success with warnings; the lead's word and what was read are both told."""
    house = empty_house
    operation, card = _in_doubt(house)
    _opens_form(house, house.bob, card)
    house.change("UPDATE pool SET failed_over = 1 WHERE fqdn = 'pool01.contoso.com'")
    assert house.bob.submit({"choice": "not-happened", "reason": "I saw it Active"}).ok
    assert house.closed(operation).verdict is Verdict.SUCCEEDED_WITH_WARNINGS
    shown = house.sees(operation, "SUCCEEDED_WITH_WARNINGS.")["rendered"]
    for words in (
        "What is read counts. Bob looked and says: the pools are as before. Reason: I saw it Active",
        "(Read at that time: pool01.contoso.com is FailedOver",
    ):
        assert words in shown
        assert any(words in line for line in house.told(operation, "What is read counts."))


def test_it_happened_is_not_enough_while_the_pool_is_read_as_active(empty_house: House) -> None:
    """Still in doubt, with both words told and the pair locked; a lead may then say what agrees with the reading."""
    house = empty_house
    operation, card = _in_doubt(house)
    _opens_form(house, house.carol, card)
    assert house.carol.submit({"choice": "happened", "reason": "they sign in"}).ok
    (told,) = [line for line in house.told(operation, "The two do not agree,") if "do not agree" in line]
    assert "Carol looked and says: it happened. Reason: they sign in" in told
    assert "Read at that time: pool01.contoso.com is Active" in told
    assert house.operation(operation).state is State.IN_DOUBT
    assert f"Operation {operation} is open on this pair" in house.alice.command("/failover pool01").text
    house.dies()
    house.live(engine=LosesSightAtOnce)  # looks again at once, and the word that did not stand is forgotten
    house.until(lambda: house.kinds(operation)[-1] == "doubt.observed")
    house.sees(operation, "[ Settle ]")
    _opens_form(house, house.bob, card)
    assert house.bob.submit({"choice": "not-happened", "reason": "no process on any Front End"}).ok
    assert house.closed(operation).verdict is Verdict.FAILED
    assert (house.facts().pool.state, house.runs()) == (PoolState.ACTIVE, 0)
