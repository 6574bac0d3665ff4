"""The codes of the messages (E_…, W_…, N_…) as the source has them, found in its syntax trees, and their table.

A code is given its sentence where both are arguments of one call: `Refusal("E_…", "sentence", "cure")`, `block(…)`.
A code that other modules need has a name of its own (`SHARED = "E_…"`), which then stands in that call.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("bot", "commands", "engine", "audit")
CODE = re.compile(r"[EWN]_[A-Z][A-Z_]*[A-Z]")
LEVELS = {"E": "refusal", "W": "warning", "N": "note"}
SAID_AS = {"block": "E", "warn": "W", "grave": "W", "note": "N", "Refusal": "E", "RequestRefused": "E"}
"""Which codes each of these calls may bear."""


@dataclass(frozen=True)
class Saying:
    """One place where a code meets its sentence. In the sentence, what is filled in is an ellipsis."""

    code: str
    sentence: str
    call: str
    where: str
    line: int


@dataclass(frozen=True)
class Mention:
    """A code that stands somewhere as a literal: in a saying, or by itself."""

    code: str
    where: str
    line: int


def modules() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def mentions(where: str, tree: ast.Module) -> Iterator[Mention]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
            yield Mention(node.value, where, node.lineno)


def sayings(where: str, tree: ast.Module) -> Iterator[Saying]:
    names = dict(_constants(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and len(node.args) > 1 and (code := _code(node.args[0], names)):
            called = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
            yield Saying(code, shape(node.args[1]), called, where, node.lineno)


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.targets[0], ast.Name)
        ):
            yield node.targets[0].id, str(node.value.value)


def _code(node: ast.expr, names: dict[str, str]) -> str:
    text = names.get(node.id, "") if isinstance(node, ast.Name) else getattr(node, "value", "")
    return text if isinstance(text, str) and CODE.fullmatch(text) else ""


def shape(node: ast.expr) -> str:
    """The text of a string in the source, with an ellipsis for each part that is known at run time only."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(shape(part) for part in parts)
        case _:
            return "…"


def every_saying() -> list[Saying]:
    found = [saying for where, tree in modules() for saying in sayings(where, tree)]
    return sorted(found, key=lambda s: (list(LEVELS).index(s.code[0]), s.code, s.where, s.line))


def table() -> str:
    rows = [f"| `{s.code}` | {LEVELS[s.code[0]]} | {_cell(s.sentence)} | `{s.where}` |" for s in every_saying()]
    return "\n".join(["| code | level | sentence | where |", "|---|---|---|---|", *rows])


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("<", "&lt;")
