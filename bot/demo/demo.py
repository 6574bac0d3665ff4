"""The demo: a local Slack, the lab engine and the real bot in one process. No Slack, no configuration.

Puts the stand-in beside a bot that is made as any other; nothing in the bot knows that it is a demo.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot import clock
from bot.compose import Bot, assemble, engine_of
from bot.config import Config, Secrets, validated
from bot.slack.link import HttpLink
from bot.slack.manifest import commands
from bot.standin import StandIn
from engine.lab.trouble import break_, reset
from engine.lab.world import World

PEOPLE = {
    "alice": {"name": "Alice", "slack": ["U0ALICE"], "roles": ["oncall"]},
    "bob": {"name": "Bob", "slack": ["U0BOB"], "roles": ["lead"]},
    "carol": {"name": "Carol", "slack": ["U0CAROL"], "roles": ["lead"]},
}
LOG = "csfailover.db"
WORLD = "lab.db"


class PortTakenError(Exception):
    """The page's port cannot be used; the message says why."""


@dataclass(frozen=True)
class Demo:
    standin: StandIn
    bot: Bot
    log: Path
    world: Path

    def breaks(self, what: str, *arguments: str) -> str:
        """What `csfailover lab break` does, from outside, on the world's file."""
        with closing(World(self.world, clock=clock.unix)) as world:
            return break_(world, what, *arguments)

    def resets(self) -> None:
        """What `csfailover lab reset` does."""
        with closing(World(self.world, clock=clock.unix)) as world:
            reset(world)


def lab(data: Path, speed: float | None) -> dict[str, Any]:
    """The section `engine` of the demo's configuration."""
    return {"kind": "lab", "lab": {"world": data / WORLD, "speed": speed}}


def configuration(
    api_url: str, data: Path, transport: str, engine: dict[str, Any], password: SecretStr | None = None
) -> Config:
    document = {
        "slack": {"team": StandIn.TEAM, "transport": transport, "api_url": api_url, "port": 0},
        "log": {"path": data / LOG},
        "engine": engine,
        "people": PEOPLE,
    }
    return validated(document, secrets(password))


def secrets(password: SecretStr | None = None) -> Secrets:
    """The stand-in's own, which a real Slack refuses; `password` is for a remote engine."""
    return Secrets(
        password=password,
        bot_token=SecretStr(StandIn.BOT_TOKEN),
        app_token=SecretStr(StandIn.APP_TOKEN),
        signing_secret=SecretStr(StandIn.SIGNING_SECRET),
    )


@contextmanager
def running(
    data: Path, port: int, transport: str, engine: dict[str, Any], password: SecretStr | None = None
) -> Iterator[Demo]:
    """The demo, up until the block ends, with this section `engine`. Raises PortTakenError, audit.model.CannotOpen
    for the log."""
    _forget_proxies()
    data.mkdir(parents=True, exist_ok=True)
    standin = StandIn(port=port)
    try:
        standin.start()
    except OSError as error:
        raise PortTakenError(str(error.strerror)) from None
    with ExitStack() as stack:
        stack.callback(standin.stop)
        standin.commands = commands()
        config = configuration(standin.api_url, data, transport, engine, password)
        bot = assemble(config, secrets(password), engine_of(config))
        if isinstance(bot.link, HttpLink):
            standin.deliver_to = bot.link.url
        bot.start()
        stack.callback(bot.stop)
        _until_connected(bot)
        yield Demo(standin, bot, data / LOG, data / WORLD)


def _until_connected(bot: Bot) -> None:
    """Whoever is shown the page may type at once. Not for ever: the page itself shows whether the app is connected."""
    deadline = clock.monotonic() + 5
    while bot.link.trouble and clock.monotonic() < deadline:
        clock.wait(0.02)


def _forget_proxies() -> None:
    # Slack's Socket Mode client sends even loopback traffic through HTTPS_PROXY and does not know NO_PROXY.
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        os.environ.pop(name, None)
        os.environ.pop(name.lower(), None)
