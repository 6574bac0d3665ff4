"""The floor under every loop: the same question goes to a server at most four times a second, whatever it answers.

One place, under every request of the engine, so that no loop above it has to be trusted. A question is what is asked
of whom; opening a session asks a new one each time, as the session's id is in it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable

MOST = 4
WITHIN = 1.0
"""Seconds. A few requests may follow each other at once, as when a session opens."""


class Pace:
    """Thread-safe. `wait` waits seconds."""

    def __init__(self, monotonic: Callable[[], float], wait: Callable[[float], None]) -> None:
        self.monotonic = monotonic
        self._wait = wait
        self._lock = threading.Lock()
        self._asked: dict[Hashable, deque[float]] = {}

    def __call__(self, question: Hashable) -> None:
        """Return when this question may be asked."""
        while (pause := self._take(question)) > 0:
            self._wait(pause)

    def _take(self, question: Hashable) -> float:
        """Seconds until there is room; 0 when the place was taken."""
        with self._lock:
            now = self.monotonic()
            self._forget(now)
            times = self._asked.setdefault(question, deque())
            if len(times) >= MOST:
                return max(times[0] + WITHIN - now, 0.001)
            times.append(now)
            return 0.0

    def _forget(self, now: float) -> None:
        for question, times in list(self._asked.items()):
            while times and now - times[0] >= WITHIN:
                times.popleft()
            if not times:
                del self._asked[question]
