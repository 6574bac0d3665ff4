"""Servers of every language, accounts without rights, machines that keep silent: what is read, and what follows.

What a server says differs; what the bot concludes does not. Whatever proves nothing leaves a pool unknown.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from engine.facts import Facts, Health, Unread, What, Why
from engine.model import UNTOLD, Finding, Kind, Level, Options
from engine.preflight import judge
from engine.remote.checks import Trial, checks
from engine.remote.engine import Remote
from tests.engine.given import case
from tests.engine.remote.rig import FE1, FE2, P1, P2, Told, go, never, new_id, plan, remote, ticket
from tests.wsman.peer import Peer
from tests.wsman.words import CULTURES, said

UNHEARD = {"addresses": {FE1: "127.0.0.2", FE2: "127.0.0.1"}}
"""Nothing listens at the address of the failing pool's Front End."""
SERVER = {"language": "en", "no_rights": [], "hidden": [], "silent": [], "parameters_told": True}


@pytest.fixture(params=list(CULTURES))
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def as_before(peer: Peer) -> Iterator[None]:
    yield
    peer.settings(**SERVER)


def engine(peer: Peer, **more: Any) -> Remote:
    return remote(peer, readers=3, **more)


def missed(facts: Facts, what: What, of: str = P1) -> Unread:
    found = facts.missed(what, of)
    assert found is not None, [str(u) for u in facts.unread]
    return found


def findings(facts: Facts, kind: Kind = Kind.FAILOVER, options: Options | None = None) -> dict[str, Finding]:
    return {f.code: f for f in judge(case(kind, facts, options=options or Options()))}


@pytest.mark.parametrize("heard", [{}, UNHEARD], ids=["answers", "unheard"])
def test_an_account_without_rights_never_makes_a_healthy_pool_down(
    peer: Peer, language: str, heard: dict[str, Any]
) -> None:
    """In no language, and also where a firewall keeps the bot from knocking: the pool is unknown for want of a right,
    the cure is that right, and disaster mode is not offered."""
    peer.settings(language=language, no_rights=["Get-CsWindowsService", "Get-CsBackupServiceStatus"])
    facts = engine(peer, **heard).facts(P1)
    assert (facts.pool.health, facts.partner.health if facts.partner else None) == (Health.UNKNOWN, Health.UNKNOWN)
    services = missed(facts, What.SERVICES)
    assert (services.why, services.host, services.account) == (Why.NO_RIGHTS, FE1, peer.user)
    assert services.said == said("denied", language)
    assert missed(facts, What.BACKUP_SERVICE).why is Why.NO_RIGHTS
    found = findings(facts)
    assert "Performance Monitor Users" in found["E_MAY_NOT_READ"].cure
    assert {f.code for f in found.values() if f.level is Level.BLOCK} == {"E_MAY_NOT_READ"}
    assert not any("--disaster" in f.cure for f in found.values())


@pytest.mark.parametrize("cmdlet", ["Get-CsPool", "Get-CsPoolBackupRelationship", "Get-CsRegistrarConfiguration",
                                    "Get-CsManagementStoreReplicationStatus", "Get-CsService", "Get-CsUser",
                                    "Get-CsPoolFabricState"])  # fmt: skip
def test_whatever_may_not_be_read_makes_nothing_down(peer: Peer, cmdlet: str) -> None:
    """Each reading alone: refused, it is told as refused, and the pool stays as well as it was read."""
    peer.settings(language="fr", no_rights=[cmdlet])
    facts = engine(peer).facts(P1)
    assert facts.pool.health is Health.UP
    assert facts.unread
    assert {u.why for u in facts.unread} == {Why.NO_RIGHTS}
    assert all(cmdlet in u.right and u.host == FE2 for u in facts.unread)


def test_a_pool_that_gives_no_answer_may_be_down_and_is_not_said_to_be(peer: Peer, language: str) -> None:
    """Neither the surviving pool nor the bot hears from it: unknown, told as silence, and disaster mode is offered."""
    peer.settings(language=language, silent=[FE1])
    facts = engine(peer, **UNHEARD).facts(P1)
    assert (facts.pool.health, missed(facts, What.SERVICES).why) == (Health.UNKNOWN, Why.NO_ANSWER)
    assert "--disaster" in findings(facts)["E_NO_ANSWER"].cure
    blocked = [f for f in findings(facts, options=Options(disaster=True)).values() if f.level is Level.BLOCK]
    assert blocked == []


def test_a_machine_that_takes_a_connection_is_not_silent(peer: Peer) -> None:
    """Its services could not be read, and it is there: nothing says that the pool may be down."""
    peer.settings(silent=[FE1])
    facts = engine(peer).facts(P1)
    assert missed(facts, What.SERVICES).why is Why.FAILED
    assert "--disaster" not in findings(facts)["E_HEALTH_NOT_READ"].cure


def test_a_pipe_names_the_cmdlet_that_is_missing(peer: Peer, language: str) -> None:
    """Get-CsUser is there; it is Measure-Object that is hidden."""
    peer.settings(language=language, hidden=["Measure-Object"])
    users = missed(engine(peer).facts(P1), What.USERS)
    assert users.why is Why.NOT_THERE
    assert users.said.startswith("Measure-Object is not there")


def test_an_empty_parameter_list_is_not_a_cmdlet_without_parameters(peer: Peer) -> None:
    """A value of its own, which preflight and `check` tell with their own cure."""
    peer.settings(parameters_told=False)
    assert engine(peer).parameters("Invoke-CsPoolFailOver") is UNTOLD
    check = trials(peer)[f"parameters of Invoke-CsPoolFailOver: {FE2}"]
    assert (check.ok, "does not report them" in check.say) == (False, True)
    assert "Parameters" in check.cure


def trials(peer: Peer) -> dict[str, Trial]:
    return {check.name.partition(" (")[0]: check for check in checks(engine(peer), time.monotonic, new_id)}


def test_check_says_that_the_server_speaks_another_language(peer: Peer, language: str) -> None:
    """What is understood in English only is named; all else is judged by type and number, and so is well."""
    peer.settings(language=language)
    found = trials(peer)
    told = found.pop(f"language of the server: {FE2}")
    if language == "en":
        assert (told.ok, told.say) == (True, "English")
    else:
        assert told.ok is None
        assert told.say.startswith(CULTURES[language])
    assert found[f"language mode: {FE2}"].say.startswith("no scripts")
    assert [check for check in found.values() if not check.ok and "language of" not in check.name] == []


def test_check_says_so_where_the_language_is_not_told(peer: Peer) -> None:
    """A restricted endpoint may have neither cmdlet: not known is not English."""
    peer.settings(language="ru", hidden=["Get-WinSystemLocale", "Get-UICulture"])
    assert trials(peer)[f"language of the server: {FE2}"].ok is None


def test_check_names_each_right_once(peer: Peer) -> None:
    """For the account, with the machine on which it is missing."""
    peer.settings(language="de", no_rights=["Get-CsWindowsService"])
    check = trials(peer)[f"facts of {P1}"]
    assert check.ok is False
    for host in (FE1, FE2):
        assert check.cure.count(f"on {host}") == 1
    assert peer.user in check.cure


def test_a_run_shows_the_same_records_in_every_language(peer: Peer, language: str) -> None:
    """The progress record of every session is left out by its type."""
    peer.settings(language=language)
    told, own = Told(), engine(peer)
    go(own, told)
    own.invoke(ticket(own), plan(Kind.FAILBACK), Told(), never)  # the other tests begin with a pool at home
    assert told.texts("progress") == []
    assert told.texts("verbose")


def test_the_partner_that_may_not_be_read_is_not_told_to_be_brought_up(peer: Peer) -> None:
    """It cannot be relied on; what is missing is a right."""
    peer.settings(no_rights=["Get-CsWindowsService"])
    told = [f for f in judge(case(Kind.FAILOVER, engine(peer).facts(P1))) if P2 in f.say and f.level is Level.BLOCK]
    assert [f.code for f in told] == ["E_MAY_NOT_READ"]
    assert "Bring" not in told[0].cure
