"""The verdict, judged from state that has settled and from the proof that the run is over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import pytest

from engine import verdict
from engine.events import (
    ApprovalGranted,
    DoubtRaised,
    DoubtSettled,
    DoubtStated,
    Event,
    OperationClosed,
    PoolsSeen,
    RunEnded,
    RunStatedDead,
    RunStopAsked,
    RunUnstarted,
)
from engine.facts import Facts, Health, PoolState
from engine.model import Ended, Kind, Options, Outcome, Proof, Verdict, Where, Word
from engine.states import Operation, State, evolve
from engine.verdict import Look
from tests.engine.given import LEO, LIA, P1, P2, T0, asked, facts, given, intent, outcome, passed, pool_facts

SETTLING = 30.0
SETTLED = T0 + timedelta(seconds=SETTLING)
LATE = SETTLED + timedelta(seconds=verdict.UNDECIDED)
OVER, NOT_OVER = Proof(True, "Its session is gone."), Proof(False, "The server still lists its command.")
STATES = [*PoolState, None]
ENDS = [ended for ended in Ended if ended is not Ended.UNKNOWN]
HOME = {PoolState.ACTIVE, PoolState.FAILED_BACK}
every_kind = pytest.mark.parametrize("kind", list(Kind))


def running(kind: Kind = Kind.FAILOVER, options: Options | None = None) -> Operation:
    request = asked(kind, options=options or Options())
    made = passed(request)
    grants = [ApprovalGranted(lead.id, lead.name, made.digest) for lead in (LEO, LIA)[: made.plan.approvals]]
    return given(request, made, *grants, intent(made))


def judging(kind: Kind, ended: Ended, lost: int | None = 0, assumed: int | None = 0) -> Operation:
    return evolve(running(kind), RunEnded(outcome(ended, lost=lost, assumed=assumed)), T0)


def doubted(kind: Kind = Kind.FAILOVER) -> Operation:
    return evolve(running(kind), DoubtRaised("Sight was lost."), T0)


def read(state: PoolState | None) -> Facts | None:
    return facts(pool_facts(state=state)) if state else None


def look(state: PoolState | None, proof: Proof | None = OVER) -> Look:
    return Look(read(state), proof)


def looked(op: Operation, at: datetime, seen: Look) -> tuple[Operation, tuple[Event, ...]]:
    events = verdict.looked(op, seen, at, SETTLING)
    return after(op, events, at), events


def after(op: Operation, events: Iterable[Event], at: datetime) -> Operation:
    for event in events:
        op = evolve(op, event, at)
    return op


def held(op: Operation, state: PoolState | None, proof: Proof | None = OVER) -> Operation:
    """After two looks that found the same, the settling time apart."""
    op, _ = looked(op, T0, look(state, proof))
    return op if op.closed else looked(op, SETTLED, look(state, proof))[0]


def end(op: Operation) -> OperationClosed:
    assert isinstance(op.end, OperationClosed), op.state
    return op.end


def target_of(kind: Kind) -> set[PoolState]:
    return {PoolState.FAILED_OVER} if kind is Kind.FAILOVER else HOME


def origin_of(kind: Kind) -> set[PoolState]:
    return HOME if kind is Kind.FAILOVER else {PoolState.FAILED_OVER}


# --- a verdict is true ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "ended"), [*product(Kind, ENDS)], ids=lambda v: v.name)
def test_the_verdict_follows_the_settled_state_and_not_the_words(kind: Kind, ended: Ended) -> None:
    """At the target: succeeded. At the origin, held and proved over: as before. Anything else is no verdict."""
    for state in STATES:
        op = held(judging(kind, ended), state)
        if state in target_of(kind):
            clean = ended is Ended.COMPLETED
            assert end(op).verdict is (Verdict.SUCCEEDED if clean else Verdict.SUCCEEDED_WITH_WARNINGS)
        elif state in origin_of(kind):
            assert end(op).verdict is Verdict.FAILED
        elif state is PoolState.FAILING_OVER:
            assert op.state is State.IN_DOUBT  # over, and held in between: nothing is left that could still move it
        else:
            assert op.state is State.JUDGING
            assert looked(op, LATE, look(state))[0].state is State.IN_DOUBT


@pytest.mark.parametrize(("kind", "ended"), [*product(Kind, ENDS)], ids=lambda v: v.name)
def test_as_before_takes_the_proof_that_nothing_is_still_on_its_way(kind: Kind, ended: Ended) -> None:
    """However long the reading has held: without the proof it is in doubt, and a late step finds no false verdict."""
    for state, proof in product(origin_of(kind), (NOT_OVER, None)):
        op = held(judging(kind, ended), state, proof)
        assert op.state is State.JUDGING
        op, events = looked(op, LATE, look(state, proof))
        assert [type(event) for event in events] == [DoubtRaised]
        moved = PoolState.FAILED_OVER if kind is Kind.FAILOVER else PoolState.ACTIVE
        clean = ended is Ended.COMPLETED
        late = end(looked(op, LATE, look(moved))[0]).verdict
        assert late is (Verdict.SUCCEEDED if clean else Verdict.SUCCEEDED_WITH_WARNINGS)


@every_kind
def test_as_before_takes_a_reading_that_has_held(kind: Kind) -> None:
    """One early reading proves nothing, and one that moved meanwhile begins anew."""
    for state in origin_of(kind):
        stopped = evolve(running(kind), RunStopAsked("olga", "Olga"), T0)
        op = evolve(stopped, RunEnded(outcome(Ended.STOPPED)), T0)
        op, _ = looked(op, T0, look(state))
        assert looked(op, SETTLED - timedelta(microseconds=1), look(state))[1] == ()
        moving, _ = looked(op, SETTLED, look(PoolState.FAILING_OVER))
        back, events = looked(moving, SETTLED, look(state))
        assert [type(event) for event in events] == [PoolsSeen]
        assert end(looked(back, SETTLED + timedelta(seconds=SETTLING), look(state))[0]).verdict is Verdict.STOPPED


@every_kind
def test_success_waits_for_nothing_but_the_end_of_the_cmdlet(kind: Kind) -> None:
    """The first look is enough where the server reported the end, or the run is proved over; not while it works."""
    for state in target_of(kind):
        for ended in (Ended.COMPLETED, Ended.COMPLETED_WITH_ERRORS, Ended.FAILED):
            assert looked(judging(kind, ended), T0, look(state, None))[0].closed
            assert not verdict.needs_proof(judging(kind, ended), read(state))
        for op in (judging(kind, Ended.STOPPED), doubted(kind)):
            assert verdict.needs_proof(op, read(state))
            assert not looked(op, T0, look(state, NOT_OVER))[0].closed
            assert end(looked(op, T0, look(state, OVER))[0]).verdict is Verdict.SUCCEEDED_WITH_WARNINGS


@every_kind
def test_the_first_reading_after_a_restart_ends_nothing_while_the_cmdlet_works(kind: Kind) -> None:
    """The state was reached, the cmdlet is still at its last steps: what is read is recorded, and nothing is closed."""
    for state in target_of(kind):
        op, events = looked(doubted(kind), T0, look(state, NOT_OVER))
        assert op.state is State.IN_DOUBT
        assert [(type(event), event.where) for event in events if isinstance(event, PoolsSeen)] == [
            (PoolsSeen, Where.TARGET)
        ]


@every_kind
def test_a_doubt_ends_by_itself_once_what_is_read_has_settled(kind: Kind) -> None:
    """Without anybody's word, in both directions; the reading is named as what settled it."""
    for state in HOME | {PoolState.FAILED_OVER}:
        op = held(doubted(kind), state)
        wanted = Verdict.SUCCEEDED_WITH_WARNINGS if state in target_of(kind) else Verdict.FAILED
        assert end(op).verdict is wanted
        assert op.settled is not None
        assert (op.settled.word, op.settled.by) == (None, ())
    for unsettled in (PoolState.FAILING_OVER, PoolState.UNKNOWN, None):
        assert held(doubted(kind), unsettled).state is State.IN_DOUBT


def test_a_look_that_found_nothing_new_is_not_recorded() -> None:
    """A doubt that lasts for hours does not fill the log."""
    op, first = looked(doubted(), T0, look(PoolState.FAILING_OVER))
    assert [type(event) for event in first] == [PoolsSeen]
    assert looked(op, LATE, look(PoolState.FAILING_OVER))[1] == ()
    assert looked(op, LATE, look(None))[1] != ()
    assert looked(op, LATE, look(PoolState.FAILING_OVER, NOT_OVER))[1] != ()


def test_in_between_and_not_readable_are_different_things() -> None:
    """A reading in between is a reading; a PoolState that could not be read is none, nor is no answer at all."""
    wheres = {state: verdict.where_of(doubted(), read(state)) for state in STATES}
    assert wheres[PoolState.FAILING_OVER] is Where.BETWEEN
    assert wheres[PoolState.UNKNOWN] is wheres[None] is Where.UNREADABLE


# --- a word against a reading --------------------------------------------------------------------------------------


def stated(op: Operation, word: Word) -> Operation:
    """Both leads have said the same."""
    both = [DoubtStated(lead.id, lead.name, word, "I looked") for lead in (LEO, LIA)]
    return after(op, [*both, DoubtSettled(word, (LEO.id, LIA.id), (LEO.name, LIA.name), "I looked")], T0)


@pytest.mark.parametrize("word", [Word.HAPPENED, Word.NOT_HAPPENED])
def test_a_word_on_the_outcome_counts_only_where_nothing_can_be_read(word: Word) -> None:
    """Against each reading it does not stand, in between included; whoever said it stands with the reason."""
    for state in (PoolState.UNKNOWN, None):
        op, _ = looked(stated(doubted(), word), T0, look(state))
        assert end(op).verdict is (Verdict.SUCCEEDED_WITH_WARNINGS if word is Word.HAPPENED else Verdict.FAILED)
        assert "Leo and Lia stated that it " in end(op).say
        assert "I looked" in end(op).say
    op, events = looked(stated(doubted(), word), T0, look(PoolState.FAILING_OVER))
    assert isinstance(events[-1], DoubtRaised)
    assert "What was read contradicts it." in op.doubt
    assert end(held(stated(doubted(), word), PoolState.ACTIVE)).verdict is Verdict.FAILED
    assert end(held(stated(doubted(), word), PoolState.FAILED_OVER)).verdict is Verdict.SUCCEEDED_WITH_WARNINGS


@pytest.mark.parametrize("word", [Word.HAPPENED, Word.NOT_HAPPENED, Word.NEITHER])
def test_no_word_counts_while_the_run_is_not_proved_over(word: Word) -> None:
    """It is fenced like a verdict: the doubt comes back, with why."""
    for state, proof in product((PoolState.FAILING_OVER, PoolState.UNKNOWN, None), (NOT_OVER, None)):
        op, _ = looked(stated(doubted(), word), T0, look(state, proof))
        assert op.state is State.IN_DOUBT
        assert "not proved that the run is over" in op.doubt


def test_a_pool_that_stays_in_between_can_be_ended_as_neither() -> None:
    """An ending of its own, once the reading has held; the same move can be requested again."""
    op, _ = looked(doubted(), T0, look(PoolState.FAILING_OVER))
    op = stated(op, Word.NEITHER)
    assert looked(op, SETTLED - timedelta(microseconds=1), look(PoolState.FAILING_OVER))[1] == ()
    op, _ = looked(op, SETTLED, look(PoolState.FAILING_OVER))
    assert (op.state, end(op).verdict) == (State.NEITHER, Verdict.NEITHER)
    assert "can be requested again" in end(op).say
    unread = stated(doubted(), Word.NEITHER)
    assert looked(unread, SETTLED, look(None))[0].state is State.IN_DOUBT


def test_a_run_that_two_leads_state_dead_is_taken_for_over_and_no_reading_changes() -> None:
    """Its host is gone for good, so nothing can prove it. What is read then decides as ever."""
    dead = RunStatedDead((LEO.id, LIA.id), (LEO.name, LIA.name), "fe01 burnt down")
    for state, wanted in ((PoolState.ACTIVE, Verdict.FAILED), (PoolState.FAILED_OVER, Verdict.SUCCEEDED_WITH_WARNINGS)):
        op = evolve(doubted(), dead, T0)
        assert end(held(op, state, None)).verdict is wanted
    between = held(evolve(doubted(), dead, T0), PoolState.FAILING_OVER, None)
    assert between.state is State.IN_DOUBT
    assert between.seen is not None
    assert (between.seen.where, between.seen.over) == (Where.BETWEEN, True)


def test_what_was_stated_of_another_situation_is_forgotten() -> None:
    """A word that was given when nothing could be read does not count once something is read."""
    op, _ = looked(doubted(), T0, look(None))
    op = evolve(op, DoubtStated(LEO.id, LEO.name, Word.HAPPENED, "I looked"), T0)
    assert len(looked(op, T0, look(None))[0].statements) == 1
    assert looked(op, T0, look(PoolState.FAILING_OVER))[0].statements == ()


# --- what the engine came back with --------------------------------------------------------------------------------


def test_sight_lost_is_a_doubt_and_no_failure() -> None:
    """Whoever cannot know says so, resumed or not."""
    for resumed in (True, False):
        assert isinstance(verdict.followed(running(), outcome(Ended.UNKNOWN), resumed), DoubtRaised)


def test_only_a_resumed_run_that_was_provably_never_sent_may_start_again() -> None:
    """However often that was proved: its time is that of the approvals."""
    op = running()
    assert isinstance(verdict.followed(op, outcome(Ended.NOT_STARTED), resumed=True), RunUnstarted)
    assert isinstance(verdict.followed(op, outcome(Ended.NOT_STARTED), resumed=False), RunEnded)
    assert isinstance(verdict.followed(op, outcome(Ended.FAILED), resumed=True), RunEnded)
    often = replace(op, attempts=50)
    assert isinstance(verdict.followed(often, outcome(Ended.NOT_STARTED), resumed=True), RunUnstarted)


def test_a_run_that_was_asked_to_stop_is_not_started_again() -> None:
    """Stop was pressed, the bot died, and nothing had been sent: it ends there, as before."""
    stopping = evolve(running(), RunStopAsked("olga", "Olga"), T0)
    event = verdict.followed(stopping, outcome(Ended.NOT_STARTED), resumed=True)
    assert isinstance(event, RunEnded)
    assert end(held(evolve(stopping, event, T0), PoolState.ACTIVE)).verdict is Verdict.STOPPED


# --- sentences of an ending----------------------------------------------------------------------------------------


def test_users_who_were_sent_to_a_pool_that_is_down_are_not_said_to_be_served() -> None:
    """The state is where it was to go, and nobody has a phone: that stands first, and it is no clean success."""
    seen = read(PoolState.FAILED_OVER)
    assert seen is not None
    assert seen.partner is not None
    dead = Look(replace(seen, partner=replace(seen.partner, health=Health.DOWN)), None)
    closed = end(looked(judging(Kind.FAILOVER, Ended.COMPLETED), T0, dead)[0])
    assert closed.verdict is Verdict.SUCCEEDED_WITH_WARNINGS
    assert closed.say.startswith(f"The users of {P1} are now directed to {P2}, but it is down.")


def test_a_loss_is_counted_and_said() -> None:
    """Lost and assumed changes stand in the verdict with their numbers; nothing is claimed where nobody counted."""
    assert "12,345" in end(held(judging(Kind.FAILOVER, Ended.COMPLETED, lost=12_345), PoolState.FAILED_OVER)).say
    assumed = end(held(judging(Kind.FAILOVER, Ended.COMPLETED, assumed=77), PoolState.FAILED_OVER))
    assert "Warning: 77 changes were not verified" in assumed.say
    assert assumed.verdict is Verdict.SUCCEEDED_WITH_WARNINGS
    uncounted = end(held(judging(Kind.FAILOVER, Ended.COMPLETED, lost=None, assumed=None), PoolState.FAILED_OVER))
    assert "lost" not in uncounted.say


@pytest.mark.parametrize(
    ("bound", "said"),
    [(10_000, "up to 10,000 changes were waiting"), (None, "an unknown number of changes were waiting"), (0, "")],
)
def test_where_nobody_counted_the_bound_that_was_approved_is_told(bound: int | None, said: str) -> None:
    """A server does not say what a disaster failover lost; what was known at the start is."""
    for options in (Options(), Options(disaster=True)):
        ended = RunEnded(outcome(Ended.COMPLETED, lost=None, assumed=None))
        op = evolve(running(options=options), ended, T0)
        assert op.plan is not None
        closed = end(held(replace(op, plan=replace(op.plan, loss=bound)), PoolState.FAILED_OVER))
        assert said in closed.say
        assert ("lost" in closed.say) is (bool(said) and options.disaster)


def test_a_stop_that_the_server_reported_and_that_moved_the_users_all_the_same_is_told_as_that() -> None:
    """Nobody invents a point of no return, and no warning says that it was stopped before."""
    stopping = evolve(running(), RunStopAsked("olga", "Olga"), T0)
    closed = end(held(evolve(stopping, RunEnded(outcome(Ended.STOPPED)), T0), PoolState.FAILED_OVER))
    assert closed.verdict is Verdict.SUCCEEDED_WITH_WARNINGS
    assert "point of no return" not in closed.say
    assert "The server reported the run as stopped, but the users were moved all the same." in closed.say


@pytest.mark.parametrize("ended", [Ended.COMPLETED_WITH_ERRORS, Ended.FAILED, Ended.STOPPED])
def test_a_success_with_warnings_names_them(ended: Ended) -> None:
    """Not just that there were some."""
    closed = end(held(judging(Kind.FAILOVER, ended), PoolState.FAILED_OVER))
    assert closed.verdict is Verdict.SUCCEEDED_WITH_WARNINGS
    assert "Warning: said the engine." in closed.say


def test_the_verdict_says_who_serves_the_users() -> None:
    """That is what people ask at 3 a.m., in both directions and for both ends."""
    assert (
        f"{P2} serves the users of {P1}"
        in end(held(judging(Kind.FAILOVER, Ended.COMPLETED), PoolState.FAILED_OVER)).say
    )
    assert "home" in end(held(judging(Kind.FAILBACK, Ended.COMPLETED), PoolState.ACTIVE)).say
    assert f"directed to {P1}" in end(held(judging(Kind.FAILOVER, Ended.FAILED), PoolState.ACTIVE)).say
    assert f"directed to {P2}" in end(held(judging(Kind.FAILBACK, Ended.FAILED), PoolState.FAILED_OVER)).say


@pytest.mark.parametrize("ended", [Ended.STOPPED, Ended.NOT_STARTED, None])
def test_a_stop_that_worked_is_stopped_and_not_failed(ended: Ended | None) -> None:
    """Whoever asked for it reads that it was their stop, and that nothing was moved; also where sight was lost."""
    stopping = evolve(running(), RunStopAsked("olga", "Olga"), T0)
    done = evolve(stopping, RunEnded(outcome(ended)) if ended else DoubtRaised("lost"), T0)
    closed = end(held(done, PoolState.ACTIVE))
    assert closed.verdict is Verdict.STOPPED
    assert closed.say.startswith("Stopped, as Olga asked. Nothing was moved:")


def test_what_a_server_stopped_by_itself_is_not_told_as_somebodys_stop() -> None:
    """A server can report it unasked. Nothing was moved, and nobody had asked for that."""
    closed = end(held(judging(Kind.FAILOVER, Ended.STOPPED), PoolState.ACTIVE))
    assert closed.verdict is Verdict.FAILED
    assert "asked" not in closed.say


def test_nothing_moved_is_not_said_of_a_dead_pool_without_saying_that_it_is_dead() -> None:
    """As before was: nobody is served. Whoever reads the verdict must not take it for well."""
    dead = facts(pool_facts(state=PoolState.ACTIVE, health=Health.DOWN))
    op, _ = looked(judging(Kind.FAILOVER, Ended.FAILED), T0, Look(dead, OVER))
    assert f"directed to {P1}, which is down." in end(looked(op, SETTLED, Look(dead, OVER))[0]).say
    assert "which is" not in end(held(judging(Kind.FAILOVER, Ended.FAILED), PoolState.ACTIVE)).say


def test_a_stop_that_came_too_late_is_said() -> None:
    """Who asked to stop reads what became of it."""
    stopping = evolve(running(), RunStopAsked("olga", "Olga"), T0)
    done = evolve(stopping, RunEnded(Outcome(Ended.COMPLETED, "done", lost=0)), T0)
    assert "past the point of no return" in end(held(done, PoolState.FAILED_OVER)).say
