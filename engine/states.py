"""The states of an operation and the one table of what leads where.

Rule 1: everything that moves an operation is in TABLE. Rule 2: the table is data: the diagram in
ARCHITECTURE.md and `csfailover check --rules` are printed from it, every row of the log names the rule that
fired, and a test walks it. Rule 3: nothing here decides whether something may happen (that is `rules`);
`evolve` only returns where a fact leads, and refuses a fact that has no row.

An operation is the fold of its events and is never stored. No I/O, no clock: `at` is the time of the row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from engine.events import (
    ApprovalGranted,
    ApprovalsVoided,
    ApprovalUnconfirmed,
    DoubtRaised,
    DoubtSettled,
    DoubtStated,
    Event,
    OperationClosed,
    PoolsSeen,
    PreflightPassed,
    RequestAnswered,
    RequestAsked,
    RequestDenied,
    RequestExpired,
    RequestRefused,
    RequestReminded,
    RequestWithdrawn,
    RunEnded,
    RunIntended,
    RunRecorded,
    RunStatedDead,
    RunStopAsked,
    RunUnstarted,
    WishRefused,
)
from engine.facts import Facts
from engine.model import Finding, Outcome, Phase, Plan, Record, Ticket, Verdict, Where


class State(StrEnum):
    NEW = "new"
    ASKED = "asked"
    AWAITING = "awaiting approval"
    APPROVED = "approved"
    RUNNING = "running"
    JUDGING = "judging"
    IN_DOUBT = "in doubt"
    SETTLED = "settled"
    REFUSED = "refused"
    ANSWERED = "answered"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    VOID = "void"
    SUCCEEDED = "succeeded"
    SUCCEEDED_WITH_WARNINGS = "succeeded with warnings"
    STOPPED = "stopped"
    FAILED = "failed"
    NEITHER = "neither done nor as before"


CLOSED = frozenset(
    {
        State.REFUSED,
        State.ANSWERED,
        State.DENIED,
        State.WITHDRAWN,
        State.EXPIRED,
        State.VOID,
        State.SUCCEEDED,
        State.SUCCEEDED_WITH_WARNINGS,
        State.STOPPED,
        State.FAILED,
        State.NEITHER,
    }
)
BEGUN = frozenset({State.RUNNING, State.JUDGING, State.IN_DOUBT, State.SETTLED})
"""Something may have been changed: what is recorded from here on belongs to something already begun."""


class Rule(NamedTuple):
    """`when` names the condition that distinguishes rows of the same state and event; empty: always."""

    name: str
    source: State
    event: type[Event]
    target: State
    when: str = ""
    comment: str = ""


S = State
TABLE: tuple[Rule, ...] = (
    Rule("asked", S.NEW, RequestAsked, S.ASKED, comment="recorded before Slack is answered"),
    Rule("refused", S.ASKED, RequestRefused, S.REFUSED, comment="preflight says why, and what to do"),
    Rule("answered", S.ASKED, RequestAnswered, S.ANSWERED, comment="what-if: nothing changes"),
    Rule("passed", S.ASKED, PreflightPassed, S.AWAITING, comment="plan and digest are fixed"),
    Rule("withdrawn-early", S.ASKED, RequestWithdrawn, S.WITHDRAWN),
    Rule("denied-early", S.ASKED, RequestDenied, S.DENIED),
    Rule("granted", S.AWAITING, ApprovalGranted, S.AWAITING, "more are needed"),
    Rule("quorum", S.AWAITING, ApprovalGranted, S.APPROVED, "enough"),
    Rule("unconfirmed", S.AWAITING, ApprovalUnconfirmed, S.AWAITING, comment="found after a crash; give it again"),
    Rule("unconfirmed-late", S.APPROVED, ApprovalUnconfirmed, S.AWAITING, comment="still before the start"),
    Rule("denied", S.AWAITING, RequestDenied, S.DENIED),
    Rule("withdrawn", S.AWAITING, RequestWithdrawn, S.WITHDRAWN),
    Rule("reminded", S.AWAITING, RequestReminded, S.AWAITING),
    Rule("expired", S.AWAITING, RequestExpired, S.EXPIRED),
    Rule("denied-late", S.APPROVED, RequestDenied, S.DENIED, comment="still before the start"),
    Rule("withdrawn-late", S.APPROVED, RequestWithdrawn, S.WITHDRAWN, comment="still before the start"),
    Rule("put-off", S.APPROVED, RunUnstarted, S.APPROVED, comment="it cannot start yet: the approvals hold"),
    Rule("voided", S.APPROVED, ApprovalsVoided, S.VOID, comment="facts or rights changed: approvals void"),
    Rule("intent", S.APPROVED, RunIntended, S.RUNNING, comment="committed, then the engine is called"),
    Rule("recorded", S.RUNNING, RunRecorded, S.RUNNING),
    Rule("stop-asked", S.RUNNING, RunStopAsked, S.RUNNING, comment="a request, not a promise"),
    Rule("unstarted", S.RUNNING, RunUnstarted, S.APPROVED, comment="proved: never sent; the approvals hold"),
    Rule("ended", S.RUNNING, RunEnded, S.JUDGING),
    Rule("lost-sight", S.RUNNING, DoubtRaised, S.IN_DOUBT),
    Rule("judged-succeeded", S.JUDGING, OperationClosed, S.SUCCEEDED, "SUCCEEDED"),
    Rule("judged-warnings", S.JUDGING, OperationClosed, S.SUCCEEDED_WITH_WARNINGS, "SUCCEEDED_WITH_WARNINGS"),
    Rule("judged-stopped", S.JUDGING, OperationClosed, S.STOPPED, "STOPPED"),
    Rule("judged-failed", S.JUDGING, OperationClosed, S.FAILED, "FAILED"),
    Rule("undecided", S.JUDGING, DoubtRaised, S.IN_DOUBT, comment="no settled reading, or no proof, in time"),
    Rule("looked", S.JUDGING, PoolsSeen, S.JUDGING),
    Rule("looked-in-doubt", S.IN_DOUBT, PoolsSeen, S.IN_DOUBT),
    Rule("looked-once-more", S.SETTLED, PoolsSeen, S.SETTLED),
    Rule("stated", S.IN_DOUBT, DoubtStated, S.IN_DOUBT, comment="one lead's word; it takes two"),
    Rule("stated-dead", S.IN_DOUBT, RunStatedDead, S.IN_DOUBT, comment="about the run alone: changes no reading"),
    Rule("settled", S.IN_DOUBT, DoubtSettled, S.SETTLED, comment="by what was read, or by the word of two leads"),
    Rule(
        "contradicted",
        S.SETTLED,
        DoubtRaised,
        S.IN_DOUBT,
        comment="the word does not stand",
    ),
    Rule("closed-succeeded", S.SETTLED, OperationClosed, S.SUCCEEDED, "SUCCEEDED"),
    Rule("closed-warnings", S.SETTLED, OperationClosed, S.SUCCEEDED_WITH_WARNINGS, "SUCCEEDED_WITH_WARNINGS"),
    Rule("closed-stopped", S.SETTLED, OperationClosed, S.STOPPED, "STOPPED"),
    Rule("closed-failed", S.SETTLED, OperationClosed, S.FAILED, "FAILED"),
    Rule("closed-neither", S.SETTLED, OperationClosed, S.NEITHER, "NEITHER"),
    *(Rule("wish-refused", state, WishRefused, state) for state in State if state is not S.NEW),
)


@dataclass(frozen=True)
class Approval:
    by: str
    name: str
    at: datetime


@dataclass(frozen=True)
class Seen:
    """The last look after a run. `since`: the time since which every look has found the users there."""

    where: Where
    over: bool
    say: str
    since: datetime


@dataclass(frozen=True)
class Operation:
    """One request from asking to verdict. What is None has not happened yet."""

    id: str
    version: int = 0
    state: State = State.NEW
    asked: RequestAsked | None = None
    asked_at: datetime | None = None
    plan: Plan | None = None
    digest: str = ""
    findings: tuple[Finding, ...] = ()
    facts: Facts | None = None
    expires_at: datetime | None = None
    remind_at: datetime | None = None
    reminded: bool = False
    approvals: tuple[Approval, ...] = ()
    unconfirmed: tuple[str, ...] = ()
    """Who has to approve again: their approval was found after a crash."""
    approved_at: datetime | None = None
    """Since when it could start: the last approval, or the proof that nothing had been sent."""
    ticket: Ticket | None = None
    attempts: int = 0
    started_at: datetime | None = None
    record: Record | None = None
    percent: int | None = None
    stop_asked_by: str = ""
    outcome: Outcome | None = None
    ended_at: datetime | None = None
    put_off: str = ""
    """Why it could not be started last time; the approvals hold."""
    doubt: str = ""
    """Why it is in doubt."""
    seen: Seen | None = None
    statements: tuple[DoubtStated, ...] = ()
    """What each lead has stated since the last look that changed anything; for each lead only the last statement."""
    run_dead: RunStatedDead | None = None
    settled: DoubtSettled | None = None
    verdict: Verdict | None = None
    end: Event | None = None
    """What closed it; clicks that come later do not change it."""
    closed_at: datetime | None = None

    @property
    def closed(self) -> bool:
        return self.state in CLOSED

    @property
    def request(self) -> RequestAsked:
        """What was asked. Raises AssertionError on an operation that nobody asked for."""
        assert self.asked is not None, f"operation {self.id} has no request"
        return self.asked


class IllegalEventError(Exception):
    """A fact that has no row in the table: the log was not written by these rules."""

    def __init__(self, operation: Operation, event: Event) -> None:
        super().__init__(f"{event.kind_of} has no row for an operation that is {operation.state.value}")


def rule_for(operation: Operation, event: Event) -> Rule:
    """The one row for this event in this state. Raises IllegalEventError."""
    for rule in TABLE:
        if (
            rule.source is operation.state
            and isinstance(event, rule.event)
            and (not rule.when or rule.when == _condition(operation, event))
        ):
            return rule
    raise IllegalEventError(operation, event)


def _condition(operation: Operation, event: Event) -> str:
    match event:
        case ApprovalGranted():
            assert operation.plan is not None
            return "enough" if len(operation.approvals) + 1 >= operation.plan.approvals else "more are needed"
        case OperationClosed(verdict=verdict):
            return verdict.value
        case _:
            return ""


def evolve(operation: Operation, event: Event, at: datetime) -> Operation:
    """The operation after this event. Raises IllegalEventError when the table has no row for it."""
    moved = replace(operation, version=operation.version + 1, state=rule_for(operation, event).target)
    if moved.closed and not operation.closed:
        moved = replace(moved, end=event, closed_at=at)
    if moved.state is State.APPROVED and operation.state is not State.APPROVED:
        moved = replace(moved, approved_at=at)
    return _remember(moved, event, at)


def _remember(op: Operation, event: Event, at: datetime) -> Operation:
    match event:
        case RequestAsked():
            return replace(op, asked=event, asked_at=at)
        case RequestRefused(findings=findings):
            return replace(op, findings=findings)
        case RequestAnswered():
            return replace(op, plan=event.plan, digest=event.digest, findings=event.findings, facts=event.facts)
        case PreflightPassed():
            return replace(
                op,
                plan=event.plan,
                digest=event.digest,
                findings=event.findings,
                facts=event.facts,
                expires_at=event.expires_at,
                remind_at=event.remind_at,
            )
        case ApprovalGranted():
            again = tuple(name for name in op.unconfirmed if name != event.name)
            return replace(op, approvals=(*op.approvals, Approval(event.by, event.name, at)), unconfirmed=again)
        case ApprovalUnconfirmed(by=by, name=name):
            kept = tuple(approval for approval in op.approvals if approval.by != by)
            return replace(op, approvals=kept, unconfirmed=(*op.unconfirmed, name))
        case RequestReminded():
            return replace(op, reminded=True)
        case _:
            return _remember_run(op, event, at)


def _remember_run(op: Operation, event: Event, at: datetime) -> Operation:
    match event:
        case RunIntended(ticket=ticket):
            began = op.started_at or at
            return replace(op, ticket=ticket, attempts=op.attempts + 1, started_at=began, stop_asked_by="", put_off="")
        case RunRecorded(record=record):
            return _remember_record(op, record)
        case RunStopAsked(name=name):
            return replace(op, stop_asked_by=name)
        case RunUnstarted(say=say):
            return replace(op, ticket=None, started_at=None, put_off=say)
        case RunEnded(outcome=outcome):
            return replace(op, outcome=outcome, ended_at=at)
        case DoubtRaised(say=say):
            return replace(op, doubt=say, settled=None, statements=(), ended_at=op.ended_at or at)
        case PoolsSeen():
            return _remember_look(op, event, at)
        case DoubtStated():
            return replace(op, statements=(*(s for s in op.statements if s.by != event.by), event))
        case RunStatedDead():
            return replace(op, run_dead=event, statements=())
        case DoubtSettled():
            return replace(op, settled=event)
        case OperationClosed(verdict=verdict):
            return replace(op, verdict=verdict, facts=event.facts or op.facts)
        case _:
            return op


def _remember_look(op: Operation, look: PoolsSeen, at: datetime) -> Operation:
    before = op.seen
    holds = before is not None and before.where is look.where
    same = holds and before is not None and before.over is look.over
    seen = Seen(look.where, look.over, look.say, before.since if before and holds else at)
    # Earlier statements were about another situation; they have to be made again.
    return replace(op, seen=seen, statements=op.statements if same else ())


def _remember_record(op: Operation, record: Record) -> Operation:
    assert op.ticket is not None
    ticket = replace(op.ticket, seen=record.n)
    if record.stream == "phase":
        return replace(op, ticket=replace(ticket, phase=_phase(record.text)))
    percent = record.percent if record.percent is not None else op.percent
    return replace(op, ticket=ticket, record=record, percent=percent)


def _phase(text: str) -> Phase:
    match text:
        case "planned" | "opening" | "sending" | "running" | "ended" | "parked":
            return text
        case _:
            raise ValueError(f"not a phase of a run: {text!r}")


def diagram() -> str:
    """The table as a Mermaid state diagram, for ARCHITECTURE.md."""

    def box(state: State) -> str:
        return state.value.replace(" ", "_")

    lines = ["stateDiagram-v2", f"    [*] --> {box(S.ASKED)}: request.asked"]
    for rule in TABLE:
        if rule.source is S.NEW or rule.name == "wish-refused":
            continue
        label = f"{rule.event.kind_of} [{rule.when}]" if rule.when else rule.event.kind_of
        lines.append(f"    {box(rule.source)} --> {box(rule.target)}: {label}")
    lines += [f"    {box(state)} --> [*]" for state in State if state in CLOSED]
    return "\n".join(lines)
