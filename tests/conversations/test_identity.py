"""Who may do what is decided at the click, from the account and the people section; every refusal is recorded."""

from __future__ import annotations

from typing import Any

import pytest

from bot.demo.demo import PEOPLE
from bot.standin.people import INCIDENT, faults, workspace
from engine.states import State
from tests.conversations import forge
from tests.conversations.house import House

LEAD = ["lead"]


def _and(name: str, *accounts: str, roles: list[str] = LEAD) -> dict[str, object]:
    """The demo's people, and one more."""
    return {**PEOPLE, name: {"name": name.capitalize(), "slack": list(accounts), "roles": roles}}


def test_nobody_approves_their_own_request(either_house: House) -> None:
    """A lead who asks cannot approve; only they see the refusal, and it is recorded."""
    house = either_house
    operation, card = house.asked(by=house.bob)
    house.bob.click("Approve", ts=card)
    assert "nobody approves their own request" in house.bob.wait_for("nobody approves")["text"]
    assert house.refusals(operation) == [("U0BOB", "E_OWN_REQUEST")]
    assert house.operation(operation).state is State.AWAITING
    assert not any("nobody approves" in m["text"] and m["ephemeral"] for m in house.carol.messages())


def test_who_is_no_lead_cannot_approve(empty_house: House) -> None:
    """Dave is on call like Alice: he may ask, but not approve."""
    house = empty_house
    house.live(people=_and("dave", "U0DAVE", roles=["oncall"]))
    dave = house.newcomer("dave")
    operation, card = house.asked()
    dave.click("Approve", ts=card)
    dave.wait_for("Dave may not approve this")
    dave.click("Deny", ts=card)
    dave.wait_for("Dave may not deny this")
    assert dave.modal() is None
    assert house.refusals(operation) == [("U0DAVE", "E_MAY_NOT_APPROVE")] * 2
    assert house.operation(operation).state is State.AWAITING


def test_a_lead_counts_once(house: House) -> None:
    """Two clicks of the same lead are one approval where two are needed."""
    operation, card = house.approved("/failover pool01 --disaster", by=("bob", "bob"))
    house.bob.wait_for("You have already approved this")
    assert [a.by for a in house.operation(operation).approvals] == ["bob"]
    assert house.refusals(operation) == [("U0BOB", "E_YOU_APPROVED_ALREADY")]
    assert house.carol.click("Approve", ts=card).ok
    assert house.closed(operation).state is State.SUCCEEDED


def test_two_accounts_of_one_human_are_one_person(empty_house: House) -> None:
    """Bob's second account neither approves again nor approves what Bob asked for."""
    house = empty_house
    people = PEOPLE | {"bob": {"name": "Bob", "slack": ["U0BOB", "U0ROBERT"], "roles": ["lead"]}}
    house.live(people=people)
    robert = house.newcomer("robert")
    operation, card = house.approved("/failover pool01 --disaster", by=("bob",))
    robert.click("Approve", ts=card)
    own, own_card = house.asked("/failover pool03", by=house.bob)
    robert.click("Approve", ts=own_card)
    robert.wait_for("nobody approves their own request")
    assert house.refusals(operation) == [("U0ROBERT", "E_YOU_APPROVED_ALREADY")]
    assert house.refusals(own) == [("U0ROBERT", "E_OWN_REQUEST")]


def test_being_in_the_channel_is_no_permission(house: House) -> None:
    """An account that no person has is refused for clicks, requests and questions alike."""
    zoe = house.newcomer("zoe")
    operation, card = house.asked()
    for button in ("Approve", "Deny", "Withdraw"):
        zoe.click(button, ts=card)
    zoe.wait_for("You have no role here")
    for line in ("/failover pool03", "/pools", "/failover-log", "/failover help"):
        told = zoe.command(line).text
        assert "You have no role here" in told
        assert "U0ZOE" not in told
        assert "A guest account is refused even then" in told
    assert house.refusals() == [("U0ZOE", "E_UNKNOWN_PERSON")] * 7
    assert house.operation(operation).state is State.AWAITING
    assert zoe.modal() is None


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        ({"is_restricted": True}, "E_GUEST"),
        ({"is_ultra_restricted": True}, "E_GUEST"),
        ({"deleted": True}, "E_NO_HUMAN"),
        ({"is_stranger": True}, "E_OTHER_COMPANY"),
    ],
)
def test_an_account_that_is_no_full_member_cannot_act_even_when_it_is_in_the_people_section(
    empty_house: House, flags: dict[str, Any], code: str
) -> None:
    """Gus is listed as a lead, but what Slack says about his account counts more."""
    house = empty_house
    gus = house.newcomer("gus", **flags)
    house.live(people=_and("gus", "U0GUS"))
    operation, card = house.asked()
    gus.click("Approve", ts=card)
    gus.command("/failover pool03")
    gus.command("/pools")
    assert house.refusals() == [("U0GUS", code)] * 3
    assert house.operation(operation).state is State.AWAITING


def test_a_bot_cannot_act(empty_house: House) -> None:
    """An account that Slack calls a bot is nobody here, whatever the people section says."""
    house = empty_house
    house.live(people=_and("robot", "U0BOT"))
    operation, _ = house.asked()
    forge.click(house.url, operation, user="U0BOT")
    assert house.refusals() == [("U0BOT", "E_NO_HUMAN")]


def test_a_click_from_another_team_is_refused_though_the_account_is_a_leads(house: House) -> None:
    """The user's team counts, not the payload's and not the account's id."""
    operation, _ = house.asked()
    forge.click(house.url, operation, team="T0OTHER")
    forge.submission(house.url, operation, "no", team="T0OTHER")
    _, told = forge.slash(house.url, "/failover pool03", team="T0OTHER")
    assert "another company's workspace" in told
    assert [code for _, code in house.refusals()] == ["E_OTHER_WORKSPACE"] * 3
    assert house.operation(operation).state is State.AWAITING


def test_a_person_of_another_company_cannot_act_even_when_listed(empty_house: House) -> None:
    """Eve of another workspace sees the card in a channel: the team of her click is not ours."""
    house = empty_house
    workspace(house.standin.url, members={INCIDENT: ["U0ALICE", "U0BOB", "U0CAROL", "U0EVE", "U0BOT"]})
    house.live(people=_and("eve", "U0EVE"))
    eve = house.person("eve")
    operation, card = house.asked()
    for button in ("Approve", "Deny", "Withdraw"):
        eve.click(button, ts=card)
    eve.wait_for("another company's workspace")
    assert "another company's workspace" in eve.command("/failover pool03").text
    assert house.refusals() == [("U0EVE", "E_OTHER_WORKSPACE")] * 4
    assert house.operation(operation).state is State.AWAITING


def test_who_slack_does_not_tell_about_is_nobody(empty_house: House) -> None:
    """Slack does not answer users.info in time: refused before the three seconds are over, and accepted later."""
    house = empty_house
    house.lost = True
    faults(house.standin.url, "users.info", "500", times=1_000)
    house.live()
    assert "Slack did not say who U0ALICE is" in house.alice.command("/failover pool01").text
    house.standin.world.faults.clear()
    faults(house.standin.url, "users.info", "slow", retry_after=4)
    late = house.alice.command("/failover pool01")
    assert (late.status, "Slack did not say who" in late.text) == ("ok", True)
    assert house.refusals() == [("U0ALICE", "E_ACCOUNT_NOT_CHECKED")] * 2
    assert house.done("/failover pool01").state is State.SUCCEEDED


def test_only_the_requester_withdraws(house: House) -> None:
    """A lead denies, with a reason; only the person who asked can withdraw."""
    operation, card = house.asked()
    house.bob.click("Withdraw", ts=card)
    house.bob.wait_for("Alice asked for this; only they can withdraw it")
    assert house.operation(operation).state is State.AWAITING
    assert house.alice.click("Withdraw", ts=card).ok
    assert house.closed(operation).state is State.WITHDRAWN
    assert "Withdrawn by Alice." in house.sees(operation, "Withdrawn")["rendered"]


def test_an_auditor_reads_and_asks_for_nothing(empty_house: House) -> None:
    """The role auditor is for questions."""
    house = empty_house
    house.live(people=_and("olga", "U0OLGA", roles=["auditor"]))
    olga = house.newcomer("olga")
    assert "Olga may not ask for a failover" in olga.command("/failover pool01").text
    olga.command("/pools")
    assert "pool01.contoso.com" in olga.wait_for("Read just now")["rendered"]
    assert (house.operations(), house.refusals()) == ((), [("U0OLGA", "E_MAY_NOT_REQUEST")])
