"""A small backend for the peer's own tests: two paired pools and a failover that is only time and records.

Not the lab: it refuses nothing that the lab would, and its state is in memory. `Script` says how long an
invocation takes and what it writes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from engine.facts import (
    Cms,
    CmsState,
    Edge,
    Export,
    Facts,
    Health,
    Import,
    Pool,
    PoolFacts,
    PoolState,
    Replication,
    Topology,
)
from engine.model import Ended, Kind, Outcome, Plan, Record, Ticket  # fmt: skip
from engine.port import Cancelled, Sink

POOLS = {
    "pool01.contoso.com": "pool02.contoso.com",
    "pool02.contoso.com": "pool01.contoso.com",
    "pool03.contoso.com": None,
}


@dataclass(frozen=True)
class Script:
    """`seconds` long, `records` verbose lines evenly spread; what else it writes at its end."""

    seconds: float = 0.2
    records: int = 5
    errors: int = 0
    warnings: int = 1
    fails: str = ""
    """The text of a terminating error."""
    users: int = 20
    hidden: tuple[str, ...] = ()
    """Parameters that this server's cmdlets do not have."""


class Scripted:
    """See module."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.script = Script()
        self._clock = clock
        self._states = dict.fromkeys(POOLS, PoolState.ACTIVE)
        self.runs: list[str] = []

    def change(self, values: Mapping[str, Any]) -> None:
        """Change the script. Raises TypeError for a field there is not."""
        values = dict(values)
        if "hidden" in values:
            values["hidden"] = tuple(values["hidden"])
        self.script = replace(self.script, **values)

    def topology(self) -> Topology:
        return Topology(
            tuple(
                Pool(fqdn, backup, (f"fe1.{fqdn}",), "Redmond", "Enterprise", "Skype for Business Server 2015")
                for fqdn, backup in POOLS.items()
            )
        )

    def facts(self, pool: str) -> Facts:
        backup = POOLS[pool]
        good = Replication(Export.STEADY, Import.NORMAL)
        return Facts(
            pool=self._one(pool),
            partner=self._one(backup) if backup else None,
            outbound=good,
            inbound=good,
            cms=Cms("pool02.contoso.com", CmsState.UP),
            edges=(Edge("edge01.contoso.com", "pool02.contoso.com", True),),
            read_at=datetime.fromtimestamp(self._clock(), UTC),
        )

    def running(self, pool: str) -> frozenset[str]:
        return frozenset({f"fe1.{pool}"})

    def _one(self, fqdn: str) -> PoolFacts:
        return PoolFacts(fqdn, self._states[fqdn], Health.UP, POOLS[fqdn], self.script.users, 80_000, 1, 1)

    def parameters(self, cmdlet: str) -> frozenset[str]:  # noqa: ARG002 - both cmdlets have the same here
        names = {"PoolFqdn", "DisasterMode", "Force", "SkipDataVerification", "WaitTime", "WhatIf", "Confirm",
                 "DatabaseCommandTimeoutInSeconds", "FlushStorageService", "ServicesStopDelayMins"}  # fmt: skip
        return frozenset(names) - set(self.script.hidden)

    def roles(self, cmdlet: str) -> tuple[str, ...]:
        return (
            ("CsAdministrator", "CsServerAdministrator")
            if cmdlet.startswith("Invoke")
            else ("CsViewOnlyAdministrator",)
        )

    def invoke(self, ticket: Ticket, plan: Plan, sink: Sink, cancelled: Cancelled) -> Outcome:
        script = self.script
        self.runs.append(ticket.command_id)
        over = plan.kind is Kind.FAILOVER
        self._states[plan.pool] = PoolState.FAILING_OVER if over else PoolState.FAILED_BACK
        number = 0
        for number in range(1, script.records + 1):
            pause = threading.Event()
            pause.wait(script.seconds / max(script.records, 1))
            if cancelled():
                return Outcome(Ended.STOPPED, "stopped")
            sink(Record(number, "verbose", f"step {number} of {script.records}"))
        for _ in range(script.warnings):
            number += 1
            sink(Record(number, "warning", "a warning of the scripted backend"))
        for _ in range(script.errors):
            number += 1
            sink(Record(number, "error", "an error of the scripted backend"))
        if script.fails:
            self._states[plan.pool] = PoolState.ACTIVE
            return Outcome(Ended.FAILED, script.fails)
        self._states[plan.pool] = PoolState.FAILED_OVER if over else PoolState.ACTIVE
        return Outcome(Ended.COMPLETED_WITH_ERRORS if script.errors else Ended.COMPLETED, "done")
