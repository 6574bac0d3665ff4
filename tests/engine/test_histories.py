"""What holds on every history that people, the clock and the engine can make: the exhaustive walk of the rules."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

import pytest

from engine.events import (
    ApprovalGranted,
    DoubtSettled,
    OperationClosed,
    RunIntended,
    RunStatedDead,
    WishRefused,
)
from engine.model import Kind, Options, Person, Verdict, Where, Word
from engine.rules import Step, next_move
from engine.states import BEGUN, CLOSED, TABLE, Seen, State
from tests.engine.given import EVERYBODY, LEO, LIA, OLGA, POLICY, RITA
from tests.engine.histories import SETTLING, TIMES, Edge, dead_ends, explore

ASKS = [
    (Kind.FAILOVER, Options(), OLGA),
    (Kind.FAILOVER, Options(disaster=True), OLGA),
    (Kind.FAILOVER, Options(skip_verification=True), RITA),
    (Kind.FAILBACK, Options(), RITA),
    (Kind.FAILBACK, Options(disaster=True), OLGA),
    (Kind.FAILOVER, Options(whatif=True), LEO),
]
IN_FULL = (ASKS[0], ASKS[3])
"""One of each kind, one of each sort of requester."""


@cache
def walked(kind: Kind, options: Options, requester: Person) -> list[Edge]:
    return explore(kind, options, requester, thin=(kind, options, requester) not in IN_FULL)


every_ask = pytest.mark.parametrize(("kind", "options", "requester"), ASKS)


@every_ask
def test_nobody_approves_their_own_request(kind: Kind, options: Options, requester: Person) -> None:
    """On no history does the requester's approval count, not even when they are a lead."""
    grants = [e for e in walked(kind, options, requester) if isinstance(e.event, ApprovalGranted)]
    assert bool(grants) is not options.whatif
    assert all(e.by and e.by.id != requester.id for e in grants)


@every_ask
def test_only_leads_approve_in_time_and_each_counts_once(kind: Kind, options: Options, requester: Person) -> None:
    """Every approval is by a lead who has not approved yet, before the expiry, and carries the plan's digest."""
    for edge in walked(kind, options, requester):
        if isinstance(edge.event, ApprovalGranted):
            assert edge.by is not None
            assert "lead" in edge.by.roles
            assert edge.by.id not in {a.by for a in edge.before.approvals}
            assert edge.before.expires_at is not None
            assert edge.at < edge.before.expires_at
            assert edge.event.digest == edge.before.digest != ""


@every_ask
def test_nothing_starts_without_enough_approvals_of_other_persons(
    kind: Kind, options: Options, requester: Person
) -> None:
    """Whatever happened before, a run's intent stands on as many different leads as the plan asks for."""
    starts = [e for e in walked(kind, options, requester) if isinstance(e.event, RunIntended)]
    needed = 2 if options.disaster or options.skip_verification else 1
    assert bool(starts) is not options.whatif
    for edge in starts:
        who = {a.by for a in edge.before.approvals} - {requester.id}
        assert len(who) >= needed
        assert all(EVERYBODY[person].roles & POLICY.may_approve for person in who)
        assert edge.event.digest == edge.before.digest  # type: ignore[union-attr]


@every_ask
def test_a_second_intent_needs_the_proof_that_the_first_was_never_sent(
    kind: Kind, options: Options, requester: Person
) -> None:
    """While a ticket is out nothing starts; only run.unstarted takes it back, and never after a wish to stop."""
    for edge in walked(kind, options, requester):
        if isinstance(edge.event, RunIntended):
            assert edge.before.ticket is None
        if edge.before.ticket and edge.after.ticket is None:
            assert edge.rule == "unstarted"
        if edge.rule == "unstarted":
            assert not edge.before.stop_asked_by


@every_ask
def test_after_a_power_cut_anywhere_a_begun_run_is_looked_for_and_never_started(
    kind: Kind, options: Options, requester: Person
) -> None:
    """Cut after any event at any time: the next move starts a run only where no intent is in the log."""
    for edge in walked(kind, options, requester):
        for now in TIMES:
            step = next_move(edge.after, now).step
            if edge.after.ticket is not None and edge.after.state in BEGUN:
                assert step in {Step.FOLLOW, Step.JUDGE, Step.OBSERVE}
            if step is Step.START:
                assert edge.after.state is State.APPROVED
                assert edge.after.ticket is None


@every_ask
def test_there_is_one_end_and_only_refusals_come_after_it(kind: Kind, options: Options, requester: Person) -> None:
    """No history has two terminal events, and no late click changes how it ended."""
    for edge in walked(kind, options, requester):
        if edge.before.closed:
            assert isinstance(edge.event, WishRefused)
            assert (edge.after.state, edge.after.end) == (edge.before.state, edge.before.end)


@every_ask
def test_from_everywhere_an_end_can_be_reached(kind: Kind, options: Options, requester: Person) -> None:
    """No operation can get stuck: somebody can always bring it to a close, and the pair's lock with it."""
    assert dead_ends(walked(kind, options, requester)) == set()


@every_ask
def test_whatever_is_open_has_a_next_move_or_waits_for_a_person(
    kind: Kind, options: Options, requester: Person
) -> None:
    """Nothing is left for the bot to do on a closed operation, and something always on an open one."""
    for edge in walked(kind, options, requester):
        for now in TIMES:
            move = next_move(edge.after, now)
            assert (move.step is Step.NOTHING) is (edge.after.state in CLOSED)
            assert (move.at is not None) is (move.step is Step.WAIT)
            assert move.at is None or move.at > now


def test_every_row_of_the_table_is_reached() -> None:
    """No rule is dead: some history fires it."""
    fired = {edge.rule for ask in ASKS for edge in walked(*ask)}
    assert fired == {rule.name for rule in TABLE}


def _verdicts() -> list[Edge]:
    return [e for ask in ASKS for e in walked(*ask) if isinstance(e.event, OperationClosed)]


def _closes(*verdicts: Verdict) -> list[tuple[Edge, Seen]]:
    """Each closing edge with one of these verdicts, and the look it stands on."""
    found = []
    for edge in _verdicts():
        assert isinstance(edge.event, OperationClosed)
        if edge.event.verdict in verdicts:
            assert edge.before.seen is not None
            found.append((edge, edge.before.seen))
    assert found
    return found


def test_as_before_is_said_only_of_a_run_that_is_proved_over_and_of_a_reading_that_has_held() -> None:
    """Whatever the engine, the clock and the people do: by a word alone only where two leads said it and nothing could
    be read."""
    for edge, seen in _closes(Verdict.FAILED, Verdict.STOPPED):
        assert seen.over
        if seen.where is Where.UNREADABLE:
            assert edge.before.settled is not None
            assert edge.before.settled.word is Word.NOT_HAPPENED
        else:
            assert seen.where is Where.ORIGIN
            assert edge.at - seen.since >= timedelta(seconds=SETTLING)


def test_no_word_stands_against_a_reading() -> None:
    """Every success is read where the users were to go, or stated by two where nothing could be read."""
    for edge, seen in _closes(Verdict.SUCCEEDED, Verdict.SUCCEEDED_WITH_WARNINGS):
        if seen.where is not Where.TARGET:
            assert (seen.where, seen.over) == (Where.UNREADABLE, True)
            assert edge.before.settled is not None
            assert edge.before.settled.word is Word.HAPPENED
    for edge, seen in _closes(Verdict.NEITHER):
        assert (seen.where, seen.over) == (Where.BETWEEN, True)
        assert edge.before.settled is not None


def test_it_takes_two_leads_to_settle_a_doubt_by_word() -> None:
    """On no history does one person alone do it, and who asked may be one of the two."""
    both = [e.event for ask in ASKS for e in walked(*ask) if isinstance(e.event, DoubtSettled) and e.event.word]
    dead = [e.event for ask in ASKS for e in walked(*ask) if isinstance(e.event, RunStatedDead)]
    assert both
    assert dead
    who = [set(event.by) for event in both] + [set(event.by) for event in dead]
    assert {len(persons) for persons in who} == {2}
    assert set.union(*who) == {LEO.id, LIA.id, RITA.id}
