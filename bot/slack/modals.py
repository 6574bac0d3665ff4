"""The forms that ask for a reason. Pure.

A form names its operation and its channel in its metadata, and nothing else: all is looked up again when it comes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from engine.rules import MAX_REASON

REASON = "reason"


@dataclass(frozen=True)
class _Form:
    """`verb` is what the desk checks before it opens."""

    verb: str
    title: str
    submit: str
    label: str
    hint: str


ASKS = {
    "deny": _Form("deny", "Deny it", "Deny", "Why not?", "It is shown in the channel and kept in the log."),
    "happened": _Form(
        "settle",
        "It happened",
        "Say that it happened",
        "What did you see?",
        "For instance the PoolState you read, and where. It is your word, and is recorded as yours.",
    ),
    "not_happened": _Form(
        "settle",
        "It did not happen",
        "Say that it did not",
        "What did you see?",
        "Be sure that the cmdlet is not still running on the Front End. It is your word, and is recorded as yours.",
    ),
}


def modal(action: str, operation: str, what: str, channel: str) -> dict[str, Any]:
    """`what` the operation is about, in words."""
    form = ASKS[action]
    return {
        "type": "modal",
        "callback_id": action,
        "private_metadata": json.dumps({"operation": operation, "channel": channel}),
        "title": _plain(form.title),
        "submit": _plain(form.submit),
        "close": _plain("Back"),
        "blocks": [
            {"type": "section", "text": _plain(f"Operation {operation}: {what}")},
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


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def reason_of(view: dict[str, Any]) -> str:
    """What was written into the form; empty when nothing was."""
    written = str(view["state"]["values"][REASON][REASON].get("value") or "")
    return written.encode("utf-8", "replace").decode()  # no half characters, which no file can hold
