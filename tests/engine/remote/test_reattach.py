"""A run outlives the process that started it: it is found again by its ids, or honestly not, and never sent twice."""

from __future__ import annotations

import gc
import json
import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from engine.model import Ended, Outcome, Record, Ticket
from engine.remote.engine import Remote
from tests.engine.remote.rig import Told, go, kept, never, plan, remote, sent, settings, ticket
from tests.wsman.peer import ROOT, Peer

FDS = Path("/proc/self/fd")
STEPS = [f"step {n} of 10" for n in range(1, 11)]


@pytest.fixture
def engine(peer: Peer, transport: str) -> Remote:
    peer.script(seconds=1.0, records=10, warnings=0)
    return remote(peer, transport)


def parked(engine: Remote, its: Ticket) -> tuple[Told, Outcome]:
    """Start it, and let the process leave after the third step."""
    leaving = threading.Thread(target=engine.close)
    told = Told(at=lambda record: leaving.start() if record.text == STEPS[2] else None)
    outcome = go(engine, told, its)
    leaving.join()
    return told, outcome


def left(its: Ticket, told: Told) -> Ticket:
    """The ticket as the log has it: the last phase, the last record."""
    phase: Any = told.texts("phase")[-1]
    return replace(its, phase=phase, seen=told[-1].n)


def test_a_leaving_process_parks_its_run_and_the_next_one_follows_it(
    engine: Remote,
    peer: Peer,
    transport: str,
) -> None:
    """close() disconnects and ends nothing; the next process attaches at once and every record is told."""
    its = ticket(engine)
    first, outcome = parked(engine, its)
    assert (outcome.ended, first.texts("phase")[-1]) == (Ended.UNKNOWN, "parked")
    assert kept(peer, its.shell_id)

    second = Told()
    assert remote(peer, transport).reattach(left(its, first), plan(), second, never).ended is Ended.COMPLETED
    assert second[0].n == first[-1].n + 1
    assert first.texts("verbose") + second.texts("verbose") == STEPS
    assert sent(peer, its.command_id) == 1
    assert not kept(peer, its.shell_id)


def test_a_reattached_run_can_be_stopped(engine: Remote, peer: Peer, transport: str) -> None:
    """A request to stop that came while nobody followed is passed on."""
    peer.script(seconds=30, records=300)
    its = ticket(engine)
    leaving = threading.Timer(0.5, engine.close)
    leaving.start()
    first = Told()
    go(engine, first, its)
    outcome = remote(peer, transport).reattach(left(its, first), plan(), Told(), lambda: True)
    assert outcome.ended is Ended.STOPPED


@pytest.mark.parametrize("phase", ["planned", "opening"])
def test_before_sending_nothing_ran(engine: Remote, peer: Peer, phase: Any) -> None:
    """Sending is committed before it is done, so these phases prove it."""
    its = replace(ticket(engine), phase=phase)
    assert engine.reattach(its, plan(), Told(), never).ended is Ended.NOT_STARTED
    assert sent(peer, its.command_id) == 0


def test_a_run_that_had_ended_is_judged_from_state(engine: Remote) -> None:
    """How it ended is gone with its shell; UNKNOWN, at once."""
    assert engine.reattach(replace(ticket(engine), phase="ended"), plan(), Told(), never).ended is Ended.UNKNOWN


@pytest.mark.parametrize("phase", ["sending", "running"])
def test_a_shell_that_is_gone_proves_nothing(engine: Remote, phase: Any) -> None:
    """It may have run and been swept away: UNKNOWN, without waiting for the window to be over."""
    outcome = engine.reattach(replace(ticket(engine), phase=phase), plan(), Told(), never)
    assert outcome.ended is Ended.UNKNOWN
    assert "gone" in outcome.say


@pytest.mark.skipif(not FDS.exists(), reason="the open files of this process are read from /proc")
def test_a_run_that_is_not_found_again_leaves_no_connection_open(engine: Remote, peer: Peer) -> None:
    """It is closed by us and not left to the garbage collector, which tells of it in whatever test it runs."""
    gc.collect()
    gc.disable()
    try:
        lost = replace(ticket(engine), phase="running")
        assert engine.reattach(lost, plan(), Told(), never).ended is Ended.UNKNOWN
        assert connections({peer.http, peer.https}) == 0
    finally:
        gc.enable()


def connections(ports: set[int]) -> int:
    """How many sockets of this process are connected to one of these ports."""
    found = 0
    for entry in FDS.iterdir():
        with suppress(OSError), socket.socket(fileno=os.dup(int(entry.name))) as copy:
            found += copy.getpeername()[1] in ports
    return found


@pytest.mark.parametrize(("phase", "ended"), [("sending", Ended.NOT_STARTED), ("running", Ended.UNKNOWN)])
def test_a_shell_without_the_command_proves_that_it_never_started(
    engine: Remote, peer: Peer, transport: str, phase: Any, ended: Ended
) -> None:
    """Killed between the commit of `sending` and Command: the empty shell is deleted, and that is the proof. Where the
    log says that it ran already, the same sight means that it is over, and nobody can say how."""

    class Killed(BaseException):
        """What a SIGKILL would be."""

    def kill(record: Record) -> None:
        if record.text == "sending":
            peer.trouble("fault", verb="Delete", name="internal")  # a killed process deletes nothing
            raise Killed

    peer.settings(auto_disconnect=0.3)
    its = ticket(engine)
    with pytest.raises(Killed):
        go(engine, Told(at=kill), its)
    assert kept(peer, its.shell_id)
    outcome = remote(peer, transport).reattach(replace(its, phase=phase), plan(), Told(), never)
    assert outcome.ended is ended
    assert not kept(peer, its.shell_id)


def test_an_endpoint_that_cannot_reattach_says_so_at_once(
    engine: Remote,
    peer: Peer,
    transport: str,
) -> None:
    """As endpoints hosted by IIS are expected to: UNKNOWN, with the server's words; the pool's state has to tell."""
    peer.settings(disconnect=False)
    peer.script(seconds=30)
    its = ticket(engine)
    leaving = threading.Timer(0.4, engine.close)
    leaving.start()
    first = Told()
    go(engine, first, its)
    outcome = remote(peer, transport).reattach(left(its, first), plan(), Told(), never)
    assert outcome.ended is Ended.UNKNOWN
    assert "cannot reattach" in outcome.say
    assert sent(peer, its.command_id) == 1


def test_the_server_is_waited_for_within_the_window(peer: Peer, transport: str) -> None:
    """It answers with trouble for a while, as one that restarts: tried again until the window is over."""
    peer.script(seconds=1.0, records=10, warnings=0)
    engine = remote(peer, transport)
    its = ticket(engine)
    first, _ = parked(engine, its)
    peer.trouble("reset", verb="Connect", times=3)
    assert remote(peer, transport).reattach(left(its, first), plan(), Told(), never).ended is Ended.COMPLETED


def test_out_of_reach_for_the_whole_window_is_unknown(engine: Remote, peer: Peer, transport: str) -> None:
    """Nothing is concluded from silence."""
    peer.trouble("http", verb="Connect", times=1000, code=503)
    late = remote(peer, transport, reattach_window=1)
    outcome = late.reattach(replace(ticket(engine), phase="running"), plan(), Told(), never)
    assert outcome.ended is Ended.UNKNOWN


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.parametrize("step", [pytest.param(0, marks=pytest.mark.slow), 2, pytest.param(6, marks=pytest.mark.slow)])
def test_killed_in_the_middle_the_next_process_tells_the_rest(
    peer: Peer,
    transport: str,
    step: int,
    tmp_path: Path,
) -> None:
    """SIGKILL of a real process: the two lives together tell every record once, and Command was sent once."""
    peer.settings(auto_disconnect=0.5)
    peer.script(seconds=2.0, records=10, warnings=0)
    engine = remote(peer, transport)
    its = ticket(engine)
    records = tmp_path / "records.jsonl"
    records.touch()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.engine.remote.follower"], stdin=subprocess.PIPE, cwd=ROOT, text=True
    )
    assert process.stdin is not None
    password = {"password": peer.password}
    chosen = settings(peer, transport).model_dump(mode="json") | password
    process.stdin.write(json.dumps({"settings": chosen, "ticket": asdict(its), "records": str(records)}))
    process.stdin.close()
    peer.until(lambda: f'"{STEPS[step]}"' in records.read_text())
    process.kill()
    process.wait(5)

    first = Told()
    for line in records.read_text().splitlines(keepends=True):
        if line.endswith("\n"):
            first.append(Record(**json.loads(line)))
    second = Told()
    outcome = engine.reattach(left(its, first), plan(), second, never)
    assert outcome.ended is Ended.COMPLETED
    assert first.texts("verbose") + second.texts("verbose") == STEPS
    assert sent(peer, its.command_id) == 1


def test_killed_between_the_end_and_its_record_is_not_waited_for_for_ever(
    engine: Remote, peer: Peer, transport: str
) -> None:
    """The server has told the end to a process that could not write it down: unknown or the end, but soon."""

    class Full(Exception):
        """What a sink raises that cannot commit."""

    def full(record: Record) -> None:
        if record.text == "ended":
            raise Full

    its = ticket(engine)
    first = Told(at=full)
    with pytest.raises(Full):
        go(engine, first, its)
    outcome = remote(peer, transport).reattach(replace(its, phase="running", seen=first[-1].n), plan(), Told(), never)
    assert outcome.ended in {Ended.UNKNOWN, Ended.COMPLETED}
    assert sent(peer, its.command_id) == 1
