"""The commands inside a CreatePipeline message, read from its CLIXML with the wire type of every parameter.

The peer runs what this reads, and its log tells it, so that a test can claim on the very types that were sent.
Nothing here runs a command.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Argument:
    """One parameter: `wire` is the CLIXML element it came as (S, B, I32, TS, Nil, or Obj with its first type)."""

    name: str
    wire: str
    value: Any


@dataclass(frozen=True)
class Call:
    """One command of a pipeline; `last` ends a statement."""

    name: str
    is_script: bool
    arguments: tuple[Argument, ...]
    last: bool = False

    def get(self, name: str, default: Any = None) -> Any:
        """A parameter's value by its name, whatever the case. A switch without value counts as True."""
        for argument in self.arguments:
            if argument.name.lower() == name.lower():
                return True if argument.wire == "Nil" else argument.value
        return default

    def told(self) -> dict[str, Any]:
        """For the log."""
        return {
            "name": self.name,
            "script": self.is_script,
            "parameters": [{"name": a.name, "wire": a.wire, "value": a.value} for a in self.arguments],
        }


def read(clixml: bytes) -> tuple[Call, ...]:
    """The commands of a CreatePipeline message, in order. Raises ET.ParseError, ValueError."""
    root = ET.fromstring(clixml)
    shell = _named(root, "PowerShell")
    if shell is None:
        raise ValueError("no PowerShell in CreatePipeline")
    extra = _named(shell, "ExtraCmds")
    statements = [_named(s, "Cmds") for s in _items(extra)] if extra is not None and extra.tag == "Obj" else []
    if not statements:
        statements = [_named(shell, "Cmds")]
    return tuple(call for statement in statements for call in _statement(statement))


def no_input(clixml: bytes) -> bool:
    """Whether the client said that it sends no input."""
    found = _named(ET.fromstring(clixml), "NoInput")
    return found is None or found.text != "false"


def _statement(commands: ET.Element | None) -> Iterator[Call]:
    items = list(_items(commands))
    for item in items:
        text, script = _named(item, "Cmd"), _named(item, "IsScript")
        yield Call(
            name=(text.text or "") if text is not None else "",
            is_script=script is not None and script.text == "true",
            arguments=tuple(_argument(a) for a in _items(_named(item, "Args"))),
            last=item is items[-1],
        )


def _argument(element: ET.Element) -> Argument:
    name, value = _named(element, "N"), _named(element, "V")
    return Argument((name.text or "") if name is not None else "", *_typed(value))


def _typed(element: ET.Element | None) -> tuple[str, Any]:
    if element is None or element.tag == "Nil":
        return "Nil", None
    text = element.text or ""
    match element.tag:
        case "B":
            return "B", text == "true"
        case "I32" | "I64" | "U32" | "By":
            return element.tag, int(text)
        case "Obj":
            items = [_typed(item)[1] for item in _items(element)]
            first = element.findtext("TN/T") or ""
            return f"Obj {first}".strip(), items or element.findtext("ToString") or ""
        case tag:
            return tag, text


def _named(element: ET.Element, name: str) -> ET.Element | None:
    for group in ("MS", "Props"):
        for child in element.iterfind(f"{group}/*"):
            if child.get("N") == name:
                return child
    return None


def _items(element: ET.Element | None) -> Iterator[ET.Element]:
    if element is not None:
        yield from element.iterfind("LST/*")


CREATE_PIPELINE, GET_METADATA = 0x21006, 0x2100A


def peek(data: bytes) -> tuple[Call, ...]:
    """The commands in the first fragment of a new command; nothing where more fragments follow or it is unreadable."""
    if len(data) < 61 or data[16] != 3:
        return ()
    kind = int.from_bytes(data[25:29], "little")
    document = data[61:]
    try:
        if kind == CREATE_PIPELINE:
            return read(document)
        if kind == GET_METADATA:
            names = [item.text or "" for item in _items(_named(ET.fromstring(document), "Name"))]
            return (Call("GetCommandMetadata", False, (Argument("Name", "Obj System.String[]", names),)),)
    except (ET.ParseError, ValueError):
        pass
    return ()
