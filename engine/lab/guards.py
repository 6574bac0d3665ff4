"""What the lab's cmdlets refuse, at the start and again before every step up to the redirect.

The same order as preflight's guards. The lab judges for itself, as the real cmdlet would: it does not trust
earlier checks. Only the Edge sentence is Microsoft's ("Failing over a pool in Lync Server 2013").
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from engine.facts import Health
from engine.lab.build import PRODUCTS
from engine.lab.pools import PoolRow
from engine.model import Kind

EDGE = (
    'This Front-end pool "{pool}" is specified in topology as the next hop for the Edge server. Failing over this '
    "pool may cause External access/Federation/Split-domain/XMPP features to stop working. Please use Topology "
    "Builder to change the Edge internal next hop setting to point to a different Front-end pool, before you proceed."
)

COMMON = frozenset(
    {"PoolFqdn", "DisasterMode", "Force", "SkipDataVerification", "WaitTime", "Confirm", "WhatIf", "Verbose"}
)
PARAMETERS = {
    ("2013", Kind.FAILOVER): COMMON | {"FlushStorageService"},
    ("2013", Kind.FAILBACK): COMMON,
    ("2015", Kind.FAILOVER): COMMON
    | {"FlushStorageService", "DatabaseCommandTimeoutInSeconds", "ServicesStopDelayMins"},
    ("2015", Kind.FAILBACK): COMMON | {"DatabaseCommandTimeoutInSeconds"},
}
"""SkipDataVerification stays in the 2013 profile: Microsoft's pages contradict each other about it."""


@dataclass(frozen=True)
class No:
    """Why the cmdlet does not run, or does not go on."""

    error_id: str
    say: str


def unknown_parameter(names: set[str], product: str, kind: Kind) -> No | None:
    """The answer to a parameter that this version's cmdlet does not have."""
    unknown = sorted(names - PARAMETERS[product, kind])
    if not unknown:
        return None
    return No("NamedParameterNotFound", f"Lab: {PRODUCTS[product]} has no parameter -{unknown[0]} here.")


def obstacle(
    db: sqlite3.Connection, kind: Kind, pool: PoolRow, partner: PoolRow | None, *, disaster: bool
) -> No | None:
    """The first reason why this cannot be done now; None when it can."""
    if partner is None:
        return No("Lab.NoBackupPool", f"Lab: {pool.fqdn} has no backup pool. Pools are paired in Topology Builder.")
    if partner.backup != pool.id:
        return No("Lab.PairNotMutual", f"Lab: {partner.fqdn} is the backup pool of {pool.fqdn}, but not vice versa.")
    if kind is Kind.FAILBACK:
        return _failback(db, pool, partner, disaster=disaster)
    return _failover(db, pool, partner, disaster=disaster)


def _failover(db: sqlite3.Connection, pool: PoolRow, partner: PoolRow, *, disaster: bool) -> No | None:
    if pool.failed_over:
        return No("Lab.AlreadyFailedOver", f"Lab: {pool.fqdn} is already failed over; {partner.fqdn} serves its users.")
    if partner.failed_over:
        return No(
            "Lab.BackupIsFailedOver",
            f"Lab: {partner.fqdn} is itself failed over to {pool.fqdn}. Fail {partner.fqdn} back first.",
        )
    if not partner.up:
        return No("Lab.BackupUnavailable", f"Lab: the backup pool {partner.fqdn} cannot take users: {partner.health}.")
    if no := _cms(db, Kind.FAILOVER, pool):
        return no
    if db.execute("SELECT 1 FROM edge WHERE next_hop = ? AND up = 1", (pool.id,)).fetchone():
        return No("Lab.EdgeNextHop", EDGE.format(pool=pool.fqdn))
    if not pool.up and not disaster:
        return No("Lab.NeedsDisasterMode", f"Lab: {pool.fqdn} is not up ({pool.health}); this needs -DisasterMode.")
    return None


def _cms(db: sqlite3.Connection, kind: Kind, pool: PoolRow) -> No | None:
    """Where the users are is stored in the Central Management Store, so it must be up, and not on a failing pool."""
    row = db.execute("SELECT p.id, p.fqdn, p.health FROM cms JOIN pool p ON p.id = cms.host").fetchone()
    if row is None:
        return No("Lab.CmsDown", "Lab: the Central Management Store has no active master. Fail it over first.")
    if kind is Kind.FAILOVER and row[0] == pool.id:
        return No(
            "Lab.CmsOnFailedPool", f"Lab: the Central Management Store is on {row[1]} itself. Fail it over first."
        )
    if row[2] != Health.UP:
        return No("Lab.CmsDown", f"Lab: the Central Management Store is on {row[1]}, which is not up.")
    return None


def _failback(db: sqlite3.Connection, pool: PoolRow, partner: PoolRow, *, disaster: bool) -> No | None:
    if not pool.failed_over:
        hint = f" {partner.fqdn} is; name that one." if partner.failed_over else ""
        return No("Lab.NotFailedOver", f"Lab: {pool.fqdn} is not failed over.{hint}")
    if not pool.up:
        return No("Lab.HomeNotRestored", f"Lab: {pool.fqdn} cannot take its users back yet: {pool.health}.")
    if not partner.up and not disaster:
        return No(
            "Lab.BackupUnavailable",
            f"Lab: {partner.fqdn} is not up ({partner.health}), so its data cannot be brought home; "
            "this needs -DisasterMode.",
        )
    return _cms(db, Kind.FAILBACK, pool)
