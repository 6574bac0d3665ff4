"""The proof that a run is over, and its limits: it only looks, and it never takes a shell away from what runs in it."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from engine.model import Ended, Record, Ticket
from engine.port import EngineUnavailable
from engine.remote.engine import Remote
from tests.engine.remote.rig import Told, go, kept, never, pause, plan, remote, ticket
from tests.wsman.peer import Peer


class Killed(BaseException):
    """What a SIGKILL would be."""


def left_at(engine: Remote, peer: Peer, text: str) -> Ticket:
    """A run whose process died at this record; the server has let go of it."""

    def kill(record: Record) -> None:
        if record.text == text:
            raise Killed

    its, told = ticket(engine), Told(at=kill)
    with pytest.raises(Killed):
        go(engine, told, its)
    peer.until(lambda: all(s["state"] != "Connected" for s in peer.shells() if s["id"] == its.shell_id))
    return replace(its, phase="running", seen=told[-1].n)


def test_a_running_command_is_not_over_and_is_left_alone(engine: Remote, peer: Peer, transport: str) -> None:
    """However often it is looked at; and it can be followed to its end afterwards."""
    peer.settings(auto_disconnect=0.3)
    peer.script(seconds=2, records=10)
    its = left_at(engine, peer, "step 1 of 10")
    for _ in range(2):
        assert not engine.prove_over(its, stop_asked=False).over
    assert kept(peer, its.shell_id)
    assert remote(peer, transport).reattach(its, plan(), Told(), never).ended is Ended.COMPLETED


@pytest.mark.parametrize("listed", [False, True])
def test_a_command_that_has_ended_is_over_whether_it_is_still_listed_or_not(
    engine: Remote, peer: Peer, listed: bool
) -> None:
    """Some servers list an ended command until its shell is closed: it says so itself. Its shell is deleted then."""
    peer.settings(auto_disconnect=0.3, done_again=listed)
    its = left_at(engine, peer, "ended")
    assert kept(peer, its.shell_id)
    assert engine.prove_over(its, stop_asked=False).over
    assert not kept(peer, its.shell_id)
    assert engine.prove_over(its, stop_asked=False).over


def test_what_ended_while_nobody_looked_is_over(engine: Remote, peer: Peer) -> None:
    """The cmdlet went on without its client and came to its end."""
    peer.settings(auto_disconnect=0.3)
    peer.script(seconds=0.6, records=6)
    its = left_at(engine, peer, "step 1 of 6")
    pause(1)
    assert engine.prove_over(its, stop_asked=False).over


def test_asked_to_stop_it_is_first_asked_again_and_only_after_patience_ended(peer: Peer, transport: str) -> None:
    """The first look passes the wish on; a cmdlet that does not obey is ended with its shell when patience is over."""
    peer.settings(auto_disconnect=0.3, obeys=False)
    peer.script(seconds=60, records=600)
    engine = remote(peer, transport, patience=1)
    its = left_at(engine, peer, "step 1 of 600")
    try:
        assert not engine.prove_over(its, stop_asked=True).over
        assert kept(peer, its.shell_id)
        pause(1.2)
        proof = engine.prove_over(its, stop_asked=True)
    finally:
        peer.settings(obeys=True)
    assert proof.over
    assert "did not stop" in proof.say
    assert not kept(peer, its.shell_id)


def test_asked_to_stop_a_cmdlet_that_obeys_is_over_soon(engine: Remote, peer: Peer) -> None:
    """Nothing is killed."""
    peer.settings(auto_disconnect=0.3)
    peer.script(seconds=60, records=600)
    its = left_at(engine, peer, "step 1 of 600")
    peer.until(lambda: engine.prove_over(its, stop_asked=True).over)


@pytest.mark.parametrize("kind", ["reset", "http", "page", "empty"])
def test_a_look_that_failed_proves_nothing(engine: Remote, peer: Peer, kind: str) -> None:
    """EngineUnavailable: neither over nor not; and a list that is none does not say that nothing is there."""
    peer.trouble(kind, verb="Enumerate", times=2)
    with pytest.raises(EngineUnavailable):
        engine.prove_over(ticket(engine), stop_asked=False)


def test_a_shell_that_is_gone_is_over(engine: Remote) -> None:
    """Nothing can run without it."""
    assert engine.prove_over(replace(ticket(engine), phase="running"), stop_asked=False).over


def test_a_restart_closes_the_shell_of_a_run_whose_end_was_written_down(engine: Remote, peer: Peer) -> None:
    """Killed between the record of the end and the closing of the shell: it would hold a place for hours."""
    peer.settings(auto_disconnect=0.3, done_again=True)
    its = replace(left_at(engine, peer, "ended"), phase="ended")
    assert engine.reattach(its, plan(), Told(), never).ended is Ended.UNKNOWN
    assert not kept(peer, its.shell_id)


def test_a_silence_is_reported_once_with_since_when_and_what_can_be_done(peer: Peer, transport: str) -> None:
    """And again only after the cmdlet has said something."""
    peer.script(seconds=5, records=2, warnings=0)
    told = Told()
    assert go(remote(peer, transport, quiet=1.2), told).ended is Ended.COMPLETED
    quiet = [r for r in told if "nothing has been reported since" in r.text]
    assert {r.stream for r in quiet} == {"host"}
    assert len(quiet) == 2
    assert "Stop asks it to stop" in quiet[0].text


def test_a_server_out_of_sight_is_reported_once(peer: Peer) -> None:
    """Which host, since when, and what can be done, while it is still looked for."""
    peer.script(seconds=30, records=300)
    engine = remote(peer, quiet=0.5, patience=3)
    trouble = threading.Event()

    def cut(record: Record) -> None:
        if record.stream == "verbose" and not trouble.is_set():
            trouble.set()
            peer.trouble("reset", verb="Receive", times=1000)

    told = Told(at=cut)
    assert go(engine, told).ended is Ended.UNKNOWN
    (said,) = [r.text for r in told if "has given no answer about the run since" in r.text]
    assert said.startswith("fe1.pool02.contoso.com")
