"""Slack misbehaves: in the end there is exactly one card, and it shows what the log says."""

from __future__ import annotations

import pytest
from slack_sdk import WebClient

from bot.slack.pace import Pace
from bot.standin import StandIn
from bot.standin.people import INCIDENT, faults
from engine.model import Verdict
from engine.states import State
from tests.conversations import forge
from tests.conversations.house import House, Hurried


@pytest.mark.parametrize("kind", ["429", "500", "drop", "drop_answer"])
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
def test_whatever_slack_does_to_a_call_there_is_one_card_in_the_end(house: House, method: str, kind: str) -> None:
    """Calls go wrong at the start and on the way; nothing is lost and nothing is there twice."""
    faults(house.standin.url, method, kind)
    operation = house.ask("/failover pool01", by=house.bob)
    card = str(house.sees(operation, "[ Approve ]")["ts"])
    faults(house.standin.url, method, kind, times=2)
    assert house.carol.click("Approve", ts=card).ok
    assert house.closed(operation).verdict is Verdict.SUCCEEDED
    house.sees(operation, "SUCCEEDED.")
    told = house.told(operation, "SUCCEEDED.")
    assert len(house.cards(operation)) == 1
    assert len(told) == len(set(told)), "nothing is told twice"


def test_an_answer_that_is_lost_while_slack_cannot_be_asked_either_makes_no_second_card(house: House) -> None:
    """Whether the post arrived is found out before it is made again, however long that takes."""
    faults(house.standin.url, "chat.postMessage", "drop_answer")
    faults(house.standin.url, "conversations.history", "500", times=2)
    operation = house.ask("/failover pool01")
    house.until(lambda: not house.standin.world.faults)
    house.sees(operation, "[ Approve ]")
    house.told(operation, "Preflight passed")
    assert len(house.cards(operation)) == 1


@pytest.mark.parametrize("error", ["invalid_blocks", "msg_blocks_too_long"])
def test_blocks_that_slack_refuses_are_shown_as_text(house: House, error: str) -> None:
    """Whatever Slack has against a block, people read how it stands; the blocks are tried again later."""
    faults(house.standin.url, "chat.postMessage", f"error:{error}")
    operation = house.ask("/failover pool01")
    house.sees(operation, "Waiting: 0 of 1 approval given")
    house.sees(operation, "[ Approve ]")
    assert len(house.cards(operation)) == 1


def test_a_card_that_was_deleted_comes_again(house: House) -> None:
    """With its whole thread; the old one is not needed for anything."""
    operation, card = house.asked()
    _deletes(house, card)
    house.bob.wait_for("Approval needed")  # what was told stays where it was
    house.carol.click(ts=_new_card(house, operation, card), action_id="approve", stale=True)
    assert house.closed(operation).verdict is Verdict.SUCCEEDED
    assert house.sees(operation, "SUCCEEDED.")["ts"] != card
    assert len(house.cards(operation)) == 1


class Doubtful(Hurried):
    """Looks for deleted cards all the time."""

    def look_again_at(self, now: float) -> float:
        return now + 0.1


def test_a_card_that_was_deleted_while_it_waits_comes_again_by_itself(empty_house: House) -> None:
    """Nothing happens to the operation, and still nobody is left with a locked pair and no button."""
    house = empty_house
    house.live(pace=Doubtful())
    operation, card = house.asked()
    _deletes(house, card)
    house.until(lambda: [m["ts"] for m in house.cards(operation)] not in ([], [card]))
    assert house.told(operation, "Preflight passed")
    assert house.kinds(operation)[-1] == "preflight.passed"


def test_a_card_that_was_deleted_while_the_bot_was_away_comes_again_at_its_start(house: House) -> None:
    """The log says which operations are open; Slack is made to show them."""
    operation, card = house.asked()
    house.dies()
    _deletes(house, card)
    house.live()
    house.until(lambda: [m["ts"] for m in house.cards(operation)] not in ([], [card]))
    house.sees(operation, "[ Approve ]")


@pytest.mark.parametrize("error", ["edit_window_closed", "cant_update_message"])
def test_a_card_that_can_no_longer_be_edited_is_not_posted_again_for_nothing(empty_house: House, error: str) -> None:
    """It is there and right. Only when there is something new to show, a new one is posted."""
    house = empty_house
    house.live(pace=Doubtful())
    operation, card = house.asked()
    house.told(operation, "Preflight passed")
    faults(house.standin.url, "chat.update", f"error:{error}", times=5)
    house.until(lambda: not house.standin.world.faults)
    assert [m["ts"] for m in house.cards(operation)] == [card]
    faults(house.standin.url, "chat.update", f"error:{error}")
    assert house.carol.click("Approve", ts=card).ok
    house.until(lambda: any("SUCCEEDED." in m["rendered"] for m in house.cards(operation)))
    assert house.closed(operation).verdict is Verdict.SUCCEEDED


def _deletes(house: House, ts: str) -> None:
    slack = WebClient(StandIn.BOT_TOKEN, base_url=house.standin.api_url)
    slack.chat_delete(channel=INCIDENT, ts=ts)


def _new_card(house: House, operation: str, old: str) -> str:
    """A refused click is reported in the thread; when the thread is gone, that brings the card back."""
    forge.click(house.url, operation, user="U0ALICE")
    house.until(lambda: [m["ts"] for m in house.cards(operation)] not in ([], [old]))
    return str(house.sees(operation, "[ Approve ]")["ts"])


def test_where_the_bot_is_no_member_the_asker_is_told_to_invite_it(house: House) -> None:
    """Nothing is started where its card could not be shown."""
    answer = house.person("alice", "C0GENERAL").command("/failover pool01")
    assert "/invite me" in answer.text
    assert (house.operations(), house.refusals()) == ((), [("U0ALICE", "E_NOT_IN_CHANNEL")])


def test_a_channel_that_is_shared_with_another_company_is_refused(house: House) -> None:
    """They would read everything about the pools."""
    answer = house.person("alice", "C0SHARED").command("/failover pool01")
    assert "shared with another company" in answer.text
    assert (house.operations(), house.refusals()) == ((), [("U0ALICE", "E_SHARED_CHANNEL")])


def test_a_direct_message_is_refused(house: House) -> None:
    """No lead would see the card, and the pair would be locked until it expires."""
    assert "no lead could see the card" in house.person("alice", "D0ALICE").command("/failover pool01").text
    assert house.operations() == ()


def test_where_channels_are_configured_no_other_is_taken(empty_house: House) -> None:
    """Also when the bot is a member."""
    house = empty_house
    house.live(channels=("C0OPS",))
    assert "Commands are not accepted in this channel." in house.alice.command("/failover pool01").text
    assert house.operations() == ()


def test_a_channel_that_slack_does_not_tell_about_is_refused(house: House) -> None:
    """It might be shared."""
    faults(house.standin.url, "conversations.info", "500")
    assert "Slack did not say what channel this is" in house.alice.command("/failover pool01").text
    assert house.operations() == ()
    house.asked()


def test_slack_may_be_gone_for_the_whole_of_a_failover(empty_house: House) -> None:
    """It goes on and ends; when Slack is back, the card and the thread show what happened."""
    house = empty_house
    house.live(speed=0.5)
    operation, card = house.approved()
    house.standin.stop()
    assert house.closed(operation).verdict is Verdict.SUCCEEDED
    house.standin.start()
    # A call that was on its way when Slack went is given up after ten seconds.
    house.until(lambda: "SUCCEEDED." in house.cards(operation)[0]["rendered"], patience=30)
    assert [m["ts"] for m in house.cards(operation)] == [card]
    told = house.told(operation, "SUCCEEDED.")
    assert len(told) == len(set(told))


def test_a_form_that_slack_does_not_open_is_told(house: House) -> None:
    """Nothing was done, and the next click works."""
    operation, card = house.asked()
    faults(house.standin.url, "views.open", "500")
    house.bob.click("Deny", ts=card)
    house.bob.wait_for("Slack did not open the form in time. Nothing was done; click again.")
    house.bob.click("Deny", ts=card)
    house.bob.submit({"reason": "no"})
    assert house.closed(operation).state is State.DENIED


def test_slacks_rates_are_kept_by_two_operations_at_once(empty_house: House) -> None:
    """With the product's own pace, on a Slack that counts: no call is refused, and both cards end right."""
    house = empty_house
    house.standin.stop()
    house.standin.tier_limits = True
    house.standin.start()
    house.live(pace=Pace())
    one, _ = house.approved("/failover pool01")
    other, _ = house.approved("/failover pool03")
    house.sees(one, "SUCCEEDED.")
    house.sees(other, "SUCCEEDED.")
    assert house.alive.poster.trouble == ""
