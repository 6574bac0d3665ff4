"""A fault before anything was sent costs nothing, and the next try goes to the next Front End."""

from __future__ import annotations

import pytest

from engine.facts import PoolState
from engine.model import Ended
from engine.port import AccountRefused, EngineUnavailable, StepRefused
from engine.remote.engine import Remote
from tests.engine.remote.rig import FE1, P1, P2, Told, go, kept, remote, sent, ticket
from tests.wsman.peer import Peer

FAILOVER = "Invoke-CsPoolFailOver"
SECOND = "fe2.pool02.contoso.com"
NOBODY = "127.0.0.2"
"""A loopback address where no peer listens."""


def two_front_ends(peer: Peer, transport: str, *, first: str = "") -> Remote:
    """Pool02 has two; `first` is where the first one is reached."""
    hosts = {FE1: peer.host, "fe1.pool02.contoso.com": first or peer.host, SECOND: peer.host}
    ends = {P1: (FE1,), P2: ("fe1.pool02.contoso.com", SECOND)}
    return remote(peer, transport, front_ends=ends, addresses=hosts)


@pytest.mark.parametrize(
    ("kind", "verb", "more"),
    [("http", "Create", {"code": 503}), ("reset", "Create", {}), ("drop", "Create", {}), ("page", "Create", {}),
     ("reset", "Command", {"cmdlet": FAILOVER}),
     ("http", "Command", {"cmdlet": FAILOVER, "code": 503})],
)  # fmt: skip
def test_a_fault_before_anything_was_sent_is_safe_to_try_again_on_the_next_front_end(
    peer: Peer, transport: str, kind: str, verb: str, more: dict[str, object]
) -> None:
    """EngineUnavailable with the reason and where the next try goes; no shell is left, and the next try works."""
    engine = two_front_ends(peer, transport)
    peer.trouble(kind, verb=verb, **more)
    its = ticket(engine)
    with pytest.raises(EngineUnavailable, match=f"{SECOND} will be tried next"):
        go(engine, Told(), its)
    assert not kept(peer, its.shell_id)
    again = ticket(engine)
    assert again.endpoint == SECOND
    assert go(engine, Told(), again).ended is Ended.COMPLETED
    assert sent(peer, again.command_id) == 1


def test_a_front_end_that_is_gone_is_the_last_to_be_asked(peer: Peer, transport: str) -> None:
    """The next ticket is for the other one, and so is the next reading."""
    engine = two_front_ends(peer, transport, first=NOBODY)
    with pytest.raises(EngineUnavailable):
        go(engine, Told())
    assert ticket(engine).endpoint == SECOND
    assert engine.facts(P1).pool.state is not PoolState.UNKNOWN


def test_a_permanent_no_is_no_passing_trouble(peer: Peer, transport: str) -> None:
    """The account may not use remoting there: refused, with the server's words, and no other Front End is tried."""
    from pydantic import SecretStr

    engine = remote(peer, transport, username="CONTOSO\\outsider", password=SecretStr("Correct-Horse-3"))
    with pytest.raises(StepRefused) as refused:
        go(engine, Told())
    assert not isinstance(refused.value, AccountRefused)
    assert refused.value.detail


def test_a_full_quota_is_named(peer: Peer, transport: str) -> None:
    """All of the account's places are taken: what it is, in the server's words at the least."""
    peer.settings(shells=0)
    try:
        with pytest.raises((EngineUnavailable, StepRefused)) as refused:
            go(remote(peer, transport), Told())
    finally:
        peer.settings(shells=30)
    assert "shells" in refused.value.detail


def test_readers_leave_no_shell_for_long(peer: Peer, transport: str) -> None:
    """They ask for an idle time-out of minutes; a run asks for hours, as its cmdlet must outlive an absent bot."""
    engine = remote(peer, transport)
    seen: dict[str, float] = {}
    its = ticket(engine)
    told = Told(at=lambda _: seen.update({s["id"]: s["idle_timeout"] for s in peer.shells()}))
    go(engine, told, its)
    assert seen[its.shell_id] == engine.settings.idle_timeout >= 14_400
    peer.trouble("hang", verb="Command", cmdlet="Get-CsAdminRole", seconds=1)
    import threading

    thread = threading.Thread(target=engine.roles, args=(FAILOVER,))
    thread.start()
    peer.until(lambda: bool(peer.shells()))
    assert [s["idle_timeout"] for s in peer.shells()] == [240]
    thread.join()
