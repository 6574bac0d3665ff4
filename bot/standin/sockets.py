"""Socket Mode: tickets, websockets, envelopes out, acknowledgements in, and every way to lose a connection.

Knows no payload and no person. Shapes as on docs.slack.dev, "Socket Mode implementation".
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from bot.standin import seed
from bot.standin.seed import Json
from bot.standin.world import SlackError

MOST_CONNECTIONS = 10
PING_SECONDS = 10.0
LATEST_ACK_SECONDS = 60.0  # a late one is still noted, for the inspector; then it is forgotten


@dataclass(eq=False)
class Connection:
    """One client. `deaf`: the TCP connection stands, but nobody answers (a lost NAT entry).

    `leaving`: asked to reconnect; gets payloads only while there is no other.
    """

    ws: web.WebSocketResponse
    request: web.Request
    deaf: bool = False
    leaving: bool = False


@dataclass
class Sockets:
    """`fresh` makes unique strings; `changed` hears of connections that come and go.

    `base` is the websocket address, known once the server listens.
    """

    fresh: Callable[[], str]
    changed: Callable[[], None]
    base: str = ""
    refuse: int = 0
    connections: list[Connection] = field(default_factory=list)
    tickets: set[str] = field(default_factory=set)
    waiting: dict[str, list[asyncio.Future[Json]]] = field(default_factory=dict)
    turn: int = 0

    def open(self) -> Json:
        """What apps.connections.open answers: an address that works once."""
        if self.refuse > 0:
            self.refuse -= 1
            raise SlackError("internal_error")
        ticket = self.fresh()
        self.tickets.add(ticket)
        return {"url": f"{self.base}/link/?ticket={ticket}&app_id={seed.APP_ID}"}

    async def link(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self.tickets:
            raise web.HTTPForbidden(text="unknown or used ticket")
        self.tickets.discard(ticket)
        ws = web.WebSocketResponse(autoping=False)
        await ws.prepare(request)
        connection = Connection(ws, request)
        if len(self.connections) >= MOST_CONNECTIONS:
            await ws.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await ws.close()
            return ws
        self.connections.append(connection)
        self.changed()
        pinging = asyncio.create_task(self._ping(connection))
        try:
            await self._serve(connection)
        finally:
            pinging.cancel()
            self._forget(connection)
        return ws

    async def _serve(self, connection: Connection) -> None:
        ws = connection.ws
        debug = {"host": "stand-in", "build_number": 1, "approximate_connection_time": 18060}
        hello = {"type": "hello", "num_connections": len(self.connections), "debug_info": debug}
        await ws.send_json(hello | {"connection_info": {"app_id": seed.APP_ID}})
        async for frame in ws:
            if connection.deaf:
                continue
            if frame.type is WSMsgType.PING:
                await ws.pong(frame.data)
            elif frame.type is WSMsgType.TEXT:
                self._acknowledged(frame.data)

    async def _ping(self, connection: Connection) -> None:
        while not connection.ws.closed:
            await asyncio.sleep(PING_SECONDS)
            if not connection.deaf:
                await connection.ws.ping(b"Ping from the stand-in")

    def _forget(self, connection: Connection) -> None:
        if connection in self.connections:
            self.connections.remove(connection)
            self.changed()

    def _acknowledged(self, text: str) -> None:
        try:
            said = json.loads(text)
        except ValueError:
            return
        futures = self.waiting.get(str(said.get("envelope_id")), []) if isinstance(said, dict) else []
        for future in futures:
            if not future.done():
                future.set_result(said)
                return

    def staying(self) -> list[Connection]:
        return [connection for connection in self.connections if not connection.leaving]

    async def send(self, envelope: str, envelope_id: str) -> asyncio.Future[Json] | None:
        """Give the envelope to one connection, in turn; the future ends with its acknowledgement.

        None when nobody is connected.
        """
        if not self.connections:
            return None
        self.turn += 1
        staying = self.staying() or self.connections
        connection = staying[self.turn % len(staying)]
        future: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self.waiting.setdefault(envelope_id, []).append(future)
        future.add_done_callback(lambda _: self._done(envelope_id, future))
        asyncio.get_running_loop().call_later(LATEST_ACK_SECONDS, future.cancel)
        if not connection.deaf:
            await connection.ws.send_str(envelope)
        return future

    def _done(self, envelope_id: str, future: asyncio.Future[Json]) -> None:
        left = [one for one in self.waiting.pop(envelope_id, []) if one is not future]
        if left:
            self.waiting[envelope_id] = left

    async def misfortune(self, do: str, times: int) -> None:
        """cut: TCP gone, no close frame. hole: silence. close: close frame. refresh: polite. refuse: no new ones."""
        if do == "refuse":
            self.refuse = times
            return
        for connection in list(self.connections):
            if do == "cut":
                self._forget(connection)
                if connection.request.transport is not None:
                    connection.request.transport.abort()
            elif do == "hole":
                connection.deaf = True
            elif do == "close":
                self._forget(connection)
                await connection.ws.close()
            else:
                connection.leaving = True
                await connection.ws.send_json({"type": "disconnect", "reason": "refresh_requested"})

    async def close(self) -> None:
        for connection in list(self.connections):
            self._forget(connection)
            if connection.deaf and connection.request.transport is not None:
                connection.request.transport.abort()  # nobody there to shake hands with
            else:
                await connection.ws.close()
