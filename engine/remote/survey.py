"""One reading of a pair: which cmdlets are run, and how their answers become `Facts`. Changes nothing.

The cmdlets are read-only. All of them run on a Front End of the surviving pool; the pool that may be failing is only
knocked at (a TCP connection to its remoting port, nothing sent).
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from datetime import datetime
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
    Unread,
    What,
    Why,
)
from engine.port import EngineError
from engine.quorum import ORDERED_FROM
from engine.remote import facts as read
from engine.remote.reading import Command, RemoteReader, Task
from engine.remote.settings import RemoteSettings
from engine.remote.unread import Reached, parsed, services, unread

KNOCK = 3.0
"""Seconds for the TCP connection that shows whether a machine is there at all."""
AT_ONCE = 3
"""Front Ends whose services one thread reads, one after another."""

Results = dict[str, Any]


def asks(*commands: Command) -> Task:
    return lambda reader: reader.ask(*commands)


def tasks(
    settings: RemoteSettings, pool: str, partner: str | None, machines: dict[str, tuple[str, ...]]
) -> dict[str, Task]:
    """Every reading by its name, the slow ones first. A name is `what of whom (part)`, see `unread.parsed`."""
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
    told[What.MASTER.value] = asks(("Get-CsManagementStoreReplicationStatus", {"CentralManagementStoreStatus": True}))
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
    """Their services, and their order where it matters."""
    told = {f"services of {pool} ({n})": _services(chunk) for n, chunk in enumerate(_chunks(machines), 1)}
    if len(machines) >= ORDERED_FROM:
        told[f"order of the Front Ends of {pool}"] = asks(("Get-CsComputer", {"Pool": pool}))
    return told


def unasked(pools: Iterable[str | None], results: Results, asked: dict[str, tuple[str, ...]]) -> dict[str, Task]:
    """What is still to be read: for pools that have machines other than those that were asked."""
    told: dict[str, Task] = {}
    for pool in read.pools(_list(results, "pools")):
        if pool.fqdn in pools and set(pool.front_ends) - set(asked.get(pool.fqdn, ())):
            told |= of_machines(pool.fqdn, pool.front_ends)
    return told


def _chunks(machines: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    return (machines[i : i + AT_ONCE] for i in range(0, len(machines), AT_ONCE))


def _services(machines: tuple[str, ...]) -> Task:
    """The state of each machine's Front End service, or the error that came up there."""

    def task(reader: RemoteReader) -> dict[str, bool | EngineError | None]:
        told: dict[str, bool | EngineError | None] = {}
        for machine in machines:
            ask = ("Get-CsWindowsService", {"ComputerName": machine, "ExcludeActivityLevel": True})
            try:
                told[machine] = read.front_end_up(reader.ask(ask))
            except EngineError as error:
                told[machine] = error
        return told

    return task


def _knock(settings: RemoteSettings, machines: tuple[str, ...]) -> Task:
    """Whether one of them takes a connection. A name that does not resolve says nothing about the machine."""

    def task(_: RemoteReader) -> Reached:
        told = Reached.UNTRIED
        for machine in () if settings.proxy else machines:
            try:
                address = (settings.reached_at(machine), settings.address()["port"])
                socket.create_connection(address, timeout=KNOCK).close()
            except socket.gaierror:
                continue
            except OSError:
                told = Reached.NO
                continue
            return Reached.YES
        return told

    return task


def machines_of(settings: RemoteSettings, known: Iterable[Pool]) -> dict[str, tuple[str, ...]]:
    """Every pool's computers as last listed by the topology, else the Front Ends of the configuration."""
    return {**settings.front_ends, **{p.fqdn: p.front_ends for p in known if p.front_ends}}


def facts(pool: str, partner: str | None, results: Results, read_at: datetime) -> Facts:
    """The readings put together. What failed is unknown, and is listed in `unread` with its reason."""
    both = (pool, partner) if partner else (pool,)
    missed = [
        unread(*parsed(name), result)
        for name, result in results.items()
        if isinstance(result, EngineError) and parsed(name)[0] is not What.SERVICES
    ]
    known = read.pools(_list(results, "pools"))
    told_edges, untold = read.edges(results["Edge pools"])
    missed += [_unclear(What.NEXT_HOP, f"Edge {fqdn}", "its dependencies name no Registrar") for fqdn in untold]
    own = _pool(pool, both, known, results, missed)
    other = _pool(partner, both, known, results, missed) if partner else None
    if own.backup and own.backup != partner:
        configured = partner or "none"
        said = f"the topology says {own.backup}, the bot's configuration says {configured}"
        missed.append(_unclear(What.PARTNER, pool, said))
        other = None
    ours = results[f"backup service of {pool}"]
    theirs = results[f"backup service of {partner}"] if partner else []
    outbound, inbound = read.replication(ours, theirs), read.replication(theirs, ours)
    missed += _odd_backup_services(both, results)
    return Facts(
        pool=own,
        partner=other,
        outbound=outbound if partner else NO_REPLICATION,
        inbound=inbound if partner else NO_REPLICATION,
        cms=_cms(results, known, missed),
        edges=_of_pair(told_edges, both),
        read_at=read_at,
        unread=tuple(missed),
    )


NO_REPLICATION = Replication(Export.NOT_INITIALIZED, Import.UNKNOWN)
"""For a pool without a partner: there is nothing to read."""


def _unclear(what: What, of: str, said: str) -> Unread:
    return Unread(what, Why.UNCLEAR, of, said)


def _odd_backup_services(pools: Iterable[str], results: Results) -> list[Unread]:
    """Those that answered, with states this bot does not know."""
    read_well = {p: found for p in pools if not isinstance(found := results[f"backup service of {p}"], EngineError)}
    return [
        _unclear(What.BACKUP_SERVICE, p, "its modules' states are in a form that this bot does not know")
        for p, found in read_well.items()
        if Export.UNKNOWN in (states := read.backup_states(found)) or Import.UNKNOWN in states
    ]


def _pool(
    pool: str, pair: tuple[str, ...], known: tuple[Pool, ...], results: Results, missed: list[Unread]
) -> PoolFacts:
    in_topology = next((p for p in known if p.fqdn == pool), None)
    found = results[f"PoolState of {pool}"]
    state, most = read.registrar_state([] if isinstance(found, EngineError) else found)
    if state is PoolState.UNKNOWN and not isinstance(found, EngineError):
        missed.append(_unclear(What.POOL_STATE, pool, "the registrar configuration does not show it"))
    related = _list(results, f"backup pool of {pool}")
    backup = read.backup_pool(related, pool, pair) if related else None
    if related and backup is None:
        missed.append(_unclear(What.BACKUP_POOL, pool, "its name was not found in the server's answer"))
    listed = in_topology.front_ends if in_topology else ()
    up, ordered = _front_ends(pool, listed, results, missed)
    size = len(listed) or len(up) or None
    version = read.version(results["registrars"], pool)
    return PoolFacts(
        fqdn=pool,
        state=state,
        health=_health(pool, up, version, ordered, results, missed),
        backup=backup,
        users=_users(pool, results, missed),
        capacity=most * size if most and size else None,
        front_ends=size,
        front_ends_up=sum(map(bool, up)) if up and None not in up else None,
        edition=in_topology.edition if in_topology else None,
        version=version,
    )


def _users(pool: str, results: Results, missed: list[Unread]) -> int | None:
    found = results[f"users of {pool}"]
    if isinstance(found, EngineError):
        return None
    count = read.number(read.get(found[0], "Count")) if found else None
    if count is None:
        missed.append(_unclear(What.USERS, pool, "the server did not report a number"))
    return count


def _front_ends(
    pool: str, listed: tuple[str, ...], results: Results, missed: list[Unread]
) -> tuple[list[bool | None], bool]:
    """Each Front End's state, and whether they are in the order of their first start."""
    states: dict[str, bool | EngineError | None] = {}
    for name, result in results.items():
        if name.startswith(f"services of {pool} ("):
            states |= {name: result} if isinstance(result, EngineError) else result
    answer = results[f"answer of {pool}"]
    reached = Reached.UNTRIED if isinstance(answer, EngineError) else answer
    if why := services(pool, states, reached):
        missed.append(why)
    seen = {m: s if isinstance(s, bool) else None for m, s in states.items() if not m.startswith("services of ")}
    return read.front_ends(seen, read.order(_list(results, f"order of the Front Ends of {pool}")), listed)


def _health(
    pool: str, up: list[bool | None], version: str | None, ordered: bool, results: Results, missed: list[Unread]
) -> Health:
    complaint = read.complains(_list(results, f"routing of {pool}"))
    health = read.health(up, version, ordered=ordered, complaint=complaint)
    told = any(u.what is What.SERVICES and u.of == pool for u in missed)
    if health is Health.UNKNOWN and not told:
        said = f"{up.count(True)} of {len(up)} Front Ends run, which may be enough or too few"
        missed.append(_unclear(What.SERVICES, pool, said if up else "none of its Front Ends is known"))
    return health


def _cms(results: Results, known: tuple[Pool, ...], missed: list[Unread]) -> Cms:
    told = read.cms(results["Central Management Store"], results[What.MASTER.value], known)
    if told.state is CmsState.SPLIT:
        missed.append(_unclear(What.CMS, "", "more than one is active; make sure that there is one master"))
    return told


def _of_pair(told: Iterable[Edge], pair: tuple[str, ...]) -> tuple[Edge, ...]:
    return tuple(sorted((e for e in told if e.next_hop in pair), key=lambda e: e.fqdn))


def _list(results: Results, name: str) -> list[Any]:
    result = results.get(name, [])
    return [] if isinstance(result, EngineError) else list(result)
