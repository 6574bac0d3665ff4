"""When the next call to Slack may be made, so that its rates are kept and the last state is always sent.

Pure: times are arguments, in seconds of a clock that never goes back. Source of the rates: Slack's rate-limit
page (about one message per second and channel; chat.update is Tier 3, 50 a minute for the whole workspace).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

POST_EVERY = 1.05
"""Seconds between two posts in one channel."""
UPDATE_EVERY = 2.0
"""Seconds between two updates of one operation's card."""
GATHER = 5.0
"""Seconds for which the engine's own lines are gathered before they go into the thread."""
BACKOFF = (1.0, 2.0, 5.0, 15.0)
"""Seconds until an operation is tried again after Slack refused or did not answer, by the number of failures."""
LOOK_AGAIN = 60.0
"""Seconds after which the card of an open operation is sent again although nothing is new: it may have been deleted."""
UPDATES_A_MINUTE = 40
"""Of all cards together; 50 is Slack's limit."""


@dataclass
class Pace:
    """Remembers what was sent. `post_at` and `update_at` say when the next one may go; `sent` must follow it."""

    _posts: dict[str, float] = field(default_factory=dict)
    _updates: dict[str, float] = field(default_factory=dict)
    _replies: dict[str, float] = field(default_factory=dict)
    _minute: deque[float] = field(default_factory=deque)
    _held: float = 0.0

    def hold(self, now: float, seconds: float) -> None:
        """Slack said 429 with this Retry-After: nothing at all until it is over."""
        self._held = max(self._held, now + seconds)

    def post_at(self, channel: str, now: float) -> float:
        return max(now, self._held, self._posts.get(channel, 0.0) + POST_EVERY)

    def reply_at(self, operation: str, channel: str, now: float, *, urgent: bool) -> float:
        gathered = 0.0 if urgent else self._replies.get(operation, 0.0) + GATHER
        return max(self.post_at(channel, now), gathered)

    def update_at(self, operation: str, now: float) -> float:
        while self._minute and self._minute[0] <= now - 60:
            self._minute.popleft()
        full = self._minute[0] + 60 if len(self._minute) >= UPDATES_A_MINUTE else 0.0
        return max(now, self._held, self._updates.get(operation, 0.0) + UPDATE_EVERY, full)

    def again_at(self, now: float, failures: int) -> float:
        """When to try an operation again that Slack has not taken this many times in a row."""
        return now + BACKOFF[min(failures, len(BACKOFF)) - 1]

    def look_again_at(self, now: float) -> float:
        """When to check again that the cards of open operations are still there."""
        return now + LOOK_AGAIN

    def posted(self, channel: str, now: float) -> None:
        self._posts[channel] = now

    def replied(self, operation: str, now: float) -> None:
        self._replies[operation] = now

    def updated(self, operation: str, now: float) -> None:
        self._updates[operation] = now
        self._minute.append(now)
