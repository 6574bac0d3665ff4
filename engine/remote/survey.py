"""One reading of a pair: which cmdlets are asked, and how their answers become `Facts`. Changes nothing.

The cmdlets are read-only. All are asked of a Front End of the surviving pool; the pool that may be failing is only
knocked at (a TCP connection to its remoting port, nothing sent).
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from engine.model import Cms, Edge, Export, Facts, Pool, PoolFacts, PoolState
from engine.port import EngineError
from engine.quorum import ORDERED_FROM
from engine.remote import facts as read
from engine.remote.reading import Command, RemoteReader, Task
from engine.remote.settings import RemoteSettings

KNOCK = 3.0
"""Seconds for the TCP connection that tells whether a machine is there at all."""
AT_ONCE = 3
"""Front Ends whose services one thread reads, one after the other."""

Results = dict[str, Any]


def asks(*commands: Command) -> Task:
    return lambda reader: reader.ask(*commands)


def tasks(
    settings: RemoteSettings, pool: str, partner: str | None, machines: dict[str, tuple[str, ...]]
) -> dict[str, Task]:
    """Every reading by its name, the slow ones first."""
    both = (pool, partner) if partner else (pool,)
    told: dict[str, Task] = {}
    for p in both:
        # counted on the server: 80,000 user objects are not brought over the wire
        users = ("Get-CsUser", {"Filter": f'RegistrarPool -eq "{p}"'})
        told[f"users of {p}"] = asks(users, ("Measure-Object", {}))
    for p in both:
        told[f"backup service of {p}"] = asks(("Get-CsBackupServiceStatus", {"PoolFqdn": p}))
        told |= of_machines(p, machines.get(p, ()))
    told["Central Management Store"] = asks(("Get-CsService", {"CentralManagement": True}))
    told["status of the Central Management Store"] = asks(
        ("Get-CsManagementStoreReplicationStatus", {"CentralManagementStoreStatus": True})
    )
    told["Edge pools"] = asks(("Get-CsService", {"EdgeServer": True}))
    told["pools"] = asks(("Get-CsPool", {}))
    told["registrars"] = asks(("Get-CsService", {"Registrar": True}))
    for p in both:
        told[f"PoolState of {p}"] = asks(("Get-CsRegistrarConfiguration", {"Identity": f"service:Registrar:{p}"}))
        told[f"backup pool of {p}"] = asks(("Get-CsPoolBackupRelationship", {"PoolFqdn": p}))
        told[f"routing of {p}"] = asks(("Get-CsPoolFabricState", {"PoolFqdn": p, "Type": "Routing"}))
        told[f"answer of {p}"] = _knock(settings, settings.front_ends.get(p, ()))
    return told


def of_machines(pool: str, machines: tuple[str, ...]) -> dict[str, Task]:
    """Their services, and in which order they stand where it matters."""
    told = {f"services of {pool} ({n})": _services(chunk) for n, chunk in enumerate(_chunks(machines), 1)}
    if len(machines) >= ORDERED_FROM:
        told[f"order of the Front Ends of {pool}"] = asks(("Get-CsComputer", {"Pool": pool}))
    return told


def unasked(pools: Iterable[str | None], results: Results, asked: dict[str, tuple[str, ...]]) -> dict[str, Task]:
    """What is still to be read: of pools that have other machines than those that were asked."""
    told: dict[str, Task] = {}
    for pool in read.pools(_list(results, "pools")):
        if pool.fqdn in pools and set(pool.front_ends) - set(asked.get(pool.fqdn, ())):
            told |= of_machines(pool.fqdn, pool.front_ends)
    return told


def _chunks(machines: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    return (machines[i : i + AT_ONCE] for i in range(0, len(machines), AT_ONCE))


def _services(machines: tuple[str, ...]) -> Task:
    """The state of each machine's Front End service; None with the reason where it could not be read."""

    def task(reader: RemoteReader) -> dict[str, tuple[bool | None, str]]:
        told: dict[str, tuple[bool | None, str]] = {}
        for machine in machines:
            ask = ("Get-CsWindowsService", {"ComputerName": machine, "ExcludeActivityLevel": True})
            try:
                told[machine] = read.front_end_up(reader.ask(ask)), ""
            except EngineError as error:
                told[machine] = None, error.detail or error.say
        return told

    return task


def _knock(settings: RemoteSettings, machines: tuple[str, ...]) -> Task:
    """Whether one of them takes a connection; None where none is known."""

    def task(_: RemoteReader) -> bool | None:
        for machine in machines:
            try:
                address = (settings.reached_at(machine), settings.address()["port"])
                socket.create_connection(address, timeout=KNOCK).close()
            except OSError:
                continue
            return True
        return False if machines else None

    return task


def machines_of(settings: RemoteSettings, known: Iterable[Pool]) -> dict[str, tuple[str, ...]]:
    """Every pool's computers as the topology told them last, else the Front Ends of the configuration."""
    return {**settings.front_ends, **{p.fqdn: p.front_ends for p in known if p.front_ends}}


def facts(pool: str, partner: str | None, results: Results, read_at: datetime) -> Facts:
    """The readings put together. What failed is unknown and named in `unread` with its reason."""
    both = (pool, partner) if partner else (pool,)
    unread = [_why(name, result) for name, result in results.items() if isinstance(result, EngineError)]
    known = read.pools(_list(results, "pools"))
    told_edges, untold = read.edges(results["Edge pools"])
    unread += [f"next hop of Edge {fqdn}: its dependencies name no Registrar" for fqdn in untold]
    own = _pool(pool, both, known, results, unread)
    other = _pool(partner, both, known, results, unread) if partner else None
    if own.backup and own.backup != partner:
        configured = partner or "none"
        unread.append(f"partner of {pool}: the topology says {own.backup}, the bot's configuration says {configured}")
        other = None
    ours = results[f"backup service of {pool}"]
    theirs = results[f"backup service of {partner}"] if partner else []
    outbound, inbound = read.replication(ours, theirs), read.replication(theirs, ours)
    if (
        partner
        and Export.UNKNOWN in (outbound.export, inbound.export)
        and not any("backup service" in u for u in unread)
    ):
        unread.append("backup service: its modules' states are in no form this bot knows")
    return Facts(
        pool=own,
        partner=other,
        outbound=outbound,
        inbound=inbound,
        cms=_cms(results, known, unread),
        edges=_of_pair(told_edges, both),
        read_at=read_at,
        unread=tuple(unread),
    )


def _pool(pool: str, pair: tuple[str, ...], known: tuple[Pool, ...], results: Results, unread: list[str]) -> PoolFacts:
    in_topology = next((p for p in known if p.fqdn == pool), None)
    found = _list(results, f"PoolState of {pool}")
    state, most = read.registrar_state(found)
    if found and state is PoolState.UNKNOWN:
        unread.append(f"PoolState of {pool}: the registrar configuration does not tell it")
    related = _list(results, f"backup pool of {pool}")
    backup = read.backup_pool(related, pool, pair) if related else None
    if related and backup is None:
        unread.append(f"backup pool of {pool}: its name is not to be found in what the server told")
    counted = _list(results, f"users of {pool}")
    services, reasons = _front_ends(pool, results)
    if denied := next((r for r in reasons if r), ""):
        unread.append(f"services of some Front Ends of {pool}: {denied}")
    listed = in_topology.front_ends if in_topology else ()
    up, ordered = read.front_ends(services, read.order(_list(results, f"order of the Front Ends of {pool}")), listed)
    size = len(listed) or len(up) or None
    version = read.version(results["registrars"], pool)
    reachable = _reachable(reasons, results[f"answer of {pool}"])
    complaint = read.complains(_list(results, f"routing of {pool}"))
    return PoolFacts(
        fqdn=pool,
        state=state,
        health=read.health(up, version, reachable, ordered=ordered, complaint=complaint),
        backup=backup,
        users=read.number(read.get(counted[0], "Count")) if counted else None,
        capacity=most * size if most and size else None,
        front_ends=size,
        front_ends_up=sum(map(bool, up)) if up and None not in up else None,
        edition=in_topology.edition if in_topology else None,
        version=version,
    )


def _reachable(reasons: list[str], answer: Any) -> bool | None:
    """A machine that denies us its services is there, so the pool cannot be called down for it."""
    denied = any("denied" in reason.lower() for reason in reasons)
    return None if denied or isinstance(answer, EngineError) else answer


def _front_ends(pool: str, results: Results) -> tuple[dict[str, bool | None], list[str]]:
    told: dict[str, bool | None] = {}
    reasons: list[str] = []
    for name, result in results.items():
        if name.startswith(f"services of {pool} (") and not isinstance(result, EngineError):
            told |= {machine: state for machine, (state, _) in result.items()}
            reasons += [reason for _, reason in result.values()]
    return told, reasons


def _cms(results: Results, known: tuple[Pool, ...], unread: list[str]) -> Cms:
    told = read.cms(results["Central Management Store"], results["status of the Central Management Store"], known)
    if told.host is None and not isinstance(results["Central Management Store"], EngineError):
        unread.append("host of the Central Management Store: not exactly one is active; see that there is one master")
    return told


def _of_pair(told: Iterable[Edge], pair: tuple[str, ...]) -> tuple[Edge, ...]:
    return tuple(sorted((e for e in told if e.next_hop in pair), key=lambda e: e.fqdn))


def _list(results: Results, name: str) -> list[Any]:
    result = results.get(name, [])
    return [] if isinstance(result, EngineError) else list(result)


def _why(name: str, error: EngineError) -> str:
    return f"{name}: {error.say}"
