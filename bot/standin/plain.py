"""Blocks as plain text, for finding messages, for transcripts and for people without a screen.

Pure. The page draws blocks itself; this is not HTML and never will be.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Names = Callable[[str], str]  # "U0BOB" -> "Bob"

_LINK = re.compile(r"<([^<>]+)>")


def unmark(text: str, names: Names) -> str:
    """Slack's markup as it reads: mentions by name, links by label, entities undone; * _ ~ ` stay."""
    return html.unescape(_LINK.sub(lambda found: _link(found[1], names), text))


def _link(inner: str, names: Names) -> str:
    target, _, label = inner.partition("|")
    if target[:1] in "@#":
        return target[0] + (label or names(target[1:]))
    if target[:1] == "!":
        return label or "@" + target[1:].split("^")[0]
    return label or target


def plain(blocks: Iterable[Mapping[str, Any]], names: Names = lambda uid: uid) -> str:
    """The text a person reads on these blocks, one line per block or field; buttons as [ Label ]."""
    return "\n".join(line for line in (_block(block, names) for block in blocks) if line)


def _text(thing: Any, names: Names) -> str:
    if isinstance(thing, Mapping):
        words = str(thing.get("text", ""))
        return unmark(words, names) if thing.get("type") == "mrkdwn" else words
    return str(thing or "")


def _block(block: Mapping[str, Any], names: Names) -> str:
    kind = block.get("type")
    if kind == "rich_text":
        return "\n".join(_rich(part, names) for part in block.get("elements", []))
    if kind == "table":
        return "\n".join(" | ".join(_cell(cell, names) for cell in row) for row in block.get("rows", []))
    lines = [_text(block.get(key), names) for key in ("title", "label", "text", "body", "hint") if block.get(key)]
    lines += [_text(field, names) for field in block.get("fields", [])]
    lines += [_block(child, names) for child in block.get("child_blocks", [])]
    lines += [f"{task.get('status', 'pending')}: {_text(task.get('title'), names)}" for task in block.get("tasks", [])]
    things = [*block.get("elements", []), block.get("accessory"), block.get("element")]
    row = "  ".join(filter(None, (_element(thing, names) for thing in things if thing)))
    alt = [f"({block['alt_text']})"] if block.get("alt_text") else []
    return "\n".join(filter(None, [*lines, row, *alt]))


def _element(thing: Mapping[str, Any], names: Names) -> str:
    if thing.get("type") == "button":
        return f"[ {_text(thing.get('text'), names)} ]"
    if thing.get("alt_text"):
        return f"({thing['alt_text']})"
    if thing.get("options"):
        return "[ " + " | ".join(_text(option.get("text"), names) for option in thing["options"]) + " ]"
    return _text(thing.get("placeholder") or thing, names) if thing.get("text") or thing.get("placeholder") else ""


def _cell(cell: Mapping[str, Any], names: Names) -> str:
    return _block(cell, names) if cell.get("type") == "rich_text" else str(cell.get("text", cell.get("value", "")))


def _rich(part: Mapping[str, Any], names: Names) -> str:
    if part.get("type") == "rich_text_list":
        return "\n".join(f"• {_rich(item, names)}" for item in part.get("elements", []))
    return "".join(_leaf(leaf, names) for leaf in part.get("elements", []))


def _leaf(leaf: Mapping[str, Any], names: Names) -> str:
    if leaf.get("type") == "user":
        return "@" + names(str(leaf.get("user_id")))
    if leaf.get("type") == "channel":
        return "#" + names(str(leaf.get("channel_id")))
    if leaf.get("type") == "emoji":
        return f":{leaf.get('name')}:"
    return str(leaf.get("text") or leaf.get("url") or "")
