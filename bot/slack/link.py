"""How Slack reaches the bot: Socket Mode, or signed HTTP under waitress. No listener, no rule.

Socket Mode pings every 1.5 s: with the SDK's own 10 s, a connection that is cut without a word is noticed only
after up to a minute, and what people type in between is lost with an error shown to them. The SDK gives a connection
up after five pings that it cannot send, or when four went unanswered.
"""

from __future__ import annotations

import logging
import threading
from typing import Any, Protocol

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.wsgi import SlackRequestHandler
from waitress import wasyncore
from waitress.server import create_server

from bot import clock
from bot.config import ConfigError
from bot.slack.signed import Signed

SDK = logging.getLogger("slack_sdk.socket_mode")
"""It logs the same line every 1.5 s while Slack is away; bot.slack.contact reports it once."""
PING_EVERY = 1.5
RETRY = 2.0
LONGEST = 30.0
"""Seconds between two tries to connect at the start: the first pause, doubled up to the longest."""
PATH = "/slack/events"
BODY = 1024 * 1024
"""Bytes of a request that are read before its signature is looked at; Slack's are a few KB."""


class Link(Protocol):
    error: Exception | None
    """What the last try to connect met, where the link makes connections."""

    @property
    def trouble(self) -> str:
        """Why Slack cannot reach the bot now; empty when it can."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


class SocketLink:
    """Connects, and keeps trying when Slack cannot be reached at the start; later cuts the SDK mends."""

    def __init__(self, app: App, app_token: str) -> None:
        self.error: Exception | None = None
        self._handler = SocketModeHandler(app, app_token, logger=SDK, ping_interval=PING_EVERY)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._connect, name="socket-mode", daemon=True)

    @property
    def trouble(self) -> str:
        return (
            "" if self._handler.client.is_connected() else "Slack cannot reach the bot: Socket Mode is not connected."
        )

    def start(self) -> None:
        self._thread.start()

    def _connect(self) -> None:
        pause = RETRY
        while not self._stopping.is_set():
            try:
                self._handler.connect()
                self.error = None
                return
            except Exception as error:  # noqa: BLE001  # whatever Slack or a proxy answered, a deaf bot helps nobody
                self.error = error  # reported by bot.slack.contact, once
                self._stopping.wait(pause)
                pause = min(2 * pause, LONGEST)

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()
        client = self._handler.client
        client.auto_reconnect_enabled = False
        receiving = client.current_session_runner
        receiving.event.set()
        # The SDK's close() says it once, and waits for ever where a session that is just beginning takes it back.
        while receiving.is_alive():
            client.current_session_state.terminated = True
            client.disconnect()
            receiving.thread.join(0.1)
        self._handler.close()


class HttpLink:
    """Listens on `host`:`port` (0: any free one, then in `port`). Slack signs, TLS is a proxy's work.

    Raises ConfigError where it cannot listen there."""

    error: Exception | None = None

    def __init__(self, app: App, host: str, port: int, signing_secret: str) -> None:
        self._open: dict[int, Any] = {}  # what waitress has open: the listening socket, every kept connection
        handler = Signed(SlackRequestHandler(app, path=PATH), signing_secret, clock.unix, clock.monotonic)
        self._signed = handler
        try:
            self._server = create_server(
                handler, map=self._open, host=host, port=port, threads=8, max_request_body_size=BODY
            )
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or error
            raise ConfigError([f"slack.host and slack.port: cannot listen on {host}:{port}: {why}"]) from None
        self.port = int(self._server.effective_port)
        self.url = f"http://{host}:{self.port}{PATH}"
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="http", daemon=True)

    @property
    def trouble(self) -> str:
        return self._signed.trouble

    def start(self) -> None:
        self._thread.start()

    def _serve(self) -> None:
        # Not `server.run()`: that goes on as long as any client keeps its connection open, as every proxy does.
        while not self._stopping.is_set():
            wasyncore.loop(timeout=1.0, use_poll=True, map=self._open, count=1)
        self._server.task_dispatcher.shutdown()
        wasyncore.loop(timeout=0.0, use_poll=True, map=self._open, count=1)  # sends the last answers
        wasyncore.close_all(self._open)

    def stop(self) -> None:
        """Finishes what is being answered."""
        self._stopping.set()
        self._server.pull_trigger()
        self._thread.join()
