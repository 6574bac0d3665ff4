"""The end of the stand-in, which tests use as an outage of Slack."""

from __future__ import annotations

import gc
import socket
import threading

from bot import clock
from bot.standin import StandIn
from bot.standin.server import LOOPBACK


def test_whoever_connects_while_it_stops_leaves_no_socket_behind() -> None:
    """A connection that is accepted in the moment of the end is closed like all others; pytest tells of any that is
    not."""
    for _ in range(5):
        standin, over = StandIn().start(), threading.Event()
        clients = [threading.Thread(target=_knock, args=(standin.port, over)) for _ in range(3)]
        for client in clients:
            client.start()
        clock.wait(0.03)
        standin.stop()
        over.set()
        for client in clients:
            client.join()
        gc.collect()


def _knock(port: int, over: threading.Event) -> None:
    while not over.is_set():
        try:
            socket.create_connection((LOOPBACK, port), timeout=0.05).close()
        except OSError:
            over.wait(0.001)
