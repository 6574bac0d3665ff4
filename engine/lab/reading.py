"""What can be read of a world: the topology, the facts of a pair, who serves a user. Changes nothing."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

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
    Unread,
    What,
    Why,
)
from engine.lab.pools import PoolRow, ServiceLevel, serving
from engine.lab.world import World, partner_of, pool_named, pools
from engine.model import Kind


def topology(world: World) -> Topology:
    """Every pool, by name."""
    with world.read() as db:
        rows = pools(db)
        names = {row.id: row.fqdn for row in rows}
        return Topology(
            tuple(
                Pool(
                    fqdn=row.fqdn,
                    backup=names[row.backup] if row.backup is not None else None,
                    front_ends=tuple(fqdn for fqdn, _ in front_ends(db, row)),
                    site=row.site,
                    edition=row.edition,
                    version=row.version,
                )
                for row in rows
            )
        )


def front_ends(db: sqlite3.Connection, pool: PoolRow) -> list[tuple[str, bool]]:
    """(FQDN, is up) of a pool's Front Ends, in the order of their first start."""
    return [(f, bool(up)) for f, up in db.execute("SELECT fqdn, up FROM fe WHERE pool = ? ORDER BY number", (pool.id,))]


def state(db: sqlite3.Connection, pool: PoolRow) -> PoolState:
    """FailingOver from a failover's first moment until its users are released, or for good where it broke off."""
    moving = db.execute(
        "SELECT 1 FROM run WHERE pool = ? AND kind = ? AND ended IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM step WHERE run = run.id AND name = 'RELEASE')",
        (pool.id, Kind.FAILOVER.value),
    ).fetchone()
    if moving or db.execute("SELECT stuck FROM pool WHERE id = ?", (pool.id,)).fetchone()[0]:
        return PoolState.FAILING_OVER
    return PoolState.FAILED_OVER if pool.failed_over else PoolState.ACTIVE


def facts(world: World, fqdn: str) -> Facts | None:
    """One reading of the pair, seen from this pool; None when there is no such pool."""
    with world.read() as db:
        now = world.now()
        found = pool_named(db, fqdn)
        if found is None:
            return None
        other = partner_of(db, found)
        pool = world.settle(found, other, now)
        partner = world.settle(other, found, now) if other else None
        queued = db.execute("SELECT coalesce(sum(queue), 0) FROM fe WHERE pool = ?", (pool.id,)).fetchone()[0]
        return Facts(
            pool=_pool_facts(db, pool, partner),
            partner=_pool_facts(db, partner, partner_of(db, partner)) if partner else None,
            outbound=_replication(pool, partner, now),
            inbound=_replication(partner, pool, now),
            cms=_cms(db),
            edges=_edges(db, pool, partner),
            read_at=datetime.fromtimestamp(world.unix, UTC),
            queued=queued,
            unread=(*_unread(pool), *(_unread(partner) if partner else ())),
        )


ACCOUNT = "LAB\\csfailover"
"""The bot's account in the lab's own domain."""


def _unread(pool: PoolRow) -> tuple[Unread, ...]:
    if pool.readable:
        silent = (Unread(What.BACKUP_SERVICE, Why.NO_ANSWER, pool.fqdn, "it does not answer", pool.fqdn),)
        return silent if pool.backup is not None and pool.health in _SILENT else ()
    return tuple(
        Unread(what, Why.NO_RIGHTS, pool.fqdn, "Access is denied.", pool.fqdn, ACCOUNT, right)
        for what, right in (
            (What.SERVICES, "RTCUniversalServerAdmins and Performance Monitor Users"),
            (What.BACKUP_SERVICE, "RTCUniversalServerAdmins"),
        )
    )


def _pool_facts(db: sqlite3.Connection, pool: PoolRow, backup: PoolRow | None) -> PoolFacts:
    machines = front_ends(db, pool)
    return PoolFacts(
        fqdn=pool.fqdn,
        state=state(db, pool),
        health=Health(pool.health) if pool.readable else Health.UNKNOWN,
        backup=backup.fqdn if backup else None,
        users=pool.users,
        capacity=pool.capacity,
        front_ends=len(machines),
        front_ends_up=sum(up for _, up in machines) if pool.readable else None,
        edition=pool.edition,
        version=pool.version,
    )


def _replication(source: PoolRow | None, target: PoolRow | None, now: float) -> Replication:
    """The backup service from one pool to the other: the data of every user that the source serves."""
    if source is None or target is None:
        return Replication(Export.NOT_INITIALIZED, Import.UNKNOWN)
    streams = [pool for pool, away in ((source, False), (target, True)) if bool(pool.failed_over) is away]
    backlog = sum(pool.backlog for pool in streams)
    batch = max((pool.batch for pool in streams), default=0)
    age = max((round(now - pool.synced_at) for pool in streams), default=0)
    imports = Import.UNKNOWN if _silent(target) else Import.NORMAL if target.import_ok else Import.ERROR
    return Replication(_export(source, target, backlog, batch, streams), imports, backlog, max(0, age))


_SILENT = {Health.DOWN, Health.QUORUM_LOST}
"""A pool in these states answers no question about its backup service."""


def _silent(pool: PoolRow) -> bool:
    return pool.health in _SILENT or not pool.readable


def _export(source: PoolRow, target: PoolRow, backlog: int, batch: int, streams: list[PoolRow]) -> Export:
    if _silent(source):
        return Export.UNKNOWN
    if not source.export_ok:
        return Export.ERROR
    if backlog > batch or not (source.link_up and target.link_up):
        return Export.NOT_STEADY
    if backlog == 0 and all(pool.quiesced for pool in streams):
        return Export.FINAL
    return Export.STEADY


def _cms(db: sqlite3.Connection) -> Cms:
    row = db.execute("SELECT p.fqdn, p.health FROM cms JOIN pool p ON p.id = cms.host").fetchone()
    if row is None:
        return Cms(None, CmsState.NO_HOST)
    return Cms(row[0], CmsState.UP if row[1] == Health.UP else CmsState.DOWN)


def _edges(db: sqlite3.Connection, pool: PoolRow, partner: PoolRow | None) -> tuple[Edge, ...]:
    """Edge pools that hand their traffic to one of the pair."""
    rows = db.execute(
        "SELECT e.fqdn, p.fqdn, e.up FROM edge e JOIN pool p ON p.id = e.next_hop WHERE p.id IN (?, ?) ORDER BY e.fqdn",
        (pool.id, partner.id if partner else pool.id),
    )
    return tuple(Edge(fqdn, hop, bool(up)) for fqdn, hop, up in rows)


_SERVES = (
    "SELECT p.failed_over, p.quiesced, p.health, b.health, p.fqdn, b.fqdn, p.down_since FROM user u"
    " JOIN pool p ON p.id = u.home LEFT JOIN pool b ON b.id = p.backup WHERE u.sip = ?"
)


def who_serves(world: World, sip: str) -> tuple[str | None, ServiceLevel]:
    """(FQDN of the pool that serves this user now, or None; what the user can do). O(1). Raises KeyError."""
    row = world.one(_SERVES, (sip,))
    if row is None:
        raise KeyError(sip)
    failed_over, quiesced, home, backup, home_fqdn, backup_fqdn, down_since = row
    away, level = serving(failed_over, quiesced, home, backup, lambda: voice_taken_over(world, down_since))  # type: ignore[arg-type]
    if away is None:
        return None, level
    return str(backup_fqdn if away else home_fqdn), level


def voice_taken_over(world: World, down_since: object) -> bool:
    """Whether a pool has been down long enough for the backup registrar to answer for voice."""
    if down_since is None or world.instant:
        return True
    row = world.one("SELECT voice_after FROM clock")
    assert row is not None
    return world.now() - float(str(down_since)) >= float(str(row[0]))
