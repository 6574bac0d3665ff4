"""What a reading leads to: preflight's answer, the recheck under the pair's lock, a reminder or the end of the time.

Pure, like `rules`, which decide what people may ask for and what comes next: readings, persons and time in, events out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from engine import plan as plans
from engine.events import (
    ApprovalsVoided,
    Event,
    PreflightPassed,
    RequestAnswered,
    RequestExpired,
    RequestRefused,
    RequestReminded,
    RunEnded,
    RunIntended,
    RunUnstarted,
)
from engine.facts import Facts, Health
from engine.guards.case import Case
from engine.guards.data import NOT_IN_SYNC
from engine.model import Ended, Outcome, Person, Plan, Ticket
from engine.policy import Policy, Verb, may
from engine.port import AccountRefused, EngineError, EngineUnavailable
from engine.preflight import blocking, judge
from engine.rules import Step, missing_approvals, next_move, too_few
from engine.states import Operation, State

RELOOK = 60
"""Seconds in which a last reading that knows less than the approved one is made again before it voids anything."""


@dataclass(frozen=True)
class Reading:
    """What was read for one decision: the facts, the cmdlet's parameters, the end of the pair's last operation, and
    another operation that is open on it."""

    facts: Facts
    supported: frozenset[str]
    last_ended: datetime | None
    held_by: str = ""
    everybody: tuple[Person, ...] | None = None
    """Whoever has a role now; None where that was not looked up."""


def inspected(op: Operation, reading: Reading, policy: Policy, now: datetime) -> Event:
    """Preflight's answer to a request: refused with the reason, answered (what-if), or waiting for approvals."""
    request = op.request
    findings = judge(_case(op, reading, policy, now))
    if stopper := blocking(findings):
        return RequestRefused(stopper.code, stopper.say, stopper.cure, findings)
    # What would run if it were asked for: the same plan, so that the two digests can be compared.
    meant = replace(request.options, whatif=False)
    made = plans.make(request.kind, meant, reading.facts, findings, policy)
    if reading.everybody is not None and (few := too_few(made.approvals, request.by, reading.everybody, policy)):
        return RequestRefused(few.code, few.say, few.cure, findings)  # what was read made it graver than what was typed
    digest = plans.digest(made)
    if request.options.whatif:
        return RequestAnswered(made, digest, findings, reading.facts)
    expires = now + timedelta(seconds=policy.expires_after)
    remind = expires - timedelta(seconds=min(policy.remind_before, policy.expires_after))
    return PreflightPassed(made, digest, findings, reading.facts, expires, remind)


def _case(op: Operation, reading: Reading, policy: Policy, now: datetime) -> Case:
    request = op.request
    return Case(
        request.kind,
        request.options,
        reading.facts,
        reading.supported,
        policy,
        now,
        reading.last_ended,
        reading.held_by,
        request.partner,
    )


def unreadable(say: str, detail: str) -> RequestRefused:
    """Nothing could be read for preflight."""
    return RequestRefused(
        "E_ENGINE_UNAVAILABLE",
        f"{say} Nothing was changed.",
        f"csfailover check shows what is wrong. {detail}".strip(),
    )


def bugged(name: str) -> RequestRefused:
    """The bot itself failed in preflight, and not the engine: `check` cannot find that; the process log has it."""
    return RequestRefused(
        "E_PREFLIGHT_BUG",
        f"Preflight hit a bug in the bot ({name}). Nothing was changed.",
        "The log of the bot's process says more. Please report it.",
    )


def rechecked(
    op: Operation, reading: Reading, persons: Mapping[str, Person], ticket: Ticket, policy: Policy, now: datetime
) -> ApprovalsVoided | RunIntended | None:
    """Under the pair's lock, right before the start: the plan is made again from what is true now. Any difference,
    in the facts or in anybody's rights, voids the approvals, and so does the end of their time. None: something that
    the approvers had read did not answer this time; look again soon."""
    assert op.plan is not None
    findings = judge(_case(op, reading, policy, now))
    made = _within(op.plan, plans.make(op.request.kind, op.request.options, reading.facts, findings, policy))
    says = {f.bound: f.say for f in op.findings} | {f.bound: f"{f.say} {f.cure}".strip() for f in findings}
    lost = _rights_lost(op, persons, policy)
    differences = (*plans.difference(op.plan, made, says), *lost)
    if not differences and plans.digest(made) != op.digest:
        differences = ("the plan's digest is not the approved one",)
    if op.expires_at is not None and now >= op.expires_at:  # the bot, the engine or the log was away in the meantime
        differences = (f"the approvals were good until {op.expires_at:%Y-%m-%d %H:%M} UTC", *differences)
    elif differences and not lost and _knows_less(op, reading.facts) and _just_approved(op, now):
        return None
    return ApprovalsVoided(differences) if differences else RunIntended(ticket, op.digest)


def _within(approved: Plan, now: Plan) -> Plan:
    """The current plan, without what is only better than approved: a loss below the approved bound, and with it the
    approvals that the greater loss took and the finding that named it."""
    if plans.worse(now.loss, approved.loss):
        return now
    gone = [f for f in approved.findings if f not in now.findings]
    better = all(f.startswith(NOT_IN_SYNC) for f in gone) and list(now.findings) == [
        f for f in approved.findings if f not in gone
    ]
    return replace(
        now,
        loss=approved.loss,
        approvals=max(now.approvals, approved.approvals),
        findings=approved.findings if better else now.findings,
    )


def may_pass(error: EngineError) -> bool:
    """Whether another try may start it: nobody answered, or the account was not let in. A missing right or cmdlet is
    asked about once."""
    return isinstance(error, EngineUnavailable | AccountRefused)


def put_off(op: Operation, error: EngineError, now: datetime) -> tuple[Event, ...]:
    """It could not be started this time, and nothing was sent. The approvals hold while their time lasts; what keeps
    it from starting is recorded when it changes."""
    if not may_pass(error):
        return (ApprovalsVoided((f"it cannot be started: {error.say}",)),)
    if op.expires_at is not None and now >= op.expires_at and op.state is State.APPROVED:
        good = f"the approvals were good until {op.expires_at:%Y-%m-%d %H:%M} UTC"
        return (ApprovalsVoided((good, f"it could not be started: {error.say}")),)
    if op.state is State.RUNNING and op.stop_asked_by:
        return (RunEnded(Outcome(Ended.NOT_STARTED, error.sentence)),)
    return () if op.state is State.APPROVED and op.put_off == error.reason else (RunUnstarted(error.reason),)


def _knows_less(op: Operation, facts: Facts) -> bool:
    """Whether a reading failed that had succeeded before the approvals. For a pool that was read as down that is no
    surprise: it is news, and not a reading to be made again."""
    if op.facts is None:
        return False
    down = {p.fqdn for p in (facts.pool, facts.partner) if p and p.health not in {Health.UP, Health.UNKNOWN}}
    before = {missed.name for missed in op.facts.unread}
    return any(missed.name not in before and missed.of not in down for missed in facts.unread)


def _just_approved(op: Operation, now: datetime) -> bool:
    return op.approved_at is not None and now - op.approved_at < timedelta(seconds=RELOOK)


def _rights_lost(op: Operation, persons: Mapping[str, Person], policy: Policy) -> tuple[str, ...]:
    def still(person_id: str, verb: Verb) -> bool:
        return person_id in persons and may(persons[person_id], verb, policy)

    lost = [f"{a.name} may no longer approve" for a in op.approvals if not still(a.by, Verb.APPROVE)]
    if not still(op.request.by, Verb.ASK):
        lost.append(f"{op.request.name} may no longer ask for this")
    return tuple(lost)


def waited(op: Operation, now: datetime) -> Event:
    """The clock has reached the reminder, or the end."""
    missing = missing_approvals(op)
    return RequestExpired(missing) if next_move(op, now).step is Step.EXPIRE else RequestReminded(missing)
