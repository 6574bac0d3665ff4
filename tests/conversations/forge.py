"""Deliveries that no Slack client makes: what arrives when somebody else writes to the bot's HTTP address.

Each function gives (status, body) of the bot's answer. Signed as Slack signs, unless told otherwise.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from bot import clock
from bot.standin import StandIn
from bot.standin.people import INCIDENT

Answered = tuple[int, str]


def slash(url: str, line: str, user: str = "U0ALICE", team: str = StandIn.TEAM, **signing: Any) -> Answered:
    """`line` reaches the bot as it stands: not escaped, as Slack sends the links that it has made itself."""
    command, _, text = line.partition(" ")
    fields = {"command": command, "text": text, "user_id": user, "user_name": "x", "team_id": team}
    fields |= {"channel_id": INCIDENT, "trigger_id": clock.run_id(), "response_url": f"{url}/nobody", "api_app_id": "A"}
    return post(url, urlencode(fields), **signing)


def click(
    url: str,
    operation: str,
    user: str = "U0BOB",
    team: str = StandIn.TEAM,
    action: str = "approve",
    channel: str = INCIDENT,
    **signing: Any,
) -> Answered:
    """A button with this operation as its value, pressed by this user of this team."""
    return interaction(
        url,
        {
            "type": "block_actions",
            **_who(user, team),
            "channel": {"id": channel, "name": "x"},
            "container": {"type": "message", "message_ts": "1.000001", "channel_id": channel},
            "response_url": f"{url}/nobody",
            "actions": [{"type": "button", "action_id": action, "block_id": "b", "value": operation}],
        },
        **signing,
    )


def submission(
    url: str, operation: str, reason: str, user: str = "U0BOB", team: str = StandIn.TEAM, channel: str = INCIDENT
) -> Answered:
    """The form of a denial, sent with this reason whatever the form would have let through."""
    view = {
        "id": f"V{clock.run_id()}",
        "type": "modal",
        "callback_id": "deny",
        "private_metadata": json.dumps({"operation": operation, "channel": channel}),
        "state": {"values": {"reason": {"reason": {"type": "plain_text_input", "value": reason}}}},
    }
    return interaction(url, {"type": "view_submission", **_who(user, team), "view": view})


def _who(user: str, team: str) -> dict[str, Any]:
    """`team` stands at the user only: that of the payload is always the app's own."""
    who = {"id": user, "username": "x", "name": "x", "team_id": team}
    return {"user": who, "team": {"id": StandIn.TEAM, "domain": "x"}, "api_app_id": "A", "trigger_id": clock.run_id()}


def interaction(url: str, payload: dict[str, Any], **signing: Any) -> Answered:
    return post(url, urlencode({"payload": json.dumps(payload)}), **signing)


def post(url: str, body: str, secret: str = StandIn.SIGNING_SECRET, age: float = 0, stamp: str = "") -> Answered:
    """`age`: seconds since it was signed."""
    stamp = stamp or str(int(clock.unix() - age))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest}",
    }
    try:
        with build_opener(ProxyHandler({})).open(Request(url, body.encode(), headers), timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()
