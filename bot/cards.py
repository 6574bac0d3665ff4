"""An operation -> what Slack shows of it. Every sentence that people read about an operation lives here.

Pure: the same operation always makes the same card, so the poster can compare. No clock: times are of the log.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.blocks import (
    Block,
    Card,
    actions,
    bold,
    bullets,
    button,
    code,
    confirm,
    context,
    cut,
    header,
    legible,
    line,
    plain,
    preformatted,
    rich,
)
from engine import plan as plans
from engine.events import (
    OperationClosed,
    RequestDenied,
    RequestExpired,
    RequestRefused,
    RequestStale,
    RequestWithdrawn,
)
from engine.model import Finding, Kind, Level, Verdict
from engine.rules import missing_approvals
from engine.states import CLOSED, Operation, State

MARK = {
    State.ASKED: "🔎",
    State.AWAITING: "⏳",
    State.APPROVED: "✅",
    State.RUNNING: "🔄",
    State.JUDGING: "🔄",
    State.IN_DOUBT: "❓",
    State.RESOLVED: "❓",
    State.REFUSED: "⛔",
    State.ANSWERED: "🔎",
    State.DENIED: "⛔",
    State.WITHDRAWN: "↩️",
    State.EXPIRED: "⌛",
    State.STALE: "♻️",
    State.SUCCEEDED: "✅",
    State.SUCCEEDED_WITH_WARNINGS: "⚠️",
    State.FAILED: "❌",
}


SAID = 1_200
"""Characters of what an engine or a reading says in one place; the rest is in the log."""
FOUND = 5_000
"""Characters of all findings together. Slack refuses a message of more than about 12,000 characters in all
(msg_blocks_too_long; slackapi/bolt-js issue 2509)."""


def card(op: Operation, engine: str) -> Card:
    """The one living message of an operation."""
    blocks: list[Block] = [header(f"{MARK.get(op.state, '')} {_title(op)}"), rich(*_status(op))]
    blocks.append(rich(*_what(op)))
    if op.plan and op.state in {State.ANSWERED, State.AWAITING, State.APPROVED}:
        blocks.append(rich(*_meaning(op)))
    if shown := _findings(op):
        blocks.append(rich(*shown))
    if op.state not in CLOSED and (buttons := _buttons(op)):
        blocks.append(actions(f"{op.id}-{op.state.name}", *buttons))
    blocks.append(context(_footer(op, engine)))
    made = Card("", tuple(blocks))
    return Card(cut(_without_buttons(made), 3_500), made.blocks)


def _without_buttons(made: Card) -> str:
    return plain(Card("", tuple(b for b in made.blocks if b["type"] != "actions")))


def _title(op: Operation) -> str:
    request = op.request
    verb = "Failover" if request.kind is Kind.FAILOVER else "Failback"
    mode = "What-if: " if request.options.whatif else "Disaster " if request.options.disaster else ""
    return f"{mode}{verb.lower() if mode else verb} of {request.pool}"


def clock(at: datetime | None) -> str:
    return f"{at:%H:%M:%S} UTC" if at else "?"


# --- what state it is in -------------------------------------------------------------------------------------------


def _status(op: Operation) -> list[Block]:
    match op.state:
        case State.ASKED:
            return [line(bold("Checking."), " Reading the state of both pools. Nothing is changed.")]
        case State.AWAITING:
            return [_awaiting(op)]
        case State.APPROVED:
            return [line(bold("Approved"), f" by {approvers(op)}. Reading everything once more, then it starts.")]
        case State.RUNNING | State.JUDGING:
            return _running(op)
        case State.IN_DOUBT | State.RESOLVED:
            return _doubt(op)
        case State.ANSWERED:
            return [line(bold("What if."), " Nothing was changed, nothing is locked. This is what would run:")]
        case _:
            return _ended(op)


def approvers(op: Operation) -> str:
    return " and ".join(a.name for a in op.approvals) or "nobody"


def _awaiting(op: Operation) -> Block:
    assert op.plan is not None
    missing = missing_approvals(op)
    so_far = f" Approved by {approvers(op)}." if op.approvals else ""
    return line(
        bold(f"Waiting for {missing} of {op.plan.approvals} approval{'s' if op.plan.approvals > 1 else ''}"),
        f", by leads other than {op.request.name}, until {clock(op.expires_at)}.{so_far}",
    )


def _running(op: Operation) -> list[Block]:
    shown = [line(bold("Running"), f" since {clock(op.started_at)}, approved by {approvers(op)}.")]
    if op.state is State.JUDGING:
        shown = [line(bold("The cmdlet has ended."), " Reading the state of both pools; that decides the verdict.")]
    if op.percent is not None:
        filled = round(op.percent / 10)
        shown.append(line(f"{'▰' * filled}{'▱' * (10 - filled)} {op.percent} %"))
    if op.record:
        shown.append(line(f"Last word of the engine: {cut(op.record.text, 300)}"))
    if op.stop_asked_by:
        shown.append(
            line(f"{op.stop_asked_by} asked to stop. Up to the redirect of the users it goes back; after it, on.")
        )
    return shown


def _doubt(op: Operation) -> list[Block]:
    return [
        line(bold("In doubt: nobody can say from here whether it happened."), f" {cut(op.seen, SAID)}"),
        line(
            "It is not run again. The pair stays locked. The bot keeps reading the state, and settles it when the "
            "users are seen to be served where they were to go. Otherwise a lead looks and says what is true: "
        ),
        preformatted(f'Get-CsRegistrarConfiguration -Identity "service:Registrar:{op.request.pool}"'),
    ]


def _ended(op: Operation) -> list[Block]:
    if isinstance(op.end, OperationClosed):
        return _verdict(op, op.end)
    return [line(*_unstarted(op))]


def _verdict(op: Operation, closed: OperationClosed) -> list[Block]:
    took = ""
    if op.started_at and op.closed_at:
        took = f" Took {_took(op.closed_at - op.started_at)}."
    shown = [line(bold(closed.verdict.value), f". {cut(closed.say, SAID)}{took}")]
    if op.outcome and op.outcome.report:
        shown.append(line("The server's own report: ", code(cut(op.outcome.report, 300))))
    if closed.verdict is not Verdict.FAILED and op.request.kind is Kind.FAILOVER:
        shown.append(line("To bring the users home when the pool is well: ", code(f"/failback {op.request.pool}")))
    return shown


def _took(delta: timedelta) -> str:
    seconds = int(delta.total_seconds())
    return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"


def _unstarted(op: Operation) -> list[str | Block]:
    match op.end:
        case RequestRefused(say=say, cure=cure):
            return [bold("Refused."), f" {cut(say, SAID)}", f" What to do: {cut(cure, SAID)}" if cure else ""]
        case RequestDenied(name=name, reason=reason):
            return [bold(f"Denied by {name}."), f" Reason: {reason}. Nothing was changed."]
        case RequestWithdrawn(name=name):
            return [bold(f"Withdrawn by {name}."), " Nothing was changed."]
        case RequestExpired(missing=missing):
            return [bold("Expired."), f" {missing} approval(s) were missing. Nothing was changed. Ask again if needed."]
        case RequestStale(differences=differences):
            return [
                bold("Void: something changed between approval and start."),
                f" {cut('; '.join(differences), SAID)}. Nothing was changed. Ask again to approve what is true now.",
            ]
        case _:
            return [bold(op.state.value.capitalize()), "."]


# --- what would be done, and to whom -------------------------------------------------------------------------------


def _what(op: Operation) -> list[Block]:
    request = op.request
    shown = []
    if op.plan and op.state in {State.IN_DOUBT, State.RESOLVED}:
        # Not in a box that invites to be copied: run again is exactly what it must not be.
        shown.append(line(bold("Was sent, or may have been. Do not run it again: "), plans.line(op.plan)))
    elif op.plan:
        shown.append(preformatted(plans.line(op.plan)))
    asked = [f"Asked by {request.name} at {clock(op.asked_at)}."]
    if request.reason:
        asked.append(f" Reason: {request.reason}")
    shown.append(line(*asked))
    if request.repairs:
        shown.append(line(f"Typed: {cut(legible(request.typed), 300)} ({', '.join(request.repairs)})"))
    return shown


def _meaning(op: Operation) -> list[Block]:
    assert op.plan is not None
    users = op.facts.pool.users if op.facts else None
    many = f"{users:,} users" if users is not None else "An unknown number of users"
    if op.request.kind is Kind.FAILOVER:
        says = [
            line(bold(f"{many} of {op.plan.pool}"), " would be served by ", bold(op.plan.partner), "."),
            line("Their calls, conferences and IM sessions end, and they sign in again. Nobody is moved for good."),
        ]
        if op.request.options.disaster:
            says.append(line(bold("What was not copied yet is lost, and this cannot be undone.")))
        return [bullets(says)]
    return [
        bullets(
            [
                line(bold(f"{many} of {op.plan.pool}"), f" would come home from {op.plan.partner}."),
                line("They stay signed in with limited functionality until it is done; their own conferences end."),
            ]
        )
    ]


def _findings(op: Operation) -> list[Block]:
    if op.state not in {State.AWAITING, State.APPROVED, State.ANSWERED, State.REFUSED}:
        return []
    refusal = op.end.code if isinstance(op.end, RequestRefused) else ""
    told = [f for f in op.findings if f.code != refusal]
    fit = _how_many_fit(told)
    shown = [line(_MARK[f.level], bold(f.code), _finding(f)) for f in told[:fit]]
    if left := [f.code for f in told[fit:]]:
        codes = ", ".join(f"{code} ({left.count(code)})" for code in dict.fromkeys(left))
        shown.append(line(bold(f"… and {len(left)} more"), f" that do not fit here: {cut(codes, 600)}"))
    return [bullets(shown)] if shown else []


_MARK = {Level.BLOCK: "⛔ ", Level.WARN: "⚠️ ", Level.NOTE: "ℹ️ "}


def _how_many_fit(findings: list[Finding]) -> int:
    room = FOUND
    for n, finding in enumerate(findings):
        room -= len(_finding(finding))
        if room < 0:
            return n
    return len(findings)


def _finding(finding: Finding) -> str:
    cure = f" → {finding.cure}" if finding.cure else ""
    return f" {cut(finding.say, 600)}{cut(cure, 300)}"


def _footer(op: Operation, engine: str) -> str:
    digest = f" · plan {plans.short(op.digest)}" if op.digest else ""
    lab = " · LAB: no real pool is touched, and its wording is its own" if engine == "lab" else ""
    return f"Operation {op.id}{digest}{lab}"


# --- buttons -------------------------------------------------------------------------------------------------------


def _buttons(op: Operation) -> list[Block]:
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
    risky = op.request.options.disaster or op.request.options.skip_verification
    asks = confirm(
        "Approve exactly this?",
        plans.line(op.plan),
        "Approve",
        style="danger" if risky else "primary",
    )
    return button("approve", "Approve", op.id, "danger" if risky else "primary", asks)


def _stop_confirm() -> Block:
    return confirm(
        "Ask the cmdlet to stop?",
        "Before the users are redirected, it goes back to how it was. After that it goes on to the end; a failback "
        "brings the users home.",
        "Ask to stop",
        style="danger",
    )
