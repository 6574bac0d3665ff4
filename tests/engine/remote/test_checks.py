"""`csfailover check`: with good settings all is well, with broken ones the first broken thing is told with its cure."""

from __future__ import annotations

import time
from typing import Any

import pytest
from pydantic import SecretStr

from engine.remote.checks import Trial, checks
from tests.engine.remote.rig import FE2, P1, new_id, remote
from tests.wsman.peer import Peer

CHANGING = {"Invoke-CsPoolFailOver", "Invoke-CsPoolFailBack"}


def told(peer: Peer, transport: str = "https-negotiate", **more: Any) -> dict[str, Trial]:
    found = list(checks(remote(peer, transport, readers=3, **more), time.monotonic, new_id))
    assert all(check.say for check in found)
    assert all(check.cure for check in found if check.ok is False)
    return {check.name.partition(" (")[0]: check for check in found}


def test_with_good_settings_all_is_well_and_nothing_is_changed(peer: Peer, transport: str) -> None:
    """Every check of every Front End, the facts of both pools; no changing cmdlet, no shell left behind."""
    since, shells = len(peer.log()), len(peer.shells())
    found = told(peer, transport)
    assert [check for check in found.values() if check.ok is not True] == []
    for kind in ("connection", "sign-in and shell", "module", "cmdlets", "language mode", "reattach"):
        assert f"{kind}: {FE2}" in found
    assert f"facts of {P1}" in found
    assert not [c for e in peer.log(since=since) for c in e["cmdlets"] if c["name"] in CHANGING]
    peer.until(lambda: len(peer.shells()) <= shells)


def test_a_missing_parameter_is_told(peer: Peer) -> None:
    """What differs by version is named before anybody asks for it."""
    peer.script(hidden=["SkipDataVerification"])
    said = told(peer)[f"parameters of Invoke-CsPoolFailOver: {FE2}"].say
    assert "; it lacks SkipDataVerification" in said


def test_an_endpoint_without_reattach_works_and_says_what_is_lost(peer: Peer) -> None:
    """Neither yes nor no; the sleeping shell is not left behind."""
    peer.settings(disconnect=False)
    since = len(peer.shells())
    check = told(peer)[f"reattach: {FE2}"]
    assert (check.ok, "PoolState" in check.say) == (None, True)
    peer.until(lambda: len(peer.shells()) <= since)


def test_scripts_that_are_allowed_are_no_trouble(peer: Peer) -> None:
    peer.settings(no_language=False)
    assert told(peer)[f"language mode: {FE2}"].ok is True


@pytest.mark.parametrize(
    ("broken", "first"),
    [
        ({"ca_file": None}, "connection"),
        ({"port": 1}, "connection"),
        ({"password": SecretStr("Wrong-Horse-9")}, "sign-in and shell"),
        ({"configuration_name": "No.Such"}, "sign-in and shell"),
        ({"module": "Lync"}, "module"),
    ],
)
def test_the_first_broken_thing_is_told_and_what_hangs_on_it_left_out(
    peer: Peer,
    broken: dict[str, Any],
    first: str,
) -> None:
    """One no for each Front End, with its cure, not ten."""
    found = told(peer, **broken)
    failed = [name for name, check in found.items() if check.ok is False and name.endswith(FE2)]
    assert failed == [f"{first}: {FE2}"]
    assert f"reattach: {FE2}" not in found
    assert found[f"facts of {P1}"].ok is False


PAGE = "<html><head><title>Not Found</title></head><body><h1>404</h1></body></html>"
"""Well-formed, as IIS writes its pages."""
RAGGED = "<html><body><p>down for maintenance<br></body>"


@pytest.mark.parametrize(
    ("code", "body", "says", "cure"),
    [
        (404, "", "no PowerShell remoting at this path", "/OcsPowershell"),
        (404, PAGE, "no PowerShell remoting at this path", "/OcsPowershell"),
        (404, RAGGED, "no PowerShell remoting at this path", "/OcsPowershell"),
        (503, "", "cannot serve requests now", "Start-Service WinRM"),
        (503, PAGE, "cannot serve requests now", "Start-Service WinRM"),
        (200, PAGE, "not PowerShell remoting", "load balancer"),
        (200, RAGGED, "not PowerShell remoting", "load balancer"),
        (200, "", "not PowerShell remoting", "load balancer"),
        (403, RAGGED, "forbids remoting for this account", "Remote Management Users"),
        (400, PAGE, "HTTP error", "load balancer"),
    ],
)
def test_a_page_that_is_not_winrm_is_told_for_what_it_is(
    peer: Peer, code: int, body: str, says: str, cure: str
) -> None:
    """Whether or not it happens to be XML."""
    peer.trouble("http", verb="Create", code=code, body=body, times=99)
    try:
        check = told(peer)[f"sign-in and shell: {FE2}"]
    finally:
        peer.clear_trouble()
    assert check.ok is False
    assert says in check.say
    assert cure in check.cure


def test_a_full_quota_is_named_with_its_cure(peer: Peer) -> None:
    """The account may open no more shells: not a matter of rights or passwords."""
    peer.trouble("fault", verb="Create", name="quota", times=99)
    try:
        check = told(peer)[f"sign-in and shell: {FE2}"]
    finally:
        peer.clear_trouble()
    assert "quota" in check.say
    assert "MaxShellsPerUser" in check.cure


def test_a_port_without_tls_is_not_a_bad_certificate(peer: Peer) -> None:
    """https asked of the port for http."""
    check = told(peer, port=peer.http)[f"connection: {FE2}"]
    assert "does not speak TLS" in check.say
    assert "5985" in check.cure


@pytest.mark.parametrize(
    ("account", "says", "cure"),
    [
        ({"password": SecretStr("Wrong-Horse-9")}, "did not accept the account", "locked"),
        ({"username": "CONTOSO\\outsider", "password": SecretStr("Correct-Horse-3")}, "access denied",
         "Set-PSSessionConfiguration"),
        ({"configuration_name": "No.Such"}, "no such session configuration", "configuration_name"),
    ],
)  # fmt: skip
def test_a_refused_account_is_told_from_one_that_may_not_use_the_endpoint(
    peer: Peer, account: dict[str, Any], says: str, cure: str
) -> None:
    """Three causes, three cures."""
    check = told(peer, **account)[f"sign-in and shell: {FE2}"]
    assert says in check.say
    assert cure in check.cure


def test_hidden_cmdlets_are_named(peer: Peer) -> None:
    """The account can read and may not fail over: told by name."""
    reader: dict[str, Any] = {"username": "CONTOSO\\reader", "password": SecretStr("Correct-Horse-2")}
    check = told(peer, **reader)[f"cmdlets: {FE2}"]
    assert check.ok is False
    assert set(check.say.replace(",", "").split()) >= CHANGING
