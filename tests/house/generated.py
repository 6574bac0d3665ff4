"""The parts of the documents that are made from the code. `make docs` writes them; a test fails when they are stale.

Each stands between `<!-- NAME -->` and `<!-- /NAME -->`. Nothing is written by hand there.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from bot.cli import cli
from bot.slack.manifest import SCOPES
from commands import load
from engine.lab.trouble import BREAKABLE
from engine.states import diagram
from tests.house import codes, drawing
from tests.house.verdicts import verdicts

ROOT = Path(__file__).parents[2]


def commands() -> str:
    """Every slash command with its examples and switches."""
    told = []
    for command in load().values():
        answer = command.help()
        items = "\n".join(f"- `{typed}`: {say}" for typed, say in answer.items)
        told.append(f"**`{answer.lines[1]}`** {answer.lines[0]}\n\n{items}")
    return "\n\n".join(told)


def command_line() -> str:
    rows = [f"| `csfailover {name}` | {(c.help or '').splitlines()[0]} |" for name, c in sorted(cli.commands.items())]
    return "\n".join(["| command | what it does |", "|---|---|", *rows])


def scopes() -> str:
    return "\n".join(["| scope | what for |", "|---|---|", *(f"| `{s}` | {why} |" for s, why in SCOPES.items())])


def breakable() -> str:
    rows = [f"| `{f'{name} {b.arguments}'.strip()}` | {b.say} |" for name, b in BREAKABLE.items()]
    return "\n".join(["| `csfailover lab break …` | what it does |", "|---|---|", *rows])


def states() -> str:
    return f"```mermaid\n{diagram()}\n```"


def house() -> str:
    return drawing.house(drawing.contracts())


DOCUMENTS: dict[str, dict[str, Callable[[], str]]] = {
    "README.md": {"commands": commands, "command-line": command_line, "scopes": scopes, "breakable": breakable},
    "ARCHITECTURE.md": {"house": house, "states": states, "verdicts": verdicts},
    "docs/codes.md": {"codes": codes.table},
}


def renewed(text: str, parts: dict[str, Callable[[], str]]) -> str:
    """The document with its generated parts made again. Raises ValueError when one has no place in it."""
    for name, make in parts.items():
        place = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not place.search(text):
            raise ValueError(f"there is no place for {name}")
        made = make()
        text = place.sub(lambda m, made=made: f"{m.group(1)}{made}\n{m.group(2)}", text)  # type: ignore[misc]
    return text


if __name__ == "__main__":
    for name, parts in DOCUMENTS.items():
        document = ROOT / name
        document.write_text(renewed(document.read_text(encoding="utf-8"), parts), encoding="utf-8")
        sys.stdout.write(f"{name}: {', '.join(parts)}\n")
