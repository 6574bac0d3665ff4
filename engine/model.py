"""The nouns of a pool failover: what a pool is, what is known of a pair, what was asked, how it ended.

Frozen data only. No I/O, no clock, no chance, no rule: what follows from these facts is decided in
`policy`, `preflight`, `plan` and `rules`. Names and enumeration values are those of Lync Server / Skype for
Business Server where it has them (PoolState: Set-CsRegistrarConfiguration; export and import states:
the backup service), so that an administrator meets no new words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal


class Kind(StrEnum):
    """What is asked for. PoolFqdn names the users' home pool in both directions."""

    FAILOVER = "failover"
    FAILBACK = "failback"


class Health(StrEnum):
    UP = "up"
    BACKEND_DOWN = "back end down"
    QUORUM_LOST = "quorum lost"
    NO_PRIMARIES = "no primaries"
    """Enough of its services run, and routing groups have no primaries all the same: it is there, and not well."""
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
    """What a reading is about, in the words that people read."""

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
    """Why a reading gave nothing. None of them says that what was to be read is up, or that it is down."""

    NO_RIGHTS = "no rights"
    """The account may not read it. This says nothing at all of the pool."""
    NO_ANSWER = "no answer"
    """Whatever it is about was asked and kept silent: it may be down, or only out of reach."""
    NOT_ASKED = "not asked"
    """The server through which it is read did not get as far as asking."""
    NOT_THERE = "not there"
    """That server has no such cmdlet or parameter, or hides it from the account."""
    FAILED = "failed"
    """The server answered with an error that proves nothing."""
    UNCLEAR = "unclear"
    """An answer came that is empty, ambiguous, or in no form this bot knows."""


@dataclass(frozen=True)
class Unread:
    """One reading that gave nothing to build on. What it would have told is unknown, and is never assumed."""

    what: What
    why: Why
    of: str = ""
    """FQDN of the pool, or of whatever else it is about; empty: of the whole deployment."""
    said: str = ""
    """The reason as the other side gave it, in whatever language."""
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

    Why it is not known stands in `Facts.unread`. One exception: a `backup` of None of which nothing is unread was
    read, and there is none.
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
        """Whether the backup service says that everything is copied, but for what is under way."""
        return self.export in {Export.FINAL, Export.STEADY} and self.imports is Import.NORMAL


class CmsState(StrEnum):
    UP = "up"
    DOWN = "down"
    """Read: the store has no active master, or the pool that holds it is down."""
    NO_HOST = "on no pool"
    """Read: no pool holds an active store."""
    SPLIT = "on more than one pool"
    """Read: several pools call theirs the active one."""
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Cms:
    """The Central Management Store: how it is, and the pool that holds the active one. `host` is None where no single
    pool is known for it; `state` tells why."""

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


@dataclass(frozen=True)
class Options:
    """The switches of Invoke-CsPoolFailOver / Invoke-CsPoolFailBack. Times in seconds, stop_delay in minutes."""

    disaster: bool = False
    flush_storage: bool = False
    force: bool = False
    skip_verification: bool = False
    wait: int | None = None
    whatif: bool = False
    database_timeout: int | None = None
    stop_delay: int | None = None


class Level(StrEnum):
    BLOCK = "block"
    """Nothing starts."""
    WARN = "warn"
    """Approvers read it and approve in its knowledge."""
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One judgement of preflight: a stable code, what it means, what to do about it.

    `subject` is what it is about, in the words that approvals are bound to: which pool, which reading, which state.
    """

    code: str
    level: Level
    say: str
    cure: str = ""
    subject: str = ""

    @property
    def bound(self) -> str:
        """What of it is approved: the code and what it is about, never a counter."""
        return f"{self.code} {self.subject}".strip()


@dataclass(frozen=True)
class Refusal:
    """An expected no. It is a value, not an exception: who asked is told, and the log keeps it."""

    code: str
    say: str
    cure: str = ""


UNTOLD: frozenset[str] = frozenset()
"""The parameters of a cmdlet that is there, where the server names none of them (a restricted endpoint)."""

ParameterType = Literal["Fqdn", "Switch", "TimeSpan", "Boolean", "Int32"]


@dataclass(frozen=True)
class Parameter:
    """One typed parameter. Fqdn: str; Switch and Boolean: bool; TimeSpan and Int32: int (seconds for TimeSpan)."""

    name: str
    type: ParameterType
    value: str | bool | int


@dataclass(frozen=True)
class Plan:
    """Exactly what would run, and the facts it was judged on. Approvals are bound to its digest."""

    kind: Kind
    pool: str
    partner: str
    cmdlet: str
    parameters: tuple[Parameter, ...]
    approvals: int
    findings: tuple[str, ...] = ()
    """`Finding.bound` of each that approvers must weigh, in their order."""
    loss: int | None = 0
    """How many changes may be lost at the most, rounded up to a band; None: nobody knows, which is above all."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """The facts that must still hold when it starts, by name, in the words the card uses."""


Stream = Literal["output", "error", "warning", "verbose", "debug", "information", "progress", "phase", "prompt", "host"]


@dataclass(frozen=True)
class Record:
    """One line that the engine reports while it runs. `n` counts from 1 within a run and never goes back.

    Streams are PowerShell's own, and three of ours: `phase` moves the ticket on, `prompt` is a question
    that was answered No, `host` is a word of the engine about itself.
    """

    n: int
    stream: Stream
    text: str
    percent: int | None = None


class Ended(StrEnum):
    """How an invocation ended, as the engine saw it. It is not yet the verdict: that is judged from state."""

    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completed with errors"
    FAILED = "failed"
    STOPPED = "stopped"
    NOT_STARTED = "not started"
    """Proved: the cmdlet never ran."""
    UNKNOWN = "unknown"
    """Sight was lost; the cmdlet may have run, or may still run."""


@dataclass(frozen=True)
class Outcome:
    """What the engine can say at the end. Counts are writes; None means the engine cannot know them."""

    ended: Ended
    say: str
    error_id: str = ""
    lost: int | None = None
    assumed: int | None = None
    """Backlog that was not verified because WaitTime was over; 0 when verified in full."""
    report: str = ""
    """Path of the server's own HTML report, where it named one."""


@dataclass(frozen=True)
class Proof:
    """What a look at a run came to. `over`: nothing of it is still on its way, so no late effect can follow.
    `say` is a sentence for people, in either case."""

    over: bool
    say: str


class Verdict(StrEnum):
    SUCCEEDED = "SUCCEEDED"
    SUCCEEDED_WITH_WARNINGS = "SUCCEEDED_WITH_WARNINGS"
    STOPPED = "STOPPED"
    """People stopped it, and the world is provably as before."""
    FAILED = "FAILED"
    """The world is provably as before."""
    NEITHER = "NEITHER"
    """Neither done nor as before: the run is over, and the pool stays in between."""


class Where(StrEnum):
    """Where a reading finds the users, as seen from one operation. Three of them are readings; one is none."""

    TARGET = "where they were to go"
    ORIGIN = "where they were before"
    BETWEEN = "in between"
    UNREADABLE = "not readable"


class Word(StrEnum):
    """What leads may state of an operation in doubt. A word counts only where no reading stands against it."""

    HAPPENED = "happened"
    NOT_HAPPENED = "not-happened"
    NEITHER = "neither"
    RUN_DEAD = "run-dead"
    """Of the run alone: nothing of it is at work any more. It changes no reading."""


Phase = Literal["planned", "opening", "sending", "running", "ended", "parked"]


@dataclass(frozen=True)
class Ticket:
    """Everything a later process needs to find this very run again. Ids are ours and committed before use.

    `endpoint` is a Front End of the surviving pool; `seen` is the number of the last record that is in the log.
    """

    run: str
    shell_id: str
    command_id: str
    endpoint: str
    configuration: str = ""
    phase: Phase = "planned"
    seen: int = 0


@dataclass(frozen=True)
class Person:
    """A human, however many Slack accounts they have. `id` comes from the configuration and is what is compared."""

    id: str
    name: str
    roles: frozenset[str]
