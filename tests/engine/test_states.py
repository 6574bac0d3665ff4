"""The transition table: it is deterministic, refuses what has no row, and is what the diagram shows."""

from __future__ import annotations

from itertools import combinations

import pytest

from engine.events import (
    KINDS,
    ApprovalGranted,
    DoubtSettled,
    RequestAsked,
    RequestDenied,
    RunEnded,
    RunIntended,
    RunRecorded,
    RunUnstarted,
    WishRefused,
)
from engine.model import Ended, Options, Record, Word
from engine.states import CLOSED, TABLE, IllegalEventError, Operation, State, diagram, evolve
from tests.engine.given import LEO, LIA, T0, TICKET, asked, given, intent, outcome, passed


def test_no_two_rows_answer_the_same_situation() -> None:
    """Rows of the same state and event are told apart by their conditions, each by its own."""
    for one, other in combinations(TABLE, 2):
        if (one.source, one.event) == (other.source, other.event):
            assert one.when
            assert other.when
            assert one.when != other.when


def test_every_kind_of_event_has_a_row() -> None:
    """What can happen has a place where it can happen."""
    assert {rule.event for rule in TABLE} == set(KINDS.values())


def test_every_state_is_entered_by_some_row_and_no_row_leads_back_to_new() -> None:
    """The states of the enumeration are those of the table."""
    assert {rule.target for rule in TABLE} == set(State) - {State.NEW}


def test_no_row_leaves_a_closed_state() -> None:
    """What is over stays over."""
    late = [rule for rule in TABLE if rule.source in CLOSED]
    assert {(rule.event, rule.target is rule.source) for rule in late} == {(WishRefused, True)}


def test_an_event_without_a_row_is_refused() -> None:
    """A log that says what cannot be is not folded into something plausible."""
    awaiting = given(asked(), passed())
    for event in (asked(), intent(), RunRecorded(Record(1, "verbose", "x")), RunEnded(outcome(Ended.COMPLETED))):
        with pytest.raises(IllegalEventError):
            evolve(awaiting, event, T0)
    with pytest.raises(IllegalEventError):
        evolve(Operation("X"), RequestDenied(LEO.id, LEO.name, "no"), T0)


def test_the_last_missing_approval_makes_the_quorum() -> None:
    """Two are needed for disaster mode: the first waits for more, the second is enough."""
    risky = passed(asked(options=Options(disaster=True)))
    first = ApprovalGranted(LEO.id, LEO.name, risky.digest)
    second = ApprovalGranted(LIA.id, LIA.name, risky.digest)
    assert given(asked(options=Options(disaster=True)), risky, first).state is State.AWAITING
    assert given(asked(options=Options(disaster=True)), risky, first, second).state is State.APPROVED


def test_a_late_click_does_not_change_how_it_ended() -> None:
    """The end and its time are those of the event that closed it."""
    over = given(asked(), RequestDenied(LEO.id, LEO.name, "no"))
    later = evolve(over, WishRefused(LIA.id, "E_OVER", "too late"), T0.replace(hour=5))
    assert (later.state, later.end, later.closed_at) == (over.state, over.end, T0)
    assert later.version == over.version + 1


def test_phases_move_the_ticket_on_and_records_count() -> None:
    """What a later life of the bot needs to find the run is in the fold."""
    grant = ApprovalGranted(LEO.id, LEO.name, passed().digest)
    records = [RunRecorded(Record(1, "phase", "sending")), RunRecorded(Record(2, "progress", "moving", 40))]
    op = given(asked(), passed(), grant, intent(), *records)
    assert op.ticket is not None
    assert (op.ticket.phase, op.ticket.seen, op.percent) == ("sending", 2, 40)
    assert op.record is not None
    assert op.record.text == "moving"


def test_a_phase_that_does_not_exist_is_refused() -> None:
    """A phase decides how a run is looked for; a word that means nothing is not kept."""
    grant = ApprovalGranted(LEO.id, LEO.name, passed().digest)
    with pytest.raises(ValueError, match="not a phase"):
        given(asked(), passed(), grant, intent(), RunRecorded(Record(1, "phase", "flying")))


def test_what_was_never_sent_keeps_its_approvals_and_loses_its_ticket() -> None:
    """After run.unstarted it may start again, as another attempt."""
    grant = ApprovalGranted(LEO.id, LEO.name, passed().digest)
    op = given(asked(), passed(), grant, intent(), RunUnstarted("proved"))
    assert (op.state, op.ticket, op.attempts, len(op.approvals)) == (State.APPROVED, None, 1, 1)
    again = evolve(op, RunIntended(TICKET, op.digest), T0)
    assert (again.state, again.attempts) == (State.RUNNING, 2)


def test_a_resolution_without_doubt_has_no_row() -> None:
    """A lead's word settles a doubt; it does not end a run that is followed."""
    grant = ApprovalGranted(LEO.id, LEO.name, passed().digest)
    running = given(asked(), passed(), grant, intent())
    with pytest.raises(IllegalEventError):
        evolve(running, DoubtSettled(Word.HAPPENED, (LEO.id,), (LEO.name,), "seen"), T0)


def test_the_diagram_names_every_row_but_the_refused_clicks() -> None:
    """It is printed from the table, so it cannot be out of date."""
    lines = diagram().splitlines()
    rows = [r for r in TABLE if r.name != "wish-refused" and r.event is not RequestAsked]
    assert sum("-->" in line and "[*]" not in line for line in lines) == len(rows)
    assert sum(line.endswith("--> [*]") for line in lines) == len(CLOSED)
