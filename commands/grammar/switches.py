"""The switches that /failover and /failback share, in our spelling and in the cmdlet's.

Pure. What a switch means for the pools is judged in engine.preflight; here it is only read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from commands.grammar.values import Duration, Name, Text, Unclear, Whole, said
from commands.grammar.wish import Ask
from engine.model import Kind, Options

Decorated = Callable[..., Any]
Decorator = Callable[[Decorated], Decorated]


def _flag(ours: str, cmdlet: str, name: str, say: str) -> Decorator:
    names = dict.fromkeys((ours, f"--{cmdlet.lower()}"))
    return click.option(*names, name, is_flag=True, help=say)


_POOL = Name(
    "pool01",
    "One request moves one pool, the users' home pool; they go to the backup pool that the topology has for it. "
    "For two pools, ask twice.",
)
POOL: Decorator = click.argument("pool", required=False, metavar="POOL", type=_POOL)
COMMON: tuple[Decorator, ...] = (
    click.option(
        "--poolfqdn", "fqdn", type=_POOL, metavar="POOL", help="the users' home pool; the same as the first word"
    ),
    _flag("--force", "Force", "force", "hides non-fatal errors from view; skips no check and no approval"),
    _flag("--skip-verification", "SkipDataVerification", "skip_verification", "does not wait for data to be copied"),
    click.option("--wait", "--waittime", "wait", type=Duration(), help="how long to wait for data: 90s, 5m, 00:05:00"),
    _flag("--whatif", "WhatIf", "whatif", "shows what would happen; no lock, no approval, nothing changes"),
    click.option(
        "--database-timeout",
        "--databasecommandtimeoutinseconds",
        "database_timeout",
        type=Whole(1, 86_400, "seconds", 60),
        metavar="SECONDS",
        help="only where the server's cmdlet has it (2015 and later)",
    ),
    click.option(
        "--reason", "reason", type=Text(), default="", metavar='"TEXT"', help="why; on the card and in the log"
    ),
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
    """The request. Raises Unclear when no pool, or two different ones, are named."""
    if not (named := _one(pool or "", fqdn or "")):
        raise Unclear("Which pool? Nothing is assumed.")
    return Ask(kind, named, Options(**options), reason)


def _one(pool: str, fqdn: str) -> str:
    """The pool that is named once, or twice alike: `pool01` beside its own FQDN is the FQDN. Raises Unclear."""
    short, full = sorted((name.rstrip(".").lower() for name in (pool, fqdn)), key=len)
    if short in {"", full} or full.partition(".")[0] == short:
        return max(pool, fqdn, key=len)
    raise Unclear(f"You named two pools, {said(pool)} and {said(fqdn)}. One request moves one pool.")


def disaster(say: str) -> Decorator:
    """--disaster; what is lost depends on the direction."""
    return _flag("--disaster", "DisasterMode", "disaster", say)


FLUSH = _flag("--flush-storage", "FlushStorageService", "flush_storage", "empties the storage service queues first")
STOP_DELAY = click.option(
    "--stop-delay",
    "--servicesstopdelaymins",
    "stop_delay",
    type=Whole(1, 1_440, "minutes", 5),
    metavar="MINUTES",
    help="only where the server's cmdlet has it (2015 and later)",
)
