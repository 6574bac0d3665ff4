"""Test cmdlets of the peer: everything a stream can carry, much of it, or a recorded pipeline. No server has these."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from tests.wsman import clixml
from tests.wsman.cmdlets import SWITCH, Context, cmdlet, confirm, report

EVERYTHING = clixml.NetObject(
    ("Peer.Everything", "System.Object"),
    {
        "Text": "line one\nline two _x000A_ <&> \u00e4\U0001f600",
        "Number": 42,
        "Long": 2**40,
        "Real": 1.5,
        "Yes": True,
        "Nothing": None,
        "Id": uuid.UUID(int=1),
        "When": datetime(2024, 2, 29, 12, 30, tzinfo=UTC),
        "Span": timedelta(seconds=90),
        "Version": clixml.Version("5.1.14393.2248"),
        "State": clixml.Enum("System.ServiceProcess.ServiceControllerStatus", "Running", 4),
        "Parts": [clixml.NetObject(("Peer.Part",), {"Name": "a"}, "part a")],
    },
    "everything",
)


@cmdlet("Test-Everything", {"Terminate": SWITCH})
def everything(context: Context) -> Iterator[object]:
    """One record on every stream, and an object with every type."""
    context.out.progress("Testing", "half done", 50)
    context.out.verbose("a verbose line")
    context.out.warning("a warning")
    context.out.debug("a debug line")
    context.out.information("some information")
    report(context, context.fail("a non-terminating error", "PeerError,Test-Everything", target="target"))
    yield EVERYTHING
    yield "a string"
    if context.get("Terminate"):
        raise context.fail("a terminating error", "PeerFatal,Test-Everything", 7, "InvalidOperation")


@cmdlet("Test-Size", {"Length": "System.Int32"}, ("Length",))
def size(context: Context) -> Iterator[object]:
    """One string of this length."""
    yield "x" * int(context.get("Length"))


@cmdlet("Test-Records", {"Count": "System.Int32", "Every": "System.Int32", "Length": "System.Int32"}, ("Count",))
def records(context: Context) -> Iterable[object]:
    """`Count` verbose records, one each `Every` milliseconds, numbered from 1, of at least `Length` characters."""
    every, length = int(context.get("Every", 0)), int(context.get("Length", 0))
    for number in range(1, int(context.get("Count")) + 1):
        if every:
            context.pipeline.wait(every / 1000)
        elif context.pipeline.cancelled():
            break
        context.out.verbose(f"record {number}".ljust(length))
    return ()


@cmdlet("Test-Prompt", {"Confirm": SWITCH, "WhatIf": SWITCH})
def prompt(context: Context) -> Iterator[object]:
    """Asks unless Confirm is false."""
    yield "confirmed" if context.get("Confirm") is False or confirm(context, "Shall it be?") else "declined"


@cmdlet("Test-Echo", dict.fromkeys(("A", "B", "C", "D"), "System.Object"))
def echo(context: Context) -> Iterator[object]:
    """The parameters as they came: `name wire value`."""
    for argument in context.call.arguments:
        yield f"{argument.name} {argument.wire} {argument.value}"


@cmdlet("Play-Tape", {"Name": "System.String"}, ("Name",))
def play(context: Context) -> Iterable[object]:
    """Sends the messages of a recorded pipeline as they were recorded, its state included."""
    for kind, document in context.host.tapes[str(context.get("Name"))]:
        context.out.raw(kind, document)
    return ()
