"""What becomes of a run when the network, the server or the cmdlet does what it should not.

Each claim is made over HTTPS with Negotiate and over HTTP with NTLM message encryption, against a peer in a
process of its own. The peer's log tells what was sent: the changing Command never twice.
"""

from __future__ import annotations

import threading

import pytest

from engine.model import Ended, Record
from engine.port import EngineUnavailable, StepRefused
from engine.remote.engine import Remote
from tests.engine.remote.rig import Told, go, kept, never, plan, remote, sent, ticket
from tests.wsman.peer import Peer

STEPS = [f"step {n} of 5" for n in range(1, 6)]


def test_a_plain_run_tells_every_record_in_order_and_leaves_no_shell(engine: Remote, peer: Peer) -> None:
    """Numbers from 1, the four phases, the noise left out, and the server's places given back."""
    told, its = Told(), ticket(engine)
    outcome = go(engine, told, its)
    assert outcome.ended is Ended.COMPLETED
    assert [record.n for record in told] == list(range(1, len(told) + 1))
    assert told.texts("phase") == ["opening", "sending", "running", "ended"]
    assert told.texts("verbose") == STEPS
    assert not [record for record in told if "Preparing modules" in record.text]
    assert not kept(peer, its.shell_id)


def test_the_plan_goes_over_the_wire_with_its_types(engine: Remote, peer: Peer) -> None:
    """Cmdlet and parameters, no script text; PoolFqdn as text, Confirm and Verbose as booleans."""
    its = ticket(engine)
    go(engine, Told(), its)
    (entry,) = [e for e in peer.log("Command") if e["command"] == its.command_id]
    (cmdlet,) = entry["cmdlets"]
    assert (cmdlet["name"], cmdlet["script"]) == ("Invoke-CsPoolFailOver", False)
    assert {p["name"]: (p["wire"], p["value"]) for p in cmdlet["parameters"]} == {
        "PoolFqdn": ("S", "pool01.contoso.com"),
        "Confirm": ("B", False),
        "Verbose": ("B", True),
    }


def test_errors_that_do_not_end_the_cmdlet_are_told(engine: Remote, peer: Peer) -> None:
    """The state is Completed; the outcome says that there were errors, with their words."""
    peer.script(errors=2)
    told = Told()
    outcome = go(engine, told)
    assert outcome.ended is Ended.COMPLETED_WITH_ERRORS
    assert "an error of the scripted backend" in outcome.say
    assert len(told.texts("error")) == 2


def test_a_cmdlet_that_fails_keeps_powershells_words(engine: Remote, peer: Peer) -> None:
    """FAILED with the text, and the error id for whoever wants to search for it."""
    peer.script(fails="the pool is not there")
    told = Told()
    outcome = go(engine, told)
    assert outcome.ended is Ended.FAILED
    assert "the pool is not there" in outcome.say
    assert outcome.error_id
    assert "FullyQualifiedErrorId" in told.texts("error")[0]


def test_a_stop_request_ends_the_cmdlet_and_its_last_records_are_read(engine: Remote, peer: Peer) -> None:
    """Ctrl-C is signalled once; the run ends as STOPPED within moments, not at its natural end."""
    peer.script(seconds=20, records=200)
    wanted = threading.Event()
    told = Told(at=lambda record: wanted.set() if record.stream == "verbose" else None)
    outcome = go(engine, told, cancelled=wanted.is_set)
    assert outcome.ended is Ended.STOPPED
    assert told.texts("phase")[-1] == "ended"
    assert 1 <= len(told.texts("verbose")) < 100


def test_three_cut_connections_lose_no_record(engine: Remote, peer: Peer) -> None:
    """Also where the messages are encrypted, which one reset would poison for ever."""
    peer.script(seconds=0.6)
    its = ticket(engine)
    told = Told(at=lambda r: peer.trouble("reset", verb="Receive", times=3) if r.text == "running" else None)
    assert go(engine, told, its).ended is Ended.COMPLETED
    assert told.texts("verbose") == STEPS
    assert sent(peer, its.command_id) == 1


def test_an_outage_longer_than_the_servers_patience_loses_no_record(engine: Remote, peer: Peer) -> None:
    """Meanwhile the server disconnected the shell: it is connected again, and the cmdlet never noticed."""
    peer.settings(auto_disconnect=0.5)
    peer.script(seconds=1)
    its = ticket(engine)
    told = Told(at=lambda r: peer.trouble("reset", verb="Receive", times=4) if r.text == "running" else None)
    assert go(engine, told, its).ended is Ended.COMPLETED
    assert told.texts("verbose") == STEPS
    assert not kept(peer, its.shell_id)


def test_a_lost_answer_to_command_is_asked_about_and_never_sent_again(engine: Remote, peer: Peer) -> None:
    """The cmdlet runs although we were never told: found by asking, followed to its end."""
    peer.trouble("drop", verb="Command", cmdlet="Invoke-CsPoolFailOver")
    its = ticket(engine)
    told = Told()
    assert go(engine, told, its).ended is Ended.COMPLETED
    assert told.texts("verbose") == STEPS
    assert sent(peer, its.command_id) == 1


def test_a_command_that_never_arrived_is_proved_not_started(engine: Remote, peer: Peer) -> None:
    """Looked for twice, then its shell is deleted, so that nothing late can start in it: safe to try again."""
    peer.trouble("reset", verb="Command", cmdlet="Invoke-CsPoolFailOver")
    before = peer.script()
    its = ticket(engine)
    with pytest.raises(EngineUnavailable, match="never reached the server"):
        go(engine, Told(), its)
    assert not kept(peer, its.shell_id)
    assert peer.script() == before


def test_a_refused_command_is_not_started(engine: Remote, peer: Peer) -> None:
    """The server looked at it and said no; its words are kept, its shell is given back."""
    peer.trouble("fault", verb="Command", cmdlet="Invoke-CsPoolFailOver", name="access_denied")
    its = ticket(engine)
    outcome = go(engine, Told(), its)
    assert outcome.ended is Ended.NOT_STARTED
    assert "Access is denied" in outcome.say
    assert not kept(peer, its.shell_id)


def test_a_busy_server_is_told_before_anything_is_sent(engine: Remote, peer: Peer) -> None:
    """HTTP 503 on Create: EngineUnavailable, safe to ask again."""
    peer.trouble("http", verb="Create", code=503)
    told = Told()
    with pytest.raises(EngineUnavailable, match="cannot serve requests now"):
        go(engine, told)
    assert told.texts("phase") == ["opening"]


def test_a_shell_that_vanishes_midway_leaves_the_run_unknown(engine: Remote, peer: Peer) -> None:
    """Nobody can say what the cmdlet did, so nobody does; it is not started again."""
    peer.script(seconds=5)
    its = ticket(engine)
    told = Told(at=lambda r: peer.reap_shell(its.shell_id) if r.text == STEPS[0] else None)
    outcome = go(engine, told, its)
    assert outcome.ended is Ended.UNKNOWN
    assert sent(peer, its.command_id) == 1


def test_a_shell_disconnected_under_us_is_connected_again(engine: Remote, peer: Peer) -> None:
    """As WinRM does after two silent minutes."""
    peer.script(seconds=0.6)
    its = ticket(engine)
    told = Told(at=lambda r: peer.disconnect_shell(its.shell_id) if r.text == STEPS[1] else None)
    assert go(engine, told, its).ended is Ended.COMPLETED
    assert told.texts("verbose") == STEPS


def test_a_question_is_answered_no_and_brought_to_the_people(engine: Remote, peer: Peer) -> None:
    """Never Yes, whatever it asks; the operation counts as failed with the question's text."""
    peer.trouble("prompt", cmdlet="Invoke-CsPoolFailOver")
    before = peer.script()
    told = Told()
    outcome = go(engine, told)
    assert outcome.ended is Ended.FAILED
    (question,) = told.texts("prompt")
    assert question.endswith("answered No")
    assert question.partition(" — ")[0] in outcome.say
    assert peer.script() == before


def test_a_full_buffer_stalls_the_cmdlet_and_loses_nothing(engine: Remote, peer: Peer) -> None:
    """A sink slower than the cmdlet: every line comes in the end."""
    peer.settings(buffer=8 * 1024)
    peer.trouble("chatter", cmdlet="Invoke-CsPoolFailOver", count=120)
    told = Told(at=lambda r: threading.Event().wait(0.2) if r.n % 40 == 0 else None)
    assert go(engine, told).ended is Ended.COMPLETED
    assert len(told.texts("verbose")) == 125


def test_what_the_sink_raises_passes_and_the_cmdlet_runs_on(engine: Remote, peer: Peer, transport: str) -> None:
    """The log is full midway: the error is the sink's own, the shell is let go of and the next process finds it."""

    class Full(ConnectionError):
        """Of a kind that the engine itself would handle."""

    def full(record: Record) -> None:
        if record.text == STEPS[1]:
            raise Full

    peer.script(seconds=1)
    its = ticket(engine)
    with pytest.raises(Full):
        go(engine, Told(at=full), its)
    assert [s["state"] for s in peer.shells() if s["id"] == its.shell_id] == ["Disconnected"]
    left = its.__class__(**{**vars(its), "phase": "running", "seen": 5})
    told = Told()
    assert remote(peer, transport).reattach(left, plan(), told, never).ended is Ended.COMPLETED
    assert told.texts("verbose")[-1] == STEPS[-1]
    assert sent(peer, its.command_id) == 1


def test_the_sink_comes_before_the_step(engine: Remote, peer: Peer) -> None:
    """When `sending` is committed no Command was sent yet; when `ended` is, the shell is still there."""
    its = ticket(engine)
    seen: dict[str, tuple[int, bool]] = {}

    def look(record: Record) -> None:
        if record.stream == "phase":
            seen[record.text] = (sent(peer, its.command_id), kept(peer, its.shell_id))

    go(engine, Told(at=look), its)
    assert seen == {"opening": (0, False), "sending": (0, True), "running": (1, True), "ended": (1, True)}


def test_force_with_whatif_is_refused_before_anything(engine: Remote, peer: Peer) -> None:
    """No phase, no connection."""
    from engine.model import Kind, Options

    told = Told()
    before = len(peer.log())
    with pytest.raises(StepRefused, match="Force and WhatIf"):
        engine.invoke(ticket(engine), plan(Kind.FAILOVER, options=Options(force=True, whatif=True)), told, never)
    assert (list(told), len(peer.log())) == ([], before)


def test_a_server_that_is_gone_leaves_the_run_unknown(transport: str) -> None:
    """A power cut: after `patience` the truth is that nobody knows."""
    with Peer.start() as own:
        own.script(seconds=30, records=300)
        engine = remote(own, transport, patience=1)
        outcome = go(engine, Told(at=lambda r: own.kill() if r.stream == "verbose" and r.n == 6 else None))
    assert outcome.ended is Ended.UNKNOWN
    assert "out of sight for 1 s" in outcome.say


def test_the_answer_lost_and_the_server_gone_is_unknown(transport: str) -> None:
    """Command was sent, nothing came back, nobody can be asked: not the same as not started."""
    with Peer.start() as own:
        own.trouble("exit", verb="Command", cmdlet="Invoke-CsPoolFailOver")
        outcome = go(remote(own, transport, patience=1), Told())
    assert outcome.ended is Ended.UNKNOWN


@pytest.mark.parametrize("verb", ["Create", "Receive", "Command", "Signal", "Delete"])
def test_wherever_one_answer_is_lost_nothing_runs_twice(engine: Remote, peer: Peer, verb: str) -> None:
    """The first request of each kind is done and its answer thrown away: it ends well, or is not started."""
    peer.script(seconds=0.3)
    peer.trouble("drop", verb=verb)
    its, told = ticket(engine), Told()
    try:
        outcome = go(engine, told, its)
    except EngineUnavailable:
        assert told.texts("phase") == ["opening"]
        assert sent(peer, its.command_id) == 0
        assert not kept(peer, its.shell_id)
    else:
        assert outcome.ended is Ended.COMPLETED
        assert sent(peer, its.command_id) == 1


def test_two_runs_at_once_keep_apart(engine: Remote, peer: Peer) -> None:
    """One connection each: message encryption and serialisers are not shared between threads."""
    peer.script(seconds=0.5)
    tolds = [Told() for _ in range(4)]
    threads = [threading.Thread(target=go, args=(engine, told)) for told in tolds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [told.texts("verbose") for told in tolds] == [STEPS] * 4


@pytest.mark.slow
def test_a_long_chatty_run_with_cut_connections_loses_nothing(engine: Remote, peer: Peer) -> None:
    """Forty seconds, eight hundred records, a reset at every fifteenth Receive."""
    peer.script(seconds=40, records=800)
    for n in range(8):
        peer.trouble("reset", verb="Receive", nth=15 * (n + 1))
    told = Told()
    assert go(engine, told).ended is Ended.COMPLETED
    assert told.texts("verbose") == [f"step {n} of 800" for n in range(1, 801)]
