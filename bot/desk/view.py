"""An operation -> the one neutral card of it: what it is, how it stands, what it means, what may be done.

Pure, and of no door: Slack lays it out as blocks, a terminal as lines. The same operation always makes the same card,
so that whoever shows it can compare. No clock: times are those of the log. The sentences on how it stands live in
`standing`, all others of a card here; those of the timeline in `story`.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.desk.intents import Button, buttons_of
from bot.desk.parts import Command, Paragraph, Part, because, bold, clock, text
from bot.desk.standing import standing
from bot.desk.story import users
from bot.text import cut, legible
from engine import plan as plans
from engine.events import RequestRefused
from engine.guards.circumstances import NOT_READ, STAYS_DOWN
from engine.model import Finding, Kind, Level
from engine.states import CLOSED, Operation, State

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
        tuple(standing(op)),
        tuple(_request(op)),
        tuple(_effect(op)) if shows_effect else (),
        tuple(_worth_telling(op)),
        () if op.state in CLOSED else buttons_of(op),
        _foot(op, engine),
    )


def _title(op: Operation) -> str:
    what = op.request.what
    return f"What-if: {what}" if op.request.options.whatif else what[0].upper() + what[1:]


def _request(op: Operation) -> list[Part]:
    request = op.request
    shown: list[Part] = []
    if op.plan and op.state in {State.IN_DOUBT, State.SETTLED}:
        # Not as a command to be copied: to run it again is exactly what nobody must do.
        shown.append(text(bold("This was sent, or may have been. Do not run it again: "), plans.line(op.plan)))
    elif op.plan:
        shown.append(Command(plans.line(op.plan)))
    asked = [f"Asked by {request.name} at {clock(op.asked_at)}."]
    if request.reason:
        asked.append(f" {because(request.reason)}")
    if op.approvals and op.state in {State.IN_DOUBT, State.SETTLED, *CLOSED}:
        asked.append(f" Approved by {' and by '.join(f'{a.name} at {clock(a.at)}' for a in op.approvals)}.")
    shown.append(text(*asked))
    if request.repairs:
        shown.append(text(f"Typed: {cut(legible(request.typed), 300)} ({', '.join(request.repairs)})"))
    return shown


def _effect(op: Operation) -> list[Paragraph]:
    assert op.plan is not None
    many = users(op)
    if op.request.kind is Kind.FAILBACK:
        return [
            text(bold(f"{many} of {op.plan.pool}"), f" would come home from {op.plan.partner}."),
            text("They stay signed in with limited functionality until it is done; their own conferences end."),
        ]
    says = [
        text(bold(f"{many} of {op.plan.pool}"), " would be served by ", bold(op.plan.partner), "."),
        text("Their calls, conferences and IM sessions end, and they sign in again. Nobody is moved for good."),
    ]
    if op.request.options.disaster:
        says.append(text(bold("What has not been copied yet is lost, and this cannot be undone.")))
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
