"""Block Kit's small parts and their limits: text objects, options, confirm dialogs, interactive elements.

Pure: JSON in, problems out. Blocks and whole surfaces are in `blockkit`. No I/O, no aiohttp.
Limits as on docs.slack.dev, "Block Kit: composition objects" and "Block elements".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Problems = Iterator[str]

INPUTS = {
    "plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input", "file_input",
    "datepicker", "timepicker", "datetimepicker", "checkboxes", "radio_buttons", "static_select", "users_select",
    "conversations_select", "channels_select", "external_select", "multi_static_select", "multi_users_select",
    "multi_conversations_select", "multi_channels_select", "multi_external_select",
}  # fmt: skip
TYPED_TEXT = {
    "plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input", "file_input",
}  # fmt: skip
IN_ACTIONS = (INPUTS - TYPED_TEXT) | {"button", "overflow", "workflow_button"}
IN_SECTION = IN_ACTIONS | {"image"}

_KEYS: dict[str, set[str]] = {
    "plain_text": {"type", "text", "emoji"},
    "mrkdwn": {"type", "text", "verbatim"},
    "option": {"text", "value", "description", "url"},
    "confirm": {"title", "text", "confirm", "deny", "style"},
    "button": {"type", "text", "action_id", "url", "value", "style", "confirm", "accessibility_label"},
}


def bad(at: str, says: str) -> str:
    """One problem, worded and pointed at as Slack does in `response_metadata.messages`."""
    return f"[ERROR] {says} [json-pointer:{at}]"


def unknown_keys(at: str, thing: Mapping[str, Any], kind: str) -> Problems:
    for key in sorted(thing.keys() - _KEYS[kind]):
        yield bad(at, f"invalid additional property: {key}")


def string(at: str, value: Any, limit: int, least: int = 1) -> Problems:
    """A JSON string of `least` to `limit` characters."""
    if not isinstance(value, str):
        yield bad(at, "must provide a string")
    elif len(value) < least:
        yield bad(at, f"must be more than {least - 1} characters")
    elif len(value) > limit:
        yield bad(at, f"must be less than {limit + 1} characters")


def optional(at: str, thing: Mapping[str, Any], key: str, limit: int) -> Problems:
    if thing.get(key) is not None:
        yield from string(f"{at}/{key}", thing[key], limit)


def text(at: str, value: Any, limit: int, plain: bool = False) -> Problems:
    """A text object of 1 to `limit` characters; `plain` where Slack takes plain_text only."""
    if not isinstance(value, Mapping):
        yield bad(at, "missing required field: text object")
        return
    kind = value.get("type")
    if kind not in ("plain_text", "mrkdwn"):
        yield bad(f"{at}/type", f"unsupported type: {kind}")
        return
    if plain and kind != "plain_text":
        yield bad(f"{at}/type", "must be plain_text")
    yield from unknown_keys(at, value, kind)
    yield from string(f"{at}/text", value.get("text"), limit)


def listed(at: str, value: Any, least: int, most: int, of: type = Mapping) -> Problems:
    """An array of `least` to `most` objects (a table's rows: of arrays)."""
    if not isinstance(value, list):
        yield bad(at, "must be an array")
    elif len(value) < least:
        yield bad(at, f"no fewer than {least} items allowed")
    elif len(value) > most:
        yield bad(at, f"no more than {most} items allowed")
    else:
        yield from (bad(f"{at}/{n}", "must be an object") for n, item in enumerate(value) if not isinstance(item, of))


def each(value: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The objects of a list with their places; what is not an object is named by `listed`."""
    for n, item in enumerate(value if isinstance(value, list) else []):
        if isinstance(item, Mapping):
            yield n, item


def confirm(at: str, value: Any) -> Problems:
    """A confirm dialog. Slack checks it only when it is shown; a bad one is a dead button."""
    if not isinstance(value, Mapping):
        yield bad(at, "must be an object")
        return
    yield from unknown_keys(at, value, "confirm")
    yield from text(f"{at}/title", value.get("title"), 100, plain=True)
    yield from text(f"{at}/text", value.get("text"), 300)
    for key in ("confirm", "deny"):
        if value.get(key) is not None:
            yield from text(f"{at}/{key}", value[key], 30, plain=True)
    yield from style(at, value)


def style(at: str, thing: Mapping[str, Any]) -> Problems:
    if thing.get("style") not in (None, "primary", "danger"):
        yield bad(f"{at}/style", "must be primary or danger")


def options(at: str, value: Any, least: int, most: int, rich: bool = False) -> Problems:
    """Options of a select, an overflow menu, checkboxes or radio buttons (`rich`: mrkdwn allowed)."""
    yield from listed(at, value, least, most)
    for n, option in each(value):
        here = f"{at}/{n}"
        yield from unknown_keys(here, option, "option")
        yield from text(f"{here}/text", option.get("text"), 75, plain=not rich)
        yield from string(f"{here}/value", option.get("value"), 150)
        if option.get("description") is not None:
            yield from text(f"{here}/description", option["description"], 75, plain=not rich)


def element(at: str, thing: Any, allowed: set[str]) -> Problems:
    """One interactive element (or image) where `allowed` types may stand."""
    if not isinstance(thing, Mapping):
        yield bad(at, "must be an object")
        return
    kind = str(thing.get("type"))
    if kind not in allowed:
        yield bad(f"{at}/type", f"unsupported type: {kind}")
        return
    yield from optional(at, thing, "action_id", 255)
    if thing.get("confirm") is not None:
        yield from confirm(f"{at}/confirm", thing["confirm"])
    if thing.get("placeholder") is not None:
        yield from text(f"{at}/placeholder", thing["placeholder"], 150, plain=True)
    yield from _particular(at, thing, kind)


def _particular(at: str, thing: Mapping[str, Any], kind: str) -> Problems:
    if kind == "button":
        yield from _button(at, thing)
    elif kind == "image":
        yield from image(at, thing)
    elif kind in ("static_select", "multi_static_select"):
        yield from _select(at, thing)
    elif kind == "overflow":
        yield from options(f"{at}/options", thing.get("options"), 2, 5)
    elif kind in ("checkboxes", "radio_buttons"):
        yield from options(f"{at}/options", thing.get("options"), 1, 10, rich=True)
    elif kind == "plain_text_input":
        yield from _typed(at, thing)


def _button(at: str, thing: Mapping[str, Any]) -> Problems:
    yield from unknown_keys(at, thing, "button")
    yield from text(f"{at}/text", thing.get("text"), 75, plain=True)
    yield from optional(at, thing, "value", 2000)
    yield from optional(at, thing, "url", 3000)
    yield from optional(at, thing, "accessibility_label", 75)
    yield from style(at, thing)


def _select(at: str, thing: Mapping[str, Any]) -> Problems:
    groups = thing.get("option_groups")
    if (groups is None) == (thing.get("options") is None):
        yield bad(at, "exactly one of options and option_groups is required")
    if thing.get("options") is not None:
        yield from options(f"{at}/options", thing["options"], 1, 100)
        first = thing.get("initial_option")
        if first is not None and first not in [option for _, option in each(thing["options"])]:
            yield bad(f"{at}/initial_option", "must be one of the options")
    if groups is not None:
        yield from listed(f"{at}/option_groups", groups, 1, 100)
        for n, group in each(groups):
            here = f"{at}/option_groups/{n}"
            yield from text(f"{here}/label", group.get("label"), 75, plain=True)
            yield from options(f"{here}/options", group.get("options"), 1, 100)


def _typed(at: str, thing: Mapping[str, Any]) -> Problems:
    for key, least in (("min_length", 0), ("max_length", 1)):
        bound = thing.get(key)
        if bound is not None and not (isinstance(bound, int) and least <= bound <= 3000):
            yield bad(f"{at}/{key}", f"must be from {least} to 3000")
    if thing.get("initial_value") is not None:
        yield from string(f"{at}/initial_value", thing["initial_value"], 3000, least=0)


def image(at: str, thing: Mapping[str, Any]) -> Problems:
    """An image block or element: a source, and always the text for those who do not see it."""
    if (thing.get("image_url") is None) == (thing.get("slack_file") is None):
        yield bad(at, "exactly one of image_url and slack_file is required")
    yield from optional(at, thing, "image_url", 3000)
    yield from string(f"{at}/alt_text", thing.get("alt_text"), 2000)
