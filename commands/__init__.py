"""What may be typed: one file per slash command, found because it is there.

A file here is a command: `failover_log.py` is `/failover-log`. It holds `command` (a click command whose function
returns a wish) and `EXAMPLES`. It knows no person, no Slack, no engine, no clock. A wish that changes
something is an `Ask`; a wish that only reads is an `Answer`-maker that gets a `View` (see `grammar/wish.py`). What
commands have in common is in `grammar/`. Adding a command touches nothing else: the manifest, the help and the
docs find it.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from commands.grammar.command import Command


@cache
def load() -> dict[str, Command]:
    """Every command by its name without the slash, in the order of their names."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.ispkg)
    return {name.replace("_", "-"): Command.of(importlib.import_module(f"commands.{name}")) for name in names}
