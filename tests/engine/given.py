"""What the tests of the rules begin with: people, a healthy pair, and `given(*events)`, the fold of a history.

Pure data and one fold. No rule is repeated here: what follows from an event is asked of engine.states.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from engine import plan as plans
from engine.events import Event, PreflightPassed, RequestAsked, RunIntended
from engine.facts import Cms, CmsState, Edge, Export, Facts, Health, Import, PoolFacts, PoolState, Replication
from engine.guards.case import Case
from engine.model import Kind, Options, Outcome, Person, Ticket
from engine.policy import Policy
from engine.readings import Reading, inspected
from engine.states import Operation, evolve

T0 = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
P1, P2 = "pool01.contoso.com", "pool02.contoso.com"
EDGE = "edge01.contoso.com"
POLICY = Policy()
EXPIRES = T0 + timedelta(seconds=POLICY.expires_after)
REMINDS = EXPIRES - timedelta(seconds=POLICY.remind_before)

OLGA = Person("olga", "Olga", frozenset({"oncall"}))
LEO = Person("leo", "Leo", frozenset({"lead"}))
LIA = Person("lia", "Lia", frozenset({"lead"}))
RITA = Person("rita", "Rita", frozenset({"oncall", "lead"}))
AUDE = Person("aude", "Aude", frozenset({"auditor"}))
EVERYBODY = {p.id: p for p in (OLGA, LEO, LIA, RITA, AUDE)}

SUPPORTED = frozenset(
    {"PoolFqdn", "DisasterMode", "FlushStorageService", "Force", "SkipDataVerification", "WaitTime", "Confirm"}
)
STEADY = Replication(Export.STEADY, Import.NORMAL, backlog=0, age=60)
TICKET = Ticket("run-1", "shell-1", "command-1", "fe01." + P2)


def pool_facts(fqdn: str = P1, backup: str | None = P2, **changed: Any) -> PoolFacts:
    """A pool that is well, at home, and carries 1,000 users."""
    return replace(PoolFacts(fqdn, PoolState.ACTIVE, Health.UP, backup, users=1_000, capacity=80_000), **changed)


def facts(pool: PoolFacts | None = None, partner: PoolFacts | None = None, **changed: Any) -> Facts:
    """A healthy pair seen from pool01: its CMS and its Edge next hop are on pool02."""
    healthy = Facts(
        pool=pool or pool_facts(),
        partner=partner or pool_facts(P2, P1),
        outbound=STEADY,
        inbound=STEADY,
        cms=Cms(P2, CmsState.UP),
        edges=(Edge(EDGE, P2, up=True),),
        read_at=T0,
    )
    return replace(healthy, **changed)


AWAY = facts(pool_facts(state=PoolState.FAILED_OVER))
"""The pair after a failover of pool01."""


def case(kind: Kind = Kind.FAILOVER, read: Facts | None = None, **changed: Any) -> Case:
    """What preflight looks at: nothing is wrong with it unless `changed` says so."""
    read = read or (facts() if kind is Kind.FAILOVER else AWAY)
    return replace(Case(kind, Options(), read, SUPPORTED, POLICY, T0), **changed)


def reading(read: Facts | None = None, supported: frozenset[str] = SUPPORTED) -> Reading:
    return Reading(read or facts(), supported, None)


def asked(
    kind: Kind = Kind.FAILOVER, by: Person = OLGA, options: Options | None = None, **changed: Any
) -> RequestAsked:
    return replace(
        RequestAsked(kind, P1, options or Options(), by.id, by.name, "C0INCIDENT", "storage died"), **changed
    )


def given(*events: Event, at: datetime = T0, op: str = "7KQ2-M4XA") -> Operation:
    """The operation that this history makes."""
    folded = Operation(op)
    for event in events:
        folded = evolve(folded, event, at)
    return folded


def passed(request: RequestAsked | None = None, read: Facts | None = None, policy: Policy = POLICY) -> PreflightPassed:
    """Preflight's answer to the request, made by the rules themselves."""
    request = request or asked()
    read = read or (facts() if request.kind is Kind.FAILOVER else AWAY)
    event = inspected(given(request), reading(read), policy, T0)
    assert isinstance(event, PreflightPassed), event
    return event


def intent(event: PreflightPassed | None = None) -> RunIntended:
    return RunIntended(TICKET, plans.digest((event or passed()).plan))


def outcome(ended: Any, **changed: Any) -> Outcome:
    return replace(Outcome(ended, "said the engine."), **changed)
