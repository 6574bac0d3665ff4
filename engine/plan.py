"""From a request and the facts to the exact cmdlet: its typed parameters, the line people read, the digest.

Pure. What is approved is what runs: the engine takes the very Plan whose digest every approval carries.
No sentence for people besides the cmdlet line, no judgement (that is `preflight`).
Source of the cmdlets and their parameters: the reference pages of Invoke-CsPoolFailOver and
Invoke-CsPoolFailBack (Lync Server 2013; office-docs-powershell for 2015 and 2019).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import rfc8785

from engine.model import Facts, Finding, Kind, Level, Options, Parameter, Plan, Policy

CMDLETS = {Kind.FAILOVER: "Invoke-CsPoolFailOver", Kind.FAILBACK: "Invoke-CsPoolFailBack"}
ONLY_FAILOVER = frozenset({"FlushStorageService", "ServicesStopDelayMins"})


def parameters(pool: str, options: Options) -> tuple[Parameter, ...]:
    """The parameters in the order of the reference page, then what the bot always sends.

    `-Verbose`, as it is the only progress the cmdlet tells; `-Confirm:$false`, as the approvals are the
    confirmation and a prompt would wait for nobody. The bot answers a what-if itself; an engine that is given one
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


def approvals_needed(options: Options, policy: Policy) -> int:
    """Two people for what can lose data, one for the rest; none for a what-if, which changes nothing."""
    if options.whatif:
        return 0
    risky = options.disaster or options.skip_verification
    return policy.risky_approvals if risky else policy.approvals


def make(kind: Kind, options: Options, facts: Facts, findings: Iterable[Finding], policy: Policy) -> Plan:
    """The plan for this request on these facts. Only facts that decide something are bound: counters that move
    with every write would void every approval."""
    partner = facts.partner.fqdn if facts.partner else ""
    return Plan(
        kind=kind,
        pool=facts.pool.fqdn,
        partner=partner,
        cmdlet=CMDLETS[kind],
        parameters=parameters(facts.pool.fqdn, options),
        approvals=approvals_needed(options, policy),
        findings=tuple(f.code for f in findings if f.level is not Level.NOTE),
        facts=_bound(facts),
    )


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
        "facts": dict(plan.facts),
    }
    return hashlib.sha256(rfc8785.dumps(document)).hexdigest()


def short(digest_hex: str) -> str:
    """The digest as people compare it: the first eight digits, `1a2b-3c4d`."""
    return f"{digest_hex[:4]}-{digest_hex[4:8]}"


_NOTHING: Mapping[str, str] = {}


def difference(approved: Plan, now: Plan, says: Mapping[str, str] = _NOTHING) -> tuple[str, ...]:
    """What differs between two plans, one sentence each; empty when their digests are equal. `says`: what the
    findings say, by their codes."""
    told = [
        f"{name}: was {approved.facts.get(name, 'not known')}, is {now.facts.get(name, 'not known')}"
        for name in sorted({*approved.facts, *now.facts})
        if approved.facts.get(name) != now.facts.get(name)
    ]
    told += _found(approved.findings, now.findings, says)
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
    def saying(code: str) -> str:
        return f": {says[code].rstrip('.')}" if code in says else ""

    told = [f"{code} is new{saying(code)}" for code in dict.fromkeys(now) if code not in was]
    told += [f"{code} does not hold any more (it said{saying(code)})" for code in dict.fromkeys(was) if code not in now]
    told += [
        f"{code}: was found {was.count(code)} times, is found {now.count(code)} times"
        for code in dict.fromkeys(was)
        if code in now and was.count(code) != now.count(code)
    ]
    return told or ([] if was == now else ["the findings come in another order"])
