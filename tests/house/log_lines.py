"""The lines that the process writes to its own log (not the audit log): found in the source, and in docs/operate.md."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from tests.house.codes import ROOT, modules

LEVELS = {"debug": "debug", "info": "info", "warning": "warning", "error": "error", "exception": "error"}
OPERATE = Path("docs/operate.md")
_FILLED = re.compile(r"%[-+ #0-9.]*[a-zA-Z]")
_ROW = re.compile(r"^\| (debug|info|warning|error) \| `([^`]+)` \| (.+?) \| (.+?) \|$", re.MULTILINE)


@dataclass(frozen=True, order=True)
class LogLine:
    """What is filled in is an ellipsis. A message that is no literal is the call as it stands."""

    level: str
    message: str


def written(tree: ast.Module, where: str) -> list[tuple[LogLine, str]]:
    """Every log line of a module, with the place it comes from."""
    return [
        (LogLine(LEVELS[call.func.attr], _message(call)), f"{where}:{call.lineno}")
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and _is_a_log(call.func)
    ]


def _is_a_log(called: ast.Attribute) -> bool:
    owner = ast.unparse(called.value)
    return called.attr in LEVELS and (owner.strip("_") in {"log", "logger", "logging"} or "getLogger(" in owner)


def _message(call: ast.Call) -> str:
    first = call.args[0] if call.args else None
    if isinstance(first, ast.Constant) and isinstance(first.value, str) and re.search("[a-z]{2}", _bare(first.value)):
        return _FILLED.sub("…", first.value)
    return ast.unparse(call)


def _bare(text: str) -> str:
    return _FILLED.sub("", text)


def in_the_source() -> dict[LogLine, str]:
    return {line: where for name, tree in modules() for line, where in written(tree, name)}


def explained() -> dict[LogLine, tuple[str, str]]:
    """The table of docs/operate.md: what each line means, and what to do."""
    rows = _ROW.findall((ROOT / OPERATE).read_text(encoding="utf-8"))
    return {LogLine(level, message): (meaning, cure) for level, message, meaning, cure in rows}
