"""One life of the bot, in a process of its own: the real bot, which may carry a bullet for one of its commits.

The bot is made by the product's own composition root; only its store and its lab count their commits, and at the
chosen one the process kills itself, or asks itself to end. Nothing else differs from a bot that is left alone.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

from audit.model import Entry, Row
from audit.sqlite.store import Store
from bot import clock
from bot.compose import Bot, assemble
from bot.demo import demo
from bot.slack.link import HttpLink
from engine.lab.engine import Lab

Where = Literal["before", "after", "world"]
LINGER = 0.05
"""Seconds that a commit is held up before the process dies: what did not wait for it gets out, and is found out."""
ERRORS = "errors.log"
"""What the bot itself calls an error or a bug, of all lives."""


@dataclass(frozen=True)
class Bullet:
    """Hits right `before` or right `after` the n-th commit of the audit log, or after the n-th of the `world`."""

    where: Where
    n: int
    how: signal.Signals = signal.SIGKILL


class Counter:
    """Counts commits of any thread."""

    def __init__(self, bullet: Bullet | None) -> None:
        self._bullet = bullet
        self._lock = threading.Lock()
        self._counts: dict[Where, int] = {}

    def reached(self, where: Where) -> None:
        with self._lock:
            n = self._counts[where] = self._counts.get(where, 0) + 1
        if self._bullet and (self._bullet.where, self._bullet.n) == (where, n):
            if where == "before":
                clock.wait(LINGER)
            os.kill(os.getpid(), self._bullet.how)


def mortal(counter: Counter) -> type[Store]:
    """A store that tells the counter of every transaction: of rows, and of what Slack shows."""

    class Mortal(Store):
        def append(self, entries: Sequence[Entry], **how: Any) -> tuple[Row, ...]:
            counter.reached("before")
            rows = super().append(entries, **how)
            counter.reached("after")
            return rows

        def note(self, operation: str, slot: str, value: Mapping[str, Any] | None) -> None:
            counter.reached("before")
            super().note(operation, slot, value)
            counter.reached("after")

    return Mortal


def made(place: Path, api_url: str, transport: str, speed: float | None, bullet: Bullet | None) -> Bot:
    counter = Counter(bullet)
    config = demo.configuration(api_url, place, transport, demo.lab(place, speed))
    lab = Lab(
        config.engine.lab.world,
        clock=clock.unix,
        wait=clock.wait,
        speed=config.engine.lab.speed,
        at_commit=lambda _: counter.reached("world"),
    )
    return assemble(config, demo.secrets(), lab, mortal(counter))


def live(
    place: Path, api_url: str, transport: str, speed: float | None, bullet: Bullet | None, parent: Connection
) -> None:
    """Start, tell `parent` the address for Slack (None: Socket Mode), live until SIGTERM, stop as the product does."""
    asked_to_end = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked_to_end.set())
    errors = logging.FileHandler(place / ERRORS)
    errors.setLevel(logging.ERROR)
    logging.getLogger("bot").addHandler(errors)  # not the SDK's: a busy machine makes it complain
    bot = made(place, api_url, transport, speed, bullet)
    bot.start()
    while bot.watch.topology() is None or bot.link.trouble:  # a person would get "not yet" or no answer, and try again
        clock.wait(0.005)
    parent.send(bot.link.url if isinstance(bot.link, HttpLink) else None)
    while not asked_to_end.wait(1.0):
        pass
    bot.stop()
