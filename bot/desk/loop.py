"""A thread that makes one round after another until it is stopped. It survives whatever a round raises.

Knows no log, no engine and no door.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress

log = logging.getLogger(__name__)


class Loop:
    """`turn` does one round's work; `rest` waits until the next one is due, after a failed round too."""

    def __init__(self, name: str, turn: Callable[[], None], rest: Callable[[], object]) -> None:
        self._name = name
        self._turn = turn
        self._rest = rest
        self._stopping = threading.Event()
        # A daemon: a process that ends without stopping its loops must not hang.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def start(self) -> None:
        self._thread.start()

    def leave(self) -> None:
        """Begin no further round; returns at once."""
        self._stopping.set()

    def wait(self, seconds: float) -> None:
        """Rest this long, or until the loop is stopped."""
        self._stopping.wait(seconds)

    def stop(self, patience: float | None = None) -> None:
        """Begin no further round, and wait for the one under way; at most `patience` seconds, where it is given."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(patience)

    def _run(self) -> None:
        while not self.stopping:
            try:
                self._turn()
            except Exception:
                with suppress(Exception):  # without memory, there may be none for the traceback
                    log.exception("%s: a round failed; the next one tries again", self._name)
            try:
                self._rest()
            except Exception:
                with suppress(Exception):
                    log.exception("%s: the pause between two rounds failed", self._name)
                    self._stopping.wait(1.0)
