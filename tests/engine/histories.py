"""Every history that people, the clock and the engine can make of one request: the adversary of the rules.

`explore` takes every decision of the rules in every situation, as a hostile world would, until nothing new comes.
Situations that differ only in what no rule looks at (the number of records, the version) count as one, so the
walk ends, and what holds on it holds for histories of any length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from engine import readings as learned
from engine import rules, verdict
from engine.events import DoubtRaised, Event, RunRecorded, WishRefused
from engine.facts import Facts, PoolState
from engine.model import Ended, Kind, Options, Person, Proof, Record, Refusal, Word
from engine.port import AccountRefused, EngineUnavailable, StepRefused
from engine.rules import Step
from engine.states import BEGUN, CLOSED, Operation, State, evolve, rule_for
from engine.verdict import Look
from tests.engine.given import (
    AWAY,
    EVERYBODY,
    EXPIRES,
    LEO,
    LIA,
    OLGA,
    POLICY,
    REMINDS,
    T0,
    TICKET,
    asked,
    facts,
    outcome,
    pool_facts,
    reading,
)

SETTLING = 60.0
TIMES = (T0, REMINDS, EXPIRES, EXPIRES + timedelta(seconds=SETTLING + verdict.UNDECIDED))
BETWEEN = facts(pool_facts(state=PoolState.FAILING_OVER))
Key = tuple[object, ...]
OVER, AT_WORK = Proof(True, "Over."), Proof(False, "At work.")
LOOKS = tuple(Look(read, proof) for read in (facts(), AWAY, BETWEEN, None) for proof in (OVER, AT_WORK))
"""A proof that cannot be had is one that does not prove: to the rules they are the same."""
THIN = tuple(look for look in LOOKS if look.proof is OVER or look.facts is BETWEEN)


@dataclass(frozen=True)
class Edge:
    """One thing that happened: in `before`, at `at`, `by` (None: the bot) made `event`, which led to `after`."""

    before: Operation
    at: datetime
    by: Person | None
    event: Event
    rule: str
    after: Operation


def explore(kind: Kind, options: Options, requester: Person, *, thin: bool = False) -> list[Edge]:
    """Every edge that can be reached. Raises IllegalEventError when a rule decides what has no row.

    `thin`: of what follows a run only what is needed to come to every state: fewer looks, and no third person's
    wishes. What follows a run does not depend on who asked, so one walk in full is enough for that part.
    """
    home = facts() if kind is Kind.FAILOVER else AWAY
    found: list[Edge] = []
    new = Operation("7KQ2-M4XA")
    start = _step(found, new, T0, requester, asked(kind, requester, options))
    todo, seen = [(start, 0)], {_situation(start, 0)}
    while todo:
        op, tick = todo.pop()
        # Once it has begun only one thing depends on the time: whether what is read has held.
        later = (
            range(tick + 1, len(TIMES)) if op.state not in BEGUN else range(max(tick + 1, len(TIMES) - 1), len(TIMES))
        )
        reached = [(op, then) for then in later]
        for by, events in _possible(op, TIMES[tick], home, thin):
            after = op
            for event in events:
                after = _step(found, after, TIMES[tick], by, event)
            reached.append((after, tick))
        for situation in reached:
            if (key := _situation(*situation)) not in seen:
                seen.add(key)
                todo.append(situation)
    return found


def _step(found: list[Edge], op: Operation, at: datetime, by: Person | None, event: Event) -> Operation:
    after = evolve(op, event, at)
    found.append(Edge(op, at, by, event, rule_for(op, event).name, after))
    return after


def _situation(op: Operation, tick: int) -> Key:
    now = TIMES[tick]
    if op.state not in BEGUN:
        return _key(op, now), tick
    return (_key(op, now),)


def _key(op: Operation, now: datetime) -> Key:
    """What the rules look at in this state."""
    who = frozenset(a.by for a in op.approvals)
    match op.state:
        case State.AWAITING:
            return op.state, who, op.reminded
        case State.APPROVED:
            return op.state, who
        case State.RUNNING:
            return op.state, bool(op.stop_asked_by)
        case State.JUDGING:
            late = op.ended_at is not None and now - op.ended_at >= timedelta(seconds=SETTLING + verdict.UNDECIDED)
            return op.state, bool(op.stop_asked_by), _ended(op), _looked(op, now), late
        case State.IN_DOUBT | State.SETTLED:
            said = frozenset((s.by, s.word) for s in op.statements)
            word = op.settled and op.settled.word
            return op.state, bool(op.stop_asked_by), _ended(op), _looked(op, now), said, bool(op.run_dead), word
        case _:
            return (op.state,)


def _ended(op: Operation) -> object:
    """Outcomes that the verdict does not tell apart count as one."""
    ended = op.outcome and op.outcome.ended
    return Ended.FAILED if ended is Ended.COMPLETED_WITH_ERRORS else ended


def _looked(op: Operation, now: datetime) -> Key | None:
    seen = op.seen
    return (seen.where, seen.over, now - seen.since >= timedelta(seconds=SETTLING)) if seen else None


def _possible(
    op: Operation, now: datetime, home: Facts, thin: bool
) -> Iterator[tuple[Person | None, tuple[Event, ...]]]:
    begun = op.state in BEGUN
    for by in (LEO, LIA) if thin and begun else EVERYBODY.values():
        for verb, decided in _wishes(op, by, now, thin):
            if isinstance(decided, Refusal):
                yield by, (WishRefused(by.id, decided.code, decided.say, verb),)
            else:
                yield by, decided
    for events in _moves(op, now, home, THIN if thin else LOOKS):
        yield None, events


def _wishes(op: Operation, by: Person, now: datetime, thin: bool) -> Iterator[tuple[str, tuple[Event, ...] | Refusal]]:
    if not (thin and op.state in BEGUN):
        yield "approve", rules.approve(op, by, POLICY, now)
        yield "deny", rules.deny(op, by, "no", POLICY)
        yield "withdraw", rules.withdraw(op, by)
    yield "stop", rules.stop(op, by, POLICY)
    if by in (LEO, LIA) or by.id == op.request.by or op.state is not State.IN_DOUBT:  # a third lead adds nothing
        for word in Word if op.state is State.IN_DOUBT and not thin else (rules.words(op) or (Word.HAPPENED,)):
            yield "settle", rules.settle(op, by, word, "seen", POLICY)


def _moves(op: Operation, now: datetime, home: Facts, looks: tuple[Look, ...]) -> Iterator[tuple[Event, ...]]:
    """Everything the bot can learn in its next move, or at the start of a life: that it was cut off at an approval."""
    if op.approvals and not op.attempts and (cut_off := rules.unconfirmed(op, op.approvals[-1].by)):
        yield cut_off
    match rules.next_move(op, now).step:
        case Step.INSPECT:
            yield from ((learned.inspected(op, reading(read), POLICY, now),) for read in (home, BETWEEN))
            yield (learned.unreadable("No answer.", ""),)
        case Step.REMIND | Step.EXPIRE:
            yield (learned.waited(op, now),)
        case Step.START:
            no_lead_any_more = {**EVERYBODY, LEO.id: replace(LEO, roles=frozenset())}
            for persons in (EVERYBODY, {OLGA.id: OLGA}, no_lead_any_more):
                for read in (home, BETWEEN):
                    event = learned.rechecked(op, reading(read), persons, TICKET, POLICY, now)
                    assert event is not None  # both readings are whole
                    yield (event,)
            yield from (learned.put_off(op, error, now) for error in ERRORS)
        case Step.FOLLOW:
            yield from (learned.put_off(op, error, now) for error in ERRORS if learned.may_pass(error))
            yield from ((RunRecorded(record),) for record in _RECORDS)
            for ended in Ended:
                yield from ((verdict.followed(op, outcome(ended), resumed),) for resumed in (True, False))
            yield (DoubtRaised("lost sight"),)
        case Step.JUDGE | Step.OBSERVE:
            yield from (verdict.looked(op, look, now, SETTLING) for look in looks)


ERRORS = (EngineUnavailable("no answer"), AccountRefused("refused"), StepRefused("not there"))
_RECORDS = (Record(1, "verbose", "moving"), Record(2, "phase", "running"))


def dead_ends(edges: list[Edge]) -> set[State]:
    """States from which no closed state can be reached any more."""
    leads: dict[Key, set[Key]] = {}
    states: dict[Key, State] = {}
    for edge in edges:
        before, after = _key(edge.before, edge.at), _key(edge.after, edge.at)
        states |= {before: edge.before.state, after: edge.after.state}
        leads.setdefault(after, set()).add(before)
    todo = [key for key, state in states.items() if state in CLOSED]
    good = set(todo)
    while todo:
        new = leads.get(todo.pop(), set()) - good
        good |= new
        todo += new
    return {state for key, state in states.items() if key not in good}
