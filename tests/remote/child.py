"""One life of the bot with the remote engine, in a process of its own: the product's, but for its haste towards Slack.

It may carry a bullet for one of its commits, as in tests/crash. No assertion.
"""

from __future__ import annotations

import logging
import signal
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot import clock, demo
from bot.compose import assemble, engine_of
from bot.link import HttpLink
from tests.conversations.house import Hurried
from tests.crash.child import ERRORS, Bullet, Counter, mortal


def live(
    place: Path, api_url: str, engine: dict[str, Any], password: str, bullet: Bullet | None, parent: Connection
) -> None:
    """Start, tell `parent` the address for Slack, live until SIGTERM, stop as the product does."""
    asked_to_end = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked_to_end.set())
    logging.basicConfig(filename=place / ERRORS, level=logging.ERROR)
    key = SecretStr(password)
    config = demo.configuration(api_url, place, "http", engine, key)
    bot = assemble(config, demo.secrets(key), engine_of(config), mortal(Counter(bullet)), Hurried())
    bot.start()
    while bot.watch.topology() is None:
        clock.wait(0.005)
    assert isinstance(bot.link, HttpLink)
    parent.send(bot.link.url)
    while not asked_to_end.wait(1.0):
        pass
    bot.stop()
