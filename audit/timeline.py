"""Rows of the log as lines of text, for the command line. Pure formatting; no file, no clock, no meaning.

What people typed is data: everything a terminal could take for an order is shown as an escape.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from audit.model import Row


def lines(rows: Iterable[Row]) -> list[str]:
    """One line a row: seq, time (UTC, milliseconds), kind, actor, rule in brackets if any, body as compact JSON."""
    return [_line(row) for row in rows]


def _line(row: Row) -> str:
    at = row.at.isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00") + "Z"
    rule = f" [{row.rule}]" if row.rule else ""
    body = json.dumps(row.body, ensure_ascii=False, separators=(",", ":"))
    return _visible(f"{row.seq:>6}  {at}  {row.kind:<24} {row.actor}{rule}  {body}")


def _visible(text: str) -> str:
    # isprintable is false for control and format characters (escape sequences, right-to-left overrides) and for
    # every separator but the space.
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
