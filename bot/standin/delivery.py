"""Deliveries: a payload goes to the app, over Socket Mode or signed HTTP, and the app has three seconds.

Keeps what was sent byte for byte, so that it can be delivered again; knows nothing of what the answer means.
Signing as on docs.slack.dev, "Verifying requests from Slack".
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

import aiohttp

from bot.standin import seed
from bot.standin.seed import Json
from bot.standin.sockets import Sockets
from bot.standin.world import Workspace

ACK_SECONDS = 3.0


@dataclass
class Delivery:
    """One payload on its way. `status`: waiting, ok, timeout, no_connection, unreachable or http_<code>.

    `ack_ms` is the time to the acknowledgement, also a late one (then `status` stays "timeout").
    """

    id: str
    kind: str
    payload: Json
    transport: str
    at: float
    wire: str
    headers: dict[str, str] = field(default_factory=dict)
    status: str = "waiting"
    ack_ms: float | None = None
    response: Json | str | None = None
    again: str | None = None

    def shown(self) -> Json:
        keys = ("id", "kind", "payload", "transport", "at", "status", "ack_ms", "response", "again")
        return {key: getattr(self, key) for key in keys}


@dataclass
class Deliveries:
    """`deliver_to` gives, at each delivery, the HTTP address or None for Socket Mode."""

    world: Workspace
    sockets: Sockets
    deliver_to: Callable[[], str | None]
    session: aiohttp.ClientSession
    kept: dict[str, Delivery] = field(default_factory=dict)

    async def deliver(self, kind: str, payload: Json) -> Delivery:
        to = self.deliver_to()
        did = f"E{self.world.serial():x}"
        if to is None:
            envelope = {"envelope_id": did, "type": kind, "payload": payload, "accepts_response_payload": True}
            sent = Delivery(did, kind, payload, "socket", self.world.clock(), json.dumps(envelope))
        else:
            body = urlencode(payload if kind == "slash_commands" else {"payload": json.dumps(payload)})
            sent = Delivery(did, kind, payload, "http", self.world.clock(), body, self._signed(body))
        return await self._send(sent, to)

    async def again(self, did: str) -> Delivery | None:
        """The same bytes once more: same envelope id, or same signature and timestamp. None: not kept."""
        first = self.kept.get(did)
        if first is None:
            return None
        now, rid = self.world.clock(), f"E{self.world.serial():x}"
        repeat = Delivery(rid, first.kind, first.payload, first.transport, now, first.wire, first.headers, again=did)
        return await self._send(repeat, self.deliver_to() if first.transport == "http" else None)

    async def _send(self, sent: Delivery, to: str | None) -> Delivery:
        self.world.keep(self.kept, sent.id, sent)
        started = asyncio.get_running_loop().time()
        try:
            await (self._by_socket(sent, started) if to is None else self._by_http(sent, to, started))
        except TimeoutError:
            sent.status = "timeout"
        except (aiohttp.ClientError, OSError) as error:
            sent.status, sent.response = "unreachable", type(error).__name__
        self.world.changed()
        return sent

    async def _by_socket(self, sent: Delivery, started: float) -> None:
        ack = await self.sockets.send(sent.wire, sent.again or sent.id)
        if ack is None:
            sent.status = "no_connection"
            return
        ack.add_done_callback(lambda done: None if done.cancelled() else self._stop_watch(sent, started))
        said = await asyncio.wait_for(asyncio.shield(ack), ACK_SECONDS)
        sent.status, sent.response = "ok", said.get("payload")

    async def _by_http(self, sent: Delivery, to: str, started: float) -> None:
        async with asyncio.timeout(ACK_SECONDS):
            post = self.session.post(to, data=sent.wire.encode(), headers=sent.headers, allow_redirects=False)
            async with post as answer:
                text = await answer.text()
                self._stop_watch(sent, started)
                sent.status = "ok" if answer.status == 200 else f"http_{answer.status}"
                sent.response = _read(text, answer.content_type)

    def _stop_watch(self, sent: Delivery, started: float) -> None:
        sent.ack_ms = round((asyncio.get_running_loop().time() - started) * 1000, 1)
        self.world.changed()

    def _signed(self, body: str) -> dict[str, str]:
        stamp = str(int(self.world.clock()))
        digest = hmac.new(seed.SIGNING_SECRET.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
        return {
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": "Slackbot 1.0 (stand-in)",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={digest}",
        }


def _read(text: str, content_type: str) -> Json | str | None:
    if not text:
        return None
    if content_type == "application/json":
        try:
            body = json.loads(text)
        except ValueError:
            return text
        return body if isinstance(body, dict) else text
    return text
