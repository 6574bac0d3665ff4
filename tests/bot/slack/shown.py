"""Operations of every state and kind, with ordinary and with the worst texts, and what can be wrong with a message.

Only what cards, threads and answers have in common. The walk of the rules makes the operations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial
from typing import Any

from bot.slack.blocks import SlackMessage
from bot.standin.blockkit import problems
from engine.events import Event, RunRecorded
from engine.facts import PoolFacts
from engine.model import Finding, Kind, Level, Options, Ticket
from engine.states import Operation
from tests.engine.given import OLGA
from tests.engine.histories import explore

NASTY = "<!channel> *bold* <https://evil.example|click> `x` & \x00\x1b[31m\u202e @here :fire: \n> "
LONG = (NASTY * 50)[:1_000]
ENDLESS = NASTY * 400
FQDN = ("a" * 60 + ".") * 4 + "contoso.de"
BLOCKS_TOTAL = 10_000
"""Slack refuses messages of more than about 12,000 characters (msg_blocks_too_long; slackapi/bolt-js#2509)."""

ASKS = [
    (kind, options)
    for kind in Kind
    for options in (Options(), Options(disaster=True), Options(whatif=True), Options(skip_verification=True))
]


_explored = cache(partial(explore, thin=True))


@cache
def reachable() -> tuple[Operation, ...]:
    """Operations of every state, of both kinds, with all that had happened to them."""
    seen: dict[object, Operation] = {}
    for kind, options in ASKS:
        for edge in _explored(kind, options, OLGA):
            op = edge.after
            ended = op.outcome and op.outcome.ended
            key = (kind, options, op.state, len(op.approvals), bool(op.stop_asked_by), ended, type(op.end), op.verdict)
            seen[key] = op
    return tuple(seen.values())


@cache
def events() -> tuple[Event, ...]:
    """One event of each kind that the walk meets, for each request and each place it leads to; records of all sorts."""
    seen: dict[object, Event] = {}
    for ask in ASKS:
        for edge in _explored(*ask, OLGA):
            record = edge.event.record if isinstance(edge.event, RunRecorded) else None
            seen[ask, edge.rule, edge.after.state, record] = edge.event
    return tuple(seen.values())


def worst(thing: Any) -> Any:
    """The same, with the worst text wherever a person, a server or a topology could put one."""
    match thing:
        case Finding():
            return replace(thing, say=ENDLESS, cure=ENDLESS)
        case PoolFacts() | Ticket():
            return thing
        case str():
            return thing
        case _ if hasattr(thing, "__dataclass_fields__"):
            return replace(thing, **{name: _worst_field(name, getattr(thing, name)) for name in vars(thing)})
        case _:
            return thing


def _worst_field(name: str, value: Any) -> Any:
    match name:
        case "reason" | "typed":
            return LONG
        case "say" | "cure" | "doubt" | "text" | "report":
            return ENDLESS
        case "name":
            return "N" * 60
        case "pool" | "partner" if isinstance(value, str):
            return FQDN
        case "findings" if value and isinstance(value[0], Finding):
            return tuple(Finding(f"W_{n}", list(Level)[n % 3], ENDLESS, ENDLESS) for n in range(64))
        case "differences":
            return (ENDLESS,) * 10
        case "parameters":
            return tuple(replace(p, value=FQDN) if p.name == "PoolFqdn" else p for p in value)
        case "approvals" if isinstance(value, tuple):
            return tuple(replace(a, name="N" * 60) for a in value)
        case _:
            return worst(value)


def texts(thing: Any) -> Iterator[str]:
    """Every string that stands under a `text` key, at any depth."""
    if isinstance(thing, dict):
        if isinstance(thing.get("text"), str):
            yield thing["text"]
        for value in thing.values():
            yield from texts(value)
    elif isinstance(thing, list | tuple):
        for value in thing:
            yield from texts(value)


def types(thing: Any) -> Iterator[str]:
    """Every `type` at any depth."""
    if isinstance(thing, dict):
        if isinstance(thing.get("type"), str):
            yield thing["type"]
        for value in thing.values():
            yield from types(value)
    elif isinstance(thing, list | tuple):
        for value in thing:
            yield from types(value)


_UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def wrong(message: SlackMessage) -> list[str]:
    """What Slack would refuse, truncate or interpret in this message."""
    blocks = list(message.blocks)
    found = problems(blocks)
    if not 0 < len(message.text.strip()) <= len(message.text) <= 4_000:
        found.append(f"text has {len(message.text)} characters")
    if "mrkdwn" in types(blocks) or "markdown" in types(blocks):
        found.append("markup that would be interpreted")
    if any(_UNSEEN.search(text) for text in (message.text, *texts(blocks))):
        found.append("characters that cannot be seen")
    if not all(texts(blocks)):
        found.append("an empty text")
    if sum(map(len, texts(blocks))) > BLOCKS_TOTAL:
        found.append(f"{sum(map(len, texts(blocks)))} characters in all")
    if any(part.get("elements") == [] for block in blocks for part in block.get("elements", ())):
        found.append("a paragraph without anything in it")
    return found


def buttons(message: SlackMessage) -> list[dict[str, Any]]:
    return [element for block in message.blocks if block["type"] == "actions" for element in block["elements"]]
