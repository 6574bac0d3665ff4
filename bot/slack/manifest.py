"""The Slack app's manifest, made from the commands that are there. Pure.

Every scope says what it is for; a test compares the scopes with those the bot's calls really need.
"""

from __future__ import annotations

from typing import Any

from commands import load

SCOPES = {
    "commands": "the slash commands",
    "chat:write": "the card of an operation and its thread",
    "users:read": "refuse clicks by guests, deactivated accounts and people from other companies",
    "channels:read": "refuse channels that are shared with another company; notice when the bot is not in a channel",
    "groups:read": "the same for private channels",
    "channels:history": "find a message of the bot again when Slack's answer was lost, instead of posting it twice",
    "groups:history": "the same for private channels",
}


def commands() -> list[dict[str, str]]:
    """Slash commands with their hints, as Slack shows them while somebody types."""
    return [
        {"command": f"/{name}", "hint": command.hint, "description": command.summary}
        for name, command in load().items()
    ]


def manifest(transport: str = "socket", url: str = "https://csfailover.example.com/slack/events") -> dict[str, Any]:
    """For https://api.slack.com/apps, "Create New App", "From a manifest". `url` matters for HTTP only."""
    where = {} if transport == "socket" else {"url": url}
    return {
        "display_information": {
            "name": "csfailover",
            "description": "Fails a Lync / Skype for Business pool over to its backup pool, approved and recorded",
        },
        "features": {
            "bot_user": {"display_name": "csfailover", "always_online": True},
            "slash_commands": [
                {
                    "command": c["command"],
                    "description": c["description"],
                    "should_escape": False,
                    **({"usage_hint": c["hint"]} if c["hint"] else {}),
                    **where,
                }
                for c in commands()
            ],
        },
        "oauth_config": {"scopes": {"bot": sorted(SCOPES)}},
        "settings": {
            "interactivity": {"is_enabled": True, **({} if transport == "socket" else {"request_url": url})},
            "org_deploy_enabled": False,
            "socket_mode_enabled": transport == "socket",
            "token_rotation_enabled": False,
        },
    }
