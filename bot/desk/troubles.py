"""What is wrong with the bot itself now: one list, to which each part adds its own sentence.

No part knows another one through it; `/pools` shows the list.
"""

from __future__ import annotations

from collections.abc import Callable

Trouble = Callable[[], str]
"""What is wrong with one part, as a sentence; empty when nothing is."""


class Troubles:
    """In the order in which the parts were added."""

    def __init__(self) -> None:
        self._parts: list[Trouble] = []

    def add(self, part: Trouble) -> None:
        self._parts.append(part)

    def now(self) -> list[str]:
        """One sentence for each part that has trouble."""
        return [sentence for part in self._parts if (sentence := part())]
