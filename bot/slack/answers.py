"""An answer to a question -> the message that shows it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.slack.blocks import Block, SlackMessage, bold, bullets, code, context, line, preformatted, rich
from bot.text import cut, literal
from commands.grammar.wish import Answer
from engine.port import EngineError

CHUNK = 2_800
READERS = 4
"""Pools that are read side by side for one question."""
MAX_CHUNKS = 12
"""Of a table; a message has at most 50 blocks, and nobody reads more in a private answer."""


def shown(answer: Answer) -> SlackMessage:
    """The answer as a message; a table that is too long says where the rest is."""
    blocks: list[Block] = [rich(line(bold(answer.title)), *(line(text) for text in answer.lines if text))]
    if answer.items:
        blocks.append(rich(bullets(line(code(typed), f"  {say}") for typed, say in answer.items)))
    blocks += [rich(preformatted(chunk)) for chunk in _chunks(answer.table)]
    if answer.foot:
        blocks.append(context(answer.foot))
    items = [f"{typed}  {say}" for typed, say in answer.items]
    text = "\n".join([answer.title, *answer.lines, *items, *answer.table, answer.foot]).strip()
    return SlackMessage(cut(literal(text), 3_500), tuple(blocks))


def _chunks(rows: Sequence[str]) -> list[str]:
    chunks: list[str] = []
    current = ""
    for row in rows:
        if current and len(current) + len(row) + 1 > CHUNK:
            chunks.append(current)
            current = ""
        current = f"{current}\n{row}" if current else row[:CHUNK]
    chunks += [current] if current else []
    if len(chunks) > MAX_CHUNKS:
        return [
            *chunks[: MAX_CHUNKS - 1],
            "… the rest does not fit here: `csfailover log` on the bot's host shows everything.",
        ]
    return chunks


def failed(error: EngineError) -> Answer:
    return Answer("The engine could not be read.", (error.sentence, error.detail), (), "Nothing was changed.")
