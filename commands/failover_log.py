"""/failover-log: the last operations, or one operation's timeline, from the audit log. Reads only."""

from __future__ import annotations

import difflib

import click

from commands.grammar.values import Name, Unclear, Whole, operation_id, said
from commands.grammar.wish import Answer, Line, Look, View
from engine.model import Kind
from engine.states import Operation

EXAMPLES = (
    ("/failover-log", "the last ten operations, and whether the log is intact"),
    ("/failover-log 7KQ2-M4XA", "one operation, line by line"),
    ("/failover-log --last 25", "more of them"),
)
LAST = 10
MOST = 50
NEVER_IN_AN_ID = frozenset("01ILOU")
"""Left out of ids, which are read out over the phone: none of them can be mistaken for another."""
_OPERATION = Name("7KQ2-M4XA", "One operation at a time can be shown; /failover-log alone lists the last ones.")


@click.command(add_help_option=False, help="Show the last operations, or what happened in one of them.")
@click.argument("operation", nargs=-1, metavar="[OPERATION]", type=_OPERATION)
@click.option(
    "--last", type=Whole(1, MOST, "operations", 25), metavar="N", help=f"how many operations (at most {MOST})"
)
def command(operation: tuple[str, ...], last: int | None) -> Look:
    names = [name for name in operation if name]
    if not names:
        return Look("log", lambda view: _list(view, last or LAST))
    if last is not None:
        raise Unclear("--last is for the list. You named one operation, which is always shown in full.")
    wanted = operation_id("".join(names))
    if len(names) > 1 and not _is_id(wanted):
        if len({operation_id(name) for name in names}) > 1:
            raise _OPERATION.several(names)
        wanted = operation_id(names[0])
    return Look("log", lambda view: _timeline(view, wanted))


def _is_id(text: str) -> bool:
    return len(text) == 9 and text[4] == "-"


# --- the list --------------------------------------------------------------------------------------------------------


def _list(view: View, last: int) -> Answer:
    operations = view.last_operations(last)
    table = tuple(_summary(op) for op in operations) or ("No operation yet.",)
    return Answer("Last operations", (), table, view.verified())


def _summary(op: Operation) -> str:
    request = op.request
    asked = f"{op.asked_at:%Y-%m-%d %H:%M} UTC" if op.asked_at else ""
    approved = ", ".join(a.name for a in op.approvals) or "nobody"
    return (
        f"{op.id}  {asked}  {_mode(op)}{request.kind.value} {request.pool}  {op.state.value}"
        f"  asked: {request.name}  approved: {approved}"
    )


def _mode(op: Operation) -> str:
    return "what-if " if op.request.options.whatif else "disaster " if op.request.options.disaster else ""


# --- one operation ---------------------------------------------------------------------------------------------------


def _timeline(view: View, wanted: str) -> Answer:
    op = view.operation(wanted)
    if op is None:
        return Answer(f"There is no operation {wanted[:40]}.", _instead(wanted, view))
    lines = [line for line in view.timeline(op.id) if line.text.strip()]
    several_days = len({line.at.date() for line in lines}) > 1
    table = tuple(_row(line, several_days) for line in lines)
    return Answer(f"{op.id}: {op.state.value}", _heading(op, several_days), table, view.verified())


def _heading(op: Operation, several_days: bool) -> tuple[str, ...]:
    """What was asked, by whom, when and why; the rows have the time of day only."""
    request = op.request
    target = f" to {request.partner}" if request.partner and request.kind is Kind.FAILOVER else ""
    what = f"{_mode(op)}{request.kind.value}".capitalize()
    asked = f" on {op.asked_at:%Y-%m-%d} at {op.asked_at:%H:%M:%S} UTC" if op.asked_at else ""
    approved = ", ".join(f"{a.name} at {a.at:%H:%M:%S}" for a in op.approvals)
    return (
        f"{what} of {request.pool}{target}, asked by {request.name}{asked}.",
        f"Approved by {approved}." if approved else "",
        f"Reason: {request.reason}" if request.reason.strip() else "No reason was given.",
        f"Typed: {request.typed}" if request.typed else "",
        "It ran past midnight, so each line has its date. Times are UTC." if several_days else "Times are UTC.",
    )


def _row(line: Line, with_date: bool) -> str:
    at = f"{line.at:%Y-%m-%d %H:%M:%S}" if with_date else f"{line.at:%H:%M:%S}"
    return f"{line.seq:>5}  {at}  {line.kind:<18}  {line.actor:<12}  {line.text}"


def _instead(wanted: str, view: View) -> tuple[str, ...]:
    """Ids that are near, and what an id looks like."""
    known = [op.id for op in view.last_operations(MOST)]
    near = difflib.get_close_matches(wanted, known, n=3, cutoff=0.7)
    hints = [f"Did you mean {' or '.join(near)}?"] if near else []
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 3:
        hints.append(f"For a list of that many: /failover-log --last {wanted}")
    elif _is_id(wanted) and (never := _never(wanted)):
        hints.append(f"No id has {never} in it: 0, O, 1, I, L and U are left out of all ids. Check it again.")
    return (*hints, "/failover-log lists the last ones with their ids.")


def _never(wanted: str) -> str:
    return ", ".join(said(letter) for letter in dict.fromkeys(wanted) if letter in NEVER_IN_AN_ID)
