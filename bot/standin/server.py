"""The stand-in as one thing to start and stop: its own thread, one event loop, bound to loopback only.

Where the parts meet. What they do is in them.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web

from bot.standin import seed
from bot.standin.acting import Acting
from bot.standin.delivery import Deliveries
from bot.standin.seed import Json
from bot.standin.sockets import Sockets
from bot.standin.ui import Ui, doorkeeper
from bot.standin.webapi import ALL_SCOPES, WebApi
from bot.standin.world import Workspace

LOOPBACK = "127.0.0.1"
ACCEPTING = 8
"""Rounds of the event loop after which a connection that was accepted is known to the server."""


class StandIn:
    """A local Slack. `start()` returns when it listens, `stop()` when it is gone; it may start again
    on the same port with all it remembers, which is how an outage of Slack is made.

    `deliver_to` is the app's HTTP address, or None to deliver over Socket Mode. `scopes` are those
    granted to the bot token (default: all). `clock` gives seconds since 1970.
    """

    BOT_TOKEN = seed.BOT_TOKEN
    APP_TOKEN = seed.APP_TOKEN
    SIGNING_SECRET = seed.SIGNING_SECRET
    TEAM = seed.TEAM

    def __init__(
        self,
        port: int = 0,
        tier_limits: bool = False,
        scopes: Iterable[str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.port = port
        self.tier_limits = tier_limits
        self.deliver_to: str | None = None
        self.commands: list[Json] = []
        self.world = Workspace(clock, set(ALL_SCOPES if scopes is None else scopes))
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def api_url(self) -> str:
        """For `WebClient(base_url=…)`, which wants the slash."""
        return f"{self.url}/api/"

    def start(self) -> Self:
        """Raises OSError when the port is taken."""
        listening: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(listening,), name="slack-stand-in", daemon=True)
        self._thread.start()
        try:
            listening.result()
        except OSError:
            self._thread.join()
            self._thread = None
            raise
        return self

    def stop(self) -> None:
        if self._thread is None or self._loop is None or self._stopping is None:
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, _t: type[BaseException] | None, _e: BaseException | None, _b: TracebackType | None) -> None:
        self.stop()

    def _run(self, listening: Future[None]) -> None:
        try:
            asyncio.run(self._serve(listening))
        except OSError as error:
            listening.set_exception(error)

    async def _serve(self, listening: Future[None]) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        async with aiohttp.ClientSession(trust_env=False) as session:
            sockets = Sockets(lambda: f"{self.world.serial():x}", self.world.changed)
            runner = web.AppRunner(self._app(sockets, session, self._stopping), shutdown_timeout=0.5, access_log=None)
            await runner.setup()
            try:
                door = socket.create_server((LOOPBACK, self.port))
                await web.SockSite(runner, door).start()
                self.port = door.getsockname()[1]
                sockets.base = f"ws://{LOOPBACK}:{self.port}"
                listening.set_result(None)
                await self._stopping.wait()
                await _let_in_no_more(door)
            finally:
                self.world.on_change()  # lets those go who wait for news
                await sockets.close()
                await runner.cleanup()

    def _app(self, sockets: Sockets, session: aiohttp.ClientSession, stopping: asyncio.Event) -> web.Application:
        deliveries = Deliveries(self.world, sockets, lambda: self.deliver_to, session)
        acting = Acting(self.world, deliveries, lambda: self.url, lambda: self.commands)
        page = Ui(self.world, acting, deliveries, sockets, lambda: self.commands, stopping)
        api = WebApi(self.world, sockets.open, self.tier_limits)
        app = web.Application(middlewares=[doorkeeper], client_max_size=4 * 1024 * 1024)
        app.add_routes([web.route("*", "/api/{method}", api.call), web.post("/response/{key}", api.response_url)])
        app.add_routes([web.get("/link/", sockets.link), *page.routes()])
        return app


async def _let_in_no_more(door: socket.socket) -> None:
    """Before the server is closed: Python 3.11 loses a connection that it accepts in the same moment, and its socket
    with it (asyncio's Server._attach asserts that the server is open)."""
    with suppress(NotImplementedError):  # the event loop of Windows accepts in another way
        asyncio.get_running_loop().remove_reader(door.fileno())
    for _ in range(ACCEPTING):
        await asyncio.sleep(0)
