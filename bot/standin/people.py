"""People who use the stand-in from a program: `Member(url, "U0ALICE").command("/pools")`.

Plain HTTP with urllib, synchronous, for `demo --play`, tests and CI; works on a stand-in in another process.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

Json = dict[str, Any]
INCIDENT = "C0INCIDENT"


@dataclass(frozen=True)
class Response:
    """What came back for one act.

    `status`: "ok"; "operation_timeout" or "dispatch_failed" (the app did not answer in three seconds, or not
    at all); "refused" (Slack itself); "errors"/"invalid" (a modal, with `errors` per block id); "gone".
    `text`, `blocks`: what the person saw. `delivery`: its id, for `redeliver`.
    """

    status: str
    ack_ms: float | None
    text: str
    blocks: list[Json] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    delivery: str | None = None

    @property
    def ok(self) -> bool:
        return self.status == "ok"


class Refused(Exception):
    """The stand-in itself said no: unknown person, channel or message."""


def call(url: str, path: str, body: Json | None = None, timeout: float = 40.0) -> Any:
    """One request to the stand-in's `/ui/`. Raises Refused."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"{url}/ui/{path}", data, {"Content-Type": "application/json"})  # noqa: S310 - loopback
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=timeout) as answer:
            return json.load(answer)
    except HTTPError as error:
        with error:
            raise Refused(error.read().decode()) from None


def faults(url: str, method: str, kind: str, times: int = 1, retry_after: int = 1) -> None:
    """Plan a misfortune: the next `times` calls of `method` ("*": any) fail as `kind` says.

    429, 500, drop_answer (processed, answer lost), drop (not processed), slow, error:<slack_error>.
    """
    call(url, "faults", {"method": method, "kind": kind, "times": times, "retry_after": retry_after})


def socket(url: str, do: str, times: int = 1) -> None:
    """cut (no close frame), hole (silence), close, refresh, or refuse (`times` connection requests)."""
    call(url, "socket", {"do": do, "times": times})


def redeliver(url: str, delivery: str, times: int = 1) -> list[Json]:
    """The same bytes again; returns the repeated deliveries with status, ack_ms and response."""
    done: list[Json] = call(url, "deliver", {"again": delivery, "times": times})["deliveries"]
    return done


def deliveries(url: str) -> list[Json]:
    found: list[Json] = call(url, "deliveries")
    return found


def usage(url: str) -> Json:
    """{"methods": {name: {"calls", "scopes"}}, "scopes": […]}: what the app has really used."""
    used: Json = call(url, "usage")
    return used


def workspace(url: str, **changes: Any) -> None:
    """paid_plan, group_enabled, scopes, groups={id: [users]}, users={id: {field: value}}, members={channel: […]}."""
    call(url, "workspace", changes)


class Member:
    """One human in one channel. `now` is a monotonic clock in seconds, for `wait_for`."""

    def __init__(self, url: str, user: str, channel: str = INCIDENT, now: Callable[[], float] = time.monotonic) -> None:
        self.url, self.user, self.channel, self.now = url, user, channel, now

    def command(self, line: str, thread_ts: str | None = None) -> Response:
        """Type a slash command (or, without the slash, a message) and wait for what comes back."""
        return self._act("say", {"text": line, "thread_ts": thread_ts})

    say = command

    def click(
        self, button: str = "", ts: str | None = None, action_id: str | None = None, stale: bool = False
    ) -> Response:
        """Use the newest visible button or option with this text or action_id, a confirm dialog confirmed.

        The open modal goes first, as it covers the rest. `stale`: also one that an update has just removed,
        as a slow screen would still show it (then `ts` and `action_id` are needed). Raises LookupError.
        """
        if stale:
            return self._act("click", {"ts": ts, "action_id": action_id, "stale": True})
        modal = self.modal()
        screens = [(modal["blocks"], {"view_id": modal["id"]})] if modal and ts is None else []
        newest_first = [m for m in reversed(self.messages()) if ts in (None, m["ts"])]
        screens += [(message["blocks"], {"ts": message["ts"]}) for message in newest_first]
        for blocks, where in screens:
            for hit, text in _buttons(blocks):
                if (action_id or hit["action_id"]) == hit["action_id"] and (not button or text == button):
                    return self._act("click", {**where, **hit})
        raise LookupError(f"{self.user} sees no {button or action_id!r} to click")

    def messages(self, thread_ts: str | None = None) -> list[Json]:
        """All this person sees now, oldest first, ephemerals marked; with `thread_ts` that thread only."""
        return self._in_thread(self._state(), thread_ts)

    def wait_for(self, wanted: str, timeout: float = 10.0, thread_ts: str | None = None) -> Json:
        """The first visible message whose text or rendered blocks contain `wanted` (text, else regex).

        Raises TimeoutError that says what was seen instead.
        """
        state, deadline = self._state(), self.now() + timeout
        while True:
            for message in self._in_thread(state, thread_ts):
                if _reads(message, wanted):
                    return message
            left = deadline - self.now()
            if left <= 0:
                seen = "\n---\n".join(m["rendered"] for m in self._in_thread(state, thread_ts)[-5:])
                raise TimeoutError(f"{self.user} waited {timeout} s for {wanted!r} and saw last:\n{seen}")
            state = self._state(f"&since={state['version']}&wait={min(left, 20.0):.2f}")

    def modal(self) -> Json | None:
        """The open modal on top, or None."""
        view: Json | None = self._state()["modal"]
        return view

    def home(self) -> Json | None:
        view: Json | None = self._state()["home"]
        return view

    def submit(self, values: Json | None = None) -> Response:
        """Send the open modal. Keys: "block_id.action_id", block id, action id or label. Raises LookupError."""
        view = self.modal()
        if view is None:
            raise LookupError(f"{self.user} has no modal open")
        stated: dict[str, Json] = {}
        for key, value in (values or {}).items():
            block_id, action_id = _input(view, key)
            stated.setdefault(block_id, {})[action_id] = value
        return self._act("submit", {"view_id": view["id"], "values": stated})

    def close_modal(self) -> Response:
        return self._act("close", {})

    def _act(self, path: str, body: Json) -> Response:
        said = call(self.url, path, {"as": self.user, "channel": self.channel, **body})
        return Response(**said)

    def _state(self, more: str = "") -> Json:
        state: Json = call(self.url, "state?" + urlencode({"as": self.user, "channel": self.channel}) + more)
        return state

    @staticmethod
    def _in_thread(state: Json, thread_ts: str | None) -> list[Json]:
        return [m for m in state["messages"] if thread_ts is None or thread_ts in (m["ts"], m["thread_ts"])]


def _reads(message: Json, wanted: str) -> bool:
    haystack = f"{message['text']}\n{message['rendered']}"
    if wanted in haystack:
        return True
    try:
        return re.search(wanted, haystack) is not None
    except re.error:
        return False


def _buttons(blocks: list[Json]) -> Iterator[tuple[Json, str]]:
    """Everything clickable: where it is, and what it says."""
    for block in blocks:
        things = [*block.get("elements", []), block.get("accessory"), *block.get("actions", [])]
        for thing in things:
            if not isinstance(thing, dict) or not thing.get("action_id"):
                continue
            hit: Json = {"block_id": block.get("block_id"), "action_id": thing["action_id"]}
            if isinstance(thing.get("text"), dict):
                yield hit, thing["text"]["text"]
            for option in thing.get("options", []):
                yield {**hit, "value": option["value"]}, option["text"]["text"]
        yield from _buttons(block.get("child_blocks", []))


def _input(view: Json, key: str) -> tuple[str, str]:
    labels = []
    for block in view["blocks"]:
        if block["type"] == "input":
            block_id, action_id = block["block_id"], block["element"]["action_id"]
            label = block["label"]["text"]
            if key in (f"{block_id}.{action_id}", block_id, action_id, label):
                return block_id, action_id
            labels.append(label)
    raise LookupError(f"no input {key!r} in this modal; it has {labels}")
