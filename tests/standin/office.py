"""A very small real Bolt app at work on the stand-in, over either transport: what the tests here talk to."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from bot.slack.link import HttpLink
from bot.standin import Member, StandIn
from bot.standin.people import Json, call

LATE = 3.2
"""Seconds: just past Slack's limit."""


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def button(label: str, action_id: str, **more: object) -> Json:
    return {"type": "button", "text": plain(label), "action_id": action_id, "value": "7", **more}


CONFIRM = {"title": plain("Really?"), "text": plain("All users move."), "confirm": plain("Yes, approve")}
CARD: list[Json] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "<@U0ALICE> asks for *pool01*"}},
    {
        "type": "actions",
        "elements": [
            button("Approve", "approve", style="primary", confirm=CONFIRM),
            button("Deny", "deny", style="danger"),
        ],
    },
]
WHY = {
    "type": "modal",
    "callback_id": "why",
    "notify_on_close": True,
    "title": plain("Deny"),
    "submit": plain("Deny"),
    "blocks": [
        {
            "type": "input",
            "block_id": "reason",
            "label": plain("Reason"),
            "element": {"type": "plain_text_input", "action_id": "text", "max_length": 20},
        },
        {
            "type": "input",
            "block_id": "kind",
            "label": plain("Kind"),
            "optional": True,
            "element": {
                "type": "static_select",
                "action_id": "pick",
                "options": [{"text": plain("Risk"), "value": "risk"}, {"text": plain("Other"), "value": "other"}],
            },
        },
    ],
}


@dataclass
class Office:
    """The app; `seen` keeps the bodies its listeners got, in order."""

    slack: StandIn
    seen: list[Json] = field(default_factory=list)
    handler: SocketModeHandler | None = None
    link: HttpLink | None = None

    def __post_init__(self) -> None:
        self.client = client(self.slack)
        self.app = App(client=self.client, signing_secret=self.slack.SIGNING_SECRET)
        self._listen()

    def open(self, transport: str) -> None:
        """Returns when Slack can reach the app."""
        if transport == "socket":
            self.handler = SocketModeHandler(self.app, self.slack.APP_TOKEN)
            self.handler.connect()
            session: Any = self.handler.client.current_session
            session.sock.settimeout(0.1)  # the SDK's own 3 s are how long it would take to close
            self.until_connected()
            return
        self.link = HttpLink(self.app, "127.0.0.1", 0, self.slack.SIGNING_SECRET)
        self.link.start()
        self.slack.deliver_to = self.link.url

    def until_connected(self) -> None:
        """As the page shows it: a websocket is open."""
        query = "state?as=U0ALICE&wait=10&since="
        state = call(self.slack.url, query + "-1")
        while not state["connected"]:
            state = call(self.slack.url, f"{query}{state['version']}")

    def close(self) -> None:
        if self.handler is not None:
            self.handler.close()
        if self.link is not None:
            self.link.stop()

    def person(self, user: str, channel: str = "C0INCIDENT") -> Member:
        return Member(self.slack.url, user, channel)

    def _listen(self) -> None:
        app, seen = self.app, self.seen

        @app.command("/echo")
        def echo(ack: Any, body: Json) -> None:
            seen.append(body)
            ack(f"You said {body['text']}")

        @app.command("/card")
        def card(ack: Any, body: Json, client: WebClient) -> None:
            seen.append(body)
            ack()
            client.chat_postMessage(channel=body["channel_id"], text="A request", blocks=CARD)

        @app.command("/late")
        def late(ack: Any) -> None:
            threading.Event().wait(LATE)
            ack("too late")

        @app.action("approve")
        def approve(ack: Any, body: Json, client: WebClient, respond: Any) -> None:
            seen.append(body)
            ack()
            said = f"approved by <@{body['user']['id']}>"
            client.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text=said)
            respond("Thank you")

        @app.action("deny")
        def deny(ack: Any, body: Json, client: WebClient) -> None:
            seen.append(body)
            ack()
            client.views_open(trigger_id=body["trigger_id"], view=WHY)

        @app.view("why")
        def why(ack: Any, body: Json, client: WebClient) -> None:
            seen.append(body)
            reason = body["view"]["state"]["values"]["reason"]["text"]["value"]
            if reason == "no":
                ack(response_action="errors", errors={"reason": "Say more than that."})
                return
            ack()
            client.chat_postMessage(channel="C0INCIDENT", text=f"denied: {reason}")

        @app.view_closed("why")
        def left(ack: Any, body: Json) -> None:
            seen.append(body)
            ack()


def client(slack: StandIn, token: str = StandIn.BOT_TOKEN) -> WebClient:
    """slack_sdk as it is, without its retry on a lost connection, which would post twice."""
    return WebClient(token=token, base_url=slack.api_url, retry_handlers=[])
