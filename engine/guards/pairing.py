"""The two pools back each other up, and it is the pair that is locked.

Pure. The wording is ours except where a sentence is quoted.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.facts import PoolFacts, What
from engine.guards.case import Case, because, block, cure
from engine.model import Finding


def pair(case: Case) -> Iterator[Finding]:
    pool, partner = case.pool, case.partner
    if partner is None and pool.backup:
        yield block(
            "E_PAIR_NOT_CONFIGURED",
            f"{pool.fqdn} has {pool.backup} as its backup pool, but the bot's configuration does not name this pair, "
            "so the bot has no server to work from.",
            "Have the bot's administrator name the pair, and Front Ends of both pools, under [engine.remote]; then "
            "ask again.",
        )
    elif partner is None and case.facts.missed(What.BACKUP_POOL, pool.fqdn):
        yield _not_read(case, pool)
    elif partner is None:
        yield block(
            "E_NO_BACKUP",
            f"{pool.fqdn} has no backup pool. Pool failover needs one.",
            "Assign a backup pool in Topology Builder, publish, and wait for the first synchronisation.",
        )
    elif not partner.backup and case.facts.missed(What.BACKUP_POOL, partner.fqdn):
        yield _not_read(case, partner)
    elif (partner.backup or "").lower() != pool.fqdn.lower():
        yield block(
            "E_PAIR_ASYMMETRIC",
            f"{pool.fqdn} names {partner.fqdn} as its backup pool, but {partner.fqdn} names {partner.backup or 'none'}"
            ". A pair must be mutual.",
            "Correct the pairing in Topology Builder and publish.",
        )
    elif case.locked and partner.fqdn.lower() != case.locked.lower():
        yield block(
            "E_PAIRING_CHANGED",
            f"The backup pool of {pool.fqdn} is now {partner.fqdn}; when this was requested it was {case.locked}, and "
            "that is the pair that is locked.",
            "Ask again; the new pairing is read within a minute.",
        )


def _not_read(case: Case, pool: PoolFacts) -> Finding:
    missed = case.facts.missed(What.BACKUP_POOL, pool.fqdn)
    return block(
        "E_PAIR_NOT_READ",
        f"Could not read which backup pool {pool.fqdn} has{because(missed)} Both pools have to name each other.",
        cure(missed, f"Check what Get-CsPoolBackupRelationship -PoolFqdn {pool.fqdn} shows there; then ask again."),
    )
