"""What is asked about once more before a run starts, and what is not even asked for: people and pairs."""

from __future__ import annotations

from typing import Any

import pytest

from bot.standin.people import faults, workspace
from engine.model import Verdict
from engine.states import State
from tests.conversations.house import House

REPAIRED = "UPDATE pool SET backup = CASE id WHEN 1 THEN 3 WHEN 3 THEN 1 WHEN 2 THEN 4 WHEN 4 THEN 2 ELSE backup END"
"""Crosswise: pool01 with pool03, pool02 with pool04."""


@pytest.mark.parametrize(
    ("account", "flags", "difference"),
    [
        ("U0BOB", {"deleted": True}, "Bob may no longer approve"),
        ("U0BOB", {"is_restricted": True}, "Bob may no longer approve"),
        ("U0ALICE", {"deleted": True}, "Alice may no longer ask for this"),
        ("U0ALICE", {"is_ultra_restricted": True}, "Alice may no longer ask for this"),
    ],
    ids=["approver deactivated", "approver a guest", "requester deactivated", "requester a guest"],
)
def test_an_account_that_was_taken_away_before_the_last_approval_voids_all(
    house: House, account: str, flags: dict[str, Any], difference: str
) -> None:
    """Slack is asked again right before the start; what it said minutes ago does not count."""
    operation, card = house.approved("/failover pool01 --disaster", by=("bob",))
    workspace(house.standin.url, users={account: flags})
    assert house.carol.click("Approve", ts=card).ok
    assert (house.closed(operation).state, house.runs()) == (State.VOID, 0)
    assert difference in house.sees(operation, "Void")["rendered"]


def test_a_slack_that_does_not_tell_about_people_keeps_nothing_from_starting(house: House) -> None:
    """They were checked at their click, and that stands."""
    operation, card = house.approved("/failover pool01 --disaster", by=("bob",))
    faults(house.standin.url, "users.info", "500", times=1_000)
    assert house.carol.click("Approve", ts=card).ok
    assert house.closed(operation).verdict is Verdict.SUCCEEDED
    assert house.standin.world.faults[0].times <= 997, "about all three it was asked"


def test_a_request_that_too_few_others_may_approve_locks_nothing(house: House) -> None:
    """Bob is one of two leads, and disaster mode takes two others; Alice can ask right after."""
    told = house.bob.command("/failover pool01 --disaster").text
    assert told.startswith("This needs 2 approvals from others. Who may give them: Carol.")
    assert (house.operations(), house.refusals()) == ((), [("U0BOB", "E_TOO_FEW_LEADS")])
    operation, _ = house.approved("/failover pool01 --disaster", by=("bob", "carol"))
    assert house.closed(operation).verdict is Verdict.SUCCEEDED


@pytest.mark.parametrize("line", ["/failover pool01", "/failover pool01 --disaster"])
def test_a_pair_that_was_changed_since_the_topology_was_read_is_refused(house: House, line: str) -> None:
    """What is locked is the old pair; the run would concern another one."""
    house.change(REPAIRED)
    operation = house.ask(line)
    assert (house.closed(operation).state, house.runs()) == (State.REFUSED, 0)
    assert ("bot", "E_PAIRING_CHANGED") in house.refusals(operation)
    house.sees(operation, "is now pool03.contoso.com; when this was requested it was pool02.contoso.com")
    house.dies()
    house.live()  # reads the topology anew
    assert house.done(line, by=("bob", "carol")[: 1 + ("--disaster" in line)]).verdict is Verdict.SUCCEEDED
    assert house.serves() == "pool03.contoso.com"
