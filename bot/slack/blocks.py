"""The few Block Kit shapes that messages are made of, cut to Slack's limits.

Pure. Whatever was typed or read goes into literal text elements, never into mrkdwn: a reason like `<!channel>`
or a fake link stays text. Source of the limits: Slack's Block Kit reference and @slack/types.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bot.text import cut, legible, literal

Block = dict[str, Any]
HEADER = 150
RICH = 2_900


@dataclass(frozen=True)
class SlackMessage:
    """A message: `text` is what notifications and screen readers get, and is complete on its own."""

    text: str
    blocks: tuple[Block, ...]


def _literal(text: str, limit: int = RICH) -> str:
    return cut(literal(text), limit)


def header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": cut(legible(text), HEADER), "emoji": True}}


def line(*parts: str | Block) -> Block:
    """One paragraph. A string is literal text; `bold()` and `code()` make the other parts."""
    elements = [{"type": "text", "text": _literal(p)} if isinstance(p, str) else p for p in parts if p]
    return {"type": "rich_text_section", "elements": elements}


def bold(text: str) -> Block:
    return {"type": "text", "text": _literal(text), "style": {"bold": True}} if text else {}


def code(text: str) -> Block:
    return {"type": "text", "text": _literal(text), "style": {"code": True}} if text else {}


def preformatted(text: str) -> Block:
    return {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": _literal(text)}]}


def bullets(lines: Iterable[Block]) -> Block:
    return {"type": "rich_text_list", "style": "bullet", "elements": list(lines)}


def rich(*elements: Block) -> Block:
    return {"type": "rich_text", "elements": list(elements)}


def context(*texts: str) -> Block:
    return {
        "type": "context",
        "elements": [{"type": "plain_text", "text": cut(legible(t), 300), "emoji": True} for t in texts],
    }


def button(action: str, text: str, value: str, style: str = "", confirm: Block | None = None) -> Block:
    made: Block = {
        "type": "button",
        "action_id": action,
        "text": {"type": "plain_text", "text": text, "emoji": True},
        "value": value,
    }
    if style:
        made["style"] = style
    if confirm:
        made["confirm"] = confirm
    return made


def confirm(title: str, text: str, yes: str, no: str = "Not now", style: str = "primary") -> Block:
    def plain(words: str, limit: int) -> Block:
        return {"type": "plain_text", "text": _literal(words, limit)}

    return {
        "title": plain(title, 100),
        "text": plain(text, 300),
        "confirm": plain(yes, 30),
        "deny": plain(no, 30),
        "style": style,
    }


def actions(block_id: str, *buttons: Block) -> Block:
    return {"type": "actions", "block_id": block_id, "elements": list(buttons)}


def simple(message: SlackMessage) -> tuple[Block, ...]:
    """The message in the two oldest kinds of block: its text, and its buttons."""
    text = {"type": "plain_text", "text": cut(message.text, 2_900), "emoji": True}
    return ({"type": "section", "text": text}, *(b for b in message.blocks if b["type"] == "actions"))


def plain(message: SlackMessage) -> str:
    """A message as text, for the terminal, the tests and as fallback."""
    return "\n".join(filter(None, map(_plain_block, message.blocks))) or message.text


def _plain_block(block: Block) -> str:
    match block["type"]:
        case "header" | "section":
            return str(block["text"]["text"])
        case "rich_text":
            return "\n".join(_plain_rich(element) for element in block["elements"])
        case "context":
            return " · ".join(str(element["text"]) for element in block["elements"])
        case "actions":
            return " ".join(f"[{element['text']['text']}]" for element in block["elements"])
        case _:
            return ""


def _plain_rich(element: Block) -> str:
    if element["type"] == "rich_text_list":
        return "\n".join(f"• {_plain_rich(item)}" for item in element["elements"])
    text = "".join(str(part.get("text", "")) for part in element["elements"])
    return f"    {text}" if element["type"] == "rich_text_preformatted" else text
