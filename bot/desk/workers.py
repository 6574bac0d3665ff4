"""Threads that each do one job. Handing a job over never waits, and never counts a job as begun that is not.

`threading.Thread.start` waits forever for a thread that dies before it can report that it runs, as it does when
there is no memory; and an executor keeps a job that it could start no thread for, and does it some time later. So
neither is used.
Knows no log, no engine and no door.
"""

from __future__ import annotations

import _thread
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

log = logging.getLogger(__name__)
BEGINS = 5.0
"""Seconds after which a thread that has not begun is given up."""


@dataclass
class _Claim:
    handed_over_at: float
    begun: bool = False


class Workers:
    """At most `most` at a time, and one for a key. Thread-safe."""

    def __init__(self, most: int, monotonic: Callable[[], float]) -> None:
        self._most = most
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._claims: dict[str, _Claim] = {}

    def busy(self, key: str) -> bool:
        with self._changed:
            self._forget_lost()
            return key in self._claims

    def take(self, key: str, job: Callable[[], None]) -> bool:
        """Have `job` done. False where that is not possible now: then it is not done, and may be handed over again."""
        claim = _Claim(self._monotonic())
        with self._changed:
            self._forget_lost()
            if key in self._claims or len(self._claims) >= self._most:
                return False
            self._claims[key] = claim
        try:
            _thread.start_new_thread(self._run, (key, claim, job))
        except (RuntimeError, MemoryError) as error:
            with self._changed:
                self._claims.pop(key, None)
            log.warning("no thread can be started: %s; trying again", error)
            return False
        return True

    def wait(self) -> None:
        """Until every job that was begun is over, and none can begin any more."""
        with self._changed:
            self._most = 0
            self._changed.wait_for(lambda: not any(claim.begun for claim in self._claims.values()))
            self._claims.clear()

    def _forget_lost(self) -> None:
        now = self._monotonic()
        for key, claim in list(self._claims.items()):
            if not claim.begun and now - claim.handed_over_at > BEGINS:
                del self._claims[key]

    def _run(self, key: str, claim: _Claim, job: Callable[[], None]) -> None:
        with self._changed:
            if self._claims.get(key) is not claim:
                return  # so late that the job was given to another
            claim.begun = True
        try:
            job()
        except Exception:
            with suppress(Exception):  # no memory for the traceback either
                log.exception("a worker hit a bug")
        finally:
            with self._changed:
                if self._claims.get(key) is claim:
                    del self._claims[key]
                self._changed.notify_all()
