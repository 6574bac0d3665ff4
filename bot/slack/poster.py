"""Level-triggered: makes Slack show what the log says. One living card and one thread per operation.

It compares what a card should be with what was last shown, so it does not matter which messages were lost, how
often Slack was down, or when the bot was killed. A post is noted before it is made; one whose answer was lost is
looked for by its metadata and made again only when it is not there. No rule and no sentence lives here.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from html import escape
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from audit.model import CannotRecord, Row
from audit.port import Following, Shown
from bot.desk.journal import Journal, UnreadableError
from bot.desk.loop import Loop
from bot.desk.view import card
from bot.slack import thread
from bot.slack.blocks import SlackMessage, simple
from bot.slack.cards import laid_out
from bot.slack.pace import Pace
from bot.slack.people import SHARED
from bot.text import cut
from engine.events import Event
from engine.model import Refusal
from engine.states import Operation, State

log = logging.getLogger(__name__)
METADATA = "csfailover_operation"
TICK = 0.5
FROZEN = frozenset({"cant_update_message", "edit_window_closed"})
"""The card is there and shows for ever what it shows now."""
GONE = frozenset({"message_not_found", "thread_not_found"}) | FROZEN
"""The card was deleted or is too old: a new one is posted."""


BLOCKS_REFUSED = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
TEXT = 3_900
"""Characters of a message's text; Slack wants less than 4,000."""


class SharedError(Exception):
    """Another company would read it."""


class Later(Exception):  # not an error: the pace says when
    """This operation may go on at `at`."""

    def __init__(self, at: float) -> None:
        self.at = at


class Poster:
    """`start` makes its thread; `stop` ends it after the call it is in."""

    def __init__(
        self,
        journal: Journal,
        following: Following,
        shown: Shown,
        client: WebClient,
        engine: str,
        leads: tuple[str, ...],
        usable: Callable[[str], Refusal | None],
        monotonic: Callable[[], float],
        pace: Pace,
    ) -> None:
        self._journal = journal
        self._following = following
        self._shown = shown
        self._client = client
        self._engine = engine
        self._leads = leads
        self._usable = usable
        self._monotonic = monotonic
        self._pace = pace
        self._dirty: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._unsure: set[str] = set()
        """Whose card may have been deleted."""
        self._look_again_at = 0.0
        self._seen = 0
        self._head = 0
        self._loop = Loop("the poster", self._turn, self._rest)
        self.trouble = ""
        """Why the last call failed; empty when it did not. Shown by /pools."""

    def start(self) -> None:
        self._seen = int(self._shown.notes("").get("poster", {}).get("through", 0))
        self._loop.start()

    def stop(self) -> None:
        self._loop.stop()

    def _turn(self) -> None:
        self._head, _ = self._following.head()
        self._learn()
        self._doubt_cards()
        self._show_all()

    def _rest(self) -> None:
        self._following.wait(self._head, TICK)

    def _learn(self) -> None:
        """Every operation that has a row after the last one seen is to be looked at now: the verdict does not wait
        until the engine's lines before it are gathered. Only one that Slack does not take waits for its time."""
        while rows := self._following.tail(self._seen):
            for row in rows:
                if row.operation and row.operation not in self._failures:
                    self._dirty[row.operation] = 0.0
            self._seen = rows[-1].seq

    def _doubt_cards(self) -> None:
        """At the start and now and then: an open operation whose card is gone would lock its pair unseen."""
        if self._monotonic() < self._look_again_at:
            return
        self._look_again_at = self._pace.look_again_at(self._monotonic())
        for operation in self._following.open_operations():
            self._unsure.add(operation)
            self._dirty.setdefault(operation, 0.0)

    def _show_all(self) -> None:
        for operation, due in sorted(self._dirty.items(), key=lambda item: item[1]):
            if due <= self._monotonic() and not self._loop.stopping:
                self._show(operation)
        if not self._dirty and self._seen > int(self._shown.notes("").get("poster", {}).get("through", 0)):
            self._shown.note("", "poster", {"through": self._seen})

    def _show(self, operation: str) -> None:
        try:
            op, events = self._journal.history(operation)
            if events:
                self._only_among_us(op.request.place)
                self._show_card(op)
                self._show_thread(op, events)
            del self._dirty[operation]
            self._failures.pop(operation, None)
            if not self._failures:
                self.trouble = ""
        except Later as later:
            self._dirty[operation] = later.at
        except UnreadableError:  # /pools reports it; that it is not shown yet is kept for the version that can read it
            self._dirty[operation] = self._pace.look_again_at(self._monotonic())
        except Exception as error:  # noqa: BLE001  # one operation that cannot be shown must not hide the others
            self._failed(operation, error)

    def _only_among_us(self, channel: str) -> None:
        """A channel that was shared with another company since the request gets nothing more. Raises SharedError."""
        refusal = self._usable(channel)
        if refusal and refusal.code == SHARED:
            raise SharedError(refusal.say)

    def _failed(self, operation: str, error: Exception) -> None:
        now = self._monotonic()
        failures = self._failures[operation] = self._failures.get(operation, 0) + 1
        self._dirty[operation] = self._pace.again_at(now, failures)
        self.trouble = _why(error)
        if isinstance(error, SlackApiError) and error.response.status_code == 429:
            seconds = _seconds(error.response.headers.get("Retry-After"))
            self._pace.hold(now, seconds)
            self._dirty[operation] = now + seconds
        if isinstance(error, SlackApiError) and error.response.get("error") in GONE:
            self._forget_card(operation)
        log.warning("operation %s could not be shown: %s; trying again", operation, self.trouble)

    def _forget_card(self, operation: str) -> None:
        self._unsure.discard(operation)
        with suppress(CannotRecord):  # then the next try finds it gone again
            self._shown.note(operation, "card", None)
            self._shown.note(operation, "thread", None)

    # --- the card --------------------------------------------------------------------------------------------------

    def _show_card(self, op: Operation) -> None:
        wanted = laid_out(op, card(op, self._engine))
        digest = _digest(wanted)
        note = self._shown.notes(op.id).get("card", {})
        if not note.get("ts"):
            ts = self._found(op, "card", op.request.place) if note else None
            self._note_card(op, ts or self._post_card(op, wanted), digest if ts is None else "")
            note = self._shown.notes(op.id)["card"]
        if note["shown"] != digest:
            self._update_card(op, wanted, note["ts"])
        elif op.id in self._unsure:
            self._make_sure(op, wanted, note["ts"])
        self._unsure.discard(op.id)

    def _note_card(self, op: Operation, ts: str, shown: str) -> None:
        self._shown.note(op.id, "card", {"ts": ts, "shown": shown})

    def _post_card(self, op: Operation, wanted: SlackMessage) -> str:
        self._wait_until(self._pace.post_at(op.request.place, self._monotonic()))
        self._note_card(op, "", "")  # before the call: a lost answer is looked for, never posted twice
        return self._post(op, "card", wanted)

    def _make_sure(self, op: Operation, wanted: SlackMessage, ts: str) -> None:
        try:
            self._update_card(op, wanted, ts)
        except SlackApiError as error:
            if error.response.get("error") not in FROZEN:
                raise

    def _update_card(self, op: Operation, wanted: SlackMessage, ts: str) -> None:
        self._wait_until(self._pace.update_at(op.id, self._monotonic()))
        self._pace.updated(op.id, self._monotonic())
        self._send(self._client.chat_update, wanted, channel=op.request.place, ts=ts, metadata=_tag(op, "card"))
        self._note_card(op, ts, _digest(wanted))

    # --- the thread ------------------------------------------------------------------------------------------------

    def _show_thread(self, op: Operation, events: Sequence[tuple[Row, Event]]) -> None:
        card_ts = self._shown.notes(op.id)["card"]["ts"]
        through = self._thread_through(op, card_ts)
        called = self._leads if op.state is State.AWAITING else ()  # not for what was decided in the meantime
        for reply in thread.replies(events[through:], called):
            self._wait_until(self._pace.reply_at(op.id, op.request.place, self._monotonic(), urgent=reply.urgent))
            self._shown.note(op.id, "thread", {"through": through, "posting": reply.through})
            self._pace.replied(op.id, self._monotonic())
            self._post(op, f"thread-{reply.through}", reply.message, thread_ts=card_ts, reply_broadcast=reply.broadcast)
            through = reply.through
            self._shown.note(op.id, "thread", {"through": through})

    def _thread_through(self, op: Operation, card_ts: str) -> int:
        """The version up to which the thread is posted, including a reply whose answer was lost."""
        note = self._shown.notes(op.id).get("thread", {"through": 0})
        posting = note.get("posting")
        if posting and self._found(op, f"thread-{posting}", op.request.place, card_ts):
            self._shown.note(op.id, "thread", {"through": posting})
            return int(posting)
        return int(note["through"])

    # --- Slack -----------------------------------------------------------------------------------------------------

    def _wait_until(self, at: float) -> None:
        if at > self._monotonic():
            raise Later(at)

    def _post(self, op: Operation, slot: str, wanted: SlackMessage, **where: Any) -> str:
        self._pace.posted(op.request.place, self._monotonic())
        where |= {"channel": op.request.place, "metadata": _tag(op, slot)}
        answer = self._send(self._client.chat_postMessage, wanted, unfurl_links=False, unfurl_media=False, **where)
        return str(answer["ts"])

    def _send(self, call: Callable[..., SlackResponse], wanted: SlackMessage, **where: Any) -> SlackResponse:
        """With blocks; where Slack does not take them, as plain text with the buttons; at the worst as text alone."""
        text = cut(escape(wanted.text, quote=False), TEXT)  # the text is mrkdwn: nothing in it may ping
        for blocks in (wanted.blocks, simple(wanted)):
            try:
                return call(text=text, blocks=list(blocks), **where)
            except SlackApiError as error:
                if error.response.get("error") not in BLOCKS_REFUSED:
                    raise
                log.exception("Slack rejected these blocks; trying simpler ones. This is a bug: report it")
        return call(text=text, blocks=[], **where)

    def _found(self, op: Operation, slot: str, channel: str, thread_ts: str = "") -> str | None:
        """The ts of one of our messages that was posted although its answer was lost."""
        asked: dict[str, Any] = {"channel": channel, "include_all_metadata": True, "limit": 200}
        assert op.asked_at is not None
        if thread_ts:
            pages = self._client.conversations_replies(ts=thread_ts, **asked)
        else:
            pages = self._client.conversations_history(oldest=f"{op.asked_at.timestamp() - 60:.6f}", **asked)
        for found in (message for page in pages for message in page["messages"]):
            metadata = found.get("metadata", {})
            if metadata.get("event_type") == METADATA and metadata.get("event_payload") == _payload(op, slot):
                return str(found["ts"])
        return None


def _payload(op: Operation, slot: str) -> dict[str, str]:
    return {"operation": op.id, "slot": slot}


def _tag(op: Operation, slot: str) -> dict[str, Any]:
    return {"event_type": METADATA, "event_payload": _payload(op, slot)}


def _digest(shown: SlackMessage) -> str:
    return hashlib.sha256(json.dumps([shown.text, shown.blocks], sort_keys=True).encode()).hexdigest()


def _seconds(retry_after: str | None) -> float:
    return float(retry_after) if retry_after and retry_after.isdigit() else 1.0


def _why(error: Exception) -> str:
    if isinstance(error, SlackApiError):
        return f"Slack says {error.response.get('error', error.response.status_code)}"
    return f"Slack does not answer ({type(error).__name__})" if isinstance(error, OSError) else str(error)
