"""The one door between the bot and an engine: what both engines offer, and the errors they may raise.

Nothing here knows how an engine works. One contract test suite (tests/engine/contract.py) runs against every
engine that claims this protocol. An engine turns another party's error into one of these; everything else that
escapes is a bug of our own and is shown as one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from engine.facts import Facts, Topology
from engine.model import Outcome, Plan, Proof, Record, Ticket

Sink = Callable[[Record], None]
"""Takes one record; returns only when it is committed to the log. What it raises must pass through untouched."""

Cancelled = Callable[[], bool]
"""True once somebody has asked to stop. It is a request: the engine's outcome reports what came of it."""


class EngineError(Exception):
    """Base of them all; never raised itself. `say` is a sentence for people, `detail` the other side's own words,
    `cure` what to do about it, where that is known."""

    def __init__(self, say: str, detail: str = "", cure: str = "") -> None:
        super().__init__(say)
        self.say = say
        self.detail = detail
        self.cure = cure

    @property
    def reason(self) -> str:
        """`say` as a sentence that stands alone, whether or not the engine worded it to stand inside another one."""
        end = "" if self.say.endswith((".", "?", "!")) else "."
        return f"{self.say[:1].upper()}{self.say[1:]}{end}"

    @property
    def sentence(self) -> str:
        """The reason, and the cure behind it."""
        return f"{self.reason} {self.cure}".strip()


class EngineUnavailable(EngineError):
    """The engine could not be reached and nothing was changed. Safe to ask again."""


class StepRefused(EngineError):
    """The other side said no: a right, a parameter, a cmdlet that is not there. Nothing was changed."""


class AccountRefused(StepRefused):
    """The other side did not let the account in, or refused it a short while ago. That passes once the account is put
    right: until then nothing signs in with it but the engine's own try after some minutes."""


class SightLost(EngineError):
    """Something may have happened and cannot be seen. Never answered by doing it again."""


class Engine(Protocol):
    """A failover engine. Calls may block for as long as the run lasts; one thread per operation."""

    @property
    def name(self) -> str:
        """`lab` or `remote`."""

    def topology(self) -> Topology:
        """Every pool and its backup pool. Raises EngineUnavailable or StepRefused."""

    def facts(self, pool: str) -> Facts:
        """One reading of the pair, seen from `pool` (an FQDN of the topology). What could not be read is
        unknown and named in `Facts.unread`. Raises EngineUnavailable when nothing at all could be read."""

    def parameters(self, cmdlet: str) -> frozenset[str]:
        """Names of the parameters that this server's cmdlet knows, in the cmdlet's own spelling; UNTOLD where the
        cmdlet exists and the server does not list them. Raises StepRefused when the cmdlet is not there or not
        allowed, EngineUnavailable."""

    def roles(self, cmdlet: str) -> tuple[str, ...]:
        """RBAC roles whose cmdlets include this one (Get-CsAdminRole). Raises EngineUnavailable, StepRefused."""

    def ticket(self, pool: str, run: str, shell_id: str, command_id: str) -> Ticket:
        """Where a run for `pool` would be started, and under which ids: on a Front End of the surviving pool. Sends
        nothing."""

    def invoke(self, ticket: Ticket, plan: Plan, sink: Sink, cancelled: Cancelled) -> Outcome:
        """Run the plan's cmdlet once. The caller has committed the ticket. Every `phase` record is committed (the
        sink has returned) before the step it names is taken. Returns an Outcome for everything that can be reported,
        `Ended.UNKNOWN` included. Raises only while nothing was sent or where it is proved that nothing arrived:
        EngineUnavailable and AccountRefused, after which another ticket may be tried, or StepRefused."""

    def reattach(self, ticket: Ticket, plan: Plan, sink: Sink, cancelled: Cancelled) -> Outcome:
        """Find the run of this ticket and follow it to its end; never starts it. Records up to `ticket.seen` are
        not reported again where the engine can recognise them. `Ended.NOT_STARTED` only where that is proved."""

    def prove_over(self, ticket: Ticket, *, stop_asked: bool) -> Proof:
        """Whether nothing of this run is still on its way: its command is not there, its shell is gone, or it has
        ended. It only looks; nobody may be following the run. A shell is deleted only where nothing runs in it, or,
        with `stop_asked`, where people asked to stop what runs: that request is passed on first, and only when it has
        not ended the run within the engine's patience is the shell deleted under it. Raises EngineUnavailable or
        AccountRefused where it cannot look: that proves nothing."""

    @property
    def settling(self) -> float:
        """Seconds for which a reading of where the users are may still lag behind what was done."""

    def close(self) -> None:
        """Let go of connections. Never ends a running cmdlet."""
