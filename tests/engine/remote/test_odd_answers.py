"""Odd answers: none ends the sight of a run that is still there, and none keeps a run without an end.

What is read of a reply is read message by message; what cannot be read is reported and costs only itself.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psrpcore.types import PSRPMessageType as Kind

from engine.facts import What
from engine.model import Ended, Record
from engine.port import EngineUnavailable
from engine.remote import inside
from engine.remote.connect import Session
from engine.remote.decoding import Reassembly, Unreadable
from engine.remote.engine import Remote
from engine.remote.pace import BURST, RATE
from engine.remote.streams import mapped
from tests.engine.remote.rig import P1, Told, go, kept, never, plan, remote, sent, ticket
from tests.wsman import clixml
from tests.wsman.outbox import fragments
from tests.wsman.peer import Peer

STEPS = [f"step {n} of 5" for n in range(1, 6)]
FAILOVER = "Invoke-CsPoolFailOver"
ODD: tuple[dict[str, Any], ...] = (
    {"kind": "http", "code": 401},
    {"kind": "http", "code": 500},
    {"kind": "fault", "name": "access_denied"},
    {"kind": "fault", "name": "internal"},
    {"kind": "fault", "name": "no_shell"},
    {"kind": "page"},
    {"kind": "empty"},
)


def names(trouble: dict[str, Any]) -> str:
    return " ".join(str(value) for value in trouble.values())


@pytest.mark.parametrize("odd", ODD, ids=names)
def test_one_odd_answer_does_not_give_a_run_up(peer: Peer, transport: str, odd: dict[str, Any]) -> None:
    """The run is still there, so it is followed on, to its last record and its end."""
    engine = remote(peer, transport, account_pause=0.2)
    peer.script(seconds=0.6)
    its = ticket(engine)
    told = Told(at=lambda r: peer.trouble(verb="Receive", times=2, **odd) if r.text == "running" else None)
    assert go(engine, told, its).ended is Ended.COMPLETED
    assert told.texts("verbose") == STEPS
    assert sent(peer, its.command_id) == 1


LONG = (*ODD[1:3], ODD[6], {"kind": "garble", "name": "00ff"})
"""More of the same, of four seconds each."""


@pytest.mark.parametrize(
    "odd", [ODD[3], ODD[5], *(pytest.param(odd, marks=pytest.mark.slow) for odd in LONG)], ids=names
)
def test_odd_answers_for_ever_end_in_not_knowing_and_are_not_asked_for_often(peer: Peer, odd: dict[str, Any]) -> None:
    """After `patience`; and however fast the server answers, the same is asked at most four times a second."""
    engine = remote(peer, patience=2)
    peer.script(seconds=30, records=30)
    its = ticket(engine)
    told = Told(at=lambda r: peer.trouble(verb="Receive", times=10_000, **odd) if r.text == "running" else None)
    began = time.monotonic()
    assert go(engine, told, its).ended is Ended.UNKNOWN
    took = time.monotonic() - began
    asked = [e for e in peer.log("Receive") if e["command"] == its.command_id]
    assert took < 8
    assert len(asked) <= BURST + RATE * (took + 1)
    assert len(told) < 40


@pytest.mark.parametrize("name", ["half", "noncharacter"])
def test_a_character_that_is_none_is_shown_as_such(engine: Remote, peer: Peer, name: str) -> None:
    """Half a surrogate pair and U+FFFE, as a real PowerShell was seen to write them: the rest of the words is kept."""
    peer.trouble("odd", cmdlet=FAILOVER, name=name, count=1)
    told = Told()
    assert go(engine, told).ended is Ended.COMPLETED
    assert told.texts("verbose") == ["odd \ufffd record", *STEPS]


@pytest.mark.parametrize(("name", "stream"), [("reference", "output"), ("cut", "verbose")])
def test_a_record_that_cannot_be_read_becomes_one_that_says_so(
    engine: Remote, peer: Peer, name: str, stream: str
) -> None:
    """A reference to nothing, a document that is cut off: reported once, and every other record is there."""
    peer.trouble("odd", cmdlet=FAILOVER, name=name, count=1)
    told = Told()
    assert go(engine, told).ended is Ended.COMPLETED
    (said,) = [r for r in told if "could not be read" in r.text]
    assert said.stream == stream
    assert told.texts("verbose")[-5:] == STEPS


def test_a_thousand_unreadable_records_do_not_fill_the_log(engine: Remote, peer: Peer) -> None:
    """Twenty of them tell all there is to tell."""
    peer.trouble("odd", cmdlet=FAILOVER, name="cut", count=1000)
    told = Told()
    assert go(engine, told).ended is Ended.COMPLETED
    assert len([r for r in told if "could not be read" in r.text]) == 20
    assert told.texts("verbose")[-5:] == STEPS


def test_a_reading_with_an_unreadable_object_is_no_reading(peer: Peer) -> None:
    """One of several objects lost would be a wrong fact: the reading failed, and is named."""
    peer.trouble("odd", cmdlet="Get-CsPool", name="reference", count=1)
    facts = remote(peer).facts(P1)
    (unread,) = [unread for unread in facts.unread if unread.what is What.POOLS]
    assert "could not be read" in unread.said


def test_an_end_without_a_state_is_an_end(engine: Remote, peer: Peer) -> None:
    """The server says Done and what it had to tell is lost on the way: over, and how is for the readings to say."""
    told = Told(at=lambda r: peer.trouble("untold", verb="Receive", times=100) if r.text == "running" else None)
    its = ticket(engine)
    outcome = go(engine, told, its)
    assert (outcome.ended, told.texts("phase")[-1]) == (Ended.UNKNOWN, "ended")
    assert "over" in outcome.say
    assert not kept(peer, its.shell_id)
    assert engine.prove_over(its, stop_asked=False).over


def test_an_end_that_was_told_to_a_process_that_died_is_an_end(engine: Remote, peer: Peer, transport: str) -> None:
    """As seen with a real PowerShell: each Receive answers at once Done and brings no state. Asked once."""
    peer.settings(done_again=True, auto_disconnect=0.3)
    its = ticket(engine)

    class Killed(BaseException):
        """What a SIGKILL would be."""

    def kill(record: Record) -> None:
        if record.text == "ended":
            raise Killed

    first = Told(at=kill)
    with pytest.raises(Killed):
        go(engine, first, its)
    since = len(peer.log())
    left = its.__class__(**{**vars(its), "phase": "running", "seen": first[-1].n})
    second = Told()
    outcome = remote(peer, transport).reattach(left, plan(), second, never)
    assert (outcome.ended, second.texts("phase")[-1]) == (Ended.UNKNOWN, "ended")
    assert len([e for e in peer.log("Receive", since) if e["command"] == its.command_id]) <= 2
    assert not kept(peer, its.shell_id)


def test_opening_a_session_has_an_end_too(peer: Peer) -> None:
    """A server that answers and never says that the shell is open: pypsrp alone would ask it for ever."""
    peer.trouble("empty", verb="Receive", times=10_000)
    since = len(peer.log())
    began = time.monotonic()
    with pytest.raises(EngineUnavailable):
        remote(peer, opening=1.5, readers=2).parameters(FAILOVER)
    assert time.monotonic() - began < 10
    assert len(peer.log("Receive", since)) < 100


# --- whatever bytes a reply may hold ---------------------------------------------------------------------------------


DOCUMENTS = (
    (Kind.VerboseRecord, clixml.informational("Verbose", "words _xD83D__xDE00_ end")),
    (Kind.ProgressRecord, clixml.progress("Failing over", "step", 40)),
    (Kind.ErrorRecord, clixml.error(clixml.ErrorRecord("it failed", "SomeId"))),
    (Kind.PipelineOutput, clixml.output({"a": 1, "b": ["x", "y"]})),
    (Kind.PipelineState, clixml.state(4, None)),
    (Kind.PipelineState, clixml.state(5, clixml.ErrorRecord("it failed", "SomeId"))),
    (Kind.PipelineHostCall, clixml.host_line("a line")),
)


def message(kind: Kind, document: str) -> bytes:
    return (1).to_bytes(4, "little") + kind.value.to_bytes(4, "little") + bytes(32) + clixml.BOM + document.encode()


def good(numbers: list[int]) -> bytes:
    """A reply of these documents, one fragment each."""
    return b"".join(b"".join(fragments(n + 1, message(*DOCUMENTS[which]))) for n, which in enumerate(numbers))


@pytest.fixture(scope="module")
def session(peer_of_the_module: Peer) -> Session:
    """Never connected: what it decodes is given to it."""
    return Session(remote(peer_of_the_module).door, "fe1.pool02.contoso.com")


@pytest.fixture(scope="module")
def peer_of_the_module() -> Any:
    with Peer.start() as started:
        yield started


def decoded(session: Session, data: bytes) -> tuple[int, list[tuple[Any, Any]]]:
    """The state and the records after this reply."""
    session.inbox.clear()
    session.named("0C0F0FF0-7BA2-43B0-A4DB-D705E18D4726")
    ps = session.pipeline("2B63C718-21C2-451A-A1D9-18379A5FBE48")
    inside.adopt(session.pool, ps)
    inside._take(session.pool, ps, Reassembly().feed(data), lambda odd: session.inbox.append((odd.stream, odd)))
    return ps.state, list(session.inbox)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_bytes_of_a_reply_break_the_decoder(session: Session, data: st.DataObject) -> None:
    """Good replies with bytes changed, cut out and put in, and mere noise: nothing is raised, and the state stays
    running or is an end."""
    reply = bytearray(good(data.draw(st.lists(st.integers(0, len(DOCUMENTS) - 1), max_size=4))))
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, len(reply)))
        until = data.draw(st.integers(at, min(len(reply), at + 40)))
        reply[at:until] = data.draw(st.binary(max_size=40))
    state, records = decoded(session, bytes(reply))
    assert state in {1, *inside.ENDS}
    for stream, item in records:
        with suppress(AttributeError, TypeError):  # what the follower reports as a record of no known shape
            mapped(stream, item)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=1, max_size=200), st.integers(0, 3))
def test_what_else_is_in_the_reply_counts(session: Session, noise: bytes, which: int) -> None:
    """A document of noise before a good one and before the end: both are there."""
    odd = b"".join(fragments(9, message(Kind.VerboseRecord, "")[:43] + noise))
    state, records = decoded(session, odd + good([which, 4]))
    assert state == 4
    assert [item for _, item in records if not isinstance(item, Unreadable)]


def test_a_state_is_seen_even_where_its_words_cannot_be_read(session: Session) -> None:
    """Failed, with an error record that refers to nothing: it has failed."""
    document = clixml.state(5, clixml.ErrorRecord("it failed", "SomeId")).replace(
        "</MS></Obj>", '<Ref N="x" RefId="9"/></MS></Obj>'
    )
    state, _ = decoded(session, b"".join(fragments(1, message(Kind.PipelineState, document))))
    assert state == 5


def test_an_object_that_holds_itself_is_shown_in_part(session: Session) -> None:
    """It has no end, and its line has one."""
    loop = '<Obj RefId="0"><MS><Ref N="me" RefId="0" /><S N="a">x</S></MS></Obj>'
    _, ((stream, item),) = decoded(session, b"".join(fragments(1, message(Kind.PipelineOutput, loop))))
    told = mapped(stream, item)
    assert told
    assert "a=x" in told[1]
