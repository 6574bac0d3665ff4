"""Block Kit checked as Slack checks it: `problems(blocks, surface)` names every limit broken, with JSON pointers.

Pure and importable without aiohttp: the stand-in refuses with it, and unit tests run every message
the bot can build through it. slack_sdk's models miss several of these (empty section text, over-long
fields and confirm texts, duplicate ids, table size) and silently drop types they do not know.
Limits as on docs.slack.dev, "Block Kit: blocks". The two that are stricter than Slack say so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from bot.standin.elements import (
    IN_ACTIONS,
    IN_SECTION,
    INPUTS,
    Problems,
    bad,
    each,
    element,
    image,
    listed,
    optional,
    string,
    text,
)

Surface = Literal["message", "modal", "home"]

_EVERYWHERE = {"actions", "context", "divider", "header", "image", "rich_text", "section", "video"}
_ONLY_MESSAGES = {
    "markdown", "table", "plan", "task_card", "card", "carousel", "container", "data_table", "data_visualization",
    "context_actions", "file",
}  # fmt: skip
ALLOWED: dict[Surface, set[str]] = {
    "message": _EVERYWHERE | _ONLY_MESSAGES,
    "modal": _EVERYWHERE | {"input", "alert"},
    "home": _EVERYWHERE | {"input"},
}
MOST_BLOCKS: dict[Surface, int] = {"message": 50, "modal": 100, "home": 100}
MARKDOWN_TOTAL = 12_000
_RICH = {"rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"}
_TASK_STATES = ("pending", "in_progress", "complete", "error")


def problems(blocks: Any, surface: Surface = "message", at: str = "/blocks") -> list[str]:
    """Every limit that `blocks` break on `surface`; an empty list means Slack would take them.

    `at` is the JSON pointer of the list itself ("/view/blocks" for a modal).
    """
    found = list(listed(at, blocks, 0, MOST_BLOCKS[surface]))
    seen: set[str] = set()
    for n, block in each(blocks):
        here = f"{at}/{n}"
        found += _block(here, block, ALLOWED[surface])
        found += _unique(f"{here}/block_id", block.get("block_id"), seen, "block_id")
    return [*found, *_together(at, [block for _, block in each(blocks)])]


def view_problems(view: Any) -> list[str]:
    """The same for a whole view (modal or App Home tab): its own fields, then its blocks."""
    if not isinstance(view, Mapping) or view.get("type") not in ("modal", "home"):
        return [bad("/view/type", "must be modal or home")]
    surface: Surface = "modal" if view["type"] == "modal" else "home"
    found = [*optional("/view", view, "private_metadata", 3000), *optional("/view", view, "callback_id", 255)]
    if surface == "modal":
        found += text("/view/title", view.get("title"), 24, plain=True)
        for key in ("submit", "close"):
            if view.get(key) is not None:
                found += text(f"/view/{key}", view[key], 24, plain=True)
        if view.get("submit") is None and any(b.get("type") == "input" for _, b in each(view.get("blocks"))):
            found.append(bad("/view/submit", "required when the view holds an input block"))
    return found + problems(view.get("blocks"), surface, "/view/blocks")


def _together(at: str, blocks: Sequence[Mapping[str, Any]]) -> Problems:
    """Limits that hold for the whole message."""
    if sum(block.get("type") == "table" for block in blocks) > 1:
        yield bad(at, "only one table block allowed")
    marked = sum(len(str(block.get("text", ""))) for block in blocks if block.get("type") == "markdown")
    if marked > MARKDOWN_TOTAL:
        yield bad(at, f"markdown blocks must be less than {MARKDOWN_TOTAL + 1} characters together")


def _unique(at: str, value: Any, seen: set[str], what: str) -> Problems:
    if value is None:
        return
    yield from string(at, value, 255)
    if str(value) in seen:
        yield bad(at, f"{what} {value!r} used twice")
    seen.add(str(value))


def _block(at: str, block: Mapping[str, Any], allowed: set[str]) -> Problems:
    kind = str(block.get("type"))
    if kind not in allowed:
        yield bad(f"{at}/type", f"unsupported type: {kind}")
    elif kind in _CHECKS:
        yield from _CHECKS[kind](at, block)


def _section(at: str, block: Mapping[str, Any]) -> Problems:
    if block.get("text") is None and block.get("fields") is None:
        yield bad(at, "missing required field: text or fields")
    if block.get("text") is not None:
        yield from text(f"{at}/text", block["text"], 3000)
    if block.get("fields") is not None:
        yield from listed(f"{at}/fields", block["fields"], 1, 10)
        for n, field in enumerate(block["fields"] if isinstance(block["fields"], list) else []):
            yield from text(f"{at}/fields/{n}", field, 2000)
    if block.get("accessory") is not None:
        yield from element(f"{at}/accessory", block["accessory"], IN_SECTION)


def _header(at: str, block: Mapping[str, Any]) -> Problems:
    yield from text(f"{at}/text", block.get("text"), 150, plain=True)


def _context(at: str, block: Mapping[str, Any]) -> Problems:
    yield from listed(f"{at}/elements", block.get("elements"), 1, 10)
    for n, thing in each(block.get("elements")):
        here = f"{at}/elements/{n}"
        if thing.get("type") == "image":
            yield from image(here, thing)
        else:
            yield from text(here, thing, 3000)  # Slack states no number here; a section's is the safe one


def _actions(at: str, block: Mapping[str, Any]) -> Problems:
    yield from listed(f"{at}/elements", block.get("elements"), 1, 25)
    seen: set[str] = set()
    primaries = 0
    for n, thing in each(block.get("elements")):
        here = f"{at}/elements/{n}"
        yield from element(here, thing, IN_ACTIONS)
        yield from _unique(f"{here}/action_id", thing.get("action_id"), seen, "action_id")
        primaries += thing.get("style") == "primary"
    if primaries > 1:  # Slack's guidance ("one button within a set"), taken strictly
        yield bad(f"{at}/elements", "no more than one primary button in a set")


def _image(at: str, block: Mapping[str, Any]) -> Problems:
    yield from image(at, block)
    if block.get("title") is not None:
        yield from text(f"{at}/title", block["title"], 2000, plain=True)


def _input(at: str, block: Mapping[str, Any]) -> Problems:
    yield from text(f"{at}/label", block.get("label"), 2000, plain=True)
    if block.get("hint") is not None:
        yield from text(f"{at}/hint", block["hint"], 2000, plain=True)
    yield from element(f"{at}/element", block.get("element"), INPUTS)


def _rich_text(at: str, block: Mapping[str, Any]) -> Problems:
    yield from listed(f"{at}/elements", block.get("elements"), 1, 1000)
    for n, part in each(block.get("elements")):
        if str(part.get("type")) not in _RICH:
            yield bad(f"{at}/elements/{n}/type", f"unsupported type: {part.get('type')}")
        elif not isinstance(part.get("elements"), list):
            yield bad(f"{at}/elements/{n}/elements", "must be an array")


def _markdown(at: str, block: Mapping[str, Any]) -> Problems:
    yield from string(f"{at}/text", block.get("text"), MARKDOWN_TOTAL)


def _table(at: str, block: Mapping[str, Any]) -> Problems:
    yield from listed(f"{at}/rows", block.get("rows"), 1, 100, of=list)
    for n, row in enumerate(block["rows"] if isinstance(block.get("rows"), list) else []):
        yield from listed(f"{at}/rows/{n}", row, 1, 20)
        for m, cell in each(row):
            if cell.get("type") not in ("raw_text", "raw_number", "rich_text"):
                yield bad(f"{at}/rows/{n}/{m}/type", f"unsupported type: {cell.get('type')}")
            elif cell["type"] == "raw_text":
                yield from string(f"{at}/rows/{n}/{m}/text", cell.get("text"), 3000)


def _plan(at: str, block: Mapping[str, Any]) -> Problems:
    yield from string(f"{at}/title", block.get("title"), 3000)
    for n, task in each(block.get("tasks")):
        yield from _task(f"{at}/tasks/{n}", task)


def _task(at: str, block: Mapping[str, Any]) -> Problems:
    yield from string(f"{at}/task_id", block.get("task_id"), 255)
    yield from string(f"{at}/title", block.get("title"), 3000)
    if block.get("status") not in (None, *_TASK_STATES):
        yield bad(f"{at}/status", f"must be one of {', '.join(_TASK_STATES)}")


def _card(at: str, block: Mapping[str, Any]) -> Problems:
    for key, limit in (("title", 150), ("body", 200)):
        if block.get(key) is not None:
            yield from text(f"{at}/{key}", block[key], limit)


def _carousel(at: str, block: Mapping[str, Any]) -> Problems:
    yield from listed(f"{at}/elements", block.get("elements"), 1, 10)
    for n, card in each(block.get("elements")):
        yield from _block(f"{at}/elements/{n}", card, {"card"})


def _container(at: str, block: Mapping[str, Any]) -> Problems:
    yield from listed(f"{at}/child_blocks", block.get("child_blocks"), 1, 10)
    for n, child in each(block.get("child_blocks")):
        yield from _block(f"{at}/child_blocks/{n}", child, ALLOWED["message"] - {"container"})


def _chart(at: str, block: Mapping[str, Any]) -> Problems:
    yield from string(f"{at}/title", block.get("title"), 50)
    chart = block.get("chart")
    parts = ("series", "segments") if isinstance(chart, Mapping) else ()
    for key in parts:
        if chart is not None and chart.get(key) is not None:
            yield from listed(f"{at}/chart/{key}", chart[key], 1, 6)
            for n, one in each(chart[key]):
                yield from _points(f"{at}/chart/{key}/{n}", one)


def _points(at: str, one: Mapping[str, Any]) -> Problems:
    for key in ("name", "label"):
        yield from optional(at, one, key, 20)
    if one.get("data") is not None:
        yield from listed(f"{at}/data", one["data"], 1, 20)
        for n, point in each(one["data"]):
            yield from optional(f"{at}/data/{n}", point, "label", 20)


_CHECKS = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "image": _image,
    "input": _input,
    "rich_text": _rich_text,
    "markdown": _markdown,
    "table": _table,
    "plan": _plan,
    "task_card": _task,
    "card": _card,
    "carousel": _carousel,
    "container": _container,
    "data_visualization": _chart,
}
