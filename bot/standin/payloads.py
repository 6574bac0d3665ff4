"""What Slack sends to an app: slash command, block action, view submission, view closed.

Pure builders in the documented shapes (docs.slack.dev, "Interaction payloads", "Slash commands").
Nothing is delivered here.
"""

from __future__ import annotations

from bot.standin import seed
from bot.standin.seed import Json

LEGACY_TOKEN = "lab-verification-token"  # noqa: S105 - Slack still sends one; nobody may trust it


def escape(text: str) -> str:
    """What people type reaches the app with the three reserved characters as entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def slash(user: Json, channel: Json, line: str, trigger_id: str, response_url: str) -> Json:
    """`line` is as typed. Slack sends the text as it stands, trimmed, whatever smart punctuation made of it."""
    command, _, text = line.strip().partition(" ")
    return {
        "token": LEGACY_TOKEN,
        "team_id": user["team_id"],
        "team_domain": seed.DOMAINS[user["team_id"]],
        "channel_id": channel["id"],
        "channel_name": "directmessage" if channel["is_im"] else channel["name"],
        "user_id": user["id"],
        "user_name": user["name"],
        "command": command,
        "text": escape(text.strip()),
        "api_app_id": seed.APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def _who(user: Json) -> Json:
    """`team` is the app's own team even when the person is from another company; only
    `user.team_id` shows it (slackapi/java-slack-sdk#1041)."""
    return {
        "user": {"id": user["id"], "username": user["name"], "name": user["name"], "team_id": user["team_id"]},
        "team": {"id": seed.TEAM, "domain": seed.DOMAINS[seed.TEAM]},
        "api_app_id": seed.APP_ID,
        "token": LEGACY_TOKEN,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def message_action(
    user: Json, channel: Json, message: Json, ephemeral: bool, action: Json, trigger_id: str, response_url: str
) -> Json:
    """A click in a message. For an ephemeral one Slack sends the container without the message."""
    container = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": channel["id"],
        "is_ephemeral": ephemeral,
    }
    if message.get("thread_ts"):
        container["thread_ts"] = message["thread_ts"]
    return {
        "type": "block_actions",
        **_who(user),
        "container": container,
        "trigger_id": trigger_id,
        "channel": {"id": channel["id"], "name": channel["name"]},
        **({} if ephemeral else {"message": message}),
        "state": {"values": {}},
        "response_url": response_url,
        "actions": [action],
    }


def view_action(user: Json, view: Json, action: Json, trigger_id: str) -> Json:
    return {
        "type": "block_actions",
        **_who(user),
        "container": {"type": "view", "view_id": view["id"]},
        "trigger_id": trigger_id,
        "view": view_wire(view),
        "actions": [action],
    }


def submission(user: Json, view: Json, values: Json, trigger_id: str) -> Json:
    stated = view_wire(view) | {"state": {"values": values}}
    return {"type": "view_submission", **_who(user), "trigger_id": trigger_id, "view": stated, "response_urls": []}


def closed(user: Json, view: Json, cleared: bool) -> Json:
    return {"type": "view_closed", **_who(user), "view": view_wire(view), "is_cleared": cleared}


def view_wire(view: Json) -> Json:
    """A view as Slack shows it: without our own note of whose screen it is on."""
    return {key: value for key, value in view.items() if key != "user"}


def action_of(block_id: str, element: Json, value: str | None, action_ts: str) -> Json:
    """The entry in `actions` for one used element; `value` picks an option where there are options."""
    action: Json = {"type": element["type"], "action_id": element["action_id"], "block_id": block_id}
    action["action_ts"] = action_ts
    if element["type"] in ("button", "workflow_button"):
        action |= {key: element[key] for key in ("text", "value", "style", "confirm") if key in element}
    elif element.get("options"):
        chosen = [option for option in element["options"] if option["value"] == value]
        many = element["type"] in ("checkboxes", "multi_static_select")
        action |= {"selected_options": chosen} if many else {"selected_option": chosen[0] if chosen else None}
    else:
        action["value"] = value
    return action
