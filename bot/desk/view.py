"""An operation -> the one neutral card of it: what it is, how it stands, what it means, what may be done.

Pure, and of no door: Slack lays it out as blocks, a terminal as lines. The same operation always makes the same card,
so that whoever shows it can compare. No clock: times are those of the log. Every sentence that stands on a card lives
here; those of the timeline in `story`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bot.desk.intents import Button, buttons_of
from bot.desk.story import approvals, users
from bot.text import cut, legible
from engine import plan as plans
from engine.events import (
    ApprovalsVoided,
    OperationClosed,
    RequestDenied,
    RequestExpired,
    RequestRefused,
    RequestWithdrawn,
)
from engine.guards.circumstances import NOT_READ, STAYS_DOWN
from engine.model import Ended, Finding, Kind, Level, Verdict, Where, Word
from engine.rules import CLAIMS, words
from engine.states import CLOSED, Operation, State

SAID = 1_200
"""Characters of what an engine or a reading says in one place; the rest is in the log."""

MARK = {
    State.ASKED: "🔎",
    State.AWAITING: "⏳",
    State.APPROVED: "⏳",
    State.RUNNING: "🔄",
    State.JUDGING: "🔄",
    State.IN_DOUBT: "❓",
    State.SETTLED: "❓",
    State.REFUSED: "⛔",
    State.ANSWERED: "🔎",
    State.DENIED: "⛔",
    State.WITHDRAWN: "↩️",
    State.EXPIRED: "⌛",
    State.VOID: "♻️",
    State.SUCCEEDED: "✅",
    State.SUCCEEDED_WITH_WARNINGS: "⚠️",
    State.STOPPED: "⏹️",
    State.FAILED: "❌",
    State.NEITHER: "❗",
}


@dataclass(frozen=True)
class Span:
    """A piece of literal text."""

    text: str
    style: Literal["plain", "bold", "code"] = "plain"


@dataclass(frozen=True)
class Paragraph:
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Command:
    """A line to be typed at a shell, shown so that it can be copied."""

    line: str


Part = Paragraph | Command


@dataclass(frozen=True)
class Card:
    """What anybody may read of an operation now, in the order in which it is read.

    `state`: how it stands, and who is awaited. `request`: what runs or would run, who asked, who approved.
    `effect`: whom it moves and what is lost. `findings`: what approvers weigh. `buttons`: what may be done now.
    """

    mark: str
    title: str
    state: tuple[Part, ...]
    request: tuple[Part, ...]
    effect: tuple[Paragraph, ...]
    findings: tuple[Finding, ...]
    buttons: tuple[Button, ...]
    foot: str


def card(op: Operation, engine: str) -> Card:
    """`engine` is the name of the engine: the lab says on each card that it is one."""
    shows_effect = op.plan and op.state in {State.ANSWERED, State.AWAITING, State.APPROVED}
    return Card(
        MARK[op.state],
        _title(op),
        tuple(_state(op)),
        tuple(_request(op)),
        tuple(_effect(op)) if shows_effect else (),
        tuple(_worth_telling(op)),
        () if op.state in CLOSED else buttons_of(op),
        _foot(op, engine),
    )


def clock(at: datetime | None) -> str:
    return f"{at:%H:%M:%S} UTC" if at else "?"


def _title(op: Operation) -> str:
    what = op.request.what
    return f"What-if: {what}" if op.request.options.whatif else what[0].upper() + what[1:]


def _text(*parts: str | Span) -> Paragraph:
    spans = (Span(part) if isinstance(part, str) else part for part in parts)
    return Paragraph(tuple(span for span in spans if span.text))


def _bold(text: str) -> Span:
    return Span(text, "bold")


def _code(text: str) -> Span:
    return Span(text, "code")


# --- how it stands -------------------------------------------------------------------------------------------------


def _state(op: Operation) -> list[Part]:
    match op.state:
        case State.ASKED:
            return [_text(_bold("Checking."), " Reading the state of both pools. Nothing is changed.")]
        case State.AWAITING:
            return [_awaiting(op)]
        case State.APPROVED:
            return [_text(_bold("Approved"), f" by {approvers(op)}. {_waiting_to_start(op)}")]
        case State.RUNNING | State.JUDGING:
            return _running(op)
        case State.IN_DOUBT | State.SETTLED:
            return _doubt(op)
        case State.ANSWERED:
            return [_answered(op)]
        case _:
            return _ended(op)


def _answered(op: Operation) -> Paragraph:
    assert op.plan is not None
    needed = approvals(op.plan.approvals)
    return _text(
        _bold("What if."),
        f" Nothing was changed, and nothing is locked. Without --whatif, and after {needed} by leads other than "
        f"{op.request.name}, this would run:",
    )


def approvers(op: Operation) -> str:
    return " and ".join(a.name for a in op.approvals) or "nobody"


def _awaiting(op: Operation) -> Paragraph:
    assert op.plan is not None
    so_far = f" Approved by {approvers(op)}." if op.approvals else ""
    if op.unconfirmed:
        names = " and ".join(op.unconfirmed)
        so_far += f" An approval by {names} was found after a crash; it does not count until {names} approves again."
    return _text(
        _bold(f"Waiting: {len(op.approvals)} of {approvals(op.plan.approvals)} given"),
        f", by leads other than {op.request.name}, until {clock(op.expires_at)}.{so_far}",
    )


def _waiting_to_start(op: Operation) -> str:
    if not op.put_off:
        return "Reading everything once more, then it starts."
    return f"Not started yet: {cut(op.put_off, SAID)} The approvals are good until {clock(op.expires_at)}."


def _running(op: Operation) -> list[Part]:
    shown = [_text(_bold("Running"), f" since {clock(op.started_at)}, approved by {approvers(op)}.")]
    if op.state is State.JUDGING:
        return [_judging(op)]
    if op.percent is not None:
        filled = round(op.percent / 10)
        shown.append(_text(f"{'▰' * filled}{'▱' * (10 - filled)} {op.percent} %"))
    if op.record:
        shown.append(_text(f"Latest: {cut(op.record.text, 300)}"))
    if op.stop_asked_by:
        shown.append(
            _text(
                f"{op.stop_asked_by} asked to stop. If the users are not redirected yet, everything goes back to how "
                "it was; if they are, it runs to its end."
            )
        )
    return [*shown]


def _judging(op: Operation) -> Paragraph:
    if op.outcome is not None and op.outcome.ended is Ended.STOPPED:
        return _text(_bold("The server reports the run as stopped."), " Reading both pools until that is certain.")
    return _text(_bold("The cmdlet has ended."), " Reading the state of both pools; that decides the verdict.")


def _doubt(op: Operation) -> list[Part]:
    return [
        _text(_bold("In doubt: nobody can say from here whether it happened."), f" {cut(op.doubt, SAID // 3)}"),
        *(
            [_text(f"Last reading, unchanged since {clock(op.seen.since)}: {cut(op.seen.say, SAID // 3)}")]
            if op.seen
            else []
        ),
        _text(f"It will not be run again. The pair stays locked. {_way_out(op)}"),
        *_sent_to(op),
        *_stated(op),
        Command(f'Get-CsRegistrarConfiguration -Identity "service:Registrar:{op.request.pool}"'),
        _text(_how_to_read(op)),
    ]


def _way_out(op: Operation) -> str:
    """Who can end the doubt: the bot by its readings, or two leads."""
    seen = op.seen
    if seen and seen.over and seen.where is Where.BETWEEN:
        return "The run is over and the pool is still in between. The bot cannot settle this; two leads have to."
    if seen and seen.over and seen.where is Where.UNREADABLE:
        return (
            "The run is over. The bot settles the doubt once it can read the pools again; otherwise two leads have to."
        )
    return (
        "The bot keeps looking, and settles the doubt itself once its readings hold steady and the run is proved over."
    )


def _sent_to(op: Operation) -> list[Paragraph]:
    """Where somebody looks for a run that is not proved over."""
    if op.ticket is None or (op.seen and op.seen.over):
        return []
    return [_text(f"The run was sent to {op.ticket.endpoint}, in the session {op.ticket.shell_id}.")]


def _stated(op: Operation) -> list[Paragraph]:
    """What leads may state now, and who has stated what."""
    said = [
        f"{s.name} stated that {CLAIMS[s.word]}. It counts when another lead states the same." for s in op.statements
    ]
    if op.run_dead:
        said.append(f"{' and '.join(op.run_dead.names)} stated that {CLAIMS[Word.RUN_DEAD]}.")
    if possible := words(op):
        said.append(f"With Settle, two leads can state that {' or that '.join(CLAIMS[word] for word in possible)}.")
    return [_text(line) for line in said]


def _how_to_read(op: Operation) -> str:
    done, not_done = ("FailedOver", "Active or FailedBack")
    if op.request.kind is Kind.FAILBACK:
        done, not_done = not_done, done
    return (
        f"PoolState {done}: it happened. PoolState {not_done}, and the cmdlet no longer runs on any Front End: it did "
        "not happen. FailingOver while it runs: it is still in transition. FailingOver for good: neither."
    )


def _ended(op: Operation) -> list[Part]:
    if isinstance(op.end, OperationClosed):
        return _verdict(op, op.end)
    return [_text(*_unstarted(op))]


def _verdict(op: Operation, closed: OperationClosed) -> list[Part]:
    took = ""
    if op.started_at and op.closed_at:
        took = f" Verdict at {clock(op.closed_at)}, {_took(op.closed_at - op.started_at)} after the start."
    shown: list[Part] = [_text(_bold(closed.verdict.value), f". {cut(closed.say, SAID)}{took}")]
    if op.doubt and op.record and op.record.text.strip():
        shown.append(_text(f"The engine's last report: {cut(op.record.text, 300)}"))
    if op.outcome and op.outcome.report:
        shown.append(_text("The server's own report: ", _code(cut(op.outcome.report, 300))))
    if closed.verdict in {Verdict.FAILED, Verdict.STOPPED, Verdict.NEITHER}:
        shown.append(_text("To ask again: ", _code(cut(legible(op.request.typed), 300))))
    elif op.request.kind is Kind.FAILOVER:
        shown.append(_text("To bring the users home when the pool is healthy: ", _code(f"/failback {op.request.pool}")))
    return shown


def _took(delta: timedelta) -> str:
    seconds = max(0, int(delta.total_seconds()))  # an older log may have times that go back
    return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"


def _unstarted(op: Operation) -> list[str | Span]:
    match op.end:
        case RequestRefused(say=say, cure=cure):
            return [_bold("Refused."), f" {cut(say, SAID)}", f" What to do: {cut(cure, SAID)}" if cure else ""]
        case RequestDenied(name=name, reason=reason):
            return [_bold(f"Denied by {name}."), f" {_reason(reason)} Nothing was changed."]
        case RequestWithdrawn(name=name):
            return [_bold(f"Withdrawn by {name}."), " Nothing was changed."]
        case RequestExpired(missing=missing):
            return [_bold("Expired."), f" {approvals(missing)} missing. Nothing was changed. Ask again if needed."]
        case ApprovalsVoided(differences=differences):
            return [
                _bold("Void: something changed between approval and start."),
                f" {cut('; '.join(differences), SAID)}. Nothing was changed. Ask again to approve what is true now.",
            ]
        case _:
            return [_bold(op.state.value.capitalize()), "."]


def _reason(reason: str) -> str:
    return f"Reason: {reason}{'' if reason.endswith('.') else '.'}"


# --- what would be done, and to whom -------------------------------------------------------------------------------


def _request(op: Operation) -> list[Part]:
    request = op.request
    shown: list[Part] = []
    if op.plan and op.state in {State.IN_DOUBT, State.SETTLED}:
        # Not as a command to be copied: to run it again is exactly what nobody must do.
        shown.append(_text(_bold("This was sent, or may have been. Do not run it again: "), plans.line(op.plan)))
    elif op.plan:
        shown.append(Command(plans.line(op.plan)))
    asked = [f"Asked by {request.name} at {clock(op.asked_at)}."]
    if request.reason:
        asked.append(f" {_reason(request.reason)}")
    if op.approvals and op.state in {State.IN_DOUBT, State.SETTLED, *CLOSED}:
        asked.append(f" Approved by {' and by '.join(f'{a.name} at {clock(a.at)}' for a in op.approvals)}.")
    shown.append(_text(*asked))
    if request.repairs:
        shown.append(_text(f"Typed: {cut(legible(request.typed), 300)} ({', '.join(request.repairs)})"))
    return shown


def _effect(op: Operation) -> list[Paragraph]:
    assert op.plan is not None
    many = users(op)
    if op.request.kind is Kind.FAILBACK:
        return [
            _text(_bold(f"{many} of {op.plan.pool}"), f" would come home from {op.plan.partner}."),
            _text("They stay signed in with limited functionality until it is done; their own conferences end."),
        ]
    says = [
        _text(_bold(f"{many} of {op.plan.pool}"), " would be served by ", _bold(op.plan.partner), "."),
        _text("Their calls, conferences and IM sessions end, and they sign in again. Nobody is moved for good."),
    ]
    if op.request.options.disaster:
        says.append(_text(_bold("What has not been copied yet is lost, and this cannot be undone.")))
    return says


def _worth_telling(op: Operation) -> list[Finding]:
    """What approvers weigh; of a refused request what else is in the way and all that could not be read; after a
    failover what is still to be done."""
    match op.state:
        case State.AWAITING | State.APPROVED | State.ANSWERED:
            return list(op.findings)
        case State.REFUSED:
            said = op.end.say if isinstance(op.end, RequestRefused) else ""
            return [f for f in op.findings if (f.level is Level.BLOCK and f.say != said) or f.code in NOT_READ]
        case State.SUCCEEDED | State.SUCCEEDED_WITH_WARNINGS:
            return [f for f in op.findings if f.code == STAYS_DOWN]
        case _:
            return []


def _foot(op: Operation, engine: str) -> str:
    digest = f" · plan {plans.short(op.digest)}" if op.digest else ""
    lab = " · LAB: no real pool is touched, and its wording is its own" if engine == "lab" else ""
    return f"Operation {op.id}{digest}{lab}"
