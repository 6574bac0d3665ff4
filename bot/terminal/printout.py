"""Rows of the log -> what `csfailover log` prints: the last rows, or the timeline of one operation. Pure.

The sentences are those of the channel (bot.desk.story). Whatever a row holds, this prints: a row that this version
cannot read is shown raw, because whoever examines a log has the wrong version at hand more often than the right one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from audit.model import Row, Stored
from audit.timeline import visible
from bot.desk.journal import NOTES
from bot.desk.starts import STARTED, STOPPED
from bot.desk.stepped import STEPPED
from bot.desk.story import told
from engine import plan as plans
from engine.events import Event, RunRecorded, from_body
from engine.model import Level, Options
from engine.policy import GRAVE
from engine.states import IllegalEventError, Operation, evolve
from engine.versions import NewerError, lifted

Body = Mapping[str, Any]
_NOT_OURS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    IllegalEventError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What reading a row raises when another version wrote it, or somebody made it up."""


def last(rows: Sequence[Stored]) -> list[str]:
    """One line a row: number, time, operation, who, what."""
    width = max((len(str(stored.seq)) for stored in rows), default=0)
    return [f"{stored.seq!s:>{width}}  {_line(stored)}" for stored in rows]


def _line(stored: Stored) -> str:
    try:
        row = _ours(stored)
        say = _of_an_operation(from_body(row.kind, row.body)) if row.operation else _alone(row.kind, row.body)
        return visible(f"{_time(row.at)}  {row.operation or '-':<9}  {_who(row.actor):<12}  {say}")
    except _NOT_OURS as error:
        return _raw(stored, error)


def _of_an_operation(event: Event) -> str:
    """Its sentence; for the run's own bookkeeping, which has none, what it is."""
    if say := told(event):
        return say
    if isinstance(event, RunRecorded):
        return f"({_STREAMS.get(event.record.stream, 'run')}: {event.record.text.strip() or 'an empty line'})"
    return f"({event.kind_of})"


_STREAMS = {"phase": "run", "debug": "run, debug"}


def _ours(stored: Stored) -> Row:
    if stored.row is None:
        raise ValueError("none of our rows")
    return stored.row


def _raw(stored: Stored, error: Exception) -> str:
    newer = " (a newer one wrote it)" if isinstance(error, NewerError) else ""
    return visible(f"not readable by this version of csfailover{newer}: {stored.line}")


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _who(actor: str) -> str:
    return actor.rpartition("/")[2]


# --- one operation -----------------------------------------------------------------------------------------------


def operation(name: str, rows: Sequence[Stored]) -> list[str]:
    """Heading and timeline."""
    op, unreadable = _folded(name, rows)
    lines, quiet = [], 0
    for stored in rows:
        try:
            row = _ours(stored)
            say = told(from_body(row.kind, row.body))
        except _NOT_OURS as error:
            lines.append(f"row {stored.seq} is {_raw(stored, error)}")
            continue
        quiet += not say
        if say:
            lines.append(visible(f"{_time(row.at)}  {_who(row.actor):<12}  {say}"))
    kept = [f"{quiet} more rows are the run's own bookkeeping; --json shows them."] if quiet else []
    return [*_heading(op, rows, unreadable), "", *lines, *kept, ""]


def _folded(name: str, rows: Sequence[Stored]) -> tuple[Operation, int | None]:
    """The operation as far as it can be followed, and the row at which that ends."""
    op = Operation(name)
    for stored in rows:
        try:
            row = _ours(stored)
            op = evolve(op, from_body(row.kind, row.body), row.at)
        except _NOT_OURS:
            return op, stored.seq
    return op, None


def _heading(op: Operation, rows: Sequence[Stored], unreadable: int | None) -> list[str]:
    state = op.state.value + (f" since {_time(op.closed_at)} UTC" if op.closed_at else "")
    if unreadable is not None:
        state = f"not known to this version of csfailover, from row {unreadable} on"
    if op.asked is None or op.asked_at is None:
        return [visible(f"Operation {op.id}"), f"state     {state}"]
    asked, actor = op.asked, _ours(rows[0]).actor
    heading = [
        f"Operation {op.id}: {asked.kind.value} of {asked.pool}{_mode(asked.options)}",
        f"typed     {asked.typed or 'not recorded'}",
        f"asked by  {asked.name} ({asked.by}, {actor}) in {asked.place}, {_time(op.asked_at)} UTC",
        f"reason    {asked.reason or 'none given'}",
        f"state     {state}",
    ]
    return [visible(line) for line in [*heading, *_judged(op)]]


def _judged(op: Operation) -> list[str]:
    """What the leads approved, what they were warned of, and where it ran; as far as it came to that."""
    lines = [f"command   {plans.line(op.plan)}"] if op.plan else []
    lines += [f"warned    {f.code}: {f.say}" for f in op.findings if f.level is Level.WARN]
    return [*lines, f"ran on    {op.ticket.endpoint}"] if op.ticket else lines


def _mode(options: Options) -> str:
    modes = [word for word, is_so in (("disaster", options.disaster), ("what-if", options.whatif)) if is_so]
    return f" ({', '.join(modes)})" if modes else ""


# --- rows of no operation ----------------------------------------------------------------------------------------


def _alone(kind: str, body: Body) -> str:
    return _SENTENCES[kind](lifted(kind, body, NOTES))


def _started(body: Body) -> str:
    policy = body["policy"]
    people = "; ".join(f"{key} is {' and '.join(person['roles'])}" for key, person in body["people"].items())
    return (
        f"csfailover {body['version']} started: {body['engine']} engine, Slack by {body['transport']}, "
        f"approvals needed: {policy['approvals']}, "
        f"and {policy['risky_approvals']} for {GRAVE}; {people}."
    )


def _stepped(body: Body) -> str:
    return f"The host's clock was set by {body['seconds']:+d} s; the bot's own times are not affected."


_SENTENCES: Mapping[str, Callable[[Body], str]] = {
    STARTED: _started,
    STEPPED: _stepped,
    STOPPED: lambda body: f"csfailover {body['version']} stopped.",
    "command.read": lambda body: f"Read: {body['command']} {body['text']}".rstrip(),
    "command.refused": lambda body: (
        f"Refused ({body['code']}): {body['command']} {body['text']}".rstrip() + f" - {body['say']}"
    ),
    "click.refused": lambda body: (
        f"Refused a click on {body['wish']} of {body['operation']} ({body['code']}): {body['say']}"
    ),
}
