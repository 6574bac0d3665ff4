"""The switches that /failover and /failback share, in our spelling and in the cmdlet's, and their value types.

Pure. What a switch means for the pools is judged in engine.preflight; here it is only read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import click

from commands._wish import Ask
from engine.model import Kind, Options

# No number of more than nine digits: Python refuses to read one of thousands, and nobody waits that long.
_CLOCK = re.compile(r"^(?:([0-9]{1,9})\.)?([0-9]{1,2}):([0-9]{2}):([0-9]{2})$")
_UNITS = re.compile(r"^(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m(?:in)?)?(?:([0-9]{1,9})s(?:ec)?)?$")


class Duration(click.ParamType[int]):
    """`90`, `90s`, `5m`, `1m30s`, `00:05:00` -> seconds. A bare number is seconds, as the reference page means it;
    the cmdlet itself would take it for days or ticks."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value).strip().lower()
        if text.isascii() and text.isdigit() and len(text) < 10:
            return int(text)
        if clock := _CLOCK.match(text):
            days, hours, minutes, seconds = (int(part or 0) for part in clock.groups())
            if hours < 24 and minutes < 60 and seconds < 60:
                return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
        elif text and (units := _UNITS.match(text)):
            hours, minutes, seconds = (int(part or 0) for part in units.groups())
            return (hours * 60 + minutes) * 60 + seconds
        raise click.BadParameter(f"'{value}' is no time. Write 90, 90s, 5m or 00:05:00.", ctx, param)


Decorated = Callable[..., Any]
Decorator = Callable[[Decorated], Decorated]


def _flag(ours: str, cmdlet: str, name: str, say: str) -> Decorator:
    names = dict.fromkeys((ours, f"--{cmdlet.lower()}"))
    return click.option(*names, name, is_flag=True, help=say)


POOL: Decorator = click.argument("pool", required=False, metavar="POOL")
COMMON: tuple[Decorator, ...] = (
    click.option("--poolfqdn", "fqdn", metavar="POOL", help="the users' home pool, as the first word names it too"),
    _flag("--force", "Force", "force", "hides non-fatal errors from view; skips no check and no approval"),
    _flag("--skip-verification", "SkipDataVerification", "skip_verification", "does not wait for data to be copied"),
    click.option("--wait", "--waittime", "wait", type=Duration(), help="how long to wait for data: 90s, 5m, 00:05:00"),
    _flag("--whatif", "WhatIf", "whatif", "shows what would happen; no lock, no approval, nothing changes"),
    click.option(
        "--database-timeout",
        "--databasecommandtimeoutinseconds",
        "database_timeout",
        type=click.IntRange(1, 86_400),
        metavar="SECONDS",
        help="where the server's cmdlet knows it (2015 and later)",
    ),
    click.option("--reason", "reason", default="", metavar='"TEXT"', help="why; on the card and in the log"),
)


def switches(*own: Decorator) -> Decorator:
    """The pool, a command's own switches, then the common ones, in this order in the help."""
    every: tuple[Decorator, ...] = (POOL, *own, *COMMON)

    def decorate(function: Decorated) -> Decorated:
        for decorator in reversed(every):
            function = decorator(function)
        return function

    return decorate


def ask(kind: Kind, pool: str | None, fqdn: str | None, reason: str, **options: Any) -> Ask:
    """The request. Raises click.UsageError when no pool, or two different ones, are named."""
    if pool and fqdn and pool.lower() != fqdn.lower():
        raise click.UsageError(f"Two pools are named, {pool} and {fqdn}. One operation moves one pool.")
    if not (named := pool or fqdn):
        raise click.UsageError("Which pool? Nothing is assumed.")
    return Ask(kind, named, Options(**options), reason)


def disaster(say: str) -> Decorator:
    """--disaster; what is lost depends on the direction."""
    return _flag("--disaster", "DisasterMode", "disaster", say)


FLUSH = _flag("--flush-storage", "FlushStorageService", "flush_storage", "empties the storage service queues first")
STOP_DELAY = click.option(
    "--stop-delay",
    "--servicesstopdelaymins",
    "stop_delay",
    type=click.IntRange(1, 1_440),
    metavar="MINUTES",
    help="where the server's cmdlet knows it (2015 and later)",
)
