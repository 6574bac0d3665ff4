"""Rows of the log as text: harmless for a terminal, or JSON for machines. Pure; no file, no clock, no meaning.

What people typed is data: everything a terminal could take for a command is shown as an escape.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from audit import chain
from audit.model import COLUMNS, Columns, Stored


def visible(text: str) -> str:
    """The text as one line; control and format characters as escapes, other languages as they are."""
    # isprintable is false for control and format characters (escape sequences, right-to-left overrides) and for
    # every separator but the space.
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def json_line(columns: Columns) -> str:
    """A row as a store returns it, as one JSON object: names sorted, no white space, ASCII only.

    `body`, `claims` and `releases` are JSON in it. The hash can be computed again from the line: RFC 8785 of each is
    its text. What is not JSON, in a file that was tampered with, is given as plain text.
    """
    record = dict(zip(COLUMNS, columns, strict=True))
    with suppress(TypeError, ValueError, RecursionError):  # a deeply nested one can be read but not written
        return _line(record | {name: _parsed(record[name]) for name in ("body", "claims", "releases")})
    return _line(record)


def _parsed(text: str | None) -> Any:
    return None if text is None else json.loads(text, parse_constant=_no_json)


def stored(columns: Columns) -> Stored:
    """A row as a store returns it, for printing: read where it is one of ours."""
    try:
        row = chain.row(columns)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        row = None  # of another version, or somebody made it
    return Stored(columns[0], row, json_line(columns))


def _line(record: dict[str, Any]) -> str:
    return json.dumps(record, sort_keys=True, separators=(",", ":"), default=repr)


def _no_json(word: str) -> None:
    raise ValueError(f"{word} is not JSON")
