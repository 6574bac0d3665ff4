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
from engine.model import Ended, Facts, Kind, Options, Person, PoolState, Record, Refusal
from engine.rules import Step
from engine.states import CLOSED, Operation, State, evolve, rule_for
from tests.engine.given import (
    AWAY,
    EVERYBODY,
    EXPIRES,
    LEO,
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

TIMES = (T0, REMINDS, EXPIRES, EXPIRES + timedelta(seconds=verdict.SETTLING))
BETWEEN = facts(pool_facts(state=PoolState.FAILING_OVER))
Key = tuple[object, ...]
LOOKS: tuple[Facts | None, ...] = (facts(), AWAY, BETWEEN, None)


@dataclass(frozen=True)
class Edge:
    """One thing that happened: in `before`, at `at`, `by` (None: the bot) made `event`, which led to `after`."""

    before: Operation
    at: datetime
    by: Person | None
    event: Event
    rule: str
    after: Operation


def explore(kind: Kind, options: Options, requester: Person) -> list[Edge]:
    """Every edge that can be reached. Raises IllegalEventError when a rule decides what has no row."""
    home = facts() if kind is Kind.FAILOVER else AWAY
    found: list[Edge] = []
    new = Operation("7KQ2-M4XA")
    start = _step(found, new, T0, requester, asked(kind, requester, options))
    todo, seen = [(start, 0)], {(_key(start), 0)}
    while todo:
        op, tick = todo.pop()
        reached = [(op, later) for later in range(tick + 1, len(TIMES))]
        for by, events in _possible(op, TIMES[tick], home):
            after = op
            for event in events:
                after = _step(found, after, TIMES[tick], by, event)
            reached.append((after, tick))
        for situation in reached:
            if (key := (_key(situation[0]), situation[1])) not in seen:
                seen.add(key)
                todo.append(situation)
    return found


def _step(found: list[Edge], op: Operation, at: datetime, by: Person | None, event: Event) -> Operation:
    after = evolve(op, event, at)
    found.append(Edge(op, at, by, event, rule_for(op, event).name, after))
    return after


def _key(op: Operation) -> Key:
    """What the rules look at in this state."""
    who = frozenset(a.by for a in op.approvals)
    match op.state:
        case State.AWAITING:
            return op.state, who, op.reminded
        case State.APPROVED:
            return op.state, who, op.attempts
        case State.RUNNING:
            return op.state, who, op.attempts, bool(op.stop_asked_by)
        case State.JUDGING:
            return op.state, op.attempts, bool(op.stop_asked_by), op.outcome and op.outcome.ended, op.ended_at
        case State.IN_DOUBT:
            return op.state, op.seen
        case State.SETTLED:
            return op.state, op.settled and op.settled.verdict
        case _:
            return (op.state,)


def _possible(op: Operation, now: datetime, home: Facts) -> Iterator[tuple[Person | None, tuple[Event, ...]]]:
    for by in EVERYBODY.values():
        for verb, decided in _wishes(op, by, now):
            if isinstance(decided, Refusal):
                yield by, (WishRefused(by.id, decided.code, decided.say, verb),)
            else:
                yield by, decided
    for events in _moves(op, now, home):
        yield None, events


def _wishes(op: Operation, by: Person, now: datetime) -> Iterator[tuple[str, tuple[Event, ...] | Refusal]]:
    yield "approve", rules.approve(op, by, POLICY, now)
    yield "deny", rules.deny(op, by, "no", POLICY)
    yield "withdraw", rules.withdraw(op, by)
    yield "stop", rules.stop(op, by, POLICY)
    yield "settle", rules.settle(op, by, True, "seen", POLICY)
    yield "settle", rules.settle(op, by, False, "seen", POLICY)


def _moves(op: Operation, now: datetime, home: Facts) -> Iterator[tuple[Event, ...]]:
    """Everything the bot can learn in its next move."""
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
        case Step.FOLLOW:
            yield from ((RunRecorded(record),) for record in _RECORDS)
            for ended in Ended:
                yield from ((verdict.followed(op, outcome(ended), resumed),) for resumed in (True, False))
            yield (DoubtRaised("lost sight"),)
        case Step.JUDGE if op.state is State.JUDGING:
            yield from (verdict.judged(op, look, now) for look in LOOKS)
        case Step.JUDGE:
            yield from ((verdict.settled(op, look),) for look in LOOKS)
        case Step.OBSERVE:
            yield from (verdict.observed(op, look) for look in LOOKS)


_RECORDS = (Record(1, "verbose", "moving"), Record(2, "phase", "running"))


def dead_ends(edges: list[Edge]) -> set[State]:
    """States from which no closed state can be reached any more."""
    leads: dict[Key, set[Key]] = {}
    states: dict[Key, State] = {}
    for edge in edges:
        before, after = _key(edge.before), _key(edge.after)
        states |= {before: edge.before.state, after: edge.after.state}
        leads.setdefault(after, set()).add(before)
    todo = [key for key, state in states.items() if state in CLOSED]
    good = set(todo)
    while todo:
        new = leads.get(todo.pop(), set()) - good
        good |= new
        todo += new
    return {state for key, state in states.items() if key not in good}
