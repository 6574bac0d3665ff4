"""An operation -> how it stands and who is awaited: the first paragraphs of its card.

Pure, no clock. What it is and what it would do is `view`'s.
"""

from __future__ import annotations

from datetime import timedelta

from bot.desk.parts import SAID, Command, Paragraph, Part, Span, because, bold, clock, code, text
from bot.desk.story import approvals
from bot.text import cut, legible
from engine.events import (
    ApprovalsVoided,
    OperationClosed,
    RequestDenied,
    RequestExpired,
    RequestRefused,
    RequestWithdrawn,
)
from engine.model import Ended, Kind, Verdict, Where, Word
from engine.rules import CLAIMS, words
from engine.states import Operation, State


def standing(op: Operation) -> list[Part]:
    match op.state:
        case State.ASKED:
            return [text(bold("Checking."), " Reading the state of both pools. Nothing is changed.")]
        case State.AWAITING:
            return [_awaiting(op)]
        case State.APPROVED:
            return [text(bold("Approved"), f" by {approvers(op)}. {_waiting_to_start(op)}")]
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
    return text(
        bold("What if."),
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
    return text(
        bold(f"Waiting: {len(op.approvals)} of {approvals(op.plan.approvals)} given"),
        f", by leads other than {op.request.name}, until {clock(op.expires_at)}.{so_far}",
    )


def _waiting_to_start(op: Operation) -> str:
    if not op.put_off:
        return "Reading everything once more, then it starts."
    return f"Not started yet: {cut(op.put_off, SAID)} The approvals are good until {clock(op.expires_at)}."


def _running(op: Operation) -> list[Part]:
    shown = [text(bold("Running"), f" since {clock(op.started_at)}, approved by {approvers(op)}.")]
    if op.state is State.JUDGING:
        return [_judging(op)]
    if op.percent is not None:
        filled = round(op.percent / 10)
        shown.append(text(f"{'▰' * filled}{'▱' * (10 - filled)} {op.percent} %"))
    if op.record:
        shown.append(text(f"Latest: {cut(op.record.text, 300)}"))
    if op.stop_asked_by:
        shown.append(
            text(
                f"{op.stop_asked_by} asked to stop. If the users are not redirected yet, everything goes back to how "
                "it was; if they are, it runs to its end."
            )
        )
    return [*shown]


def _judging(op: Operation) -> Paragraph:
    if op.outcome is not None and op.outcome.ended is Ended.STOPPED:
        return text(bold("The server reports the run as stopped."), " Reading both pools until that is certain.")
    return text(bold("The cmdlet has ended."), " Reading the state of both pools; that decides the verdict.")


def _doubt(op: Operation) -> list[Part]:
    return [
        text(bold("In doubt: nobody can say from here whether it happened."), f" {cut(op.doubt, SAID // 3)}"),
        *(
            [text(f"Last reading, unchanged since {clock(op.seen.since)}: {cut(op.seen.say, SAID // 3)}")]
            if op.seen
            else []
        ),
        text(f"It will not be run again. The pair stays locked. {_way_out(op)}"),
        *_sent_to(op),
        *_stated(op),
        Command(f'Get-CsRegistrarConfiguration -Identity "service:Registrar:{op.request.pool}"'),
        text(_how_to_read(op)),
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
    return [text(f"The run was sent to {op.ticket.endpoint}, in the session {op.ticket.shell_id}.")]


def _stated(op: Operation) -> list[Paragraph]:
    """What leads may state now, and who has stated what."""
    said = [
        f"{s.name} stated that {CLAIMS[s.word]}. It counts when another lead states the same." for s in op.statements
    ]
    if op.run_dead:
        said.append(f"{' and '.join(op.run_dead.names)} stated that {CLAIMS[Word.RUN_DEAD]}.")
    if possible := words(op):
        said.append(f"With Settle, two leads can state that {' or that '.join(CLAIMS[word] for word in possible)}.")
    return [text(line) for line in said]


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
    return [text(*_unstarted(op))]


def _verdict(op: Operation, closed: OperationClosed) -> list[Part]:
    took = ""
    if op.started_at and op.closed_at:
        took = f" Verdict at {clock(op.closed_at)}, {_took(op.closed_at - op.started_at)} after the start."
    shown: list[Part] = [text(bold(closed.verdict.value), f". {cut(closed.say, SAID)}{took}")]
    if op.doubt and op.record and op.record.text.strip():
        shown.append(text(f"The engine's last report: {cut(op.record.text, 300)}"))
    if op.outcome and op.outcome.report:
        shown.append(text("The server's own report: ", code(cut(op.outcome.report, 300))))
    if closed.verdict in {Verdict.FAILED, Verdict.STOPPED, Verdict.NEITHER}:
        shown.append(text("To ask again: ", code(cut(legible(op.request.typed), 300))))
    elif op.request.kind is Kind.FAILOVER:
        shown.append(text("To bring the users home when the pool is healthy: ", code(f"/failback {op.request.pool}")))
    return shown


def _took(delta: timedelta) -> str:
    seconds = max(0, int(delta.total_seconds()))  # an older log may have times that go back
    return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"


def _unstarted(op: Operation) -> list[str | Span]:
    match op.end:
        case RequestRefused(say=say, cure=cure):
            return [bold("Refused."), f" {cut(say, SAID)}", f" What to do: {cut(cure, SAID)}" if cure else ""]
        case RequestDenied(name=name, reason=reason):
            return [bold(f"Denied by {name}."), f" {because(reason)} Nothing was changed."]
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
