"""From a request and the facts to the exact cmdlet: its typed parameters, the line people read, the digest.

Pure. What is approved is what runs: the engine takes the very Plan whose digest every approval carries.
No sentences for people besides the cmdlet line, no judgement (that is `preflight`).
Counters that move with every write are left out of the digest, and so are notes, which go away on their own.
Source of the cmdlets and their parameters: the reference pages of Invoke-CsPoolFailOver and
Invoke-CsPoolFailBack (Lync Server 2013; office-docs-powershell for 2015 and 2019).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping

import rfc8785

from engine.facts import Facts, Health
from engine.model import Finding, Kind, Level, Options, Parameter, Plan
from engine.policy import Policy, demanded

CMDLETS = {Kind.FAILOVER: "Invoke-CsPoolFailOver", Kind.FAILBACK: "Invoke-CsPoolFailBack"}
FIRST_BAND = 100
"""Changes. The bands of a loss are none, 100, 1,000, 10,000 and so on."""
ONLY_FAILOVER = frozenset({"FlushStorageService", "ServicesStopDelayMins"})


def parameters(pool: str, options: Options) -> tuple[Parameter, ...]:
    """The parameters in the order of the reference page, then what the bot always sends.

    `-Verbose`, as it is the only progress the cmdlet reports; `-Confirm:$false`, as the approvals are the
    confirmation and nobody would answer a prompt. The bot answers a what-if itself; an engine that is given one
    gets it alone, without Force and without Confirm.
    """
    wanted: list[tuple[bool, Parameter]] = [
        (True, Parameter("PoolFqdn", "Fqdn", pool)),
        (options.disaster, Parameter("DisasterMode", "Switch", True)),
        (options.flush_storage, Parameter("FlushStorageService", "Switch", True)),
        (options.force, Parameter("Force", "Switch", True)),
        (options.skip_verification, Parameter("SkipDataVerification", "Switch", True)),
        (options.wait is not None, Parameter("WaitTime", "TimeSpan", options.wait or 0)),
        (
            options.database_timeout is not None,
            Parameter("DatabaseCommandTimeoutInSeconds", "Int32", options.database_timeout or 0),
        ),
        (options.stop_delay is not None, Parameter("ServicesStopDelayMins", "Int32", options.stop_delay or 0)),
        (options.whatif, Parameter("WhatIf", "Switch", True)),
        (not options.whatif, Parameter("Confirm", "Boolean", False)),
        (True, Parameter("Verbose", "Switch", True)),
    ]
    return tuple(parameter for present, parameter in wanted if present)


def make(kind: Kind, options: Options, facts: Facts, findings: Iterable[Finding], policy: Policy) -> Plan:
    """The plan for this request on these facts. Only facts that decide something are bound: counters that move
    with every write would void every approval."""
    partner = facts.partner.fqdn if facts.partner else ""
    found = tuple(findings)
    return Plan(
        kind=kind,
        pool=facts.pool.fqdn,
        partner=partner,
        cmdlet=CMDLETS[kind],
        parameters=parameters(facts.pool.fqdn, options),
        approvals=demanded(kind, options, policy, found).approvals,
        findings=tuple(f.bound for f in found if f.level is not Level.NOTE),
        loss=loss(kind, options, facts),
        facts=_bound(facts),
    )


def loss(kind: Kind, options: Options, facts: Facts) -> int | None:
    """How many changes may be lost at most: what is not copied to where the users will be served, rounded up to a
    band (none, 100, 1,000, 10,000 …); None where nobody knows. A planned move of a pair in sync loses nothing."""
    copy = facts.outbound if kind is Kind.FAILOVER else facts.inbound
    if not options.disaster and not options.skip_verification and copy.in_sync:
        return 0
    if copy.backlog is None:
        return None
    source = facts.pool if kind is Kind.FAILOVER else facts.partner
    writes = source is not None and source.health is not Health.DOWN  # what is written in the meantime is lost too
    return FIRST_BAND if copy.backlog == 0 and writes else _band(copy.backlog)


def _band(count: int) -> int:
    return 0 if count == 0 else max(FIRST_BAND, 10 ** math.ceil(math.log10(count)))


def worse(now: int | None, approved: int | None) -> bool:
    """Whether this bound on the loss is above the approved one. An unknown loss is above every known one."""
    return approved is not None and (now is None or now > approved)


def _bound(facts: Facts) -> dict[str, str]:
    bound = {
        f"{facts.pool.fqdn} state": facts.pool.state.value,
        f"{facts.pool.fqdn} health": facts.pool.health.value,
        f"{facts.pool.fqdn} backup pool": facts.pool.backup or "none",
        "Central Management Store on": facts.cms.host or "unknown",
    }
    if facts.partner:
        bound[f"{facts.partner.fqdn} state"] = facts.partner.state.value
        bound[f"{facts.partner.fqdn} health"] = facts.partner.health.value
    for edge in facts.edges:
        bound[f"next hop of Edge {edge.fqdn}"] = edge.next_hop
    return bound


def timespan(seconds: int) -> str:
    """Seconds as `hh:mm:ss` (with days in front from 24 h on): a bare number would be ticks, or days."""
    days, rest = divmod(seconds, 86_400)
    text = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days}.{text}" if days else text


def line(plan: Plan) -> str:
    """The line as one would type it in the Lync Server Management Shell."""
    return " ".join([plan.cmdlet, *map(_typed, plan.parameters)])


def _typed(parameter: Parameter) -> str:
    match parameter.type:
        case "Switch":
            return f"-{parameter.name}"
        case "Boolean":
            return f"-{parameter.name}:${'true' if parameter.value else 'false'}"
        case "TimeSpan":
            return f"-{parameter.name} {timespan(int(parameter.value))}"
        case _:
            return f"-{parameter.name} {parameter.value}"


def digest(plan: Plan) -> str:
    """SHA-256 over the plan as RFC 8785 canonical JSON, in hexadecimal."""
    document = {
        "format": "csfailover-plan-v1",
        "kind": plan.kind.value,
        "pool": plan.pool,
        "partner": plan.partner,
        "cmdlet": plan.cmdlet,
        "parameters": [[p.name, p.type, p.value] for p in plan.parameters],
        "approvals": plan.approvals,
        "findings": list(plan.findings),
        "loss": plan.loss,
        "facts": dict(plan.facts),
    }
    return hashlib.sha256(rfc8785.dumps(document)).hexdigest()


def bound(loss: int | None) -> str:
    """The bound on a loss, in words."""
    if loss is None:
        return "an unknown number of changes"
    return f"up to {loss:,} changes" if loss else "nothing"


def short(digest_hex: str) -> str:
    """The digest as people compare it: the first eight digits, `1a2b-3c4d`."""
    return f"{digest_hex[:4]}-{digest_hex[4:8]}"


_NOTHING: Mapping[str, str] = {}


def difference(approved: Plan, now: Plan, says: Mapping[str, str] = _NOTHING) -> tuple[str, ...]:
    """What differs between two plans, one sentence each; empty when their digests are equal. `says`: the
    sentences of the findings, by their codes."""
    told = [
        f"{name}: was {approved.facts.get(name, 'not known')}, is {now.facts.get(name, 'not known')}"
        for name in sorted({*approved.facts, *now.facts})
        if approved.facts.get(name) != now.facts.get(name)
    ]
    told += _found(approved.findings, now.findings, says)
    if worse(now.loss, approved.loss):
        told.append(f"what may be lost: was {bound(approved.loss)}, is {bound(now.loss)}")
    if (approved.kind, approved.pool) != (now.kind, now.pool):
        told.append(f"what is asked: was {approved.kind.value} of {approved.pool}, is {now.kind.value} of {now.pool}")
    if (approved.cmdlet, approved.parameters) != (now.cmdlet, now.parameters):
        told.append(f"the command: was {line(approved)}, is {line(now)}")
    if approved.approvals != now.approvals:
        told.append(f"approvals needed: were {approved.approvals}, are {now.approvals}")
    if approved.partner != now.partner:
        told.append(f"backup pool: was {approved.partner or 'none'}, is {now.partner or 'none'}")
    return tuple(told)


def _found(was: tuple[str, ...], now: tuple[str, ...], says: Mapping[str, str]) -> list[str]:
    def code(found: str) -> str:
        return found.partition(" ")[0]

    def saying(found: str) -> str:
        return f": {says[found].rstrip('.')}" if found in says else f": {found.partition(' ')[2]}".removesuffix(": ")

    told = [f"{code(f)} is new{saying(f)}" for f in dict.fromkeys(now) if f not in was]
    told += [f"{code(f)} no longer holds (it said{saying(f)})" for f in dict.fromkeys(was) if f not in now]
    told += [
        f"{code(f)}: was found {was.count(f)} times, is found {now.count(f)} times"
        for f in dict.fromkeys(was)
        if f in now and was.count(f) != now.count(f)
    ]
    return told or ([] if was == now else ["the findings come in a different order"])
