"""The main job, from the slash command to the verdict."""

from __future__ import annotations

import re

from audit.sqlite.reader import Reader
from engine.facts import PoolState
from engine.model import Verdict
from engine.states import State
from tests.conversations.house import House

POOL01, POOL02 = "pool01.contoso.com", "pool02.contoso.com"


def test_a_planned_failover_takes_one_lead_and_the_partner_serves_the_users(either_house: House) -> None:
    """Asked by Alice, approved by Bob: the users of pool01 are served by pool02, and the verdict is SUCCEEDED."""
    house = either_house
    op = house.done("/failover pool01")
    assert op.verdict is Verdict.SUCCEEDED
    assert [a.by for a in op.approvals] == ["bob"]
    assert house.serves() == POOL02
    assert house.facts().pool.state is PoolState.FAILED_OVER
    assert f"{POOL02} serves the users of {POOL01}" in house.sees(op.id, "SUCCEEDED.")["rendered"]


def test_a_disaster_failover_takes_two_leads(either_house: House) -> None:
    """A pool that is down: after the first approval nothing runs, after the second it does."""
    house = either_house
    house.breaks("pool", "pool01")
    operation, card = house.approved("/failover pool01 --disaster", by=("bob",))
    assert "Waiting: 1 of 2 approvals given" in house.sees(operation, "Approved by Bob.")["rendered"]
    assert (house.operation(operation).state, house.runs()) == (State.AWAITING, 0)
    assert house.carol.click("Approve", ts=card).ok
    assert house.closed(operation).verdict is Verdict.SUCCEEDED
    assert house.serves() == POOL02


def test_skipped_verification_takes_two_leads(house: House) -> None:
    """What can lose data takes a second person, whatever the switch is called."""
    operation, _ = house.asked("/failover pool01 -SkipDataVerification")
    assert "Waiting: 0 of 2 approvals given" in house.sees(operation, "Approve")["rendered"]


def test_a_failback_brings_the_users_home(either_house: House) -> None:
    """After a failover, /failback of the same pool is approved and run like it."""
    house = either_house
    house.done("/failover pool01")
    op = house.done("/failback pool01")
    assert op.verdict is Verdict.SUCCEEDED
    assert house.serves() == POOL01
    assert (
        "Invoke-CsPoolFailBack -PoolFqdn pool01.contoso.com -Confirm:$false -Verbose" in house.cards(op.id)[0]["text"]
    )


def test_a_what_if_changes_nothing_and_locks_nothing(house: House) -> None:
    """It shows the line that would run; the next request on the pair is taken at once."""
    operation = house.ask("/failover pool01 --whatif")
    shown = house.sees(operation, "What if.")["rendered"]
    assert "Invoke-CsPoolFailOver -PoolFqdn pool01.contoso.com -Confirm:$false -Verbose" in shown
    assert "Approve" not in shown
    assert (house.operation(operation).state, house.runs(), house.serves()) == (State.ANSWERED, 0, POOL01)
    assert house.done("/failover pool01").verdict is Verdict.SUCCEEDED


def test_one_operation_has_one_card_and_its_thread_tells_it_in_order(either_house: House) -> None:
    """The card is one message from asking to verdict; the thread is the timeline."""
    house = either_house
    op = house.done("/failover pool01")
    told = house.told(op.id, "SUCCEEDED.")
    assert len(house.cards(op.id)) == 1
    order = [
        "asked for a failover",
        "Preflight passed",
        "Bob approved plan",
        "Starting on",
        "done",
        "The engine reports",
    ]
    places = [next(i for i, line in enumerate(told) if words in line) for words in [*order, "SUCCEEDED."]]
    assert places == sorted(places)
    assert len(told) == len(set(told)), "nothing is told twice"


def test_disjoint_pairs_run_at_the_same_time(house: House) -> None:
    """An open operation on one pair does not keep another pair from being failed over."""
    waiting, _ = house.asked("/failover pool01")
    assert house.done("/failover pool03").verdict is Verdict.SUCCEEDED
    assert house.operation(waiting).state is State.AWAITING


def test_a_verdict_in_the_channel_names_its_row_of_the_log(house: House) -> None:
    """Slack keeps it where nobody who can write the file reaches: a log written anew does not have that row."""
    op = house.done("/failover pool01")
    house.told(op.id, "SUCCEEDED.")
    (anchor,) = {
        found.groups()
        for message in house.alice.messages()
        if (found := re.search(r"log verify --expect (\d+):([0-9a-f]{16})", message["rendered"]))
    }
    with Reader(house.log) as reader:
        kept = reader.hash_at(int(anchor[0]))
    assert kept
    assert kept.startswith(anchor[1])
    (row,) = [row for row in house.rows(op.id) if row.hash == kept]
    assert row.kind == "operation.closed"
