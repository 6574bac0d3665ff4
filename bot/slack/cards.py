"""An operation -> what Slack shows of it. Every sentence that people read about an operation lives here.

Pure: the same operation always makes the same card, so the poster can compare. No clock: times are of the log.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.desk.story import approvals, users
from bot.slack.blocks import (
    Block,
    Card,
    actions,
    bold,
    bullets,
    code,
    context,
    cut,
    header,
    legible,
    line,
    plain,
    preformatted,
    rich,
)
from bot.slack.buttons import buttons_of
from engine import plan as plans
from engine.events import (
    ApprovalsVoided,
    OperationClosed,
    RequestDenied,
    RequestExpired,
    RequestRefused,
    RequestWithdrawn,
)
from engine.guards.circumstances import STAYS_DOWN
from engine.model import Ended, Finding, Kind, Level, Verdict
from engine.states import CLOSED, Operation, State

MARK = {
    State.ASKED: "🔎",
    State.AWAITING: "⏳",
    State.APPROVED: "✅",
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
    State.FAILED: "❌",
}


SAID = 1_200
"""Characters of what an engine or a reading says in one place; the rest is in the log."""
FOUND = 5_000
"""Characters of all findings together. Slack refuses a message of more than about 12,000 characters in all
(msg_blocks_too_long; slackapi/bolt-js issue 2509)."""


def card(op: Operation, engine: str) -> Card:
    """The one living message of an operation."""
    blocks: list[Block] = [header(f"{_mark(op)} {_title(op)}"), rich(*_status(op))]
    blocks.append(rich(*_what(op)))
    if op.plan and op.state in {State.ANSWERED, State.AWAITING, State.APPROVED}:
        blocks.append(rich(*_meaning(op)))
    if shown := _findings(op):
        blocks.append(rich(*shown))
    if op.state not in CLOSED and (buttons := buttons_of(op)):
        blocks.append(actions(f"{op.id}-{op.state.name}", *buttons))
    blocks.append(context(_footer(op, engine)))
    made = Card("", tuple(blocks))
    return Card(cut(_without_buttons(made), 3_500), made.blocks)


def _without_buttons(made: Card) -> str:
    return plain(Card("", tuple(b for b in made.blocks if b["type"] != "actions")))


def _mark(op: Operation) -> str:
    stopped = op.state is State.FAILED and op.stop_asked_by and op.outcome and op.outcome.ended is Ended.STOPPED
    return "⏹️" if stopped else MARK.get(op.state, "")


def _title(op: Operation) -> str:
    what = op.request.what
    return f"What-if: {what}" if op.request.options.whatif else what[0].upper() + what[1:]


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
        case State.IN_DOUBT | State.SETTLED:
            return _doubt(op)
        case State.ANSWERED:
            return [_answered(op)]
        case _:
            return _ended(op)


def _answered(op: Operation) -> Block:
    assert op.plan is not None
    needed = approvals(op.plan.approvals)
    return line(
        bold("What if."),
        f" Nothing was changed, nothing is locked. Asked for without --whatif, and after {needed} by leads other than "
        f"{op.request.name}, this would run:",
    )


def approvers(op: Operation) -> str:
    return " and ".join(a.name for a in op.approvals) or "nobody"


def _awaiting(op: Operation) -> Block:
    assert op.plan is not None
    so_far = f" Approved by {approvers(op)}." if op.approvals else ""
    return line(
        bold(f"Waiting: {len(op.approvals)} of {approvals(op.plan.approvals)} given"),
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
        shown.append(line(f"Latest: {cut(op.record.text, 300)}"))
    if op.stop_asked_by:
        shown.append(
            line(
                f"{op.stop_asked_by} asked to stop. If the users are not redirected yet, it goes back to how it was; "
                "if they are, it goes on to its end."
            )
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
        line(_how_to_read(op)),
    ]


def _how_to_read(op: Operation) -> str:
    done, not_done = ("FailedOver", "Active or FailedBack")
    if op.request.kind is Kind.FAILBACK:
        done, not_done = not_done, done
    return (
        f"PoolState {done}: it happened. PoolState {not_done}, and the cmdlet runs on no Front End any more: it did "
        "not happen. Anything else: it is still on its way, look again."
    )


def _ended(op: Operation) -> list[Block]:
    if isinstance(op.end, OperationClosed):
        return _verdict(op, op.end)
    return [line(*_unstarted(op))]


def _verdict(op: Operation, closed: OperationClosed) -> list[Block]:
    took = ""
    if op.started_at and op.closed_at:
        took = f" Took {_took(op.closed_at - op.started_at)}, ended at {clock(op.closed_at)}."
    shown = [line(bold(closed.verdict.value), f". {cut(closed.say, SAID)}{took}")]
    if op.outcome and op.outcome.report:
        shown.append(line("The server's own report: ", code(cut(op.outcome.report, 300))))
    if closed.verdict is Verdict.FAILED:
        shown.append(line("To ask again: ", code(cut(legible(op.request.typed), 300))))
    elif op.request.kind is Kind.FAILOVER:
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
            return [bold("Expired."), f" {approvals(missing)} missing. Nothing was changed. Ask again if needed."]
        case ApprovalsVoided(differences=differences):
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
    if op.plan and op.state in {State.IN_DOUBT, State.SETTLED}:
        # Not in a box that invites to be copied: run again is exactly what it must not be.
        shown.append(line(bold("Was sent, or may have been. Do not run it again: "), plans.line(op.plan)))
    elif op.plan:
        shown.append(preformatted(plans.line(op.plan)))
    asked = [f"Asked by {request.name} at {clock(op.asked_at)}."]
    if request.reason:
        asked.append(f" Reason: {request.reason}{'' if request.reason.endswith('.') else '.'}")
    if op.approvals and op.state in {State.IN_DOUBT, State.SETTLED, *CLOSED}:
        asked.append(f" Approved by {' and by '.join(f'{a.name} at {clock(a.at)}' for a in op.approvals)}.")
    shown.append(line(*asked))
    if request.repairs:
        shown.append(line(f"Typed: {cut(legible(request.typed), 300)} ({', '.join(request.repairs)})"))
    return shown


def _meaning(op: Operation) -> list[Block]:
    assert op.plan is not None
    many = users(op)
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


def _worth_telling(op: Operation) -> list[Finding]:
    """What approvers weigh; of a refused request what else is in the way; after a failover what is still to be done."""
    match op.state:
        case State.AWAITING | State.APPROVED | State.ANSWERED:
            return list(op.findings)
        case State.REFUSED:
            said = op.end.say if isinstance(op.end, RequestRefused) else ""
            return [f for f in op.findings if f.level is Level.BLOCK and f.say != said]
        case State.SUCCEEDED | State.SUCCEEDED_WITH_WARNINGS:
            return [f for f in op.findings if f.code == STAYS_DOWN]
        case _:
            return []


def _findings(op: Operation) -> list[Block]:
    told = _worth_telling(op)
    fit = _how_many_fit(told)
    shown = [line(_MARK[f.level], _finding(f), " ", code(f.code)) for f in told[:fit]]
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
    return f"{cut(finding.say, 600)}{cut(cure, 300)}"


def _footer(op: Operation, engine: str) -> str:
    digest = f" · plan {plans.short(op.digest)}" if op.digest else ""
    lab = " · LAB: no real pool is touched, and its wording is its own" if engine == "lab" else ""
    return f"Operation {op.id}{digest}{lab}"
