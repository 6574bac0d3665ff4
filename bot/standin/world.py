"""What the stand-in remembers: messages, views, triggers, response URLs, faults, usage. In memory, bounded.

Rules of Slack about this state live here; nothing about HTTP or websockets does. Touched only from
the server's own thread, so there are no locks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from bot.standin import seed
from bot.standin.plain import plain, unmark
from bot.standin.seed import Json

MESSAGES_KEPT = 1000  # per channel
THINGS_KEPT = 500  # triggers, response URLs, views, deliveries
TRIGGER_SECONDS = 3.0
RESPONSE_URL_SECONDS = 30 * 60.0
RESPONSE_URL_USES = 5

Kept = TypeVar("Kept")


class SlackError(Exception):
    """What Slack answers instead: `{"ok": false, "error": error, …more}`."""

    def __init__(self, error: str, **more: object) -> None:
        super().__init__(error)
        self.error = error
        self.more = more


@dataclass
class Message:
    """One message. `only_for` marks an ephemeral; `earlier` keeps replaced blocks, for late clicks."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    broadcast: bool = False
    only_for: str | None = None
    edited: Json | None = None
    metadata: Json | None = None
    earlier: list[list[Json]] = field(default_factory=list)


@dataclass
class Trigger:
    user: str
    expires: float
    used: bool = False


@dataclass
class ResponseUrl:
    channel: str
    user: str
    message_ts: str | None
    expires: float
    uses: int = 0


@dataclass
class Fault:
    """One planned misfortune: the next `times` calls of `method` ("*": any) go wrong as `kind` says."""

    method: str
    kind: str
    times: int = 1
    retry_after: int = 1


class Workspace:
    """All state of one stand-in. `clock` gives seconds since 1970."""

    def __init__(self, clock: Callable[[], float], scopes: set[str]) -> None:
        self.clock = clock
        self.scopes = scopes
        self.paid_plan = True
        self.group_enabled = True
        self.users = seed.users()
        self.channels = seed.channels()
        self.groups: dict[str, list[str]] = {seed.LEADS: ["U0BOB", "U0CAROL"]}
        self.messages: dict[str, dict[str, Message]] = {cid: {} for cid in self.channels}
        self.views: dict[str, Json] = {}
        self.stacks: dict[str, list[str]] = {}  # per user, ids of open modals, top last
        self.homes: dict[str, Json] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.faults: list[Fault] = []
        self.usage: dict[str, Json] = {}
        self.version = 0
        self.on_change: Callable[[], None] = lambda: None
        self._last = 0

    def changed(self) -> None:
        self.version += 1
        self.on_change()

    def serial(self) -> int:
        """Microseconds since 1970, made unique and increasing: the source of every id and timestamp here."""
        self._last = max(self._last + 1, int(self.clock() * 1_000_000))
        return self._last

    def ts(self) -> str:
        whole, micros = divmod(self.serial(), 1_000_000)
        return f"{whole}.{micros:06d}"

    def name(self, uid: str) -> str:
        known = self.users.get(uid) or self.channels.get(uid)
        return str((known or {}).get("real_name") or (known or {}).get("name") or uid)

    def keep(self, where: dict[str, Kept], key: str, thing: Kept, most: int = THINGS_KEPT) -> Kept:
        """Store and forget the oldest beyond `most`."""
        where[key] = thing
        while len(where) > most:
            del where[next(iter(where))]
        return thing

    # messages ------------------------------------------------------------------------------------

    def channel(self, cid: object) -> Json:
        """The channel, or the direct-message channel of a user id. Raises channel_not_found."""
        known = self.channels.get(str(cid)) or self.channels.get("D" + str(cid)[1:] if str(cid)[:1] == "U" else "")
        if known is None:
            raise SlackError("channel_not_found")
        return known

    def post(self, message: Message) -> Message:
        message.blocks = self._with_ids(message.blocks)
        self.keep(self.messages[message.channel], message.ts, message, MESSAGES_KEPT)
        self.changed()
        return message

    def replace(self, message: Message, text: str, blocks: list[Json]) -> None:
        message.earlier = [*message.earlier, message.blocks][-5:]
        message.text, message.blocks = text, self._with_ids(blocks)
        self.changed()

    def remove(self, message: Message) -> None:
        self.messages[message.channel].pop(message.ts, None)
        self.changed()

    def _with_ids(self, blocks: list[Json]) -> list[Json]:
        """Slack fills in the block ids and action ids that an app leaves out."""
        return [{**self._with_action_ids(block), "block_id": block.get("block_id") or self._id()} for block in blocks]

    def _with_action_ids(self, block: Json) -> Json:
        if block.get("type") == "actions":
            named = [{**thing, "action_id": thing.get("action_id") or self._id()} for thing in block["elements"]]
            return {**block, "elements": named}
        for key in ("accessory", "element"):
            if isinstance(block.get(key), dict) and block[key].get("type") != "image":
                block = {**block, key: {**block[key], "action_id": block[key].get("action_id") or self._id()}}
        return block

    def _id(self) -> str:
        return f"{self.serial():x}"[-8:]

    def replies(self, channel: str, ts: str) -> list[Message]:
        return [m for m in self.messages[channel].values() if m.thread_ts == ts and m.ts != ts and not m.only_for]

    def wire(self, message: Message, metadata: bool = False) -> Json:
        """The message as the Web API shows it."""
        author = self.users.get(message.user, {})
        wire: Json = {"type": "message", "user": message.user, "text": message.text, "ts": message.ts}
        wire["team"] = author.get("team_id", seed.TEAM)
        if message.user == seed.BOT_USER:
            wire |= {"bot_id": seed.BOT_ID, "app_id": seed.APP_ID}
        optional = {"blocks": message.blocks, "thread_ts": message.thread_ts, "edited": message.edited}
        wire |= {key: value for key, value in optional.items() if value}
        if message.broadcast:
            wire["subtype"] = "thread_broadcast"
        if metadata and message.metadata:
            wire["metadata"] = message.metadata
        if replies := self.replies(message.channel, message.ts):
            wire |= {"thread_ts": message.ts, "reply_count": len(replies), "latest_reply": replies[-1].ts}
            wire["reply_users"] = sorted({reply.user for reply in replies})
        return wire

    def seen(self, message: Message) -> Json:
        """The message as one person's screen shows it: also what the Web API would not say."""
        names = {"rendered": plain(message.blocks, self.name) or unmark(message.text, self.name)}
        shown = self.wire(message, metadata=True) | names | {"ephemeral": message.only_for is not None}
        rest = {"blocks": message.blocks, "thread_ts": message.thread_ts, "reply_count": 0, "edited": message.edited}
        return rest | {"metadata": message.metadata, "broadcast": message.broadcast} | shown

    def visible(self, channel: str, user: str) -> list[Message]:
        if user not in self.channel(channel)["members"]:
            return []
        return [m for m in self.messages[channel].values() if m.only_for in (None, user)]

    def whisper(self, user: str, channel: str, text: str, blocks: list[Json] | None = None, by: str = "") -> Message:
        """An ephemeral message; from Slack itself unless `by` names the author."""
        author = by or seed.SLACKBOT
        return self.post(Message(channel, self.ts(), author, text, blocks or [], only_for=user))

    # triggers and response URLs ------------------------------------------------------------------

    def new_trigger(self, user: str) -> str:
        whole, micros = divmod(self.serial(), 1_000_000)
        trigger_id = f"{whole}.{micros}.{user.lower()}"
        self.keep(self.triggers, trigger_id, Trigger(user, self.clock() + TRIGGER_SECONDS))
        return trigger_id

    def use_trigger(self, trigger_id: object) -> str:
        """The user behind it; each opens one view within three seconds."""
        trigger = self.triggers.get(str(trigger_id))
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self.clock() > trigger.expires:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger.user

    def new_response_url(self, channel: str, user: str, message_ts: str | None) -> str:
        """A key for `/response/<key>`: five uses in thirty minutes."""
        key = f"{self.serial():x}"
        self.keep(self.response_urls, key, ResponseUrl(channel, user, message_ts, self.clock() + RESPONSE_URL_SECONDS))
        return key

    def use_response_url(self, key: str) -> ResponseUrl:
        url = self.response_urls.get(key)
        if url is None or self.clock() > url.expires:
            raise SlackError("expired_url")
        if url.uses >= RESPONSE_URL_USES:
            raise SlackError("used_url")
        url.uses += 1
        return url

    # faults and usage ----------------------------------------------------------------------------

    def next_fault(self, method: str) -> Fault | None:
        for fault in self.faults:
            if fault.method in (method, "*") and fault.times > 0:
                fault.times -= 1
                self.faults = [left for left in self.faults if left.times > 0]
                return fault
        return None

    def note_use(self, method: str, scope: str | None) -> None:
        entry = self.usage.setdefault(method, {"calls": 0, "scopes": []})
        entry["calls"] += 1
        if scope and scope not in entry["scopes"]:
            entry["scopes"].append(scope)

    # views ---------------------------------------------------------------------------------------

    def store_view(self, view: Json, user: str, previous: Json | None = None) -> Json:
        """A new view, or with `previous` the same view with other contents."""
        asked = {key: view[key] for key in _VIEW_FIELDS if key in view}
        vid = previous["id"] if previous else f"V{self.serial()}"
        fixed = {"id": vid, "team_id": seed.TEAM, "app_id": seed.APP_ID, "bot_id": seed.BOT_ID, "hash": self.ts()}
        defaults: Json = {"private_metadata": "", "callback_id": "", "external_id": "", "state": {"values": {}}}
        defaults |= {"submit": None, "close": None, "notify_on_close": False, "clear_on_close": False}
        rank = {"root_view_id": vid, "previous_view_id": None, "app_installed_team_id": seed.TEAM, "user": user}
        if previous:
            rank |= {key: previous[key] for key in ("root_view_id", "previous_view_id")}
        stored = {**defaults, **asked, **fixed, **rank, "blocks": self._with_ids(view["blocks"])}
        self.keep(self.views, vid, stored)
        self.changed()
        return stored

    def modal(self, user: str) -> Json | None:
        stack = self.stacks.get(user)
        return self.views.get(stack[-1]) if stack else None


_VIEW_FIELDS = (
    "type", "title", "submit", "close", "blocks", "private_metadata", "callback_id", "external_id",
    "notify_on_close", "clear_on_close",
)  # fmt: skip
