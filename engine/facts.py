"""What is known about pools: the topology, and one reading of a pair. What could not be read has a value of its own.

Frozen data only. No I/O, no clock, no chance, no rule: what follows from these facts is decided in `preflight`, `plan`
and `verdict`. Names and values are those of Lync Server / Skype for Business Server where it has them (PoolState:
Set-CsRegistrarConfiguration; export and import states: the backup service).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Health(StrEnum):
    UP = "up"
    BACKEND_DOWN = "back end down"
    QUORUM_LOST = "quorum lost"
    NO_PRIMARIES = "no primaries"
    """Enough of its services run, but routing groups have no primaries: it is there, but not healthy."""
    DOWN = "down"
    UNKNOWN = "unknown"


class PoolState(StrEnum):
    """PoolState of the registrar configuration; the best single reading of where the users are."""

    ACTIVE = "Active"
    FAILING_OVER = "FailingOver"
    FAILED_OVER = "FailedOver"
    FAILED_BACK = "FailedBack"
    UNKNOWN = "Unknown"


class Export(StrEnum):
    """Export state of the backup service in one direction."""

    FINAL = "FinalState"
    STEADY = "SteadyState"
    NOT_STEADY = "NonSteadyState"
    NOT_INITIALIZED = "NotInitialized"
    ERROR = "ErrorState"
    UNKNOWN = "Unknown"


class Import(StrEnum):
    """Import state of the backup service in one direction."""

    NORMAL = "NormalState"
    ERROR = "ErrorState"
    UNKNOWN = "Unknown"


@dataclass(frozen=True)
class Pool:
    """One pool of the topology. `backup` is set in Topology Builder only, and is meant to be mutual."""

    fqdn: str
    backup: str | None
    front_ends: tuple[str, ...] = ()
    site: str = ""
    edition: str = ""
    version: str = ""


@dataclass(frozen=True)
class Topology:
    pools: tuple[Pool, ...]

    def get(self, fqdn: str) -> Pool | None:
        """The pool of exactly this FQDN, whatever the case; None when there is none."""
        return next((p for p in self.pools if p.fqdn.lower() == fqdn.lower()), None)


class What(StrEnum):
    """What a reading is about, worded as people read it."""

    POOLS = "pools"
    REGISTRARS = "registrars"
    POOL_STATE = "PoolState"
    SERVICES = "services"
    ROUTING = "routing"
    ORDER = "order of the Front Ends"
    ANSWER = "answer"
    """Whether a machine of the pool takes a connection at all."""
    USERS = "users"
    BACKUP_POOL = "backup pool"
    BACKUP_SERVICE = "backup service"
    PARTNER = "partner"
    CMS = "Central Management Store"
    MASTER = "active master"
    """Of the Central Management Store."""
    EDGES = "Edge pools"
    NEXT_HOP = "next hop"


class Why(StrEnum):
    """Why a reading gave nothing. None of these means that what was to be read is up, or that it is down."""

    NO_RIGHTS = "no rights"
    """The account may not read it. This says nothing at all about the pool."""
    NO_ANSWER = "no answer"
    """It was asked and did not answer: it may be down, or just out of reach."""
    NOT_ASKED = "not asked"
    """The server through which it is read never got as far as asking."""
    NOT_THERE = "not there"
    """That server has no such cmdlet or parameter, or hides it from the account."""
    FAILED = "failed"
    """The server answered with an error that proves nothing."""
    UNCLEAR = "unclear"
    """The answer was empty, ambiguous, or in a form that this bot does not know."""


@dataclass(frozen=True)
class Unread:
    """One reading that gave nothing to build on. What it would have shown is unknown, and is never assumed."""

    what: What
    why: Why
    of: str = ""
    """FQDN of the pool, or of what else it is about; empty: the whole deployment."""
    said: str = ""
    """The reason as the other side gave it, in any language."""
    host: str = ""
    """The machine that refused, or that did not answer."""
    account: str = ""
    right: str = ""
    """What the account would need; known where `why` is NO_RIGHTS."""

    @property
    def name(self) -> str:
        return f"{self.what.value} of {self.of}" if self.of else self.what.value

    def __str__(self) -> str:
        return f"{self.name}: {self.said or self.why.value}"


@dataclass(frozen=True)
class PoolFacts:
    """What could be read of one pool. None, and each enumeration's UNKNOWN, mean: not known, and never assumed.

    The reason is in `Facts.unread`. One exception: a `backup` of None for which nothing is unread was read, and
    there is none.
    """

    fqdn: str
    state: PoolState
    health: Health
    backup: str | None
    users: int | None = None
    capacity: int | None = None
    front_ends: int | None = None
    front_ends_up: int | None = None
    edition: str | None = None
    version: str | None = None


@dataclass(frozen=True)
class Replication:
    """The backup service in one direction. `backlog` in writes, `age` in seconds since all was synced."""

    export: Export
    imports: Import
    backlog: int | None = None
    age: int | None = None

    @property
    def in_sync(self) -> bool:
        """Whether the backup service reports that everything is copied, except for what is under way."""
        return self.export in {Export.FINAL, Export.STEADY} and self.imports is Import.NORMAL


class CmsState(StrEnum):
    UP = "up"
    DOWN = "down"
    """Read: the store has no active master, or the pool that holds it is down."""
    NO_HOST = "on no pool"
    """Read: no pool holds an active store."""
    SPLIT = "on more than one pool"
    """Read: several pools claim the active one."""
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Cms:
    """The Central Management Store: how it is, and the pool that holds the active one. `host` is None where no single
    pool is known for it; `state` shows why."""

    host: str | None
    state: CmsState


@dataclass(frozen=True)
class Edge:
    """An Edge pool and the Front End pool it hands its traffic to. `up` is None for an engine that does not ask."""

    fqdn: str
    next_hop: str
    up: bool | None


@dataclass(frozen=True)
class Facts:
    """One reading of a pair, seen from the pool that PoolFqdn names."""

    pool: PoolFacts
    partner: PoolFacts | None
    outbound: Replication
    inbound: Replication
    cms: Cms
    edges: tuple[Edge, ...]
    read_at: datetime
    queued: int | None = None
    """Items in the pool's storage service queues; None for an engine that does not ask."""
    unread: tuple[Unread, ...] = ()
    """Every reading that gave nothing, each with its reason."""

    def missed(self, what: What, of: str = "") -> Unread | None:
        """Why this was not read; None where it was."""
        return next((u for u in self.unread if u.what is what and u.of.lower() == of.lower()), None)
