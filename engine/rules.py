"""What people may ask for, and what comes next: a request in, events or a Refusal out.

Pure: persons, policy and time are arguments, nothing waits and nothing is written. What follows from an event
stands in `states.TABLE`; what a reading leads to, in `readings`; what an outcome means, in `verdict`. The shell round
these rules (bot/desk/desk.py, bot/desk/runner.py) only fetches the arguments and appends what is returned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from engine.events import (
    ApprovalGranted,
    ApprovalUnconfirmed,
    DoubtSettled,
    DoubtStated,
    Event,
    RequestAsked,
    RequestDenied,
    RequestWithdrawn,
    RunStatedDead,
    RunStopAsked,
)
from engine.model import Person, Refusal, Where, Word
from engine.policy import Policy, Verb, approvers, demanded, may, more_leads, who_may
from engine.preflight import conflicts
from engine.states import BEGUN, Operation, State

MAX_REASON = 1_000


class Step(StrEnum):
    """What the runner does next with an operation."""

    INSPECT = "inspect"
    REMIND = "remind"
    EXPIRE = "expire"
    WAIT = "wait"
    START = "start"
    FOLLOW = "follow"
    JUDGE = "judge"
    OBSERVE = "observe"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Move:
    """One step, due at `at`; None: at once (or, for NOTHING, never)."""

    step: Step
    at: datetime | None = None


def next_move(op: Operation, now: datetime) -> Move:
    """What is next for this operation. An intent without an outcome is *look*, never *do again*."""
    match op.state:
        case State.ASKED:
            return Move(Step.INSPECT)
        case State.AWAITING:
            return _while_awaiting(op, now)
        case State.APPROVED:
            return Move(Step.START)
        case State.RUNNING:
            return Move(Step.FOLLOW)
        case State.JUDGING | State.SETTLED:
            return Move(Step.JUDGE)
        case State.IN_DOUBT:
            return Move(Step.OBSERVE)
        case _:
            return Move(Step.NOTHING)


def _while_awaiting(op: Operation, now: datetime) -> Move:
    assert op.expires_at is not None
    assert op.remind_at is not None
    if now >= op.expires_at:
        return Move(Step.EXPIRE)
    if op.reminded:
        return Move(Step.WAIT, op.expires_at)
    return Move(Step.REMIND) if now >= op.remind_at else Move(Step.WAIT, op.remind_at)


# --- what people ask for -------------------------------------------------------------------------------------------


def ask(
    request: RequestAsked, by: Person, policy: Policy, everybody: Iterable[Person]
) -> tuple[RequestAsked] | Refusal:
    """May this person ask for this, and are there enough others to approve it? The pool has been resolved; its
    state is for preflight to judge."""
    if not may(by, Verb.ASK, policy):
        return Refusal(
            "E_MAY_NOT_REQUEST",
            f"{by.name} may not ask for a failover.",
            f"Ask somebody with the role {who_may(Verb.ASK, policy)}.",
        )
    return (
        _too_long(request.reason)
        or conflicts(request.kind, request.options)
        or too_few(demanded(request.kind, request.options, policy).approvals, by.id, everybody, policy)
        or (request,)
    )


def too_few(needed: int, asker: str, everybody: Iterable[Person], policy: Policy) -> Refusal | None:
    """Nobody approves their own request, so one that too few others may approve would only lock the pair."""
    others = [p.name for p in approvers(asker, everybody, policy)]
    if len(others) >= needed:
        return None
    return Refusal(
        "E_TOO_FEW_LEADS",
        f"This needs {needed} approvals from others. Who may give them: {', '.join(others) or 'nobody'}.",
        "Have somebody who is not needed as an approver ask for it.",
    )


def approve(op: Operation, by: Person, policy: Policy, now: datetime) -> tuple[Event, ...] | Refusal:
    """Bound to the digest of the plan that the card shows. Counts persons, never the requester."""
    if by.id == op.request.by:
        return Refusal(
            "E_OWN_REQUEST",
            "You asked for this yourself; nobody approves their own request.",
            "Another lead has to approve it. To take it back: Withdraw.",
        )
    if refusal := _may_decide(by, policy, Verb.APPROVE) or _not_awaiting(op):
        return refusal
    if any(a.by == by.id for a in op.approvals):
        return Refusal("E_YOU_APPROVED_ALREADY", "You have already approved this; it counts once.", _who_is_missing(op))
    assert op.expires_at is not None
    if now >= op.expires_at:
        return Refusal("E_EXPIRED", "The time for approvals is over.", "Ask again: the facts may have changed.")
    return (ApprovalGranted(by.id, by.name, op.digest),)


def unconfirmed(op: Operation, by: str) -> tuple[Event, ...]:
    """This person's approval is the last thing that the bot wrote before it was cut off. Its commit may have failed,
    and they may have been informed of that: it is taken back. A no, a withdrawal and a stop count as they are found."""
    if op.state not in {State.AWAITING, State.APPROVED}:
        return ()
    return tuple(ApprovalUnconfirmed(a.by, a.name) for a in op.approvals if a.by == by)


def deny(op: Operation, by: Person, reason: str, policy: Policy) -> tuple[Event, ...] | Refusal:
    """One lead's no ends it, up to the start; the reason is on record."""
    if refusal := _may_decide(by, policy, Verb.DENY) or _before_start(op) or _needs_reason(reason):
        return refusal
    return (RequestDenied(by.id, by.name, reason.strip()),)


def withdraw(op: Operation, by: Person) -> tuple[Event, ...] | Refusal:
    """The requester takes it back, up to the start."""
    if by.id != op.request.by:
        return Refusal(
            "E_NOT_YOURS", f"{op.request.name} asked for this; only they can withdraw it.", "A lead can deny it."
        )
    return _before_start(op) or (RequestWithdrawn(by.id, by.name),)


def stop(op: Operation, by: Person, policy: Policy) -> tuple[Event, ...] | Refusal:
    """Ask a running cmdlet to stop. Before users are redirected it goes back, after that it goes on."""
    if by.id != op.request.by and (refusal := _may_decide(by, policy, Verb.STOP)):
        return refusal
    if op.state is not State.RUNNING:
        return Refusal("E_NOT_RUNNING", f"Nothing is running: this operation is {op.state.value}.", _what_now(op))
    if op.stop_asked_by:
        return Refusal("E_STOP_ASKED", f"{op.stop_asked_by} has already asked for that.", "Wait for the answer here.")
    return (RunStopAsked(by.id, by.name),)


CLAIMS: Mapping[Word, str] = {
    Word.HAPPENED: "it happened",
    Word.NOT_HAPPENED: "it did not happen, and nothing was moved",
    Word.NEITHER: "it is neither done nor as before, and stays so",
    Word.RUN_DEAD: "no part of the run is active any more",
}
"""What each word claims, after "stated that"."""


def words(op: Operation) -> tuple[Word, ...]:
    """What leads may state about this operation now. No word overrides a reading, and none but RUN_DEAD counts until
    it is proved that the run is over."""
    if op.state is not State.IN_DOUBT or op.seen is None:
        return ()
    if not op.seen.over:
        return () if op.run_dead else (Word.RUN_DEAD,)
    match op.seen.where:
        case Where.UNREADABLE:
            return Word.HAPPENED, Word.NOT_HAPPENED
        case Where.BETWEEN:
            return (Word.NEITHER,)
        case _:
            return ()


def settle(op: Operation, by: Person, word: Word, reason: str, policy: Policy) -> tuple[Event, ...] | Refusal:
    """A lead who has looked states what is true of an operation in doubt. It takes the same word from two leads: that
    is a statement and not an approval, so the person who asked for the operation may be one of them."""
    if refusal := _may_decide(by, policy, Verb.SETTLE):
        return refusal
    if op.state is not State.IN_DOUBT:
        return Refusal("E_NOT_IN_DOUBT", f"There is no doubt to settle: it is {op.state.value}.", _what_now(op))
    if refusal := _stands_against(op, word) or _needs_reason(reason):
        return refusal
    said = DoubtStated(by.id, by.name, word, reason.strip())
    other = next((s for s in op.statements if s.by != by.id and s.word is word), None)
    if other is None:
        if any(s.by == by.id and s.word is word for s in op.statements):
            return Refusal("E_STATED_ALREADY", "You have already stated this; it counts once.", _SECOND)
        return (said,)
    by_both, names, reasons = (other.by, by.id), (other.name, by.name), f"{other.reason} / {said.reason}"
    if word is Word.RUN_DEAD:
        return said, RunStatedDead(by_both, names, reasons)
    return said, DoubtSettled(word, by_both, names, reasons)


_SECOND = "A second lead has to state the same."


def _stands_against(op: Operation, word: Word) -> Refusal | None:
    possible = words(op)
    if word in possible:
        return None
    read = op.seen.say if op.seen else "Nothing has been read yet."
    if Word.RUN_DEAD in possible:
        return Refusal(
            "E_NOT_PROVED_OVER",
            f"It is not proved that the run is over, so no statement about the outcome counts yet. {read}",
            "Wait. If its server is gone for good, two leads can state that no part of the run is active any more.",
        )
    cure = f"What can be stated now: {' or '.join(CLAIMS[w] for w in possible)}." if possible else "Wait for the bot."
    return Refusal("E_READING_STANDS", f"No statement overrides what was read. {read}", cure)


def _may_decide(by: Person, policy: Policy, verb: Verb) -> Refusal | None:
    if may(by, verb, policy):
        return None
    return Refusal(
        "E_MAY_NOT_APPROVE", f"{by.name} may not {verb} this.", f"That takes the role {who_may(verb, policy)}."
    )


def _not_awaiting(op: Operation) -> Refusal | None:
    if op.state is State.AWAITING:
        return None
    if op.state is State.ASKED:
        return Refusal(
            "E_TOO_EARLY", "The checks are still running; there is nothing to approve yet.", "Wait for them."
        )
    if op.state is State.APPROVED or op.state in BEGUN:
        names = " and ".join(a.name for a in op.approvals)
        return Refusal("E_APPROVED_ALREADY", f"It is already approved, by {names}.", "Nothing more to do.")
    return _over(op)


def _before_start(op: Operation) -> Refusal | None:
    if op.state in {State.ASKED, State.AWAITING, State.APPROVED}:
        return None
    if op.state in BEGUN:
        return Refusal("E_STARTED", "Too late: it has started.", "Stop asks the cmdlet to stop.")
    return _over(op)


def _over(op: Operation) -> Refusal:
    return Refusal("E_OVER", f"Too late: this operation is {op.state.value}.", _what_now(op))


def _needs_reason(reason: str) -> Refusal | None:
    if not reason.strip():
        return Refusal("E_NO_REASON", "A reason is needed: it is what the record will show.", "Say in a few words why.")
    return _too_long(reason)


def _too_long(reason: str) -> Refusal | None:
    if len(reason) <= MAX_REASON:
        return None
    return Refusal(
        "E_REASON_TOO_LONG",
        f"The reason has {len(reason):,} characters; the limit is {MAX_REASON:,}, and nothing is cut off silently.",
        "Shorten it; details belong in the incident's thread.",
    )


def _who_is_missing(op: Operation) -> str:
    missing = missing_approvals(op)
    return f"{more_leads(missing)} must approve." if missing else "Nothing is missing."


def _what_now(op: Operation) -> str:
    return f"/failover-log {op.id} shows what happened; ask again if it is still needed."


def missing_approvals(op: Operation) -> int:
    return max(0, op.plan.approvals - len(op.approvals)) if op.plan else 0
