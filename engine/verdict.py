"""How a run ended: the verdict is judged from state that has settled, never from what was printed.

Pure. One look takes a reading of the pools and a proof about the run. A verdict needs:

- SUCCEEDED (with warnings, named): the users are where they were to go, and the cmdlet has ended or is proved over.
- STOPPED, FAILED: the users are where they were before, that reading has held for the settling time, and it is proved
  that nothing of the run is still on its way.
- NEITHER: the pool has stayed in between for the settling time, the run is proved over, and two leads end it so.
- The word of two leads about what happened: only where nothing can be read, and the run is proved over.

Everything else is in doubt, which is an answer: it keeps the pair locked. Nothing here ever leads to running a cmdlet
again, except where it is proved that it never ran.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.events import DoubtRaised, DoubtSettled, Event, OperationClosed, PoolsSeen, RunEnded, RunUnstarted
from engine.facts import Facts, Health, PoolFacts, PoolState
from engine.guards.case import HOME, is_
from engine.model import Ended, Kind, Outcome, Proof, Verdict, Where, Word
from engine.rules import CLAIMS
from engine.states import Operation, State

UNDECIDED = 60
"""Seconds beyond the settling time for which a run that has ended may stay without a verdict before it is in doubt."""
_OVER = frozenset({Ended.COMPLETED, Ended.COMPLETED_WITH_ERRORS, Ended.FAILED})
"""Ends of the cmdlet that the server itself reported. *Stopped* is not one: a step may still be on its way."""


@dataclass(frozen=True)
class Look:
    """`facts` None: nothing could be read. `proof` None: the engine could not look for the run."""

    facts: Facts | None
    proof: Proof | None


def followed(op: Operation, outcome: Outcome, resumed: bool) -> Event:
    """The engine came back. `resumed`: by looking for a run from before a restart of the bot. What was provably never
    sent may start again while the approvals are good, unless somebody has asked to stop it."""
    if outcome.ended is Ended.UNKNOWN:
        return DoubtRaised(outcome.say)
    if resumed and outcome.ended is Ended.NOT_STARTED and not op.stop_asked_by:
        return RunUnstarted(outcome.say)
    return RunEnded(outcome)


def looked(op: Operation, look: Look, now: datetime, settling: float) -> tuple[Event, ...]:
    """What follows from one look at a run that is over or in doubt: what is new about it, and a verdict where one is
    proved. Empty: nothing is new, look again soon. `settling` in seconds, from the engine."""
    where, over = where_of(op, look.facts), _is_over(op, look.proof)
    seen = PoolsSeen(where, over, _seen(op, look))
    before = op.seen
    same = before is not None and (before.where, before.over, before.say) == (where, over, seen.say)
    since = before.since if before and before.where is where else now
    held = now - since >= timedelta(seconds=settling)
    return (*(() if same else (seen,)), *_concluded(op, look, seen, held, now, settling))


def needs_proof(op: Operation, facts: Facts | None) -> bool:
    """Whether the run has to be looked for. Not when the users are seen to be where they were to go and the server
    itself reported the end of the cmdlet."""
    return _read_end(op, facts, PoolsSeen(where_of(op, facts), False, ""), held=False) is None


def _is_over(op: Operation, proof: Proof | None) -> bool:
    return op.run_dead is not None or (proof is not None and proof.over)


def _concluded(
    op: Operation, look: Look, seen: PoolsSeen, held: bool, now: datetime, settling: float
) -> tuple[Event, ...]:
    if end := _read_end(op, look.facts, seen, held):
        return (DoubtSettled(None, (), (), seen.say), end) if op.state is State.IN_DOUBT else (end,)
    if op.state is State.SETTLED:
        return _by_word(op, look.facts, seen, held)
    if op.state is State.JUDGING:
        assert op.ended_at is not None
        settled = seen.where is Where.BETWEEN and seen.over and held  # nothing is left that could still move it
        undecided = settled or now - op.ended_at >= timedelta(seconds=settling + UNDECIDED)
        return (DoubtRaised(_why_undecided(op, seen)),) if undecided else ()
    return ()


def _read_end(op: Operation, facts: Facts | None, seen: PoolsSeen, held: bool) -> OperationClosed | None:
    """The end that the reading itself proves, whatever anybody says."""
    if seen.where is Where.TARGET and (seen.over or (op.outcome is not None and op.outcome.ended in _OVER)):
        return _succeeded(op, facts)
    if seen.where is Where.ORIGIN and seen.over and held:
        return _as_before(op, facts)
    return None


def _why_undecided(op: Operation, seen: PoolsSeen) -> str:
    assert op.outcome is not None
    reported = f"The engine reported: {op.outcome.ended.value}."
    if seen.where is Where.ORIGIN and not seen.over:
        return f"{reported} The users are where they were before, but a step may still be on its way. {seen.say}"
    return f"{reported} What was read does not settle it. {seen.say}"


def _by_word(op: Operation, facts: Facts | None, seen: PoolsSeen, held: bool) -> tuple[Event, ...]:
    """What follows from the same word of two leads. It does not override a reading."""
    settled = op.settled
    assert settled is not None
    assert settled.word is not None
    stated = f"{' and '.join(settled.names)} stated that {CLAIMS[settled.word]}. Reason: {settled.reason}"
    if not seen.over:
        return (DoubtRaised(f"{stated} It is not proved that the run is over, so this does not count yet. {seen.say}"),)
    if settled.word is Word.NEITHER:
        if seen.where is Where.BETWEEN:
            return (OperationClosed(Verdict.NEITHER, _in_between(op, stated), facts),) if held else ()
    elif seen.where is Where.UNREADABLE:
        happened = settled.word is Word.HAPPENED
        verdict = Verdict.SUCCEEDED_WITH_WARNINGS if happened else Verdict.FAILED
        return (OperationClosed(verdict, f"{stated} Nothing could be read; this is their statement. {seen.say}"),)
    if seen.where is Where.ORIGIN:
        return ()  # it is proved over: once the reading has held, it decides
    return (DoubtRaised(f"{stated} What was read contradicts it. {seen.say}"),)


def where_of(op: Operation, facts: Facts | None) -> Where:
    """Where this reading finds the users. In between is a reading; not readable is none."""
    if facts is None or facts.pool.state is PoolState.UNKNOWN:
        return Where.UNREADABLE
    home, away = facts.pool.state in HOME, facts.pool.state is PoolState.FAILED_OVER
    if not home and not away:
        return Where.BETWEEN
    return Where.TARGET if away is (op.request.kind is Kind.FAILOVER) else Where.ORIGIN


# --- sentences for an ending ---------------------------------------------------------------------------------------


def _succeeded(op: Operation, facts: Facts | None) -> OperationClosed:
    warnings = _warnings(op)
    said = [_nobody_serves(op, facts) or _who_serves(op), _loss(op)]
    if op.stop_asked_by:
        said.append(_too_late(op))
    if warnings:
        said.append(f"{'Warning' if len(warnings) == 1 else 'Warnings'}: {' '.join(warnings)}")
    verdict = Verdict.SUCCEEDED_WITH_WARNINGS if warnings or _nobody_serves(op, facts) else Verdict.SUCCEEDED
    return OperationClosed(verdict, " ".join(s for s in said if s), facts)


def _warnings(op: Operation) -> list[str]:
    """Why it is no clean success, each as a sentence."""
    outcome = op.outcome
    if outcome is None:
        return ["Sight of the run was lost on the way, so it was not seen whether every later step was done."]
    found = []
    if outcome.assumed:
        found.append(f"{outcome.assumed:,} changes were not verified when WaitTime ran out, but assumed to be copied.")
    if outcome.ended is Ended.STOPPED and op.stop_asked_by:
        found.append("The server reported the run as stopped, but the users were moved all the same.")
    elif outcome.ended is not Ended.COMPLETED:
        found.append(outcome.say)
    return found


def _too_late(op: Operation) -> str:
    if op.outcome is not None and op.outcome.ended is Ended.STOPPED:
        return f"{op.stop_asked_by} asked to stop."
    return f"{op.stop_asked_by} asked to stop, but it was past the point of no return."


def _loss(op: Operation) -> str:
    """What is known about lost changes: the engine's count, else the bound that was approved."""
    lost = op.outcome.lost if op.outcome else None
    if lost:
        return f"Lost: {lost:,} changes that had not been copied yet."
    if lost == 0:
        return "No change was lost."
    assert op.plan is not None
    waiting = "an unknown number of" if op.plan.loss is None else f"up to {op.plan.loss:,}"
    if op.plan.loss == 0:
        return ""
    if op.request.options.disaster or op.request.options.skip_verification:
        return f"What had not been copied is lost: {waiting} changes were waiting when it started."
    return f"When it started, {waiting} changes were waiting. The cmdlet waits for them, and reports no number."


def _who_serves(op: Operation) -> str:
    assert op.plan is not None
    if op.request.kind is Kind.FAILOVER:
        return f"{op.plan.partner} serves the users of {op.plan.pool}."
    return f"The users of {op.plan.pool} are home."


def _nobody_serves(op: Operation, facts: Facts | None) -> str:
    """The users were sent to a pool that was read as not up: that has to come first. Empty: nothing of the kind."""
    serving = facts and (facts.partner if op.request.kind is Kind.FAILOVER else facts.pool)
    if not serving or serving.health in {Health.UP, Health.UNKNOWN}:
        return ""
    return f"The users of {op.request.pool} are now directed to {serving.fqdn}, but it is {is_(serving.health)}."


def _as_before(op: Operation, facts: Facts | None) -> OperationClosed:
    stopped = op.stop_asked_by and (op.outcome is None or op.outcome.ended in {Ended.STOPPED, Ended.NOT_STARTED})
    first = f"Stopped, as {op.stop_asked_by} asked." if stopped else ""
    reported = op.outcome.say if op.outcome else "Sight of the run was lost on the way."
    assert op.plan is not None
    serving = op.plan.pool if op.request.kind is Kind.FAILOVER else op.plan.partner
    moved = f"Nothing was moved: the users of {op.plan.pool} are directed to {serving}{_which_is(facts, serving)}."
    say = " ".join(s for s in (first, moved, reported) if s) if stopped else f"{reported} {moved}"
    return OperationClosed(Verdict.STOPPED if stopped else Verdict.FAILED, say, facts)


def _which_is(facts: Facts | None, serving: str) -> str:
    """That the pool which has the users does not serve them, where that was read."""
    read = [p for p in (facts.pool, facts.partner) if p and p.fqdn == serving] if facts else []
    return "".join(f", which is {is_(p.health)}" for p in read if p.health not in {Health.UP, Health.UNKNOWN})


def _in_between(op: Operation, stated: str) -> str:
    return (
        f"Neither done nor as before: the run is over, and {op.request.pool} stays in between. Its users may be served "
        f"by neither pool until it is moved. The same {op.request.kind.value} can be requested again. {stated}"
    )


def _seen(op: Operation, look: Look) -> str:
    if look.facts is None:
        read = f"The state of {op.request.pool} cannot be read"
    else:
        read = ", ".join(_state(p) for p in (look.facts.pool, look.facts.partner) if p)
    return f"{read}. {_run(op, where_of(op, look.facts), look.proof)}"


def _run(op: Operation, where: Where, proof: Proof | None) -> str:
    if op.run_dead:
        return f"{' and '.join(op.run_dead.names)} stated that no part of the run is active any more."
    if proof:
        return proof.say
    if op.outcome is not None and op.outcome.ended in _OVER and where is Where.TARGET:
        return "The server reported that the cmdlet ended."
    return "It is not known whether the run is over: its server does not answer."


def _state(pool: PoolFacts) -> str:
    state = "has a PoolState that cannot be read" if pool.state is PoolState.UNKNOWN else f"is {pool.state.value}"
    return f"{pool.fqdn} {state} and {is_(pool.health)}"
