"""How often the bot looks again where nothing tells it to. A test that waits for a look gives shorter ones.

Numbers only. How fast Slack may be called is bot/slack/pace.py's.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Timings:
    """Seconds."""

    tick: float = 0.5
    """Until the runner looks at the clock although nothing was appended."""
    again: float = 5.0
    """Between two looks at an operation that is settling, or whose engine does not answer."""
    read: float = 60.0
    """Between two readings of the topology."""
    retry: float = 5.0
    """The same while the last reading failed; and between two looks at a log that cannot be written."""
