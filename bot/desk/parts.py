"""What a card is made of: paragraphs of literal text, and commands to copy; and how a time or a reason is written.

Pure, and of no door. No operation and no rule comes in here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

SAID = 1_200
"""Characters of what an engine or a reading says in one place; the rest is in the log."""


@dataclass(frozen=True)
class Span:
    """A piece of literal text."""

    text: str
    style: Literal["plain", "bold", "code"] = "plain"


@dataclass(frozen=True)
class Paragraph:
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Command:
    """A line to be typed at a shell, shown so that it can be copied."""

    line: str


Part = Paragraph | Command


def clock(at: datetime | None) -> str:
    return f"{at:%H:%M:%S} UTC" if at else "?"


def text(*parts: str | Span) -> Paragraph:
    spans = (Span(part) if isinstance(part, str) else part for part in parts)
    return Paragraph(tuple(span for span in spans if span.text))


def bold(text: str) -> Span:
    return Span(text, "bold")


def code(text: str) -> Span:
    return Span(text, "code")


def because(reason: str) -> str:
    return f"Reason: {reason}{'' if reason.endswith('.') else '.'}"
