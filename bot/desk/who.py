"""Who wants something, and what shows that it is really them: what the desk asks of a door.

A port: no Slack, no terminal. A door (bot.slack.people) answers it, and fails closed: a person whose identity cannot
be confirmed is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from engine.model import Person, Refusal

FRESH = 300.0
"""Seconds for which a door may rely on what it learned about a person or a place."""


@dataclass(frozen=True)
class Sender:
    """`proof` is what the door `door` vouches for (for Slack, workspace and account); `place` is where it was said.

    `delivery` is the one-time key of this delivery: the same one again changes nothing.
    """

    door: str
    proof: str
    place: str
    delivery: str

    @property
    def actor(self) -> str:
        """As the log names them."""
        return f"{self.door}:{self.proof}"


class Who(Protocol):
    """Thread-safe. `who` and `place` are asked while somebody waits; the others may take their time."""

    def persons(self) -> Mapping[str, Person]:
        """Everybody who has a role now, by person id."""

    def who(self, proof: str) -> Person | Refusal:
        """The person behind a wish."""

    def place(self, place: str) -> Refusal | None:
        """Why nothing may be said here; None when it may."""

    def confirmed(self, ids: Iterable[str]) -> dict[str, Person]:
        """Those of these people whom a fresh check still confirms."""

    def refresh(self) -> None:
        """Ask about everybody beforehand, so that a click does not have to wait."""
