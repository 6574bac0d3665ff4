"""The floor under every loop: the same question goes to a server at most four times a second, whatever it answers.

One place, under every request of the engine, so that no loop above it has to be trusted. A question is a request and
whom it goes to; opening a session asks a new one each time, as the session's id is in it. A few may go out in a burst,
as when a session opens or a short run has much to report; anything sustained is held to the rate.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable

RATE = 4.0
"""Times per second for the same question."""
BURST = 16
"""How many of the same may go out at once; the following ones make up for them."""


class Pace:
    """Thread-safe. `wait` waits seconds."""

    def __init__(self, monotonic: Callable[[], float], wait: Callable[[float], None]) -> None:
        self.monotonic = monotonic
        self._wait = wait
        self._lock = threading.Lock()
        self._paid_until: dict[Hashable, float] = {}

    def __call__(self, question: Hashable) -> None:
        """Return when this question may be asked."""
        with self._lock:
            now = self.monotonic()
            self._forget(now)
            paid = max(now, self._paid_until.get(question, now)) + 1 / RATE
            self._paid_until[question] = paid
        if (pause := paid - now - BURST / RATE) > 0:
            self._wait(pause)

    def _forget(self, now: float) -> None:
        for question in [q for q, paid in self._paid_until.items() if paid <= now]:
            del self._paid_until[question]
