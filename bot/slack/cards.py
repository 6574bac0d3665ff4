"""The neutral card of an operation -> a message with blocks, within Slack's limits. No sentence and no rule lives here.

Pure: the same card always makes the same message, so the poster can compare.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.desk.intents import Button
from bot.desk.parts import Command, Paragraph, Part, Span
from bot.desk.view import Card
from bot.slack.blocks import (
    Block,
    SlackMessage,
    actions,
    bold,
    bullets,
    button,
    code,
    confirm,
    context,
    header,
    line,
    plain,
    preformatted,
    rich,
)
from bot.text import cut
from engine.model import Finding, Level
from engine.states import Operation

FOUND = 5_000
"""Characters of all findings together. Slack refuses a message of more than about 12,000 characters in all
(msg_blocks_too_long; slackapi/bolt-js issue 2509)."""


def laid_out(op: Operation, card: Card) -> SlackMessage:
    """The one living message of an operation."""
    blocks: list[Block] = [header(f"{card.mark} {card.title}"), _parts(card.state), _parts(card.request)]
    if card.effect:
        blocks.append(rich(bullets(_paragraph(each) for each in card.effect)))
    if card.findings:
        blocks.append(rich(_findings(card.findings)))
    if card.buttons:
        blocks.append(actions(f"{op.id}-{op.state.name}", *(_button(each, op.id) for each in card.buttons)))
    blocks.append(context(card.foot))
    made = SlackMessage("", tuple(blocks))
    return SlackMessage(cut(_without_buttons(made), 3_500), made.blocks)


def _without_buttons(made: SlackMessage) -> str:
    return plain(SlackMessage("", tuple(b for b in made.blocks if b["type"] != "actions")))


def _parts(parts: Sequence[Part]) -> Block:
    return rich(*(preformatted(p.line) if isinstance(p, Command) else _paragraph(p) for p in parts))


def _paragraph(paragraph: Paragraph) -> Block:
    return line(*map(_span, paragraph.spans))


def _span(span: Span) -> str | Block:
    match span.style:
        case "bold":
            return bold(span.text)
        case "code":
            return code(span.text)
        case _:
            return span.text


def _button(shown: Button, operation: str) -> Block:
    asks = None
    if shown.question:
        # Only approving is ever harmless; whatever else asks first is worth a second look.
        style = "primary" if shown.style == "primary" else "danger"
        asks = confirm(shown.question.title, shown.question.text, shown.question.yes, style=style)
    return button(shown.intent, shown.label, operation, shown.style, asks)


_MARK = {Level.BLOCK: "⛔ ", Level.WARN: "⚠️ ", Level.NOTE: "ℹ️ "}


def _findings(findings: Sequence[Finding]) -> Block:
    fit = _how_many_fit(findings)
    shown = [line(_MARK[f.level], _finding(f), " ", code(f.code)) for f in findings[:fit]]
    if left := [f.code for f in findings[fit:]]:
        codes = ", ".join(f"{code} ({left.count(code)})" for code in dict.fromkeys(left))
        shown.append(line(bold(f"… and {len(left)} more"), f" that do not fit here: {cut(codes, 600)}"))
    return bullets(shown)


def _how_many_fit(findings: Sequence[Finding]) -> int:
    room = FOUND
    for n, finding in enumerate(findings):
        room -= len(_finding(finding))
        if room < 0:
            return n
    return len(findings)


def _finding(finding: Finding) -> str:
    cure = f" → {finding.cure}" if finding.cure else ""
    return f"{cut(finding.say, 600)}{cut(cure, 300)}"
