"""What a guard looks at, and the wording that all guards share, including what to do about a failed reading.

Pure. A fact that could not be read is never assumed to be good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from engine.facts import Facts, Health, PoolFacts, PoolState, Unread, What, Why
from engine.model import Finding, Kind, Level, Options
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
    """Another operation that is open on this pair: only a what-if can come across one."""
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
    """`subject` is what approvals are bound to besides the code: never a counter."""
    return Finding(code, Level.WARN, say, cure, subject)


def grave(code: str, subject: str, say: str, cure: str) -> Finding:
    """A warning that makes the request as grave as disaster mode."""
    return Finding(code, Level.WARN, say, cure, subject, grave=True)


def note(code: str, say: str, cure: str = "") -> Finding:
    return Finding(code, Level.NOTE, say, cure)


def is_(health: Health) -> str:
    return {
        Health.UP: "up",
        Health.DOWN: "down",
        Health.BACKEND_DOWN: "without its SQL back end",
        Health.QUORUM_LOST: "without a quorum of its Front Ends",
        Health.NO_PRIMARIES: "running without primaries for its routing groups",
        Health.UNKNOWN: "not readable from here (which is not the same as up)",
    }[health]


def unseen(facts: Facts, pool: PoolFacts) -> Unread | None:
    """Why it is not known whether this pool is up; None where it is known, or no reason was given."""
    if pool.health is not Health.UNKNOWN:
        return None
    return facts.missed(What.SERVICES, pool.fqdn)


def because(missed: Unread | None) -> str:
    """The reason as the second half of a sentence, in the other side's own words; with its full stop."""
    if missed is None or not missed.said:
        return "."
    return f": {missed.said.strip().rstrip('.')}."


def cure(missed: Unread | None, otherwise: str) -> str:
    """What to do about a reading that failed: the right that is missing, for whom and where; else `otherwise`."""
    if missed is None or missed.why is not Why.NO_RIGHTS:
        return otherwise
    return f"Give {_whose(missed)} {missed.right or 'the right to read it'}{_where(missed)}, then ask again."


def rights(facts: Facts) -> str:
    """Every right that is missing, once; empty where none is."""
    return " ".join(dict.fromkeys(told for missed in facts.unread if (told := cure(missed, ""))))


def _whose(missed: Unread) -> str:
    return missed.account or "the bot's account"


def _where(missed: Unread) -> str:
    return f" on {missed.host}" if missed.host else ""


def may_not(missed: Unread) -> str:
    """`CONTOSO\\svc-failover may not read the services of pool01.contoso.com on fe1.contoso.com`."""
    return f"{_whose(missed)} may not read the {missed.name}{_where(missed)}"
