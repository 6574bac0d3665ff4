"""The verdict, judged from the state of the pools: every kind, every outcome, every reading after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from engine import verdict
from engine.events import (
    ApprovalGranted,
    DoubtObserved,
    DoubtRaised,
    DoubtSettled,
    OperationClosed,
    RunEnded,
    RunStopAsked,
    RunUnstarted,
)
from engine.model import Ended, Facts, Health, Kind, Outcome, PoolState, Verdict
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
            assert isinstance(event, DoubtRaised)


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
        assert isinstance(verdict.followed(running(), outcome(Ended.UNKNOWN), resumed), DoubtRaised)


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
    doubt = evolve(running(kind), DoubtRaised("lost"), T0)
    target = {PoolState.FAILED_OVER} if kind is Kind.FAILOVER else HOME
    for state in STATES:
        events = verdict.observed(doubt, seen(state))
        if state in target:
            settled, closed = events
            assert isinstance(settled, DoubtSettled)
            assert isinstance(closed, OperationClosed)
            assert {settled.verdict, closed.verdict} == {Verdict.SUCCEEDED_WITH_WARNINGS}
        else:
            assert [type(event) for event in events] == [DoubtObserved]


def test_users_who_were_sent_to_a_pool_that_is_down_are_not_said_to_be_served() -> None:
    """The state is where it was to go, and nobody has a phone: that stands first, and it is no clean success."""
    op = evolve(running(), RunEnded(Outcome(Ended.COMPLETED, "done", lost=0)), T0)
    read = seen(PoolState.FAILED_OVER)
    assert read is not None
    assert read.partner is not None
    dead = replace(read, partner=replace(read.partner, health=Health.DOWN))
    (event,) = verdict.judged(op, dead, T0)
    assert isinstance(event, OperationClosed)
    assert event.verdict is Verdict.SUCCEEDED_WITH_WARNINGS
    assert event.say.startswith(
        "The users of pool01.contoso.com are directed to pool02.contoso.com now, but it is down."
    )


def test_the_same_observation_is_told_once() -> None:
    """A doubt that lasts for hours does not fill the log."""
    doubt = evolve(running(), DoubtRaised("lost"), T0)
    (first,) = verdict.observed(doubt, seen(PoolState.FAILING_OVER))
    assert verdict.observed(evolve(doubt, first, T0), seen(PoolState.FAILING_OVER)) == ()
    assert verdict.observed(evolve(doubt, first, T0), None) != ()


@pytest.mark.parametrize(
    ("said", "state", "closed"),
    [
        (Verdict.SUCCEEDED_WITH_WARNINGS, None, Verdict.SUCCEEDED_WITH_WARNINGS),
        (Verdict.SUCCEEDED_WITH_WARNINGS, PoolState.FAILED_OVER, Verdict.SUCCEEDED_WITH_WARNINGS),
        (Verdict.SUCCEEDED_WITH_WARNINGS, PoolState.ACTIVE, None),
        (Verdict.FAILED, None, Verdict.FAILED),
        (Verdict.FAILED, PoolState.ACTIVE, Verdict.FAILED),
        (Verdict.FAILED, PoolState.FAILED_OVER, Verdict.SUCCEEDED_WITH_WARNINGS),
    ],
    ids=["yes", "yes-seen", "yes-not-seen", "no", "no-seen", "no-not-seen"],
)
def test_a_leads_word_settles_what_cannot_be_read_and_nothing_else(
    said: Verdict, state: PoolState | None, closed: Verdict | None
) -> None:
    """Name, reason and reading stand side by side; where they do not agree, the reading counts or the doubt stays."""
    doubt = evolve(running(), DoubtRaised("lost"), T0)
    settled = evolve(doubt, DoubtSettled(said, LEO.id, LEO.name, "I read PoolState"), T0)
    event = verdict.settled(settled, seen(state))
    assert all(word in event.say for word in (LEO.name, "I read PoolState", P1))
    assert getattr(event, "verdict", None) is closed
    after = evolve(settled, event, T0)
    assert after.closed is (closed is not None)
    assert after.closed or (after.state is State.IN_DOUBT and after.settled is None)


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
    assert f"directed to {P1}" in say(judging(Kind.FAILOVER, Ended.FAILED), PoolState.ACTIVE).say
    assert f"directed to {P2}" in say(judging(Kind.FAILBACK, Ended.FAILED)).say


def test_a_stop_that_worked_is_said() -> None:
    """Not a bare FAILED: who asked for it reads that it was their stop."""
    stopping = evolve(running(), RunStopAsked("olga", "Olga"), T0)
    done = evolve(stopping, RunEnded(outcome(Ended.STOPPED, lost=0)), T0)
    assert say(done, PoolState.ACTIVE).say.startswith("Stopped, as Olga asked: ")
    assert say(done, PoolState.ACTIVE).verdict is Verdict.FAILED


def test_nothing_moved_is_not_said_of_a_dead_pool_without_saying_that_it_is_dead() -> None:
    """As before was: nobody is served. Whoever reads the verdict must not take it for well."""
    failed = judging(Kind.FAILOVER, Ended.FAILED)
    read = facts(pool_facts(state=PoolState.ACTIVE, health=Health.DOWN))
    (event,) = verdict.judged(failed, read, SETTLED)
    assert isinstance(event, OperationClosed)
    assert f"directed to {P1}, which is down." in event.say
    assert "which is" not in say(failed, PoolState.ACTIVE).say


def test_a_stop_that_came_too_late_is_said() -> None:
    """Who asked to stop reads what became of it."""
    stopping = evolve(running(), RunStopAsked("olga", "Olga"), T0)
    done = evolve(stopping, RunEnded(outcome(Ended.COMPLETED, lost=0)), T0)
    assert "point of no return" in say(done).say
