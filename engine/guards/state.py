"""Where the users are now, by the PoolState of both pools.

Pure. The wording is ours except where a sentence is quoted.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.facts import PoolFacts, PoolState, What
from engine.guards.case import HOME, Case, because, block, cure, grave
from engine.model import Finding


def failover_state(case: Case) -> Iterator[Finding]:
    pool, partner = case.pool, case.partner
    if pool.state is PoolState.FAILED_OVER:
        yield block(
            "E_ALREADY_FAILED_OVER",
            f"{pool.fqdn} is already failed over: {partner.fqdn if partner else 'its backup pool'} serves its users.",
            f"To bring the users home: /failback {pool.fqdn}",
        )
    elif pool.state is PoolState.FAILING_OVER:
        yield grave(
            "W_FAILING_OVER",
            pool.fqdn,
            f"{pool.fqdn} is FailingOver, and no run of this bot is at work on it. Either somebody else is failing it "
            "over right now, or an earlier run broke off in the middle and perhaps neither pool serves its users.",
            "Check on the Front Ends of both pools whether another failover is at work. If none is, running the same "
            "cmdlet again is the way forward.",
        )
    elif pool.state not in HOME:
        yield _unclear(case, pool)
    if partner and partner.state is PoolState.FAILED_OVER:
        yield block(
            "E_BACKUP_IS_FAILED_OVER",
            f"{partner.fqdn} is itself failed over: {pool.fqdn} serves its users. Then nobody would serve them.",
            f"First /failback {partner.fqdn}, then fail {pool.fqdn} over.",
        )
    elif partner and partner.state not in HOME:
        yield _unclear(case, partner)


def failback_state(case: Case) -> Iterator[Finding]:
    pool, partner = case.pool, case.partner
    if pool.state in HOME:
        if partner and partner.state is PoolState.FAILED_OVER:
            yield block(
                "E_OTHER_POOL_FAILED_OVER",
                f"{pool.fqdn} is at home. It is {partner.fqdn} that is failed over; a failback names the same FQDN "
                "as its failover.",
                f"/failback {partner.fqdn}",
            )
        else:
            yield block(
                "E_NOT_FAILED_OVER", f"{pool.fqdn} is not failed over: its users are at home.", "/pools shows it."
            )
    elif pool.state is not PoolState.FAILED_OVER:
        yield _unclear(case, pool)


def _unclear(case: Case, pool: PoolFacts) -> Finding:
    if pool.state is PoolState.FAILING_OVER:
        return block(
            "E_FAILING_OVER",
            f"{pool.fqdn} is FailingOver: either a failover that this bot did not start is at work, or one broke off.",
            f"Find out which. If one broke off: /failover {pool.fqdn}. Ask again when it is Active or FailedOver.",
        )
    missed = case.facts.missed(What.POOL_STATE, pool.fqdn)
    return block(
        "E_STATE_UNKNOWN",
        f"The PoolState of {pool.fqdn} could not be read{because(missed)} So nobody can say who serves its users.",
        cure(missed, f'Get-CsRegistrarConfiguration -Identity "service:Registrar:{pool.fqdn}"'),
    )
