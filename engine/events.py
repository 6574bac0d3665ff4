"""What can happen to an operation, in the past tense, and how each event goes to and from its row.

Events are facts: they carry what was decided, never a rule. An operation is nothing but the fold of its
events (`states.evolve`), so a field that the future needs must be written here. Old rows stay readable:
a field may be added with a default; one that is renamed or removed makes a new version of its kind, see LIFTS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from pydantic import TypeAdapter

from engine import versions
from engine.facts import Facts
from engine.model import Finding, Kind, Options, Outcome, Plan, Record, Ticket, Verdict, Where, Word


@dataclass(frozen=True)
class RequestAsked:
    kind_of: ClassVar[str] = "request.asked"
    kind: Kind
    pool: str
    options: Options
    by: str
    """Person id of the requester; `name` is decoration."""
    name: str
    place: str
    """Where it was requested: for Slack, the channel."""
    reason: str = ""
    typed: str = ""
    """What was typed, word for word, and what was corrected in it."""
    repairs: tuple[str, ...] = ()
    partner: str = ""
    """The backup pool according to the topology at that moment: the two form the pair that is locked."""

    @property
    def what(self) -> str:
        """In words: `disaster failover of pool01.contoso.com`."""
        return f"{'disaster ' if self.options.disaster else ''}{self.kind.value} of {self.pool}"


@dataclass(frozen=True)
class RequestRefused:
    """Preflight found a reason not to start, or could not look. Nothing was changed."""

    kind_of: ClassVar[str] = "request.refused"
    code: str
    say: str
    cure: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class RequestAnswered:
    """A what-if was answered: the plan, and what it would mean. Nothing was changed."""

    kind_of: ClassVar[str] = "request.answered"
    plan: Plan
    digest: str
    findings: tuple[Finding, ...]
    facts: Facts


@dataclass(frozen=True)
class PreflightPassed:
    kind_of: ClassVar[str] = "preflight.passed"
    plan: Plan
    digest: str
    findings: tuple[Finding, ...]
    facts: Facts
    expires_at: datetime
    remind_at: datetime


@dataclass(frozen=True)
class ApprovalGranted:
    kind_of: ClassVar[str] = "approval.granted"
    by: str
    name: str
    digest: str


@dataclass(frozen=True)
class ApprovalUnconfirmed:
    """Found as the last row before the bot was cut off: nobody knows whether the person who gave it ever saw that it
    counts. It does not count until the same person approves again."""

    kind_of: ClassVar[str] = "approval.unconfirmed"
    by: str
    name: str


@dataclass(frozen=True)
class WishRefused:
    """Somebody clicked without the right to, or too late. It changes nothing, and it is on record."""

    kind_of: ClassVar[str] = "wish.refused"
    by: str
    code: str
    say: str
    wish: str = "approve"


@dataclass(frozen=True)
class RequestDenied:
    kind_of: ClassVar[str] = "request.denied"
    by: str
    name: str
    reason: str


@dataclass(frozen=True)
class RequestWithdrawn:
    kind_of: ClassVar[str] = "request.withdrawn"
    by: str
    name: str


@dataclass(frozen=True)
class RequestReminded:
    kind_of: ClassVar[str] = "request.reminded"
    missing: int


@dataclass(frozen=True)
class RequestExpired:
    kind_of: ClassVar[str] = "request.expired"
    missing: int


@dataclass(frozen=True)
class ApprovalsVoided:
    """Facts or rights changed between approval and start. The approvals are void."""

    kind_of: ClassVar[str] = "approvals.voided"
    differences: tuple[str, ...]


@dataclass(frozen=True)
class RunIntended:
    """Committed before the engine is called; from here on, only a look can show whether it happened."""

    kind_of: ClassVar[str] = "run.intended"
    ticket: Ticket
    digest: str


@dataclass(frozen=True)
class RunRecorded:
    kind_of: ClassVar[str] = "run.recorded"
    record: Record


@dataclass(frozen=True)
class RunStopAsked:
    kind_of: ClassVar[str] = "run.stop_asked"
    by: str
    name: str


@dataclass(frozen=True)
class RunEnded:
    kind_of: ClassVar[str] = "run.ended"
    outcome: Outcome


@dataclass(frozen=True)
class RunUnstarted:
    """Nothing was sent, as is proved or as the engine reports; the approvals still hold."""

    kind_of: ClassVar[str] = "run.unstarted"
    say: str


@dataclass(frozen=True)
class DoubtRaised:
    """Nobody can know at this moment. The pair stays locked."""

    kind_of: ClassVar[str] = "doubt.raised"
    say: str


@dataclass(frozen=True)
class PoolsSeen:
    """A look at the pools, and at the run itself, that differs from the last one. `over`: it is proved that nothing
    of the run is still on its way."""

    kind_of: ClassVar[str] = "pools.seen"
    where: Where
    over: bool
    say: str


@dataclass(frozen=True)
class DoubtStated:
    """One lead's statement, with a reason. It counts when another lead states the same."""

    kind_of: ClassVar[str] = "doubt.stated"
    by: str
    name: str
    word: Word
    reason: str


@dataclass(frozen=True)
class RunStatedDead:
    """Two leads stated that no part of the run is active any more, where it could not be proved. It changes no
    reading."""

    kind_of: ClassVar[str] = "run.stated_dead"
    by: tuple[str, ...]
    names: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class DoubtSettled:
    """The doubt is over: by what was read (`word` is None), or by the same word from two leads."""

    kind_of: ClassVar[str] = "doubt.settled"
    word: Word | None
    by: tuple[str, ...]
    names: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class OperationClosed:
    kind_of: ClassVar[str] = "operation.closed"
    verdict: Verdict
    say: str
    facts: Facts | None = None


Event = (
    RequestAsked
    | RequestRefused
    | RequestAnswered
    | PreflightPassed
    | ApprovalGranted
    | ApprovalUnconfirmed
    | WishRefused
    | RequestDenied
    | RequestWithdrawn
    | RequestReminded
    | RequestExpired
    | ApprovalsVoided
    | RunIntended
    | RunRecorded
    | RunStopAsked
    | RunEnded
    | RunUnstarted
    | DoubtRaised
    | PoolsSeen
    | DoubtStated
    | RunStatedDead
    | DoubtSettled
    | OperationClosed
)

KINDS: dict[str, type[Any]] = {cls.kind_of: cls for cls in Event.__args__}
LIFTS: versions.Lifts = {}
"""How an older body of a kind is read; every kind is at version 1 today."""
_ADAPTERS: dict[str, TypeAdapter[Any]] = {}


def _adapter(kind: str) -> TypeAdapter[Any]:
    # Built on first use: importing a module does nothing, and a command line that reads no log pays nothing.
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(KINDS[kind])
    return _ADAPTERS[kind]


def to_body(event: Event) -> dict[str, Any]:
    """The event as JSON values, for its row, with the version of its kind."""
    return versions.stamped(event.kind_of, _adapter(event.kind_of).dump_python(event, mode="json"), LIFTS)


def from_body(kind: str, body: Mapping[str, Any], lifts: versions.Lifts = LIFTS) -> Event:
    """The event of a row, whatever version wrote it.

    Raises KeyError for a kind that this csfailover does not know, versions.NewerError for a version it does not know,
    pydantic's ValidationError for a body that is not one.
    """
    event: Event = _adapter(kind).validate_python(dict(versions.lifted(kind, body, lifts)))
    return event
