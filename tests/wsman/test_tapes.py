"""Recordings of real Windows servers, played through the peer to pypsrp: every record arrives as it was recorded.

They are in pypsrp's sdist, which is not part of this repository: `python -m tests.wsman.tapes --fetch DIR`.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pypsrp.complex_objects import ComplexObject
from pypsrp.powershell import PowerShell

from tests.wsman.client import opened, ran
from tests.wsman.peer import Peer
from tests.wsman.tapes import SDIST, VARIABLE, Expected, Tape, cached, find, recorded


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


@pytest.fixture(scope="module")
def tapes(sdist: Path) -> list[Tape]:
    return list(recorded(sdist))


def _told(shell: PowerShell) -> Counter[tuple[str, Any, Any]]:
    """What pypsrp made of it, each record as (stream, text, a second thing that must agree)."""
    told: list[tuple[str, Any, Any]] = [("output", _text(value), None) for value in shell.output]
    told += [("error", str(e), e.fq_error) for e in shell.streams.error]
    for name in ("verbose", "warning", "debug"):
        told += [(name, r.message, None) for r in getattr(shell.streams, name)]
    told += [("progress", r.activity, r.percent_complete) for r in shell.streams.progress]
    told += [("information", r.message_data, None) for r in shell.streams.information]
    return Counter(told)


def _text(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case bytes() | list() | dict() | None:
            return ""
        case ET.Element():
            return ""  # a SecureString: its key stayed with the recorded session
        case ComplexObject():
            return "" if str(value) == "None" else str(value)
        case _:
            return str(value)


def _expected(record: Expected) -> tuple[str, Any, Any] | None:
    match record.stream:
        case "state":
            return ("error", record.text, record.error_id) if record.text else None
        case "error":
            return ("error", record.text, record.error_id)
        case "progress":
            return ("progress", record.text, record.percent)
        case "output" if record.tag in ("BA", "SS"):
            return ("output", "", None)
        case stream:
            return (stream, record.text, None)


def _states(tape: Tape) -> int | None:
    return tape.expected[-1].state


@pytest.mark.filterwarnings("ignore:Failed to deserialize msg")  # pypsrp's, at an information record merged to output
def test_every_recorded_pipeline_arrives_as_recorded(player: Peer, tapes: list[Tape]) -> None:
    """All of them: records of every stream, error ids, percentages, the final state."""
    pool = opened(player.wsman())
    wrong = {}
    for tape in tapes:
        shell = ran(pool, "Play-Tape", Name=tape.name)
        expected = Counter(e for e in map(_expected, tape.expected) if e is not None)
        if (_told(shell), shell.state) != (expected, _states(tape)):
            wrong[tape.name] = (_told(shell) - expected, expected - _told(shell), shell.state)
    assert wrong == {}


def test_the_recordings_hold_every_stream(tapes: list[Tape]) -> None:
    """So that the comparison says something about each."""
    count = Counter(record.stream for tape in tapes for record in tape.expected)
    assert len(tapes) >= 32
    assert set(count) == {"output", "error", "debug", "verbose", "warning", "progress", "information", "state"}
    assert count["output"] >= 87


def test_a_file_that_is_not_the_published_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hash is pinned."""
    other = tmp_path / SDIST
    other.write_bytes(b"something else")
    monkeypatch.setenv(VARIABLE, str(other))
    with pytest.raises(ValueError, match="SHA-256 differs"):
        find()
