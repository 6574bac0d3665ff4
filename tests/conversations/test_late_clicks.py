"""Clicks that come too late, or belong to nothing: each is answered, on record, and changes nothing."""

from __future__ import annotations

from slack_sdk import WebClient

from bot.slack.blocks import actions, button
from bot.standin import StandIn
from bot.standin.people import INCIDENT
from engine.states import State
from tests.conversations import forge
from tests.conversations.house import House

SHARED = "C0SHARED"


def _message_with(house: House, value: str, channel: str = INCIDENT) -> str:
    """A message of the bot's own whose button carries this value; its ts."""
    slack = WebClient(StandIn.BOT_TOKEN, base_url=house.standin.api_url)
    blocks = [actions("b", button("approve", "Approve", value), button("deny", "Deny", value))]
    return str(slack.chat_postMessage(channel=channel, text="x", blocks=blocks)["ts"])


def test_a_request_expires_after_a_reminder_and_a_late_click_is_told_so(empty_house: House) -> None:
    """The reminder calls the leads; the end says how many approvals were missing, and the pair is free again."""
    house = empty_house
    house.live(policy={"expires_after": 2, "remind_before": 1})
    operation, card = house.asked()
    op = house.closed(operation)
    assert op.state is State.EXPIRED
    kinds = house.kinds(operation)
    assert kinds.index("request.reminded") < kinds.index("request.expired")
    assert "1 approval missing. Nothing was changed" in house.sees(operation, "Expired.")["rendered"]
    assert "Approval needed: @Bob @Carol" in house.bob.wait_for("Reminder: 1 approval")["rendered"]
    house.bob.click(ts=card, action_id="approve", stale=True)
    house.bob.wait_for("Too late: this operation is expired.")
    assert (house.refusals(operation), house.runs()) == ([("U0BOB", "E_OVER")], 0)
    house.asked()


def test_a_click_on_a_finished_operation_is_told_that_it_is_over(house: House) -> None:
    """Of every button that a slow screen may still show."""
    operation, _ = house.approved()
    house.closed(operation)
    for action in ("approve", "deny", "withdraw", "stop", "settle"):
        assert forge.click(house.url, operation, user="U0CAROL", action=action) == (200, "")
    codes = [code for _, code in house.refusals(operation)]
    assert codes == ["E_OVER", "E_OVER", "E_NOT_YOURS", "E_NOT_RUNNING", "E_NOT_IN_DOUBT"]
    assert "[" not in house.sees(operation, "SUCCEEDED.")["rendered"]
    assert (house.carol.modal(), house.runs()) == (None, 1)


def test_a_button_that_belongs_to_no_operation_is_told_so(house: House) -> None:
    """An id that was never given out, and one that is not an id at all."""
    for value in ("NOPE-NOPE", "'; DROP TABLE event; --", "x" * 2000):
        ts = _message_with(house, value)
        house.bob.click("Approve", ts=ts)
        house.bob.click("Deny", ts=ts)
    house.bob.wait_for("This button belongs to no operation in this channel.")
    assert house.refusals() == [("U0BOB", "E_UNKNOWN_OPERATION")] * 6
    assert house.operations() == ()


def test_an_operation_is_approved_in_its_own_channel_only(house: House) -> None:
    """The right id on a message in another channel is worth nothing: nobody there saw what it means."""
    operation, _ = house.asked()
    ts = _message_with(house, operation, SHARED)
    bob = house.person("bob", SHARED)
    bob.click("Approve", ts=ts)
    bob.wait_for("This button belongs to no operation in this channel.")
    forge.submission(house.url, operation, "no", channel=SHARED)
    assert house.refusals() == [("U0BOB", "E_UNKNOWN_OPERATION")] * 2
    assert house.operation(operation).state is State.AWAITING


def test_a_what_if_cannot_be_approved(house: House) -> None:
    """There is nothing to approve: it was answered, and it never runs."""
    operation = house.ask("/failover pool01 --whatif")
    house.closed(operation)
    forge.click(house.url, operation)
    assert (house.refusals(operation), house.runs()) == ([("U0BOB", "E_OVER")], 0)
