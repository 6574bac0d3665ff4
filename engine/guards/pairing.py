"""The two pools back each other up, and it is the pair that is locked.

Pure. The wording is ours except where a sentence is quoted.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.guards.case import Case, block
from engine.model import Finding


def pair(case: Case) -> Iterator[Finding]:
    if case.partner is None and (told := _backup_elsewhere(case)):
        yield block(
            "E_PAIR_NOT_CONFIGURED",
            f"{told}, and the bot's configuration does not name this pair, so it has no server to work from.",
            "Whoever runs the bot names the pair, and Front Ends of both pools, under [engine.remote]; then ask again.",
        )
    elif case.partner is None:
        yield block(
            "E_NO_BACKUP",
            f"{case.pool.fqdn} has no backup pool. Pool failover needs one.",
            "Assign a backup pool in Topology Builder, publish, and wait for the first synchronisation.",
        )
    elif (case.partner.backup or "").lower() != case.pool.fqdn.lower():
        yield block(
            "E_PAIR_ASYMMETRIC",
            f"{case.pool.fqdn} names {case.partner.fqdn} as its backup pool, which names "
            f"{case.partner.backup or 'none'} in turn. A pair must be mutual.",
            "Correct the pairing in Topology Builder and publish.",
        )
    elif case.locked and case.partner.fqdn.lower() != case.locked.lower():
        yield block(
            "E_PAIRING_CHANGED",
            f"The backup pool of {case.pool.fqdn} is {case.partner.fqdn}; when this was asked it was {case.locked}, "
            "and that pair is the one that is locked.",
            "Ask again; the new pairing is read within a minute.",
        )


def _backup_elsewhere(case: Case) -> str:
    """What the topology says of a backup pool that was not read; empty where there is none."""
    pool = case.pool
    if pool.backup:
        return f"{pool.fqdn} has {pool.backup} as its backup pool"
    unread = any(what.startswith(f"backup pool of {pool.fqdn}:") for what in case.facts.unread)
    return f"Which backup pool {pool.fqdn} has could not be read" if unread else ""
