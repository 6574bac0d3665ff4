"""What a guard looks at, and the words that all guards share. No judgement.

Pure. A fact that could not be read is never assumed to be good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from engine.model import Facts, Finding, Health, Kind, Level, Options, PoolFacts, PoolState
from engine.policy import Policy

HOME = frozenset({PoolState.ACTIVE, PoolState.FAILED_BACK})


Guard = Callable[["Case"], Iterator[Finding]]


@dataclass(frozen=True)
class Case:
    """Everything a guard may look at. `supported` are the parameters the server's cmdlet knows."""

    kind: Kind
    options: Options
    facts: Facts
    supported: frozenset[str]
    policy: Policy
    now: datetime
    last_ended: datetime | None = None
    held_by: str = ""
    """Another operation that is open on this pair: only a what-if can meet one."""
    locked: str = ""
    """The pool that is locked together with this one; empty: none is."""

    @property
    def pool(self) -> PoolFacts:
        return self.facts.pool

    @property
    def partner(self) -> PoolFacts | None:
        return self.facts.partner


def block(code: str, say: str, cure: str) -> Finding:
    return Finding(code, Level.BLOCK, say, cure)


def warn(code: str, subject: str, say: str, cure: str = "") -> Finding:
    """`subject` is what approvals are bound to beside the code: never a counter."""
    return Finding(code, Level.WARN, say, cure, subject)


def note(code: str, say: str, cure: str = "") -> Finding:
    return Finding(code, Level.NOTE, say, cure)


def is_(health: Health) -> str:
    return {
        Health.UP: "up",
        Health.DOWN: "down",
        Health.BACKEND_DOWN: "without its SQL back end",
        Health.QUORUM_LOST: "without a quorum of its Front Ends",
        Health.UNKNOWN: "not readable from here (which is not the same as up)",
    }[health]
