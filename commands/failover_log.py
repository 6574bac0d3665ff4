"""/failover-log: the last operations, or one operation's timeline, out of the audit log. Reads only."""

import click

from commands._wish import Answer, Line, Look, View
from engine.states import Operation

EXAMPLES = (
    ("/failover-log", "the last ten operations, and whether the log is whole"),
    ("/failover-log 7KQ2-M4XA", "one operation, line by line"),
    ("/failover-log --last 25", "more of them"),
)


@click.command(add_help_option=False, help="Show the last operations, or what happened in one of them.")
@click.argument("operation", required=False, metavar="[OPERATION]")
@click.option("--last", type=click.IntRange(1, 50), default=10, metavar="N", help="how many operations (at most 50)")
def command(operation: str | None, last: int) -> Look:
    if operation:
        return Look("log", lambda view: _timeline(view, operation.upper()))
    return Look("log", lambda view: _list(view, last))


def _list(view: View, last: int) -> Answer:
    operations = view.last_operations(last)
    table = tuple(_summary(op) for op in operations) or ("No operation yet.",)
    return Answer("Last operations", (), table, view.verified())


def _summary(op: Operation) -> str:
    request = op.request
    asked = f"{op.asked_at:%Y-%m-%d %H:%M} UTC" if op.asked_at else ""
    approved = ", ".join(a.name for a in op.approvals) or "nobody"
    mode = "what-if " if request.options.whatif else "disaster " if request.options.disaster else ""
    return (
        f"{op.id}  {asked}  {mode}{request.kind.value} {request.pool}  {op.state.value}"
        f"  asked: {request.name}  approved: {approved}"
    )


def _timeline(view: View, wanted: str) -> Answer:
    op = view.operation(wanted)
    if op is None:
        return Answer(f"There is no operation {wanted}.", ("/failover-log lists the last ones with their ids.",))
    return Answer(f"{op.id}: {op.state.value}", (), tuple(_row(line) for line in view.timeline(op.id)), view.verified())


def _row(line: Line) -> str:
    return f"{line.seq:>5}  {line.at:%H:%M:%S}  {line.kind:<18}  {line.actor:<12}  {line.text}"
