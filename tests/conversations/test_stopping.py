"""Stop is a request: before the users are redirected the run goes back, after that it goes on."""

from __future__ import annotations

from bot.demo.demo import PEOPLE
from engine.model import Verdict
from tests.conversations.house import House

SLOW = 0.25
"""Virtual seconds in a real one: the users are redirected after 1.6 real seconds, and it ends after 2.3."""


def test_a_run_that_is_stopped_before_the_redirect_goes_back(empty_house: House) -> None:
    """STOPPED, which means: somebody asked for it, and the world is as before."""
    house = empty_house
    house.live(speed=SLOW)
    operation, card = house.approved()
    house.sees(operation, "[ Stop ]")
    assert house.bob.click("Stop", ts=card).ok
    op = house.closed(operation)
    assert (op.verdict, house.serves()) == (Verdict.STOPPED, "pool01.contoso.com")
    assert "Stopped, as Bob asked. Nothing was moved" in house.sees(operation, "STOPPED.")["rendered"]
    house.told(operation, "Bob asked to stop.")


def test_a_run_that_is_stopped_after_the_redirect_goes_on_and_says_so(empty_house: House) -> None:
    """SUCCEEDED, and the person who asked to stop reads that it was past the point of no return."""
    house = empty_house
    house.live(speed=SLOW)
    operation, card = house.approved()
    house.until(lambda: "users are redirected" in str([row.body for row in house.rows(operation)]))
    assert house.alice.click("Stop", ts=card).ok
    op = house.closed(operation)
    assert (op.verdict, house.serves()) == (Verdict.SUCCEEDED, "pool02.contoso.com")
    assert (
        "Alice asked to stop, but it was past the point of no return."
        in house.sees(operation, "SUCCEEDED.")["rendered"]
    )


def test_who_neither_asked_nor_leads_cannot_stop_a_run(empty_house: House) -> None:
    """And a second request to stop is answered with the first."""
    house = empty_house
    house.live(speed=SLOW, people={**PEOPLE, "dave": {"name": "Dave", "slack": ["U0DAVE"], "roles": ["oncall"]}})
    dave = house.newcomer("dave")
    operation, card = house.approved()
    house.sees(operation, "[ Stop ]")
    dave.click("Stop", ts=card)
    dave.wait_for("Dave may not stop this.")
    house.bob.click("Stop", ts=card)
    house.alice.click(ts=card, action_id="stop", stale=True)
    assert house.closed(operation).verdict is Verdict.STOPPED
    assert house.refusals(operation)[0] == ("U0DAVE", "E_MAY_NOT_APPROVE")
