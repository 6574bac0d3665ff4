"""One life of the bot with the remote engine, in a process of its own: the product's, but for its haste towards Slack.

It may carry a bullet for one of its commits, as in tests/crash, or for the commit of a phase of its run. No assertion.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

from pydantic import SecretStr

from audit.model import Entry, Row
from audit.sqlite.store import Store
from bot import clock
from bot.compose import assemble, engine_of
from bot.demo import demo
from bot.slack.link import HttpLink
from engine.events import RunRecorded, from_body
from engine.model import Phase
from tests.conversations.house import SOON, Hurried
from tests.crash.child import ERRORS, Bullet, Counter, mortal


@dataclass(frozen=True)
class AtPhase:
    """Hits right `before` or right `after` this phase of a run is committed."""

    where: Literal["before", "after"]
    phase: Phase


def deadly(bullet: AtPhase) -> type[Store]:
    """A store that ends the process at that phase."""

    class Deadly(Store):
        def append(self, entries: Sequence[Entry], **how: Any) -> tuple[Row, ...]:
            hit = any(_is_phase(entry, bullet.phase) for entry in entries)
            if hit and bullet.where == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            rows = super().append(entries, **how)
            if hit:
                os.kill(os.getpid(), signal.SIGKILL)
            return rows

    return Deadly


def _is_phase(entry: Entry, phase: Phase) -> bool:
    event = from_body(entry.kind, entry.body) if entry.kind == RunRecorded.kind_of else None
    return isinstance(event, RunRecorded) and (event.record.stream, event.record.text) == ("phase", phase)


def live(
    place: Path,
    api_url: str,
    engine: dict[str, Any],
    password: str,
    bullet: Bullet | AtPhase | None,
    parent: Connection,
) -> None:
    """Start, tell `parent` the address for Slack, live until SIGTERM, stop as the product does."""
    asked_to_end = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked_to_end.set())
    errors = logging.FileHandler(place / ERRORS)
    errors.setLevel(logging.ERROR)
    for ours in ("bot", "engine"):  # not the SDK's: a busy machine makes it complain
        logging.getLogger(ours).addHandler(errors)
    key = SecretStr(password)
    config = demo.configuration(api_url, place, "http", engine, key)
    store = deadly(bullet) if isinstance(bullet, AtPhase) else mortal(Counter(bullet))
    bot = assemble(config, demo.secrets(key), engine_of(config), store, Hurried(), SOON)
    bot.start()
    while bot.watch.topology() is None:
        clock.wait(0.005)
    assert isinstance(bot.link, HttpLink)
    parent.send(bot.link.url)
    while not asked_to_end.wait(1.0):
        pass
    bot.stop()
