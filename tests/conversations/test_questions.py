"""Questions: /pools, /failover-log, /failover-roles and help. They change nothing, and are recorded too."""

from __future__ import annotations

import pytest

from commands import load
from engine.states import State
from tests.conversations.house import House


def test_pools_shows_who_serves_whom_and_what_is_open(either_house: House) -> None:
    """Before and after a failover, and while one waits for approval."""
    house = either_house
    house.done("/failover pool01")
    waiting, _ = house.asked("/failover pool03")
    house.alice.command("/pools")
    shown = house.alice.wait_for("Read just now, by the lab engine.")["rendered"]
    rows = {line.split()[0]: line.split() for line in shown.splitlines() if line.startswith("pool")}
    assert rows["pool01.contoso.com"][1:] == ["FailedOver", "up", "50", "pool02", "pool02"]
    assert rows["pool02.contoso.com"][1:] == ["Active", "up", "50", "itself", "pool01"]
    assert rows["pool-alone.contoso.com"][-1] == "none"
    assert f"Open: {waiting}, failover of pool03.contoso.com, awaiting approval, asked by Alice" in shown


def test_pools_of_one_pair_and_of_a_pool_that_is_not_there(house: House) -> None:
    """The answer names the nearest right name."""
    house.alice.command("/pools pool04")
    shown = house.alice.wait_for("Read just now")["rendered"]
    assert "pool03" in shown
    assert "pool01" not in shown
    house.bob.command("/pools pool99")
    told = house.bob.wait_for("There is no pool")["rendered"]
    assert "There is no pool 'pool99'" in told
    assert "Did you mean" not in told
    assert "pool04.contoso.com" in told


def test_the_log_lists_operations_and_tells_one_line_by_line(house: House) -> None:
    """With the proof that it is intact, and who approved."""
    op = house.done("/failover pool01")
    house.alice.command("/failover-log")
    listed = house.alice.wait_for("Last operations")["rendered"]
    assert f"{op.id}  " in listed
    assert "approved: Bob" in listed
    assert "The log is intact" in listed
    house.bob.command(f"/failover-log {op.id.lower()}")
    told = house.bob.wait_for(f"{op.id}: succeeded")["rendered"]
    for words in ("Alice asked for a failover", "Bob approved plan", "SUCCEEDED."):
        assert words in told
    house.carol.command("/failover-log NOPE-NOPE")
    house.carol.wait_for("There is no operation NOPE-NOPE.")


def test_roles_tells_which_server_roles_may_run_the_cmdlets(house: House) -> None:
    """As Get-CsAdminRole has them."""
    house.alice.command("/failover-roles")
    assert "Invoke-CsPoolFailOver: Lab-CsAdministrator" in house.alice.wait_for("Get-CsAdminRole")["rendered"]


@pytest.mark.parametrize("name", sorted(load()))
def test_every_command_has_help_with_an_example(house: House, name: str) -> None:
    """At once, to the asker alone, in the answer to the command itself."""
    for word in ("help", "--help", "—help", "?"):
        told = house.alice.command(f"/{name} {word}").text
        assert load()[name].examples[0][0] in told
    assert house.kinds() == ["command.read"] * 4
    assert [m for m in house.bob.messages() if m["user"] == "U0BOT"] == []


def test_questions_are_on_record(house: House) -> None:
    """Who asked what, and where."""
    for line in ("/pools pool01", "/failover-log", "/failover-roles"):
        house.bob.command(line)
    assert [(row.kind, row.actor, row.body["command"], row.body["place"]) for row in house.rows()] == [
        ("command.read", "slack:T0LAB/U0BOB", name, "C0INCIDENT")
        for name in ("/pools", "/failover-log", "/failover-roles")
    ]
    assert house.rows()[0].body["text"] == "pool01"


def test_an_engine_that_does_not_answer_is_a_sentence(house: House) -> None:
    """To a question and to a request; when it is back, so are the answers."""
    house.change("ALTER TABLE pool RENAME TO gone")
    house.alice.command("/pools")
    assert "Nothing was changed." in house.alice.wait_for("The engine could not be read.")["rendered"]
    operation = house.ask("/failover pool01")
    op = house.closed(operation)
    assert (op.state, house.rows(operation)[-1].body["code"]) == (State.REFUSED, "E_ENGINE_UNAVAILABLE")
    assert "csfailover check shows what is wrong" in house.sees(operation, "Refused.")["rendered"]
    house.change("ALTER TABLE gone RENAME TO pool")
    house.asked()


def test_a_question_in_a_channel_without_the_bot_is_answered_all_the_same(house: House) -> None:
    """The answer is for the asker alone and needs no member."""
    alice = house.person("alice", "C0GENERAL")
    alice.command("/pools")
    assert alice.wait_for("Read just now")["ephemeral"]
