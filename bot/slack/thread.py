"""New events of an operation -> the replies that its thread gets: few messages, in order, nothing left out.

Pure. Lines are gathered, since Slack takes about one message per second and channel.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from audit.model import Row
from bot.desk.story import told
from bot.slack.blocks import Block, SlackMessage, context, line, rich
from bot.text import cut, literal
from engine.events import DoubtRaised, Event, OperationClosed, PreflightPassed, RequestReminded, RunRecorded

HASH = 32
"""Digits of a row's hash that stand under a verdict."""
ROOM = 2_600
"""Characters of one reply, well below the 3,000 of a text element."""


@dataclass(frozen=True)
class ThreadMessage:
    """`through` is the version of the last event in it. `broadcast`: the channel sees it too. `urgent`: it is
    news for people, not the engine talking, and does not wait to be gathered."""

    through: int
    message: SlackMessage
    broadcast: bool
    urgent: bool


def replies(events: Iterable[tuple[Row, Event]], leads: tuple[str, ...]) -> list[ThreadMessage]:
    """What is to be posted, oldest first. Events that only the log keeps move `through` on and make no message."""
    made: list[ThreadMessage] = []
    lines: list[str] = []
    through, loud, ping, urgent, verdict, anchor = 0, False, False, False, False, ""

    def flush() -> None:
        nonlocal lines, loud, ping, urgent, anchor
        if lines:
            made.append(ThreadMessage(through, _message(lines, leads if ping else (), anchor), loud, urgent))
        lines, loud, ping, urgent, anchor = [], False, False, False, ""

    for row, event in events:
        text = told(event)
        if text:
            # Further lines are set in: what somebody wrote must not pass for an entry of its own.
            entry = cut(f"{row.at:%H:%M:%S}  {literal(text)}".replace("\n", "\n          "), ROOM)
            verdict = isinstance(event, OperationClosed | DoubtRaised)
            if verdict or sum(map(len, lines)) + len(entry) > ROOM:
                flush()  # a verdict stands alone: the channel sees it too, and needs nothing of what led there
            lines.append(entry)
            anchor = _anchor(row) if isinstance(event, OperationClosed) else ""
            loud = loud or verdict
            urgent = urgent or not isinstance(event, RunRecorded)
            ping = ping or isinstance(event, PreflightPassed | RequestReminded)
        through = row.version or through
        if ping or verdict:
            flush()  # people are called right under what they are called for
            verdict = False
    flush()
    return made


def _anchor(row: Row) -> str:
    """Kept by Slack, where nobody who can write the log's file can change it."""
    return f"Log row {row.seq}: csfailover log verify --expect {row.seq}:{row.hash[:HASH]}"


def _message(lines: list[str], leads: tuple[str, ...], anchor: str) -> SlackMessage:
    body = "\n".join(lines)
    shown: list[Block] = [line(body)]
    if leads:
        shown.append(_call(leads))
    told = f"{body}\n{anchor}" if anchor else body
    return SlackMessage(told, (rich(*shown), *([context(anchor)] if anchor else [])))


def _call(leads: tuple[str, ...]) -> Block:
    elements: list[Block] = [{"type": "text", "text": "Approval needed: "}]
    for account in leads:
        elements += [{"type": "user", "user_id": account}, {"type": "text", "text": " "}]
    return {"type": "rich_text_section", "elements": elements}
