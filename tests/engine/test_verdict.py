"""The verdict, judged from the state of the pools: every kind, every outcome, every reading after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from engine import verdict
from engine.events import (
    ApprovalGranted,
    OperationClosed,
    RunDoubted,
    RunEnded,
    RunObserved,
    RunResolved,
    RunStopAsked,
    RunUnstarted,
)
from engine.model import Ended, Facts, Kind, PoolState, Verdict
from engine.rules import MAX_ATTEMPTS
from engine.states import Operation, State, evolve
from tests.engine.given import LEO, P1, P2, T0, asked, facts, given, intent, outcome, passed, pool_facts

SETTLED = T0 + timedelta(seconds=verdict.SETTLING)
STATES = [*PoolState, None]
ENDS = [ended for ended in Ended if ended is not Ended.UNKNOWN]
HOME = {PoolState.ACTIVE, PoolState.FAILED_BACK}
PROVED = {Ended.FAILED, Ended.STOPPED, Ended.NOT_STARTED}


def running(kind: Kind = Kind.FAILOVER) -> Operation:
    made = passed(asked(kind))
    return given(asked(kind), made, ApprovalGranted(LEO.id, LEO.name, made.digest), intent(made))


def judging(kind: Kind, ended: Ended, lost: int | None = 0, assumed: int | None = 0) -> Operation:
    return evolve(running(kind), RunEnded(outcome(ended, lost=lost, assumed=assumed)), T0)


def seen(state: PoolState | None) -> Facts | None:
    return facts(pool_facts(state=state)) if state else None


@pytest.mark.parametrize(("kind", "ended"), [*product(Kind, ENDS)], ids=lambda v: v.name)
def test_the_verdict_follows_the_state_and_not_the_words(kind: Kind, ended: Ended) -> None:
    """At the target: succeeded. At the origin: failed, if the engine says that it did not happen. Else: in doubt."""
    target = {PoolState.FAILED_OVER} if kind is Kind.FAILOVER else HOME
    origin = HOME if kind is Kind.FAILOVER else {PoolState.FAILED_OVER}
    for state in STATES:
        (event,) = verdict.judged(judging(kind, ended), seen(state), SETTLED)
        if state in target:
            clean = ended is Ended.COMPLETED
            assert isinstance(event, OperationClosed)
            assert event.verdict is (Verdict.SUCCEEDED if clean else Verdict.SUCCEEDED_WITH_WARNINGS)
        elif state in origin and ended in PROVED:
            assert isinstance(event, OperationClosed)
            assert event.verdict is Verdict.FAILED
        else:
            assert isinstance(event, RunDoubted)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_state_that_may_still_settle_is_looked_at_again(kind: Kind) -> None:
    """Completed, but not there yet: no verdict and no doubt before the settling time is over."""
    origin = PoolState.ACTIVE if kind is Kind.FAILOVER else PoolState.FAILED_OVER
    for state in (origin, PoolState.FAILING_OVER, None):
        op = judging(kind, Ended.COMPLETED)
        assert verdict.judged(op, seen(state), SETTLED - timedelta(microseconds=1)) == ()
        assert verdict.judged(op, seen(state), SETTLED) != ()


def test_sight_lost_is_a_doubt_and_no_failure() -> None:
    """Whoever cannot know says so, resumed or not."""
    for resumed in (True, False):
        assert isinstance(verdict.followed(running(), outcome(Ended.UNKNOWN), resumed), RunDoubted)


def test_only_a_resumed_run_that_was_provably_never_sent_may_start_again() -> None:
    """And only so many times; after that it ends, as not started."""
    op = running()
    assert isinstance(verdict.followed(op, outcome(Ended.NOT_STARTED), resumed=True), RunUnstarted)
    assert isinstance(verdict.followed(op, outcome(Ended.NOT_STARTED), resumed=False), RunEnded)
    assert isinstance(verdict.followed(op, outcome(Ended.FAILED), resumed=True), RunEnded)
    last = replace(op, attempts=MAX_ATTEMPTS)
    assert isinstance(verdict.followed(last, outcome(Ended.NOT_STARTED), resumed=True), RunEnded)


def test_a_run_that_was_asked_to_stop_is_not_started_again() -> None:
    """Stop was pressed, the bot died, and nothing had been sent: it ends there, as before."""
    stopping = evolve(running(), RunStopAsked("olga", "Olga"), T0)
    event = verdict.followed(stopping, outcome(Ended.NOT_STARTED), resumed=True)
    assert isinstance(event, RunEnded)
    assert say(evolve(stopping, event, T0), PoolState.ACTIVE).verdict is Verdict.FAILED


@pytest.mark.parametrize("kind", list(Kind))
def test_observation_settles_a_doubt_only_when_it_happened(kind: Kind) -> None:
    """That the users are not there is no proof, as the cmdlet may still be on its way: never FAILED."""
    doubt = evolve(running(kind), RunDoubted("lost"), T0)
    target = {PoolState.FAILED_OVER} if kind is Kind.FAILOVER else HOME
    for state in STATES:
        events = verdict.observed(doubt, seen(state))
        if state in target:
            resolved, closed = events
            assert isinstance(resolved, RunResolved)
            assert isinstance(closed, OperationClosed)
            assert {resolved.verdict, closed.verdict} == {Verdict.SUCCEEDED_WITH_WARNINGS}
        else:
            assert [type(event) for event in events] == [RunObserved]


def test_the_same_observation_is_told_once() -> None:
    """A doubt that lasts for hours does not fill the log."""
    doubt = evolve(running(), RunDoubted("lost"), T0)
    (first,) = verdict.observed(doubt, seen(PoolState.FAILING_OVER))
    assert verdict.observed(evolve(doubt, first, T0), seen(PoolState.FAILING_OVER)) == ()
    assert verdict.observed(evolve(doubt, first, T0), None) != ()


@pytest.mark.parametrize("said", [Verdict.SUCCEEDED_WITH_WARNINGS, Verdict.FAILED], ids=["yes", "no"])
def test_a_leads_word_closes_with_what_was_read_beside_it(said: Verdict) -> None:
    """The verdict is the lead's, and so are name and reason; the reading stands there too, also when it disagrees."""
    doubt = evolve(running(), RunDoubted("lost"), T0)
    resolved = evolve(doubt, RunResolved(said, LEO.id, LEO.name, "I read PoolState"), T0)
    for state in (PoolState.ACTIVE, None):
        closed = verdict.attested(resolved, seen(state))
        assert closed.verdict is said
        assert all(word in closed.say for word in (LEO.name, "I read PoolState", P1))
        assert evolve(resolved, closed, T0).state is not State.IN_DOUBT


def say(op: Operation, state: PoolState = PoolState.FAILED_OVER) -> OperationClosed:
    (event,) = verdict.judged(op, seen(state), SETTLED)
    assert isinstance(event, OperationClosed)
    return event


def test_a_loss_is_counted_and_said() -> None:
    """Lost and assumed changes stand in the verdict with their numbers; nothing is claimed where nobody counted."""
    assert "12,345" in say(judging(Kind.FAILOVER, Ended.COMPLETED, lost=12_345)).say
    assumed = say(judging(Kind.FAILOVER, Ended.COMPLETED, assumed=77))
    assert "77" in assumed.say
    assert assumed.verdict is Verdict.SUCCEEDED_WITH_WARNINGS
    uncounted = say(judging(Kind.FAILOVER, Ended.COMPLETED, lost=None, assumed=None))
    assert "No change was lost" not in uncounted.say


def test_the_verdict_says_who_serves_the_users() -> None:
    """That is what people ask at 3 a.m., in both directions and for both ends."""
    assert f"{P2} serves the users of {P1}" in say(judging(Kind.FAILOVER, Ended.COMPLETED)).say
    assert "home" in say(judging(Kind.FAILBACK, Ended.COMPLETED), PoolState.ACTIVE).say
    assert f"belong to {P1}" in say(judging(Kind.FAILOVER, Ended.FAILED), PoolState.ACTIVE).say
    assert f"belong to {P2}" in say(judging(Kind.FAILBACK, Ended.FAILED)).say


def test_a_stop_that_came_too_late_is_said() -> None:
    """Who asked to stop reads what became of it."""
    stopping = evolve(running(), RunStopAsked("olga", "Olga"), T0)
    done = evolve(stopping, RunEnded(outcome(Ended.COMPLETED, lost=0)), T0)
    assert "point of no return" in say(done).say
