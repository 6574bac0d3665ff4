"""Keeps ready what the desk needs while somebody waits: the topology, and what the door says about everybody.

One thread; reads only. What could not be read stays as it was last read, and /pools shows the trouble.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from audit.model import CannotRecord
from audit.port import Writable
from bot.desk.loop import Loop
from bot.desk.timings import Timings
from bot.desk.who import FRESH, Who
from engine.facts import Topology
from engine.port import Engine, EngineError

log = logging.getLogger(__name__)


class Watch:
    def __init__(
        self,
        engine: Engine,
        who: Who,
        writable: Writable,
        monotonic: Callable[[], float],
        timings: Timings,
        look_at_clock: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._who = who
        self._writable = writable
        self._monotonic = monotonic
        self._timings = timings
        self._look_at_clock = look_at_clock
        self._refreshed = float("-inf")
        self._read_at = float("-inf")
        self._loop: Loop = Loop("the topology reader", self._turn, lambda: self._loop.wait(self._timings.retry))
        self._topology: Topology | None = None
        self.trouble = ""

    def topology(self) -> Topology | None:
        """As last read; None before the first time."""
        return self._topology

    def start(self) -> None:
        self._loop.start()

    def leave(self) -> None:
        """Begin no more readings, and report no more trouble: the engine is about to be closed."""
        self._loop.leave()

    def stop(self) -> None:
        self._loop.stop()

    def _turn(self) -> None:
        self._look_at_clock()
        if self.trouble or self._monotonic() - self._read_at >= self._timings.read:
            self._read_at = self._monotonic()
            self._read()
        self._mend_log()

    def _read(self) -> None:
        try:
            self._topology = self._engine.topology()
            self.trouble = ""
        except EngineError as error:
            if self._loop.stopping:
                return
            trouble = f"The engine cannot be read: {error.say}"
            if trouble != self.trouble:  # it is read again every few seconds, and reported once
                log.warning("the engine cannot be read: %s %s", error.say, error.detail)
            self.trouble = trouble
        if self._monotonic() - self._refreshed > FRESH - self._timings.read - self._timings.retry:
            self._who.refresh()
            self._refreshed = self._monotonic()

    def _mend_log(self) -> None:
        if self._writable.degraded:
            try:
                self._writable.probe()
                log.warning("the audit log can be written again")
            except CannotRecord as error:
                log.error("the audit log still cannot be written: %s", error)  # noqa: TRY400  # the sentence says all
