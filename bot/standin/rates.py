"""Slack's published rate tiers as sliding windows: a client that calls too often gets the time it must wait.

Pure: time is an argument. Limits as on docs.slack.dev, "Rate limits".
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

Limit = tuple[int, float]  # calls in seconds

POSTING: Limit = (5, 5.0)  # one message a second and channel, short bursts tolerated
TIERS: dict[int, Limit] = {
    1: (10, 60.0),  # published as "1+ per minute"; a client that reconnects a few times is let through
    2: (20, 60.0),
    3: (50, 60.0),
    4: (100, 60.0),
}


@dataclass
class Rates:
    """Remembers, per method (and channel for posts), when the last allowed calls were."""

    calls: dict[tuple[str, str], deque[float]] = field(default_factory=dict)

    def wait(self, method: str, channel: str, limit: Limit, now: float) -> int:
        """0 when the call may pass now (and is counted); else whole seconds to wait, for Retry-After."""
        most, window = limit
        recent = self.calls.setdefault((method, channel), deque())
        while recent and recent[0] <= now - window:
            recent.popleft()
        if len(recent) >= most:
            return max(1, math.ceil(recent[0] + window - now))
        recent.append(now)
        return 0
