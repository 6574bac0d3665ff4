"""An operation -> what may be done with it now: each intent with its button, its confirmation and its form.

Pure, and of no door. A button is there only when somebody may press it; who may is decided at the click, by the
rules. The words of an intent are the verbs of the product: approve, deny, withdraw, stop, settle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from bot.desk.story import approvals, users
from engine import plan as plans
from engine.model import Kind, Word
from engine.policy import Risk, risk
from engine.rules import words
from engine.states import Operation, State

Intent = Literal["approve", "deny", "withdraw", "stop", "settle"]


@dataclass(frozen=True)
class Question:
    """Asked before the intent counts; `yes` is the label of the button that confirms it."""

    title: str
    text: str
    yes: str


@dataclass(frozen=True)
class Button:
    intent: Intent
    label: str
    style: Literal["", "primary", "danger"] = ""
    question: Question | None = None


@dataclass(frozen=True)
class Form:
    """What an intent asks for: a reason, and one of `choices` where there are any (value -> words)."""

    title: str
    submit: str
    label: str
    hint: str
    choices: tuple[tuple[str, str], ...] = ()


FORMS: Mapping[Intent, Form] = {
    "deny": Form("Deny this request", "Deny", "Why not?", "Shown in the channel and kept in the log."),
    "settle": Form(
        "Settle the doubt",
        "Settle",
        "What did you see?",
        "What you looked at, and where: the PoolState, the Front End. It is recorded as your statement, and counts "
        "when a second lead states the same.",
    ),
}


CHOICES: Mapping[Word, str] = {
    Word.HAPPENED: "It happened",
    Word.NOT_HAPPENED: "It did not happen",
    Word.NEITHER: "It is neither done nor as before",
    Word.RUN_DEAD: "No part of the run is active any more",
}


def form_of(intent: Intent, op: Operation) -> Form:
    """What this intent asks for, for this operation now."""
    form = FORMS[intent]
    if intent != "settle":
        return form
    return replace(form, choices=tuple((word.value, CHOICES[word]) for word in words(op)))


def buttons_of(op: Operation) -> tuple[Button, ...]:
    withdraw, deny = Button("withdraw", "Withdraw"), Button("deny", "Deny")
    match op.state:
        case State.ASKED:
            return (withdraw,)
        case State.AWAITING:
            return _approve(op), deny, withdraw
        case State.APPROVED:
            return deny, withdraw
        case State.RUNNING if not op.stop_asked_by:
            return (Button("stop", "Stop", question=_STOP),)
        case State.IN_DOUBT:
            return (Button("settle", "Settle"),) if words(op) else ()
        case _:
            return ()


def _approve(op: Operation) -> Button:
    assert op.plan is not None
    judged = risk(op.request.kind, op.request.options, op.findings)
    says = f"{_to_whom(op, judged)}\n{_when(op, op.plan.approvals)}\n{plans.line(op.plan)}"
    asks = Question("Approve exactly this?", says, "Approve")
    return Button("approve", "Approve", "danger" if judged.grave else "primary", asks)


def _when(op: Operation, needed: int) -> str:
    """Also true in a dialog that was open while another lead approved."""
    if needed == 1:
        return "Your approval starts it at once."
    given = (
        f"{len(op.approvals)} given when this card was drawn" if op.approvals else "none given when this card was drawn"
    )
    return f"The last of {approvals(needed)} starts it at once; {given}."


def _to_whom(op: Operation, judged: Risk) -> str:
    """What it means, in the few words that fit a dialog."""
    assert op.plan is not None
    way = f"to {op.plan.partner}" if op.request.kind is Kind.FAILOVER else f"home from {op.plan.partner}"
    return f"{users(op)} go {way}. {judged.loss}".rstrip()


_STOP = Question(
    "Ask the cmdlet to stop?",
    "If the users are not redirected yet, everything goes back to how it was. If they are, it runs to the end; a "
    "failback then brings the users home.",
    "Ask to stop",
)
