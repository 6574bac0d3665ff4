"""Invoke-CsPoolFailOver and Invoke-CsPoolFailBack of the peer: from the received parameters to the backend's run.

The parameters and their types are those of Microsoft's reference pages; every sentence is the backend's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from engine.model import Ended, Kind, Parameter, Plan, Record, Ticket
from engine.plan import CMDLETS
from engine.port import EngineError
from tests.wsman.cmdlets import SHOULD_PROCESS, SWITCH, Context, cmdlet, report
from tests.wsman.lync import FQDN, MODULE, pool_of, refused

TIMESPAN = "System.TimeSpan"
FAILOVER = {
    "PoolFqdn": FQDN, "DisasterMode": SWITCH, "FlushStorageService": SWITCH, "Force": SWITCH,
    "SkipDataVerification": SWITCH, "WaitTime": TIMESPAN, "DatabaseCommandTimeoutInSeconds": "System.Int32",
    "ServicesStopDelayMins": "System.Int32", **SHOULD_PROCESS,
}  # fmt: skip
FAILBACK = {k: v for k, v in FAILOVER.items() if k not in ("FlushStorageService", "ServicesStopDelayMins")}


@cmdlet("Invoke-CsPoolFailOver", FAILOVER, ("PoolFqdn",), MODULE, from_backend=True)
def fail_over(context: Context) -> Iterable[object]:
    """Runs the backend's failover."""
    return _invoke(context, Kind.FAILOVER)


@cmdlet("Invoke-CsPoolFailBack", FAILBACK, ("PoolFqdn",), MODULE, from_backend=True)
def fail_back(context: Context) -> Iterable[object]:
    """Runs the backend's failback."""
    return _invoke(context, Kind.FAILBACK)


def _invoke(context: Context, kind: Kind) -> Iterator[object]:
    pool = pool_of(context, str(context.get("PoolFqdn")))
    plan = Plan(kind, pool.fqdn, pool.backup or "", CMDLETS[kind], tuple(_parameters(context, kind)), 0)
    shell_id, command_id = context.shell.id, context.pipeline.command_id
    ticket = Ticket(command_id, shell_id, command_id, "peer", phase="running")
    lines: list[str] = []
    held: list[Record] = []

    def sink(record: Record) -> None:
        if record.stream in ("phase", "prompt"):
            return  # words of an engine; a server has none such
        while held:
            _write(context, held.pop())
        if record.stream == "output":
            lines.append(record.text)
        elif record.stream == "error":
            held.append(record)
        else:
            _write(context, record)

    try:
        outcome = context.backend.invoke(ticket, plan, sink, context.pipeline.cancelled)
    except EngineError as error:
        raise refused(context, error) from None
    fatal = outcome.ended in (Ended.FAILED, Ended.NOT_STARTED, Ended.UNKNOWN)
    if held and not (fatal and held[0].text == outcome.say):  # else it is told once, as the terminating error
        _write(context, held[0])
    if context.get("WhatIf"):
        for line in lines:
            context.out.host_line(line)
    else:
        yield from lines
    if outcome.report:
        context.out.warning(f"Detailed results can be found at {outcome.report}")
    if fatal:
        raise context.fail(outcome.say, outcome.error_id or f"{plan.cmdlet}Failed", 7, "InvalidOperation")


def _parameters(context: Context, kind: Kind) -> Iterator[Parameter]:
    types = FAILOVER if kind is Kind.FAILOVER else FAILBACK
    names = {name.lower(): name for name in (*types, "Verbose")}
    for argument in context.call.arguments:
        name = names.get(argument.name.lower())
        value = context.get(argument.name)
        match types.get(name or "", SWITCH):
            case _ if name is None:
                continue
            case str() as t if t == FQDN:
                yield Parameter(name, "Fqdn", str(value))
            case str() as t if t == TIMESPAN:
                yield Parameter(name, "TimeSpan", _timespan(context, name, value))
            case "System.Int32":
                yield Parameter(name, "Int32", int(value))
            case _ if name == "Confirm":
                yield Parameter(name, "Boolean", bool(value))
            case _:
                if value:
                    yield Parameter(name, "Switch", True)


def _timespan(context: Context, name: str, value: object) -> int:
    """Seconds of what .NET makes of it: an int is ticks, a bare number in a string is days."""
    if isinstance(value, int):
        return value // 10_000_000
    text = str(value)
    if found := re.fullmatch(r"(?:(\d+)\.)?(\d\d?):(\d\d?)(?::(\d\d?))?", text):
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if found := re.fullmatch(r"P(?:(\d+)D)?T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?", text):
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if text.isdigit():
        return int(text) * 86_400
    raise context.fail(
        f'Cannot bind parameter \'{name}\'. Cannot convert value "{text}" to type "System.TimeSpan". Error: "String '
        'was not recognized as a valid TimeSpan."',
        f"CannotConvertArgumentNoMessage,{context.call.name}", 5, "InvalidArgument",
        reason="ParameterBindingException",
    )  # fmt: skip


def _write(context: Context, record: Record) -> None:
    match record.stream:
        case "verbose" | "host" if context.get("Verbose"):
            context.out.verbose(record.text)
        case "warning":
            context.out.warning(record.text)
        case "debug" if context.get("Debug"):
            context.out.debug(record.text)
        case "information":
            context.out.information(record.text, context.call.name)
        case "progress":
            context.out.progress(context.call.name, record.text, -1 if record.percent is None else record.percent)
        case "error":
            report(context, context.fail(record.text, f"{context.call.name}Error"))
        case _:
            pass
