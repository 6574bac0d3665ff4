"""The Bolt listeners: take the sender and the wish, hand them to the desk, acknowledge. No work here.

What must be recorded is recorded before the acknowledgement; what takes time (a question about the pools, a
private answer) goes to a thread of its own, as Bolt's few listener threads must always be free for the next click.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from html import escape
from typing import Any

from slack_bolt import Ack, App, BoltResponse, Respond
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.desk.desk import Desk, Reply
from bot.desk.intents import FORMS, Intent
from bot.desk.journal import UnreadableError
from bot.desk.who import Sender
from bot.slack.answers import failed, shown
from bot.slack.blocks import SlackMessage
from bot.slack.modals import REASON, choice_of, modal, reason_of
from bot.slack.people import proof_of
from bot.text import whole_characters
from commands import load
from commands.grammar.wish import Look, View
from engine.port import EngineError

log = logging.getLogger(__name__)
Body = dict[str, Any]
DOOR = "slack"
NOT_OPENED = "Slack did not open the form in time. Nothing was done; click again."
BROKEN = (
    "Something broke in the bot. The card shows whether it counted; nothing else was done. Its process log says more."
)


class Listeners:
    """Everything Slack may send, on one Bolt app."""

    def __init__(self, desk: Desk, view: View, client: WebClient, team: str, signing_secret: str | None) -> None:
        self._desk = desk
        self._view = view
        self._client = client
        self._questions = ThreadPoolExecutor(max_workers=8, thread_name_prefix="question")
        # Apart from the questions, which may take long: whoever was refused hears of it at once.
        self._after = ThreadPoolExecutor(max_workers=4, thread_name_prefix="answer")
        self.app = App(
            # Without the token, which `authorize` gives: one workspace, so no call to Slack is needed to know who
            # we are while somebody waits.
            client=WebClient(base_url=client.base_url, timeout=client.timeout, retry_handlers=[]),
            authorize=lambda: AuthorizeResult(enterprise_id=None, team_id=team, bot_token=client.token),
            # Socket Mode has no signatures; Bolt then never looks at this value.
            signing_secret=signing_secret or "no signed request is taken",
            listener_executor=ThreadPoolExecutor(max_workers=20, thread_name_prefix="listener"),
        )
        for name in load():
            self.app.command(f"/{name}")(self._commanded(name))
        for action in ("approve", "withdraw", "stop"):
            self.app.action(action)(self._clicked(getattr(desk, action)))
        for intent in FORMS:
            self.app.action(intent)(self._form_wanted(intent))
            self.app.view(intent)(self._submitted(intent))
        self.app.error(self._broke)

    def close(self) -> None:
        for pool in (self._questions, self._after):
            pool.shutdown(wait=True, cancel_futures=True)

    # --- slash commands --------------------------------------------------------------------------------------------

    def _commanded(self, name: str) -> Callable[..., None]:
        def listener(ack: Ack, body: Body, respond: Respond) -> None:
            sender = _sender(body["team_id"], body["user_id"], body["channel_id"], f"command:{body['trigger_id']}")
            reply = self._desk.command(name, whole_characters(body.get("text", "")), sender)
            if reply.answer:
                message = shown(reply.answer)
                ack(text=_literal(message.text), blocks=list(message.blocks))
            else:
                ack(text=_literal(reply.text))
            if reply.look:
                self._questions.submit(self._answer, reply.look, respond)

        return listener

    def _answer(self, look: Look, respond: Respond) -> None:
        try:
            message = shown(look.answer(self._view))
        except EngineError as error:
            message = shown(failed(error))
        except UnreadableError as error:
            message = SlackMessage(str(error), ())
        except Exception:  # whoever asked gets an answer in any case
            log.exception("a question could not be answered")
            message = SlackMessage(BROKEN, ())
        self._tell(respond, message.text, list(message.blocks))

    # --- clicks ----------------------------------------------------------------------------------------------------

    def _clicked(self, act: Callable[[str, Sender], Reply]) -> Callable[..., None]:
        def listener(ack: Ack, body: Body, respond: Respond) -> None:
            reply = act(_value(body), _clicker(body))
            ack()
            self._after.submit(self._tell, respond, reply.text)

        return listener

    def _form_wanted(self, intent: Intent) -> Callable[..., None]:
        def listener(ack: Ack, body: Body, respond: Respond) -> None:
            operation, sender = _value(body), _clicker(body)
            refused = self._desk.may_open(intent, operation, sender)
            ack()
            if refused:
                self._after.submit(self._tell, respond, refused.text)
            else:
                form, what = self._desk.form(intent, operation)
                self._open(body, modal(intent, form, operation, what, sender.place), respond)

        return listener

    def _open(self, body: Body, view: Body, respond: Respond) -> None:
        # The trigger lives three seconds, so this cannot wait for a thread; it is after the ack.
        try:
            self._client.views_open(trigger_id=body["trigger_id"], view=view)
        except (SlackClientError, OSError) as error:
            log.warning("a modal could not be opened", exc_info=True)
            if "exchanged_trigger_id" not in str(error):  # the same click once more: its form is open already
                self._after.submit(self._tell, respond, NOT_OPENED)

    def _submitted(self, intent: Intent) -> Callable[..., None]:
        def listener(ack: Ack, body: Body) -> None:
            view = body["view"]
            meta = json.loads(view["private_metadata"])
            user = body["user"]
            # Not the view's id: a form that was refused stays open, and may be sent again with the same words.
            sender = _sender(user.get("team_id", ""), user["id"], meta["channel"], f"view:{body['trigger_id']}")
            reply = self._submit(intent, meta["operation"], view, sender)
            if reply.text:
                ack(response_action="errors", errors={REASON: reply.text[:3_000]})
            else:
                ack()

        return listener

    def _submit(self, intent: Intent, operation: str, view: Body, sender: Sender) -> Reply:
        if intent == "deny":
            return self._desk.deny(operation, reason_of(view), sender)
        return self._desk.settle(operation, choice_of(view), reason_of(view), sender)

    # --- answering one person---------------------------------------------------------------------------------------

    def _tell(self, respond: Respond, text: str, blocks: list[Body] | None = None) -> None:
        """For one person only, and nothing depends on it: a lost answer is not sent again."""
        if not text:
            return
        try:
            respond(text=_literal(text), blocks=blocks or None, response_type="ephemeral", replace_original=False)
        except (SlackClientError, OSError):
            log.warning("a private answer did not reach Slack", exc_info=True)

    def _broke(self, error: Exception, body: Body, respond: Respond) -> BoltResponse:
        """Bolt drops what an error handler acknowledges, and sends what it returns: for a command its text, for a
        form the words under its field, for a click nothing, so that one is answered apart."""
        log.error("a listener hit a bug", exc_info=error)
        if "command" in body:
            return _answered({"text": BROKEN})
        if body.get("type") == "view_submission":
            return _answered({"response_action": "errors", "errors": {REASON: BROKEN}})
        self._after.submit(self._tell, respond, BROKEN)
        return BoltResponse(status=200, body="")


def _answered(body: Body) -> BoltResponse:
    return BoltResponse(status=200, body=body, headers={"content-type": ["application/json"]})


def _literal(text: str) -> str:
    """As mrkdwn that means nothing but its characters: some answers repeat what was typed."""
    return escape(text, quote=False)


def _value(body: Body) -> str:
    return str(body["actions"][0].get("value", ""))


def _clicker(body: Body) -> Sender:
    """The one who clicked. `team` of the payload is the app's own; only the user's own team shows where they belong."""
    user, channel = body["user"], body.get("channel") or {}
    return _sender(user.get("team_id", ""), user["id"], channel.get("id", ""), f"click:{body['trigger_id']}")


def _sender(team: str, account: str, channel: str, delivery: str) -> Sender:
    return Sender(DOOR, proof_of(team, account), channel, delivery)
