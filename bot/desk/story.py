"""An event -> its line in the operation's thread, and a bare refusal -> what the person who clicked reads.

Pure. The thread is the timeline people read back next morning; the card says how it stands now.
"""

from __future__ import annotations

from audit.model import Verification
from engine import plan as plans
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
from engine.model import Record, Refusal, Word
from engine.rules import CLAIMS
from engine.states import Operation

_STREAM_MARK = {"error": "error: ", "warning": "warning: ", "prompt": "asked and answered No: "}
_QUIET = frozenset({"debug", "phase"})


def told(event: Event) -> str:
    """One sentence for the timeline; empty for what is kept in the log only."""
    match event:
        case RunRecorded(record=record):
            return _record(record)
        case RunIntended() | RunStopAsked() | RunEnded() | RunUnstarted() | DoubtRaised() | PoolsSeen():
            return _run(event)
        case _:
            return _request(event)


def _request(event: Event) -> str:
    match event:
        case RequestAsked():
            return _asked(event)
        case PreflightPassed(plan=plan, digest=digest):
            return f"Preflight passed. Plan {plans.short(digest)}: {plans.line(plan)}"
        case RequestRefused(code=code, say=say):
            return f"Refused ({code}): {say}"
        case RequestAnswered():
            return "What-if answered; nothing was changed."
        case ApprovalGranted(name=name, digest=digest):
            return f"{name} approved plan {plans.short(digest)}."
        case ApprovalUnconfirmed(name=name):
            return f"{name}'s approval was found after a crash. It does not count until {name} approves again."
        case WishRefused(by=by, wish=wish, say=say):
            return f"Refused {by}'s click on {wish}: {say}"
        case RequestDenied(name=name, reason=reason):
            return f"{name} denied it: {reason}"
        case RequestReminded(missing=missing):
            return f"Reminder: {approvals(missing)} still missing."
        case _:
            return _ending(event)


def _asked(asked: RequestAsked) -> str:
    what = f"what a {asked.what} would do" if asked.options.whatif else f"for a {asked.what}"
    reason = f" Reason: {asked.reason}" if asked.reason else ""
    return f"{asked.name} asked {what}.{reason}"


def approvals(count: int) -> str:
    return f"{count} approval{'' if count == 1 else 's'}"


def users(op: Operation) -> str:
    """How many people it affects, as far as that was read."""
    count = op.facts.pool.users if op.facts else None
    return f"{count:,} users" if count is not None else "An unknown number of users"


def _ending(event: Event) -> str:
    match event:
        case RequestWithdrawn(name=name):
            return f"{name} withdrew it."
        case RequestExpired(missing=missing):
            return f"Expired with {approvals(missing)} missing. Nothing was changed."
        case ApprovalsVoided(differences=differences):
            return f"Void: {'; '.join(differences)}. Nothing was changed."
        case DoubtStated(name=name, word=word, reason=reason):
            return f"{name} stated that {CLAIMS[word]}. Reason: {reason}"
        case RunStatedDead(names=names):
            return f"{' and '.join(names)} stated that {CLAIMS[Word.RUN_DEAD]}. The readings still count."
        case DoubtSettled(word=Word() as word, names=names):
            return f"Two leads, {' and '.join(names)}, stated that {CLAIMS[word]}. Looking once more."
        case DoubtSettled(reason=reason):
            return f"The readings settle the doubt: {reason}"
        case OperationClosed(verdict=verdict, say=say):
            return f"{verdict.value}. {say}"
        case _:
            return ""


def _run(event: Event) -> str:
    match event:
        case RunIntended(ticket=ticket):
            return f"Everything is as approved. Starting on {ticket.endpoint}; run {ticket.run}."
        case RunStopAsked(name=name):
            return f"{name} asked to stop."
        case RunEnded(outcome=outcome):
            return f"The engine reports: {outcome.ended.value}. {outcome.say}"
        case RunUnstarted(say=say):
            return f"Not started yet, and nothing was sent: {say} The approvals still count."
        case DoubtRaised(say=say):
            return f"In doubt: {say}"
        case PoolsSeen(say=say):
            return f"Looked: {say}"
        case _:
            return ""


def _record(record: Record) -> str:
    if record.stream in _QUIET or not record.text.strip():
        return ""
    percent = f" ({record.percent} %)" if record.percent is not None else ""
    return f"{_STREAM_MARK.get(record.stream, '')}{record.text}{percent}"


def refused(refusal: Refusal) -> str:
    """What the person who was refused reads, and nobody else."""
    return f"{refusal.say} {refusal.cure}".strip()


def whole(found: Verification) -> str:
    """One sentence on whether the log can be trusted. The head is given as `log verify --expect` takes it."""
    if found.ok:
        rows = "1 row" if found.rows == 1 else f"{found.rows:,} rows"
        return f"The log is intact: {rows}, each chained to the one before; head {found.rows}:{found.head}."
    if not found.known:
        return f"WHETHER THE LOG IS INTACT IS NOT KNOWN: it cannot be read now ({found.why}). Look at its disk."
    where = f"first at row {found.first_bad}" if found.first_bad else "no single row is to blame"
    return f"THE LOG IS NOT INTACT, {where}: {found.why}"
