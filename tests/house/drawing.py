"""The import contracts of pyproject.toml as a drawing: who stands above whom, and what else holds."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
WIDEST = 100
"""Characters of a line; a layer with more siblings goes on in the next."""


def contracts() -> list[dict[str, Any]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return found


def house(told: Iterable[Mapping[str, Any]]) -> str:
    """Each contract of layers as a stair that imports go down, and the names of the others."""
    every = sorted(told, key=lambda contract: "containers" in contract)
    drawn: set[str] = set()
    stairs = []
    for contract in every:
        for container in contract.get("containers", [""]) if contract["type"] == "layers" else []:
            names = {f"{container}.{name}" if container else name for name in _names(contract["layers"])}
            if not names <= drawn:  # a contract that only says again, for one package, where its modules stand
                stairs.append(_stair(contract["layers"], container))
            drawn |= names
    rest = [f"- {contract['name']}" for contract in every if contract["type"] != "layers"]
    return "\n".join(["```", "\n\n".join(stairs), "```", *(["", *rest] if rest else [])])


def _names(layers: Iterable[str]) -> list[str]:
    return [name.strip(" ()") for layer in layers for name in layer.replace(":", "|").split("|")]


def _stair(layers: Iterable[str], container: str) -> str:
    lines = [container] if container else []
    for layer in layers:
        step = len(lines)
        begins = f"{'   ' * (step - 1)}└─ " if step else ""
        lines.append("\n".join(_wrapped(layer, begins)))
    return "\n".join(lines)


def _wrapped(layer: str, begins: str) -> list[str]:
    """The modules of a layer side by side. Optional ones lose their brackets: what is drawn is where they belong."""
    independent = ":" not in layer
    lines, between = [begins], " | " if independent else " : "
    for name in _names([layer]):
        if len(lines[-1]) > len(begins) and len(lines[-1]) + len(between) + len(name) > WIDEST:
            lines.append(" " * len(begins))
        lines[-1] += name if len(lines[-1]) == len(begins) else between + name
    return lines
