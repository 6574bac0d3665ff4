"""From PowerShell's streams to our records: what is kept of each, and how it is worded. Pure mapping.

Nothing is judged here but noise: a progress record ("Preparing modules for first use.", in the server's language)
comes with every session. Nothing is recognised by its wording except in `report_path`.
Names of the attributes: pypsrp 0.9.1, [MS-PSRP] 2.2.3.15 (ErrorRecord) and 2.2.3.16 (InformationalRecord).
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any

from engine.model import Stream
from engine.remote.decoding import Unreadable

LONGEST = 16_000
"""Characters kept of one record; a Slack card and a log row need no more."""
DEEP, BROAD = 3, 50
"""How many levels of an object are shown, and how many parts of each."""
REPORT = re.compile(r"((?:\b[A-Za-z]:\\|\\\\)[^\"'<>|*?]+?\.html?)[\"'.\s]*$", re.IGNORECASE)
"""A path on the server, of a drive or of a share, that ends the text. The sentence before it is in the server's
language; where more follows, the text is about more than the report."""

COMPLETED = 1
"""System.Management.Automation.ProgressRecordType."""

Mapped = tuple[Stream, str, int | None]
Raw = tuple[Stream, Any]


class Tap(list[Any]):
    """Takes the place of one of pypsrp's stream lists: what is appended goes into one inbox for all streams, in
    order of arrival, and is kept nowhere else, so that an hour-long run does not grow."""

    def __init__(self, stream: Stream, inbox: list[Raw]) -> None:
        super().__init__()
        self._stream = stream
        self._inbox = inbox

    def append(self, item: Any) -> None:
        self._inbox.append((self._stream, item))


def mapped(stream: Stream, item: Any) -> Mapped | None:
    """The record as we report it, or None for noise."""
    if isinstance(item, Unreadable):
        return stream, _cut(str(item)), None
    match stream:
        case "error":
            return stream, _cut(error_text(item)), None
        case "progress":
            return _progress(item)
        case "information":
            data = getattr(item, "message_data", item)
            return stream, _cut(plain(data)), None
        case "verbose" | "warning" | "debug":
            return stream, _cut(str(getattr(item, "message", item) or "")), None
        case _:
            return stream, _cut(plain(item)), None


def _progress(item: Any) -> Mapped | None:
    activity, *more = (str(part or "").strip() for part in (item.activity, item.description, item.current_operation))
    text = ": ".join(part for part in (activity, *more) if part)
    percent = item.percent_complete
    known = isinstance(percent, int) and 0 <= percent <= 100  # -1 means: cannot tell
    if not text or (_is_over(item) and not any(more) and not known):
        return None  # PowerShell's own, about preparing modules: over when first reported, and without details
    return "progress", _cut(text), percent if known else None


def _is_over(item: Any) -> bool:
    kind = item.progress_type
    return bool(getattr(kind, "value", kind) == COMPLETED)


def error_text(error: Any) -> str:
    """The message, then category, id and script stack, set as PowerShell sets them."""
    lines = [error_message(error)]
    for name, value in (
        ("CategoryInfo", getattr(error, "message", None)),  # pypsrp's `message` is the category line
        ("FullyQualifiedErrorId", error_id(error)),
        ("RecommendedAction", getattr(error, "action", None)),
        ("ScriptStackTrace", getattr(error, "script_stacktrace", None)),
    ):
        if value:
            lines.append(f"    + {name} : {value}")
    return "\n".join(lines)


def error_message(error: Any) -> str:
    """What PowerShell prints as the error: ErrorDetails if given, else the record's text, else the exception's."""
    if isinstance(error, Unreadable):
        return str(error)
    exception = getattr(error, "exception", None)
    adapted = getattr(exception, "adapted_properties", None) or {}
    said = getattr(error, "_to_string", None) or getattr(error, "to_string", None)
    candidates = (
        getattr(error, "details_message", None),
        said,
        adapted.get("Message"),
        getattr(error, "message", None),
    )
    return next((str(c).strip() for c in candidates if c), "an error without a text")


def error_id(error: Any) -> str:
    return str(getattr(error, "fq_error", None) or "")


def plain(item: Any, depth: int = DEEP) -> str:
    """One object as a line: its own text, else `Name=value` of its properties. An object may contain itself, so only
    its first parts are shown."""
    if depth < 0:
        return "…"
    if item is None:
        return ""
    if isinstance(item, bytes):
        return f"{len(item)} bytes"
    if isinstance(item, ET.Element):
        return "a secure string"  # pypsrp leaves it encrypted
    if isinstance(item, list):
        return ", ".join(plain(one, depth - 1) for one in item[:BROAD])
    if not hasattr(item, "adapted_properties"):
        return str(item)
    own = getattr(item, "to_string", None)
    if own:
        return str(own)
    properties = {**item.adapted_properties, **item.extended_properties}
    return "; ".join(f"{name}={plain(value, depth - 1)}" for name, value in list(properties.items())[:BROAD])


def report_path(text: str) -> str:
    """The path of the server's HTML report where the text names one, else empty."""
    found = REPORT.search(" ".join(text.split()))
    return found.group(1) if found else ""


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} … ({len(text) - LONGEST} more characters)"
