"""Getting in, and what is read there: every refusal is a sentence, no secret is in it, and nothing was changed."""

from __future__ import annotations

import logging
import traceback
from typing import Any

import pytest
from pydantic import SecretStr

from engine.facts import Export, Health, PoolState
from engine.model import Ended, Kind
from engine.port import EngineError, EngineUnavailable, StepRefused
from engine.remote.engine import Remote
from tests.engine.remote.rig import FE2, P1, P2, Told, go, never, plan, remote, ticket
from tests.wsman.peer import Peer

WRONG = "Wrong-Horse-9"


def refused(engine: Remote, kind: type[EngineError]) -> EngineError:
    """The error of a run that must not start, which is also the error of reading facts."""
    told = Told()
    with pytest.raises(kind) as run:
        go(engine, told)
    assert told.texts("phase") == ["opening"]
    with pytest.raises(kind):
        engine.facts(P1)
    return run.value


def test_a_wrong_password_is_refused_and_shows_nowhere(
    peer: Peer,
    transport: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A sentence with what to check; the password is in no error, no traceback and no log, at whatever level."""
    caplog.set_level(logging.DEBUG)
    error = refused(remote(peer, transport, password=SecretStr(WRONG)), StepRefused)
    assert "user name, password" in error.cure
    told = "".join(traceback.format_exception(error)) + caplog.text + repr(error)
    assert WRONG not in told
    assert peer.password not in told


def test_an_untrusted_certificate_stops_it(peer: Peer) -> None:
    """Nothing is sent to a server that cannot show who it is; the cure is named."""
    error = refused(remote(peer, "https-negotiate", ca_file=None), EngineUnavailable)
    assert "certificate" in error.say
    assert "ca_file" in error.cure


def test_a_proxy_of_the_environment_never_carries_the_session(
    peer: Peer, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only one that the configuration names does: an administrator's credentials go with it."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert remote(peer, transport).parameters("Invoke-CsPoolFailOver")
    with pytest.raises(EngineUnavailable):
        remote(peer, transport, proxy="http://127.0.0.1:1").parameters("Invoke-CsPoolFailOver")


def test_a_closed_port_is_unavailable(peer: Peer) -> None:
    """Nobody listens: safe to ask again."""
    assert "reached" in refused(remote(peer, port=1), EngineUnavailable).say


def test_another_port_of_another_kind_is_unavailable(peer: Peer) -> None:
    """Plain HTTP where TLS was expected."""
    refused(remote(peer, port=peer.http), EngineUnavailable)


def test_an_account_that_may_not_connect_is_refused_with_the_servers_words(peer: Peer, transport: str) -> None:
    """RBAC's refusal comes as a provider's fault; its text is kept."""
    outsider: dict[str, Any] = {"username": "CONTOSO\\outsider", "password": SecretStr("Correct-Horse-3")}
    assert refused(remote(peer, transport, **outsider), StepRefused).detail


def test_a_hidden_cmdlet_is_refused_by_name(peer: Peer, transport: str) -> None:
    """RBAC hides what an account may not run: seen before anything starts, and a run of it fails for itself."""
    reader: dict[str, Any] = {"username": "CONTOSO\\reader", "password": SecretStr("Correct-Horse-2")}
    engine = remote(peer, transport, **reader)
    with pytest.raises(StepRefused, match=r"Invoke-CsPoolFailOver.*may not run it"):
        engine.parameters("Invoke-CsPoolFailOver")
    before = peer.script()
    assert go(engine, Told()).ended is Ended.FAILED
    assert peer.script() == before


def test_the_2013_module_is_found_without_being_named(peer: Peer, transport: str) -> None:
    """SkypeForBusiness is tried first, then Lync."""
    peer.settings(module="Lync")
    try:
        assert go(remote(peer, transport), Told()).ended is Ended.COMPLETED
    finally:
        peer.settings(module="SkypeForBusiness")


def test_a_module_that_is_not_there_is_refused_before_sending(peer: Peer, transport: str) -> None:
    """With PowerShell's own words."""
    assert "was not loaded" in refused(remote(peer, transport, module="Lync"), StepRefused).detail


def test_the_ocspowershell_route_runs_without_a_module(peer: Peer, transport: str) -> None:
    """The RBAC endpoint under IIS has its cmdlets loaded and no Import-Module."""
    since = len(peer.log())
    assert go(remote(peer, transport, route="ocspowershell"), Told()).ended is Ended.COMPLETED
    entries = peer.log(since=since)
    assert {entry["path"].strip("/").lower() for entry in entries} == {"ocspowershell"}
    assert not [c for e in entries for c in e["cmdlets"] if c["name"] == "Import-Module"]


def test_no_script_is_ever_sent(peer: Peer, transport: str) -> None:
    """Endpoints in no-language mode refuse script text; all there is are commands with parameters."""
    engine = remote(peer, transport)
    since = len(peer.log())
    engine.topology(), engine.facts(P1), engine.parameters("Invoke-CsPoolFailOver")
    engine.roles("Invoke-CsPoolFailOver"), go(engine, Told())
    assert not [c for e in peer.log(since=since) for c in e["cmdlets"] if c["script"]]


def test_the_servers_parameters_are_the_truth(peer: Peer, transport: str) -> None:
    """What the server's cmdlet does not have is not in the list."""
    peer.script(hidden=["SkipDataVerification"])
    names = remote(peer, transport).parameters("invoke-cspoolfailover")
    assert {"PoolFqdn", "WaitTime"} <= names
    assert "SkipDataVerification" not in names


def test_roles_are_those_that_hold_the_cmdlet(peer: Peer, transport: str) -> None:
    """Get-CsAdminRole, filtered here; none for a cmdlet that no role has."""
    engine = remote(peer, transport)
    assert engine.roles("Invoke-CsPoolFailOver") == ("CsAdministrator", "CsServerAdministrator")
    assert engine.roles("Invoke-CsPoolFail") == ()


def test_facts_are_read_through_the_surviving_pool(peer: Peer, transport: str) -> None:
    """All of them, with nothing left unread."""
    engine = remote(peer, transport, readers=3)
    facts = engine.facts(P1.upper())
    assert facts.unread == ()
    assert facts.pool.state is not PoolState.UNKNOWN
    assert (facts.pool.health, facts.pool.users, facts.pool.backup) == (Health.UP, 20, P2)
    assert facts.partner is not None
    assert (facts.partner.fqdn, facts.partner.state) == (P2, PoolState.ACTIVE)
    assert facts.outbound.export is Export.STEADY
    assert engine.ticket(P1, "run", "S", "C").endpoint == FE2


@pytest.mark.parametrize(
    ("cmdlet", "named"),
    [("Get-CsRegistrarConfiguration", "PoolState of"), ("Get-CsUser", "users of"), ("Get-CsPool", "pools")],
)
def test_a_reading_that_fails_is_unknown_and_named(peer: Peer, cmdlet: str, named: str) -> None:
    """Its absence is told with the reason, and every other fact is still there."""
    peer.trouble("fault", verb="Command", cmdlet=cmdlet, name="access_denied")
    facts = remote(peer).facts(P1)
    (line,) = [str(unread) for unread in facts.unread if unread.name.startswith(named)]
    assert "access denied" in line
    assert facts.outbound.export is Export.STEADY


def test_a_reading_that_hangs_costs_only_itself(peer: Peer) -> None:
    """Its own time limit, and unknown after it."""
    peer.trouble("hang", verb="Command", cmdlet="Get-CsPoolBackupRelationship", seconds=8)
    facts = remote(peer, read_limit=3, operation_timeout=1, read_timeout=2, readers=12).facts(P1)
    assert [u for u in facts.unread if u.name.startswith("backup pool of")]
    assert facts.pool.state is not PoolState.UNKNOWN


def test_a_pool_that_nobody_configured_is_refused_with_the_nearest_name(peer: Peer) -> None:
    """No surviving pool is known for it."""
    with pytest.raises(StepRefused, match=P1):
        remote(peer).ticket("pool1.contoso.com", "run", "S", "C")
    with pytest.raises(StepRefused):
        remote(peer).facts("pool9.contoso.com")


def test_what_is_fetched_once_is_remembered_for_a_while(peer: Peer) -> None:
    """Topology and parameter lists; never the facts."""
    engine = remote(peer)
    engine.topology(), engine.parameters("Invoke-CsPoolFailOver")
    since = len(peer.log())
    engine.topology(), engine.parameters("Invoke-CsPoolFailOver")
    assert peer.log("Command", since=since) == []


def test_a_run_reaches_a_front_end_of_the_backup_pool(peer: Peer) -> None:
    """In both directions: a failback too works from there, as the home pool may not be itself yet."""
    engine = remote(peer)
    for kind in Kind:
        its = ticket(engine)
        assert its.endpoint == FE2
        assert engine.invoke(its, plan(kind), Told(), never).ended is Ended.COMPLETED
