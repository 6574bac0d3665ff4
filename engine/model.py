"""The nouns of an operation: what was requested, what was found, what would run, how it ended, what is true then.

Frozen data only. No I/O, no clock, no chance, no rule: what follows is decided in `policy`, `preflight`, `plan`,
`rules` and `verdict`. What is known about the pools is in `facts`. Words are those of Lync Server / Skype for Business
Server where it has them, so that an administrator has no new ones to learn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Kind(StrEnum):
    """What is requested. PoolFqdn names the users' home pool in both directions."""

    FAILOVER = "failover"
    FAILBACK = "failback"


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
    """Approvers read it and approve knowing it."""
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
    grave: bool = False
    """Whether it makes the request as grave as disaster mode."""

    @property
    def bound(self) -> str:
        """The part of it that is approved: the code and what it is about, never a counter."""
        return f"{self.code} {self.subject}".strip()


@dataclass(frozen=True)
class Refusal:
    """An expected no. It is a value, not an exception: it is reported to the person who asked, and the log keeps it."""

    code: str
    say: str
    cure: str = ""


UNTOLD: frozenset[str] = frozenset()
"""The parameters of a cmdlet that exists, where the server names none of them (a restricted endpoint)."""

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
    """How many changes may be lost at most, rounded up to a band; None: nobody knows, which is above all."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """The facts that must still hold when it starts, by name, worded as on the card."""


Stream = Literal["output", "error", "warning", "verbose", "debug", "information", "progress", "phase", "prompt", "host"]


@dataclass(frozen=True)
class Record:
    """One line that the engine reports while it runs. `n` counts from 1 within a run and never goes back.

    Streams are PowerShell's own, and three that we add: `phase` moves the ticket on, `prompt` is a question
    that was answered No, `host` is a message of the engine about itself.
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
    """What the engine can report at the end. Counts are writes; None means that the engine cannot know them."""

    ended: Ended
    say: str
    error_id: str = ""
    lost: int | None = None
    assumed: int | None = None
    """Backlog that was not verified because WaitTime ran out; 0 when verified in full."""
    report: str = ""
    """Path of the server's own HTML report, where it named one."""


@dataclass(frozen=True)
class Proof:
    """The result of a look at a run. `over`: nothing of it is still on its way, so no late effect can follow.
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
    """Where a reading finds the users, as seen from one operation. Three are readings; one means there is none."""

    TARGET = "where they were to go"
    ORIGIN = "where they were before"
    BETWEEN = "in between"
    UNREADABLE = "not readable"


class Word(StrEnum):
    """What leads may state about an operation in doubt. A word counts only where no reading contradicts it."""

    HAPPENED = "happened"
    NOT_HAPPENED = "not-happened"
    NEITHER = "neither"
    RUN_DEAD = "run-dead"
    """About the run alone: no part of it is active any more. It changes no reading."""


Phase = Literal["planned", "opening", "sending", "running", "ended", "parked"]


@dataclass(frozen=True)
class Ticket:
    """Everything a later process needs to find this very run again. We choose the ids and commit them before use.

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
