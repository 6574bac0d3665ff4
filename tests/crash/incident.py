"""One incident: a channel, three people, a log and a world on disk, and as many lives of the bot as it takes.

The stand-in for Slack lives in the test's process and outlives every bot. People do what people do: they click a
button as long as they see it and nobody has told them that it was heard. What must be true in the end is `proof`'s.
"""

from __future__ import annotations

import multiprocessing
import shutil
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from audit.sqlite.reader import Reader
from bot.clock import wait as pause
from bot.demo.demo import LOG, WORLD
from bot.desk.timings import Timings
from bot.slack.manifest import commands
from bot.slack.pace import GATHER
from bot.standin import Member, StandIn
from tests.crash.child import Bullet, live

PATIENCE = 20.0 + 2 * (GATHER + Timings.again)
"""Seconds for one incident, all lives of the bot included, besides what the product itself waits; most take four."""
GATE = threading.Lock()
"""multiprocessing's book of children is not made for several threads."""


def warm() -> multiprocessing.context.ForkServerContext:
    """Where lives come from: a process that has imported the bot, has no thread, and forks."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.crash.child", "pytest"])
    return context


@dataclass
class Life:
    """A process. `heard` gives one message when the bot is up, and ends when the process is gone."""

    process: BaseProcess
    heard: Connection

    def is_up(self) -> tuple[bool, str | None]:
        """Wait until it is; False when it died before. With the address that Slack is to deliver to."""
        try:
            return True, self.heard.recv()
        except EOFError:
            return False, None

    @property
    def gone(self) -> bool:
        return bool(wait([self.process.sentinel], 0))

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, or kill it; its exit code."""
        with GATE:
            if self.process.exitcode is None and self.process.pid:
                getattr(self.process, "terminate" if how is signal.SIGTERM else "kill")()
        return self.ended()

    def ended(self) -> int:
        """Wait for the end of a life that ends by itself."""
        if not wait([self.process.sentinel], PATIENCE):
            raise TimeoutError("the bot does not end")
        with GATE:
            self.process.join()
        assert self.process.exitcode is not None
        return self.process.exitcode


@dataclass
class Incident:
    """`ask` is what Alice types; the leads approve. `transport` and `speed` as of `csfailover demo`."""

    place: Path
    ask: str = "/failover pool01"
    transport: str = "http"
    speed: float | None = None
    acked: list[str] = field(default_factory=list)
    """Who was told that their approval was heard."""
    asked: bool = False
    """Whether Alice was told that her request is recorded."""

    def __post_init__(self) -> None:
        self.standin = StandIn()
        self.standin.commands = commands()
        self._looked_at = -1

    def __enter__(self) -> Incident:
        self.standin.start()
        self._life: Life | None = None
        return self

    def __exit__(self, *_: object) -> None:
        if self._life and not self._life.gone:
            self._life.end(signal.SIGKILL)
        self.standin.stop()

    @property
    def log(self) -> Path:
        return self.place / LOG

    @property
    def world(self) -> Path:
        return self.place / WORLD

    def person(self, name: str) -> Member:
        return Member(self.standin.url, f"U0{name.upper()}")

    # --- the bot ---------------------------------------------------------------------------------------------------

    def live(self, bullet: Bullet | None = None) -> Life:
        """A new life of the bot on the same files."""
        ours, its = multiprocessing.Pipe(duplex=False)
        arguments = (self.place, self.standin.api_url, self.transport, self.speed, bullet, its)
        with GATE:
            process = warm().Process(target=live, args=arguments)
            process.start()
        its.close()
        self._life = Life(process, ours)
        up, url = self._life.is_up()
        assert up or self._life.ended() == -signal.SIGKILL, "the bot did not come up"
        if up:
            self.standin.deliver_to = url
        return self._life

    # --- the people ------------------------------------------------------------------------------------------------

    def play(self, bullet: Bullet | None = None) -> bool:
        """From the command to the last message, through as many lives as it takes; whether the bullet hit."""
        life, hit = self.live(bullet), False
        while (code := self.follow(life)) != 0 or not self.settled():
            assert bullet
            assert code == (-signal.SIGKILL if bullet.how is signal.SIGKILL else 0)
            life, hit = self.live(), True
        return hit

    def follow(self, life: Life) -> int:
        """Let people act until all is done, then ask the bot to end; its exit code, whatever it ended of."""
        self.act_until(lambda: life.gone or self.settled())
        return life.end()

    def act_until(self, done: Callable[[], bool]) -> None:
        """Raises TimeoutError, which tells what the channel shows."""
        deadline = time.monotonic() + PATIENCE
        self._looked_at = -1
        while not done():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not done; the channel shows:\n{self.told()}")
            self._people_act()
            pause(0.05)

    def _people_act(self) -> None:
        """Look at the channel when something is new in it."""
        if self._looked_at == (now := self.standin.world.version):
            return
        self._looked_at = now
        if not self.operations():
            answer = self.person("alice").command(self.ask)
            self.asked = self.asked or "recorded as" in answer.text
            self._looked_at = -1
            return
        for name in ("bob", "carol"):
            if name not in self.acked or self._asked_again(name):
                self._approve(name)

    def _asked_again(self, name: str) -> bool:
        """Whether a card says that this approval was found after a crash."""
        return any(f"{name.capitalize()} was found after a crash" in m["rendered"] for m in self.messages())

    def _approve(self, name: str) -> None:
        with suppress(LookupError):  # there is no such button now
            if self.person(name).click("Approve").ok:
                self.acked.append(name)  # once more where it was asked for again
            else:
                self._looked_at = -1

    # --- what can be seen ------------------------------------------------------------------------------------------

    def operations(self) -> tuple[str, ...]:
        """All of the log, newest first; none as long as there is no log."""
        if not self.log.exists():
            return ()
        with Reader(self.log) as reader:
            return reader.last_operations()

    def settled(self) -> bool:
        """Every operation is closed, and Slack shows everything that the log says."""
        if not self.log.exists():
            return False
        with Reader(self.log) as reader:
            shown = reader.notes("").get("poster", {}).get("through", 0)
            to_show = [row for row in reader.tail(shown, 1_000) if row.operation]  # a bot's end is no news for Slack
            return bool(reader.last_operations()) and not reader.open_operations() and not to_show

    def messages(self) -> list[dict[str, Any]]:
        """What the bot has said in the channel to everybody, threads included, oldest first."""
        return [m for m in self.person("alice").messages() if m["user"] == "U0BOT" and not m["ephemeral"]]

    def told(self) -> str:
        return "\n---\n".join(m["rendered"] for m in self.messages())


def furnish(place: Path, template: Path) -> Path:
    """A directory with a world of its own."""
    place.mkdir(parents=True)
    shutil.copy(template, place / WORLD)
    return place
