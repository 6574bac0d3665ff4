"""What real Windows servers told, played through the peer into our mapping: the held-out check.

The recordings are in pypsrp's sdist, which is not part of this repository: see tests/wsman/tapes.py. The expected
records are read from the recorded CLIXML without any code of pypsrp or the bot.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.remote.connect import Session
from engine.remote.outcome import Ending
from engine.remote.streams import LONGEST, Mapped, mapped
from tests.engine.remote.rig import FE2, remote
from tests.wsman.peer import Peer
from tests.wsman.tapes import SDIST, VARIABLE, Expected, Tape, cached, find, recorded
from tests.wsman.words import said

FAILED = 5


@pytest.fixture(scope="module")
def sdist() -> Path:
    found = find()
    if found is None:
        pytest.skip(f"no {SDIST}: neither named by {VARIABLE} nor at {cached()}")
    return found


@pytest.fixture(scope="module")
def player(sdist: Path) -> Iterator[Peer]:
    with Peer.start(tapes=sdist) as peer:
        yield peer


def play(session: Session, tape: Tape) -> tuple[list[Mapped], Ending, int]:
    """What the engine's own tap and mapping make of a tape, and what its ending remembers."""
    ps = session.pipeline()
    ps.add_cmdlet("Play-Tape").add_parameters({"Name": tape.name})
    ps.begin_invoke(remote_stream_options=0)
    until = time.monotonic() + 10
    while ps.state == 1 and time.monotonic() < until:
        ps.poll_invoke(1)
    ending, told = Ending(), []
    for stream, item in session.inbox:
        if record := mapped(stream, item):
            ending.saw(stream, item, record[1])
            told.append(record)
    session.inbox.clear()
    return told, ending, ps.state


def expected(tape: Tape) -> list[Expected]:
    """The noise left out; the error that ends a pipeline is an error record of ours."""
    return [
        record
        for record in tape.expected
        if not (record.stream == "progress" and record.text == said("noise", "en"))
        and not (record.stream == "state" and not record.text)
    ]


def agrees(told: Mapped, record: Expected) -> bool:
    stream, text, percent = told
    if stream != ("error" if record.stream == "state" else record.stream):
        return False
    match stream:
        case "error":
            return text.startswith(record.text) and f"FullyQualifiedErrorId : {record.error_id}" in text
        case "progress":
            return text.startswith(record.text) and percent == (None if record.percent == -1 else record.percent)
        case "output" if record.tag in {"BA", "SS", "Nil"} or not record.text:
            return True
        case "output" if record.tag == "B":
            return text.lower() == record.text
        case _:
            return text == record.text or (len(record.text) > LONGEST and text.startswith(record.text[:LONGEST]))


@pytest.mark.filterwarnings("ignore:Failed to deserialize msg")  # pypsrp's, at an information record merged to output
def test_every_recorded_record_keeps_its_words(player: Peer, sdist: Path) -> None:
    """Each record of each recorded pipeline, stream by stream in its order; and the id of what made it fail."""
    session = Session(remote(player).door, FE2)
    session.open()
    wrong, count = {}, 0
    for tape in recorded(sdist):
        told, ending, state = play(session, tape)
        # pypsrp hands out a reply's output after its other records, so the order is compared within each stream
        ours = sorted(told, key=lambda record: record[0])
        theirs = sorted(expected(tape), key=lambda r: "error" if r.stream == "state" else r.stream)
        count += len(theirs)
        if len(ours) != len(theirs) or not all(map(agrees, ours, theirs)):
            wrong[tape.name] = (ours, theirs)
        if state == FAILED and tape.expected[-1].text:
            assert ending.last_id == tape.expected[-1].error_id
    session.close()
    assert wrong == {}
    assert count > 100
