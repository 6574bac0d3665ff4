"""An unmodified Bolt app talks to the stand-in as to Slack, over Socket Mode and over signed HTTP alike."""

from __future__ import annotations

import time

import pytest

from bot.standin import Member
from bot.standin.people import Refused, deliveries, redeliver
from tests.standin.office import LATE, Office


def test_an_ack_is_an_answer_for_the_asker_alone(office: Office, alice: Member, bob: Member) -> None:
    """What the app says in its acknowledgement is seen by the asker, marked ephemeral, and by nobody else."""
    answer = alice.command("/echo pool01 —disaster")
    assert (answer.status, answer.text) == ("ok", "You said pool01 —disaster")
    assert answer.ack_ms is not None
    assert answer.ack_ms < 3000
    assert [(m["text"], m["ephemeral"]) for m in alice.messages()] == [("You said pool01 —disaster", True)]
    assert bob.messages() == []


def test_what_people_type_reaches_the_app_with_entities(office: Office, alice: Member) -> None:
    """&, < and > come escaped, everything else as typed; the asker reads it back as written."""
    assert alice.command("/echo a & <!channel> “x”").text == "You said a & <!channel> “x”"
    assert office.seen[0]["text"] == "a &amp; &lt;!channel&gt; “x”"


def test_a_click_updates_the_message_for_everybody(office: Office, alice: Member, bob: Member) -> None:
    """Text without blocks takes the buttons away; respond() whispers to the clicker only."""
    alice.command("/card")
    alice.wait_for("asks for")
    assert bob.click("Approve").ok
    card = alice.wait_for("approved by @Bob")
    assert card["blocks"] == []
    bob.wait_for("Thank you")
    assert [m["text"] for m in alice.messages()] == ["approved by <@U0BOB>"]
    with pytest.raises(LookupError):
        alice.click("Approve")


def test_a_click_carries_the_message_and_who_clicked(office: Office, alice: Member, bob: Member) -> None:
    """The payload has what a listener needs: the full message, the button's value, user and team."""
    alice.command("/card")
    alice.wait_for("asks for")
    bob.click(action_id="approve")
    click = office.seen[-1]
    assert (click["user"]["id"], click["user"]["team_id"], click["team"]["id"]) == ("U0BOB", "T0LAB", "T0LAB")
    assert [block["type"] for block in click["message"]["blocks"]] == ["section", "actions"]
    assert (click["actions"][0]["action_id"], click["actions"][0]["value"]) == ("approve", "7")
    assert click["container"]["message_ts"] == click["message"]["ts"]


def test_another_company_clicks_under_our_team(office: Office) -> None:
    """In a shared channel only user.team_id tells that the clicker is a stranger; team is the app's own."""
    office.person("U0ALICE", "C0SHARED").command("/card")
    eve = office.person("U0EVE", "C0SHARED")
    eve.wait_for("asks for")
    eve.click("Approve")
    assert (office.seen[-1]["user"]["team_id"], office.seen[-1]["team"]["id"]) == ("T0OTHER", "T0LAB")


def test_a_button_just_taken_away_can_still_be_clicked_by_a_slow_screen(office: Office, alice: Member) -> None:
    """A click that crosses an update arrives with the button of before; without `stale` it does not."""
    alice.command("/card")
    ts = alice.wait_for("asks for")["ts"]
    alice.click("Approve")
    alice.wait_for("approved by")
    assert alice.click(ts=ts, action_id="approve", stale=True).ok
    assert [body["type"] for body in office.seen[1:]] == ["block_actions", "block_actions"]


def test_a_modal_is_opened_corrected_and_sent(office: Office, alice: Member, bob: Member) -> None:
    """The client stops an empty required field, the app may refuse with errors, then the view closes."""
    alice.command("/card")
    bob.wait_for("asks for")
    bob.click("Deny")
    assert (bob.modal() or {})["callback_id"] == "why"
    assert alice.modal() is None
    assert bob.submit().errors == {"reason": "Please complete this required field."}
    assert bob.submit({"Reason": "x" * 21}).status == "invalid"
    assert bob.submit({"Reason": "fine", "Kind": "nonsense"}).status == "invalid"
    refused = bob.submit({"reason.text": "no"})
    assert (refused.status, refused.errors) == ("errors", {"reason": "Say more than that."})
    assert bob.submit({"Reason": "too risky", "Kind": "risk"}).ok
    assert bob.modal() is None
    alice.wait_for("denied: too risky")
    assert office.seen[-1]["view"]["state"]["values"]["kind"]["pick"]["selected_option"]["value"] == "risk"


def test_a_modal_that_is_closed_says_so_when_asked_to(office: Office, alice: Member) -> None:
    """notify_on_close brings a view_closed, and the view is gone."""
    alice.command("/card")
    alice.wait_for("asks for")
    alice.click("Deny")
    assert alice.close_modal().ok
    assert alice.modal() is None
    assert office.seen[-1]["type"] == "view_closed"


def test_a_redelivery_is_the_same_bytes_again(office: Office, alice: Member) -> None:
    """Twice delivered is twice heard, with one and the same trigger_id: guarding against it is the app's business."""
    first = alice.command("/echo once")
    assert first.delivery is not None
    assert [again["status"] for again in redeliver(office.slack.url, first.delivery, times=2)] == ["ok", "ok"]
    assert len({body["trigger_id"] for body in office.seen}) == 1
    assert len(office.seen) == 3
    assert [d["again"] for d in deliveries(office.slack.url)] == [None, first.delivery, first.delivery]


def test_an_ack_after_three_seconds_is_a_failure_for_the_asker(socketed: Office, alice: Member) -> None:
    """The asker reads operation_timeout, the late answer is not shown; the inspector still learns when it came."""
    started = time.monotonic()
    answer = alice.command("/late")
    assert 2.9 < time.monotonic() - started < LATE + 1
    assert answer.status == "operation_timeout"
    assert answer.text == '/late failed with the error "operation_timeout"'
    alice.command("/echo still here")
    assert [m["text"] for m in alice.messages()] == [answer.text, "You said still here"]
    late = deliveries(socketed.slack.url)[0]
    assert late["status"] == "timeout"
    assert late["ack_ms"] is None or late["ack_ms"] > LATE * 1000 - 50


def test_slash_commands_do_not_work_in_threads(office: Office, alice: Member) -> None:
    """Slack refuses there by itself; the app hears nothing."""
    alice.command("/card")
    ts = alice.wait_for("asks for")["ts"]
    assert alice.command("/echo x", thread_ts=ts).text == "/echo is not supported in threads. Sorry!"
    assert len(office.seen) == 1


def test_an_unknown_command_never_reaches_the_app(office: Office, alice: Member) -> None:
    """Once the app's commands are declared, others are answered by Slack."""
    office.slack.commands = [{"command": "/echo", "hint": "", "description": ""}]
    assert alice.command("/failovr pool01").status == "refused"
    assert alice.command("/echo x").ok


def test_people_act_only_where_they_are(office: Office) -> None:
    """Who is not in the channel neither sees nor sends anything there."""
    office.person("U0ALICE").command("/card")
    office.person("U0ALICE").wait_for("asks for")
    assert office.person("U0EVE").messages() == []
    with pytest.raises(Refused):
        office.person("U0EVE").command("/echo x")
