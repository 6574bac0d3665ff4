"""An operation -> the buttons that its card carries now, and what each asks before it is taken.

Pure. A button is there only when somebody may press it; who may is decided at the click, by the rules.
"""

from __future__ import annotations

from bot.desk.story import approvals, users
from bot.slack.blocks import Block, button, confirm
from engine import plan as plans
from engine.model import Kind
from engine.states import Operation, State


def buttons_of(op: Operation) -> list[Block]:
    withdraw = button("withdraw", "Withdraw", op.id)
    match op.state:
        case State.ASKED:
            return [withdraw]
        case State.AWAITING:
            return [_approve(op), button("deny", "Deny", op.id), withdraw]
        case State.APPROVED:
            return [button("deny", "Deny", op.id), withdraw]
        case State.RUNNING if not op.stop_asked_by:
            return [button("stop", "Stop", op.id, confirm=_stop_confirm())]
        case State.IN_DOUBT:
            return [button("happened", "It happened", op.id), button("not_happened", "It did not happen", op.id)]
        case _:
            return []


def _approve(op: Operation) -> Block:
    assert op.plan is not None
    asks = confirm(
        "Approve exactly this?",
        f"{_to_whom(op)}\n{_when(op, op.plan.approvals)}\n{plans.line(op.plan)}",
        "Approve",
        style="danger" if _risky(op) else "primary",
    )
    return button("approve", "Approve", op.id, "danger" if _risky(op) else "primary", asks)


def _when(op: Operation, needed: int) -> str:
    """True also of a dialog that was open while another lead approved."""
    if needed == 1:
        return "Your approval starts it at once."
    given = f"{len(op.approvals)} given when this card was drawn" if op.approvals else "none given yet on this card"
    return f"The last of {approvals(needed)} starts it at once; {given}."


def _risky(op: Operation) -> bool:
    return op.request.options.disaster or op.request.options.skip_verification


def _to_whom(op: Operation) -> str:
    """What it means, in the few words that a dialog takes."""
    assert op.plan is not None
    way = f"to {op.plan.partner}" if op.request.kind is Kind.FAILOVER else f"home from {op.plan.partner}"
    lost = " What is not copied by then is lost for good." if _risky(op) else ""
    return f"{users(op)} go {way}.{lost}"


def _stop_confirm() -> Block:
    return confirm(
        "Ask the cmdlet to stop?",
        "Before the users are redirected, it goes back to how it was. After that it goes on to the end; a failback "
        "brings the users home.",
        "Ask to stop",
        style="danger",
    )
