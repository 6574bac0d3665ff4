"""How a run ended: the verdict is judged from the state of the pools, never from what was printed.

Pure. Four verdicts: SUCCEEDED, SUCCEEDED_WITH_WARNINGS, FAILED (the world is provably as before) and IN_DOUBT.
In doubt is an answer: it keeps the pair locked until a reading or a lead settles it. Nothing here ever leads
to running a cmdlet again, except where it is proved that it never ran.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from engine.events import DoubtObserved, DoubtRaised, DoubtSettled, Event, OperationClosed, RunEnded, RunUnstarted
from engine.guards.case import HOME, is_
from engine.model import Ended, Facts, Health, Kind, Outcome, PoolFacts, PoolState, Verdict
from engine.rules import MAX_ATTEMPTS
from engine.states import Operation

SETTLING = 60
"""Seconds that the state may take to agree with an ended run: PoolState lives in the Central Management Store."""


def followed(op: Operation, outcome: Outcome, resumed: bool) -> Event:
    """The engine came back. `resumed`: by looking for a run of an earlier life of the bot. What was provably never
    sent may start again, unless somebody has asked to stop it."""
    if outcome.ended is Ended.UNKNOWN:
        return DoubtRaised(outcome.say)
    unsent = resumed and outcome.ended is Ended.NOT_STARTED
    if unsent and op.attempts < MAX_ATTEMPTS and not op.stop_asked_by:
        return RunUnstarted(outcome.say)
    return RunEnded(outcome)


def judged(op: Operation, facts: Facts | None, now: datetime) -> tuple[Event, ...]:
    """The end of a run whose outcome is known. Empty: look again soon, the state is still settling.
    `facts` None: they could not be read."""
    assert op.outcome is not None
    assert op.ended_at is not None
    where = _where(op, facts)
    if where == "target":
        return (_succeeded(op, op.outcome, facts),)
    if where == "origin" and op.outcome.ended in {Ended.FAILED, Ended.STOPPED, Ended.NOT_STARTED}:
        return (OperationClosed(Verdict.FAILED, f"{_why_not(op, op.outcome)} {_as_before(op, facts)}".strip(), facts),)
    if now - op.ended_at < timedelta(seconds=SETTLING):
        return ()
    return (DoubtRaised(f"The engine said: {op.outcome.ended.value}. But {_seen(op, facts)}."),)


def observed(op: Operation, facts: Facts | None) -> tuple[Event, ...]:
    """A look at an operation in doubt. Only one thing settles it without a person: the users are where they were
    to go. That they are not is no proof, as the cmdlet may still be on its way."""
    if _where(op, facts) == "target":
        say = f"{_seen(op, facts)}."
        return (
            DoubtSettled(Verdict.SUCCEEDED_WITH_WARNINGS, "", "", say),
            OperationClosed(
                Verdict.SUCCEEDED_WITH_WARNINGS,
                f"Sight was lost on the way; {say} Whether every later step was done was not seen.",
                facts,
            ),
        )
    seen = f"{_seen(op, facts)}."
    return () if seen == op.seen else (DoubtObserved(seen),)


def settled(op: Operation, facts: Facts | None) -> OperationClosed | DoubtRaised:
    """What follows a lead's word. It settles what cannot be read; against what is read it does not stand: users who
    are seen to be where they were to go are there, and those who are seen at home did not move."""
    settled = op.settled
    assert settled is not None
    happened = settled.verdict is Verdict.SUCCEEDED_WITH_WARNINGS
    claim = "it happened" if happened else "the pools are as before"
    say = f"{settled.name} looked and says: {claim}. Reason: {settled.reason} (Read at that time: {_seen(op, facts)}.)"
    where = _where(op, facts)
    if happened and where == "origin":
        return DoubtRaised(f"{say} The two do not agree, so it is not taken as settled.")
    if where == "target":
        return OperationClosed(
            Verdict.SUCCEEDED_WITH_WARNINGS, say if happened else f"What is read counts. {say}", facts
        )
    return OperationClosed(settled.verdict, say, facts)


def _where(op: Operation, facts: Facts | None) -> str:
    """`target`, `origin`, or `between` for everything that is neither for certain."""
    if facts is None:
        return "between"
    home, away = facts.pool.state in HOME, facts.pool.state is PoolState.FAILED_OVER
    if not home and not away:
        return "between"
    failover = op.request.kind is Kind.FAILOVER
    return "target" if away is failover else "origin"


def _why_not(op: Operation, outcome: Outcome) -> str:
    if outcome.ended is Ended.STOPPED and op.stop_asked_by:
        return f"Stopped, as {op.stop_asked_by} asked: {outcome.say}"
    return outcome.say


def _succeeded(op: Operation, outcome: Outcome, facts: Facts | None) -> OperationClosed:
    down = _nobody_serves(op, facts)
    clean = outcome.ended is Ended.COMPLETED and not outcome.assumed and not down
    said = [down or _who_serves(op), _loss(outcome)]
    if not clean:
        said.append(outcome.say)
    if op.stop_asked_by and outcome.ended is not Ended.STOPPED:
        said.append(f"{op.stop_asked_by} asked to stop; it was past the point of no return.")
    verdict = Verdict.SUCCEEDED if clean else Verdict.SUCCEEDED_WITH_WARNINGS
    return OperationClosed(verdict, " ".join(s for s in said if s), facts)


def _loss(outcome: Outcome) -> str:
    if outcome.lost:
        return f"Lost: {outcome.lost:,} changes that were not copied yet."
    if outcome.assumed:
        return f"Not verified when WaitTime was over: {outcome.assumed:,} changes; they were assumed to be there."
    return "No change was lost." if outcome.lost == 0 else ""


def _who_serves(op: Operation) -> str:
    assert op.plan is not None
    if op.request.kind is Kind.FAILOVER:
        return f"{op.plan.partner} serves the users of {op.plan.pool}."
    return f"The users of {op.plan.pool} are home."


def _nobody_serves(op: Operation, facts: Facts | None) -> str:
    """The users were sent to a pool that is read as not up: that has to stand first. Empty: nothing of the kind."""
    serving = facts and (facts.partner if op.request.kind is Kind.FAILOVER else facts.pool)
    if not serving or serving.health in {Health.UP, Health.UNKNOWN}:
        return ""
    return f"The users of {op.request.pool} are directed to {serving.fqdn} now, but it is {is_(serving.health)}."


def _as_before(op: Operation, facts: Facts | None) -> str:
    assert op.plan is not None
    serving = op.plan.pool if op.request.kind is Kind.FAILOVER else op.plan.partner
    return f"The pools are as before: the users of {op.plan.pool} are directed to {serving}{_which_is(facts, serving)}."


def _which_is(facts: Facts | None, serving: str) -> str:
    """That the pool which has the users does not serve them, where that is read."""
    read = [p for p in (facts.pool, facts.partner) if p and p.fqdn == serving] if facts else []
    return "".join(f", which is {is_(p.health)}" for p in read if p.health not in {Health.UP, Health.UNKNOWN})


def _seen(op: Operation, facts: Facts | None) -> str:
    if facts is None:
        return f"the state of {op.request.pool} cannot be read"
    return ", ".join(_state(p) for p in (facts.pool, facts.partner) if p)


def _state(pool: PoolFacts) -> str:
    return f"{pool.fqdn} is {pool.state.value} and {pool.health.value}"
