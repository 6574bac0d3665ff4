"""The forms of intents as Slack's modals. Pure; their words are those of `desk.intents`.

A form names its operation and its channel in its metadata, and nothing else: the rest is looked up when it comes back.
"""

from __future__ import annotations

import json
from typing import Any

from bot.desk.intents import Form, Intent
from bot.text import whole_characters
from engine.rules import MAX_REASON

REASON = "reason"
CHOICE = "choice"


def modal(intent: Intent, form: Form, operation: str, what: str, channel: str) -> dict[str, Any]:
    """`what` was asked for, in words."""
    asked = [_choices(form)] if form.choices else []
    return {
        "type": "modal",
        "callback_id": intent,
        "private_metadata": json.dumps({"operation": operation, "channel": channel}),
        "title": _plain(form.title),
        "submit": _plain(form.submit),
        "close": _plain("Back"),
        "blocks": [
            {"type": "section", "text": _plain(f"Operation {operation}: {what}")},
            *asked,
            {
                "type": "input",
                "block_id": REASON,
                "label": _plain(form.label),
                "hint": _plain(form.hint),
                "element": {
                    "type": "plain_text_input",
                    "action_id": REASON,
                    "multiline": True,
                    "min_length": 1,
                    "max_length": MAX_REASON,
                },
            },
        ],
    }


def _choices(form: Form) -> dict[str, Any]:
    options = [{"text": _plain(words), "value": value} for value, words in form.choices]
    return {
        "type": "input",
        "block_id": CHOICE,
        "label": _plain("What is true?"),
        "element": {"type": "radio_buttons", "action_id": CHOICE, "options": options},
    }


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def reason_of(view: dict[str, Any]) -> str:
    """What was written into the form; empty when nothing was."""
    return whole_characters(str(_values(view).get(REASON, {}).get(REASON, {}).get("value") or ""))


def choice_of(view: dict[str, Any]) -> str:
    """What was chosen; empty when nothing was, or where the form has no choices."""
    chosen = _values(view).get(CHOICE, {}).get(CHOICE, {}).get("selected_option") or {}
    return str(chosen.get("value") or "")


def _values(view: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = view["state"]["values"]
    return values
