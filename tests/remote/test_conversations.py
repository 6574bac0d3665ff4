"""The whole bot over the wire: slash command and clicks at one end, PowerShell remoting at the other."""

from __future__ import annotations

import re

import pytest

from engine.facts import PoolState
from engine.model import Verdict
from engine.states import State
from tests.remote.conftest import Furnish
from tests.remote.wire import FRONT_ENDS, PAIRS, WireHouse
from tests.wsman.peer import Peer

POOL01, POOL02 = "pool01.contoso.com", "pool02.contoso.com"


def test_an_incident_is_over_with_two_commands_on_the_wire(either_house: WireHouse) -> None:
    """Failed over by one lead's yes and brought home again: each changing cmdlet reached the server once, as typed."""
    house = either_house
    over = house.done("/failover pool01 --wait 5m")
    assert over.verdict is Verdict.SUCCEEDED
    assert (house.serves(), house.facts().pool.state) == (POOL02, PoolState.FAILED_OVER)
    back = house.done("/failback pool01")
    assert back.verdict is Verdict.SUCCEEDED
    assert house.serves() == POOL01
    first, second = house.sent()
    assert over.ticket
    assert back.ticket
    assert (first["command"], second["command"]) == (over.ticket.command_id, back.ticket.command_id)
    assert {p["name"]: p["value"] for p in first["cmdlets"][-1]["parameters"]} == {
        "PoolFqdn": POOL01,
        "WaitTime": "00:05:00",
        "Confirm": False,
        "Verbose": True,
    }


def test_a_dead_pool_is_failed_over_by_two_leads(either_house: WireHouse) -> None:
    """Disaster mode: the reading over the wire sees the pool down, and nothing is sent before the second yes."""
    house = either_house
    house.breaks("pool", "pool01")
    refused = house.ask("/failover pool01")
    assert "A planned failover needs it up" in house.sees(refused, "Refused.")["rendered"]
    operation, card = house.approved("/failover pool01 --disaster", by=("bob",))
    house.sees(operation, "Waiting: 1 of 2 approvals given")
    assert house.sent() == []
    assert house.carol.click("Approve", ts=card).ok
    assert house.closed(operation).verdict is Verdict.SUCCEEDED
    assert (house.serves(), len(house.sent())) == (POOL02, 1)


def test_a_reading_that_fails_once_at_the_start_costs_no_approval(house: WireHouse) -> None:
    """It is made again, and what was approved runs; nothing was sent on half a reading."""
    operation, card = house.asked()
    house.peer.trouble("http", verb="Command", cmdlet="Get-CsBackupServiceStatus")
    assert house.bob.click("Approve", ts=card).ok
    assert house.closed(operation).verdict is Verdict.SUCCEEDED
    assert len(house.sent()) == 1


def test_two_pairs_are_failed_over_at_the_same_time(house: WireHouse) -> None:
    """Each in a session of its own; neither waits for the other."""
    house.takes(2)
    first, _ = house.approved("/failover pool01")
    second, _ = house.approved("/failover pool03")
    house.until(lambda: house.operation(first).state is house.operation(second).state is State.RUNNING)
    assert [house.closed(op).verdict for op in (first, second)] == [Verdict.SUCCEEDED] * 2
    assert len({entry["shell"] for entry in house.sent()}) == len(house.sent()) == 2


def test_a_what_if_goes_no_further_than_the_plan(house: WireHouse) -> None:
    """The line and what it means; the cmdlet is not called, not even with -WhatIf."""
    operation = house.ask("/failover pool01 --whatif")
    house.sees(operation, "Invoke-CsPoolFailOver -PoolFqdn pool01.contoso.com -Confirm:$false -Verbose")
    assert (house.operation(operation).state, house.sent()) == (State.ANSWERED, [])


def test_the_roles_that_may_are_read_from_the_server(house: WireHouse) -> None:
    """/failover-roles: Get-CsAdminRole, asked on the server."""
    house.alice.command("/failover-roles")
    assert "CsServerAdministrator" in house.alice.wait_for("Invoke-CsPoolFailOver", 10)["rendered"]


def test_pools_shows_every_pool_as_the_server_tells_it(house: WireHouse) -> None:
    """/pools, with one that is failed over and one that has no backup pool."""
    house.done("/failover pool01")
    house.alice.command("/pools")
    shown = house.alice.wait_for("pool04.contoso.com", 10)["rendered"]
    assert re.search(r"pool01\.contoso\.com\s.*FailedOver", shown)
    assert "pool-alone" in shown
    assert "could not" not in shown


# --- what is refused ---


def test_a_parameter_that_the_server_does_not_have_is_refused_by_name(house: WireHouse) -> None:
    """Lync Server 2013 has no -DatabaseCommandTimeoutInSeconds: refused, not dropped."""
    operation = house.ask("/failover pool01 --database-timeout 60")
    said = house.sees(operation, "Refused.")["rendered"]
    assert "This server's Invoke-CsPoolFailOver has no -DatabaseCommandTimeoutInSeconds." in said
    assert house.sent() == []


def test_a_parameter_that_the_server_has_is_sent(furnish: Furnish) -> None:
    """Skype for Business Server 2015 has it: as a whole number, with the value that was typed."""
    house = furnish(product="2015")
    house.moves_in()
    assert house.done("/failover pool01 --database-timeout 60 --stop-delay 5").verdict is Verdict.SUCCEEDED
    (command,) = house.sent()
    typed = {p["name"]: (p["wire"], p["value"]) for p in command["cmdlets"][-1]["parameters"]}
    assert typed["DatabaseCommandTimeoutInSeconds"] == ("I32", 60)
    assert typed["ServicesStopDelayMins"] == ("I32", 5)


def test_an_account_without_the_right_is_told_so_in_a_sentence(furnish: Furnish) -> None:
    """RBAC hides the cmdlet from the bot's account: said on the card before anybody approves."""
    house = furnish()
    house.moves_in(username="CONTOSO\\reader", password="Correct-Horse-2")
    said = house.sees(house.ask("/failover pool01"), "Refused.")["rendered"]
    assert "Invoke-CsPoolFailOver is not there" in said
    assert "or this account may not run it. Nothing was changed." in said
    assert house.sent() == []


def test_with_a_wrong_password_the_bot_says_what_is_wrong(furnish: Furnish) -> None:
    """No topology, so nothing can be asked for; /pools tells why, and the password is in no message."""
    house = furnish()
    house.moves_in(password="Wrong-Horse-9")
    said = house.alice.command("/failover pool01").text
    house.alice.command("/pools")
    pools = house.alice.wait_for("did not accept the account", 10)["rendered"]
    assert "Wrong-Horse-9" not in f"{said}{pools}"
    assert house.operations() == ()


# --- what people do while it runs ---


def test_a_stop_is_a_signal_and_the_pools_are_as_before(house: WireHouse) -> None:
    """Before the redirect: the cmdlet gets Ctrl-C, its last records are read, and the verdict says STOPPED."""
    house.takes(8)
    operation, _ = house.approved()
    house.until(house.at_work)
    assert house.bob.click("Stop").ok
    assert house.closed(operation).verdict is Verdict.STOPPED
    said = house.sees(operation, "STOPPED.")["rendered"]
    assert "stopped as asked" in said
    assert "Stopped, as Bob asked. Nothing was moved" in said
    assert house.serves() == POOL01
    assert "Signal" in house.verbs(operation)
    assert len(house.sent()) == 1


def test_a_question_of_the_cmdlet_is_answered_no_and_shown(house: WireHouse) -> None:
    """What it asked is in the thread and on the card; the pools are as before."""
    house.peer.trouble("prompt", cmdlet="Invoke-CsPoolFailOver")
    operation, _ = house.approved()
    assert house.closed(operation).verdict is Verdict.FAILED
    said = house.sees(operation, "FAILED.")["rendered"]
    assert "The cmdlet asked:" in said
    assert "so the answer was No" in said
    assert any(line.startswith("asked and answered No: ") for line in house.told(operation, "asked and answered No"))
    assert (house.serves(), len(house.sent())) == (POOL01, 1)


# --- the server goes away ---


def test_a_server_that_is_gone_leaves_a_doubt_that_a_look_settles(furnish: Furnish) -> None:
    """In the middle of a run: in doubt, the pair locked, the command never sent again. When a server can be asked
    again, the users are seen to be served by the backup pool, and that settles it."""
    house = furnish()
    house.lost = True
    house.moves_in(patience=1)
    house.takes(1)
    operation, _ = house.approved()
    house.until(house.at_work)
    house.peer.kill()
    assert "In doubt" in house.sees(operation, "In doubt")["rendered"]
    house.told(operation, "In doubt: The server has been out of sight")
    assert f"Operation {operation} is open on this pair" in house.alice.command("/failover pool01").text
    house.dies()
    with Peer.start(world=house.world) as other:
        house.peer = other
        house.moves_in()
        assert house.closed(operation).verdict is Verdict.SUCCEEDED_WITH_WARNINGS
        assert "Sight of the run was lost on the way" in house.sees(operation, "SUCCEEDED_WITH_WARNINGS.")["rendered"]
        assert (house.sent(), house.serves()) == ([], POOL02)
        house.dies()


@pytest.mark.parametrize(
    "pairs",
    [(PAIRS[0],), (PAIRS[0], ("pool03.contoso.com", "pool02-old.contoso.com"))],
    ids=["in no pair", "in another pair"],
)
def test_a_pair_that_the_configuration_does_not_name_is_refused_with_the_cure_for_that(
    furnish: Furnish, pairs: tuple[tuple[str, str], ...]
) -> None:
    """The topology has it; Topology Builder is not where this is mended."""
    house = furnish()
    named = {pool: FRONT_ENDS.get(pool, FRONT_ENDS[POOL02]) for pair in pairs for pool in pair}
    house.moves_in(pairs=pairs, front_ends=named)
    operation = house.ask("/failover pool03")
    op = house.closed(operation)
    assert (op.state, op.findings[0].code) == (State.REFUSED, "E_PAIR_NOT_CONFIGURED")
    shown = house.sees(operation, "Refused.")["rendered"]
    assert "pool03.contoso.com has pool04.contoso.com as its backup pool" in shown
    assert "under [engine.remote]" in shown
    assert "Topology Builder" not in shown
    assert house.sent() == []


def test_a_pool_without_a_backup_pool_is_sent_to_topology_builder(furnish: Furnish) -> None:
    """Where the topology names none, no configuration helps."""
    house = furnish()
    house.moves_in()
    operation = house.ask("/failover pool-alone")
    assert house.closed(operation).findings[0].code == "E_NO_BACKUP"
