"""What can be asked for: what is typed, what is refused, and what the refusal says."""

from __future__ import annotations

import re

import pytest

from engine.states import State
from tests.conversations import forge
from tests.conversations.house import House

NAMES = "pool01.contoso.com"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("/failover pool1", "Did you mean pool01.contoso.com?"),
        ("/failover nopool", "There is no pool 'nopool'"),
        ("/failover", "Which pool? Nothing is assumed."),
        ("/failover pool01 pool03", "One request moves one pool"),
        ("/failover pool01 -PoolFqdn pool03", "You named two pools"),
        ("/failover pool01 --disastr", "Did you mean --disaster?"),
        ("/failover pool01 --wait soon", "'soon' is not a time"),
        ("/failover pool01 --force --whatif", "-Force and -WhatIf together are refused"),
        ("/failover pool01 -Force -WhatIf", "-Force and -WhatIf together are refused"),
        ("/failover pool01 -Confirm:$false", "The approvals of the leads are the confirmation"),
        ("/failover pool01 --skip-verification --wait 5m", "-WaitTime limits the data verification"),
        ("/failback pool01 --flush-storage", "There is no switch '--flush-storage' here."),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once_with_what_to_type_instead(house: House, line: str, says: str) -> None:
    """Only the asker reads it, nothing is started, and the attempt is on record."""
    answer = house.alice.command(line)
    assert says in answer.text
    assert (house.operations(), house.kinds()) == ((), ["command.refused"])
    assert house.rows()[0].body["text"] == line.partition(" ")[2]
    assert [m for m in house.bob.messages() if m["user"] == "U0BOT"] == []


def test_an_ambiguous_short_name_is_never_guessed(empty_house: House) -> None:
    """Two pools called pool01: both are named, none is taken, and the whole name works."""
    house = empty_house
    house.change("UPDATE pool SET fqdn = 'pool01.emea.contoso.com' WHERE fqdn = 'pool03.contoso.com'")
    house.live()
    assert (
        "'pool01' could be pool01.contoso.com, pool01.emea.contoso.com" in house.alice.command("/failover pool01").text
    )
    assert house.operations() == ()
    operation, _ = house.asked("/failover pool01.emea.contoso.com")
    assert house.operation(operation).request.pool == "pool01.emea.contoso.com"


@pytest.mark.parametrize(
    ("trouble", "line", "code", "says"),
    [
        ([], "/failover pool-alone", "E_NO_BACKUP", "pool-alone.contoso.com has no backup pool"),
        ([], "/failback pool01", "E_NOT_FAILED_OVER", "is not failed over: its users are at home"),
        ([("pool", "pool02")], "/failover pool01", "E_BACKUP_UNAVAILABLE", "Disaster mode does not help"),
        ([("pool", "pool01"), ("pool", "pool02")], "/failover pool01 --disaster", "E_BACKUP_UNAVAILABLE", "is down"),
        ([("pool", "pool01")], "/failover pool01", "E_NEEDS_DISASTER_MODE", "/failover pool01.contoso.com --disaster"),
        ([("cms", "pool01")], "/failover pool01", "E_CMS_ON_FAILED_POOL", "Invoke-CsManagementServerFailover"),
        ([("cms-lost",)], "/failover pool01", "E_CMS_ON_NO_POOL", "No pool holds an active Central Management Store"),
        ([("rights", "pool01")], "/failover pool01", "E_MAY_NOT_READ", "Give LAB\\csfailover RTCUniversalServerAdmins"),
        ([("rights", "pool02")], "/failover pool01", "E_MAY_NOT_READ", "may well be"),
        ([("edge", "pool01")], "/failover pool01", "E_EDGE_NEXT_HOP", "next hop for the Edge server"),
    ],
)
def test_what_would_end_badly_is_refused_by_the_checks_and_the_card_says_why(
    house: House, trouble: list[tuple[str, ...]], line: str, code: str, says: str
) -> None:
    """No approval is asked for; the pair is free again at once."""
    for what in trouble:
        house.breaks(*what)
    operation = house.ask(line)
    op = house.closed(operation)
    assert (op.state, op.findings[0].code) == (State.REFUSED, code)
    assert says in house.sees(operation, "Refused.")["rendered"]
    assert "[" not in house.sees(operation, "Refused.")["rendered"]
    assert house.runs() == 0
    house.repairs()
    house.asked("/failover pool01")


def test_a_refused_card_keeps_the_list_of_what_could_not_be_read(house: House) -> None:
    """Also where it is refused for something else: somebody who fixes one thing sees the others."""
    house.breaks("rights", "pool01")
    house.breaks("cms-lost")
    shown = house.sees(house.ask("/failover pool01"), "Refused.")["rendered"]
    for name in ("services of pool01.contoso.com", "backup service of pool01.contoso.com"):
        assert f"may not read the {name}" in shown


def test_a_pool_whose_partner_is_failed_over_is_refused(house: House) -> None:
    """Its users would be served by nobody; the cure names the failback."""
    house.breaks("edge", "pool01")
    house.breaks("cms", "pool01")
    assert house.done("/failover pool02").state is State.SUCCEEDED
    house.repairs()
    operation = house.ask("/failover pool01")
    assert house.closed(operation).findings[0].code == "E_BACKUP_IS_FAILED_OVER"
    assert "First /failback pool02.contoso.com" in house.sees(operation, "Refused.")["rendered"]


def test_a_pool_that_is_failed_over_is_not_failed_over_again(house: House) -> None:
    """The second request is answered that there is nothing to do."""
    house.done("/failover pool01")
    operation = house.ask("/failover pool01")
    assert house.closed(operation).findings[0].code == "E_ALREADY_FAILED_OVER"
    assert house.runs() == 1


@pytest.mark.parametrize(
    ("typed", "repaired"),
    [
        ("pool01 —disaster", "read a long dash as --"),
        ("pool01 --disaster --reason “disk died”", "made curly quotes straight"),
        ("pool01\u00a0--disaster", "replaced special spaces"),
        ("-PoolFqdn pool01.contoso.com –DisasterMode", "read a long dash as --"),
    ],
)
def test_what_a_chat_client_makes_of_text_is_repaired_and_the_repair_is_shown(
    house: House, typed: str, repaired: str
) -> None:
    """To the asker at once, and on the card beside what was typed."""
    answer = house.alice.command(f"/failover {typed}")
    operation = house.operations()[0]
    assert house.operation(operation).request.options.disaster
    assert repaired in answer.text
    shown = house.sees(operation, "-DisasterMode")["rendered"]
    assert repaired in shown
    assert NAMES in shown


def test_a_link_that_slack_made_of_a_host_name_is_the_host_name(house: House) -> None:
    """With links escaped or not."""
    for line in ("<http://pool01.contoso.com|pool01.contoso.com>", "<https://pool03.contoso.com>"):
        assert "I removed the link from a host name." in forge.slash(house.url, f"/failover {line}")[1]
    assert {house.operation(op).request.pool for op in house.operations()} == {NAMES, "pool03.contoso.com"}


@pytest.mark.parametrize(
    "typed", ["--reason password=Winter2026!", "--reason 'token: abc123'", "xoxb-1234567890-abcdefgh"]
)
def test_a_secret_that_is_typed_is_not_recorded(house: House, typed: str) -> None:
    """The answer says to change it; neither the log nor the channel has it."""
    answer = house.alice.command(f"/failover pool01 {typed}")
    assert "looks like a password or a token" in answer.text
    secret = re.split("[= ]", typed)[-1].strip("'")
    assert secret.encode() not in b"".join(p.read_bytes() for p in house.place.glob("csfailover.db*"))
    assert not any(secret in m["rendered"] for m in house.alice.messages())
    assert house.refusals() == [("U0ALICE", "E_SECRET")]


def test_a_second_request_on_the_pair_is_told_who_asked_when_and_what_to_do(house: House) -> None:
    """Also from the other side of the pair; each reads what they themselves can do."""
    operation, _ = house.asked("/failover pool01")
    for line in ("/failover pool01", "/failover pool02", "/failback pool02"):
        told = house.bob.command(line).text
        assert f"Operation {operation} is open on this pair: failover of pool01.contoso.com, asked by Alice at" in told
        assert "Approve or deny it on its card; Alice can withdraw it. It expires at" in told
    assert "It is yours: wait for the leads, or take it back with Withdraw" in house.alice.command(line).text
    assert house.operations() == (operation,)
    assert house.refusals() == [*[("U0BOB", "E_LOCKED")] * 3, ("U0ALICE", "E_LOCKED")]


def test_a_secret_in_a_form_is_not_recorded_either(house: House) -> None:
    """The form says so and stays open; the same words without it are taken."""
    operation, card = house.asked()
    house.bob.click("Deny", ts=card)
    assert "looks like a password or a token" in house.bob.submit({"reason": "try password=Winter2026! first"}).text
    assert b"Winter2026" not in b"".join(p.read_bytes() for p in house.place.glob("csfailover.db*"))
    assert house.refusals(operation) == [("U0BOB", "E_SECRET")]
    assert house.bob.submit({"reason": "try the other account first"}).ok
    assert house.closed(operation).state is State.DENIED
