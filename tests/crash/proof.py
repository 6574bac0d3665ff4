"""What must be true of an incident when all is over, however often the bot was killed on the way."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from html import unescape
from pathlib import Path

from audit.model import Row
from audit.sqlite.reader import Reader
from audit.sqlite.rebuild import rebuild_projections
from audit.sqlite.verify import verify
from bot.desk.story import told
from engine.events import (
    ApprovalGranted,
    ApprovalUnconfirmed,
    Event,
    OperationClosed,
    RequestAsked,
    RunIntended,
    RunUnstarted,
    WishRefused,
    from_body,
)
from engine.states import Operation, State, evolve
from tests.audit.parts import projections
from tests.crash.child import ERRORS
from tests.crash.incident import Incident

GOOD = {State.SUCCEEDED}
TOO_LATE = {"E_YOU_APPROVED_ALREADY", "E_APPROVED_ALREADY", "E_OVER"}


def holds(incident: Incident, *, runs: int = 1) -> None:
    """`runs`: how many cmdlets the world has carried out before and in this incident."""
    (operation, *_) = incident.operations()
    with Reader(incident.log) as reader:
        rows = reader.read(operation)
        assert reader.open_operations() == ()
    events = [from_body(row.kind, row.body) for row in rows]
    op = folded(operation, rows, events)
    assert op.state in GOOD, op.state
    nothing_is_lost(incident, op, events)
    _nothing_ran_twice(incident.world, events, runs)
    slack_shows(incident, op, rows, events)
    the_log_proves_itself(incident.log)
    assert (incident.place / ERRORS).read_text() == ""


def folded(operation: str, rows: Sequence[Row], events: Sequence[Event]) -> Operation:
    op = Operation(operation)
    for row, event in zip(rows, events, strict=True):
        op = evolve(op, event, row.at)
    return op


def nothing_is_lost(incident: Incident, op: Operation, events: Sequence[Event]) -> None:
    """What was acknowledged is in the log: granted once, or refused as too late. Asked once, closed once. What was
    found after a crash was taken back, and granted anew by the same person or by another."""
    grants = [approval.name.lower() for approval in op.approvals]
    given = sum(isinstance(event, ApprovalGranted) for event in events)
    assert given - sum(isinstance(event, ApprovalUnconfirmed) for event in events) == len(grants)
    refused = [event.by.lower() for event in events if isinstance(event, WishRefused) and event.code in TOO_LATE]
    assert len(set(grants)) == len(grants)
    assert op.plan
    assert len(grants) == op.plan.approvals
    # Too late is also the lead who is heard when the click of another, taken by the life before, is acted on.
    assert set(incident.acked) <= {*grants, *refused}
    assert sum(isinstance(event, RequestAsked) for event in events) == 1
    assert sum(isinstance(event, OperationClosed) for event in events) == 1
    if incident.asked:
        assert incident.operations().count(op.id) == 1


def _nothing_ran_twice(world: Path, events: Sequence[Event], runs: int) -> None:
    """One intent that was not proved to be unsent, and one redirect of users: that intent's own."""
    intents = [event.ticket.run for event in events if isinstance(event, RunIntended)]
    unsent = sum(isinstance(event, RunUnstarted) for event in events)
    assert len(intents) == unsent + 1
    with closing(sqlite3.connect(world)) as db:
        redirected = [run for (run,) in db.execute("SELECT id FROM run WHERE committed = 1 ORDER BY rowid")]
        assert len(redirected) == runs
        assert redirected[-1] == intents[-1]
        assert db.execute("SELECT epoch, quiesced FROM pool WHERE id = 1").fetchone() == (1 + runs, 0)
        assert db.execute("SELECT count(*) FROM run WHERE ended IS NULL").fetchone() == (0,)


def slack_shows(incident: Incident, op: Operation, rows: Sequence[Row], events: Sequence[Event]) -> None:
    """One card with the last state and no button; a thread that has every sentence of the timeline once, in order."""
    tagged = [m for m in incident.messages() if (m["metadata"] or {})["event_payload"]["operation"] == op.id]
    cards = [m for m in tagged if m["metadata"]["event_payload"]["slot"] == "card"]
    assert len(cards) == 1, incident.told()
    assert op.verdict
    assert f"{op.verdict.value}." in cards[0]["rendered"]
    assert not [block for block in cards[0]["blocks"] if block["type"] == "actions"]
    replies = [m for m in tagged if m["thread_ts"] == cards[0]["ts"] != m["ts"]]
    assert not [m for m in replies if "Approval needed" in m["rendered"] and f"{op.verdict.value}." in m["rendered"]]
    said = [line for m in replies for line in _lines(m["text"]) if not line.startswith("Log row ")]
    assert said == [f"{row.at:%H:%M:%S}  {told(event)}" for row, event in zip(rows, events, strict=True) if told(event)]


def _lines(text: str) -> list[str]:
    return unescape(text).splitlines()


def the_log_proves_itself(log: Path) -> None:
    """The chain holds, and what is kept beside the events is what they say."""
    assert verify(log).ok, verify(log).why
    kept = projections(log)
    rebuild_projections(log)
    assert projections(log) == kept
