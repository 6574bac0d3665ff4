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
            f"{pool.fqdn} has {pool.backup} as its backup pool, and the bot's configuration does not name this pair, "
            "so it has no server to work from.",
            "Whoever runs the bot names the pair, and Front Ends of both pools, under [engine.remote]; then ask again.",
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
            f"{pool.fqdn} names {partner.fqdn} as its backup pool, which names {partner.backup or 'none'} in turn. A "
            "pair must be mutual.",
            "Correct the pairing in Topology Builder and publish.",
        )
    elif case.locked and partner.fqdn.lower() != case.locked.lower():
        yield block(
            "E_PAIRING_CHANGED",
            f"The backup pool of {pool.fqdn} is {partner.fqdn}; when this was asked it was {case.locked}, and that "
            "pair is the one that is locked.",
            "Ask again; the new pairing is read within a minute.",
        )


def _not_read(case: Case, pool: PoolFacts) -> Finding:
    missed = case.facts.missed(What.BACKUP_POOL, pool.fqdn)
    return block(
        "E_PAIR_NOT_READ",
        f"Which backup pool {pool.fqdn} has could not be read{because(missed)} Both pools have to name each other.",
        cure(missed, f"See what Get-CsPoolBackupRelationship -PoolFqdn {pool.fqdn} says there; then ask again."),
    )
