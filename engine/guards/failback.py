"""The guards that only a failback has. Their order stands in `guards`.

Pure. Source of the conditions: the reference page of Invoke-CsPoolFailBack; the wording is ours.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.guards.case import HOME, Case, block, is_, note, state_unclear, warn
from engine.model import Finding, Health, PoolState

FAILBACK_USERS_PER_MINUTE = 20_000 / 60
"""Microsoft: "expected to take up to 60 minutes for a pool of 20,000 users"."""


def failback_state(case: Case) -> Iterator[Finding]:
    pool, partner = case.pool, case.partner
    if pool.state in HOME:
        if partner and partner.state is PoolState.FAILED_OVER:
            yield block(
                "E_NOT_FAILED_OVER",
                f"{pool.fqdn} is at home. It is {partner.fqdn} that is failed over; a failback names the same FQDN "
                "as its failover.",
                f"/failback {partner.fqdn}",
            )
        else:
            yield block(
                "E_NOT_FAILED_OVER", f"{pool.fqdn} is not failed over: its users are at home.", "/pools shows it."
            )
    elif pool.state is not PoolState.FAILED_OVER:
        yield state_unclear(pool)


def home_restored(case: Case) -> Iterator[Finding]:
    if case.pool.health is not Health.UP:
        yield block(
            "E_HOME_NOT_RESTORED",
            f"{case.pool.fqdn} is {is_(case.pool.health)}, so its users cannot come home.",
            "Bring all its Front Ends and its back end up, start the services, and ask again.",
        )


def backup_for_failback(case: Case) -> Iterator[Finding]:
    if case.partner is None:
        return
    if case.partner.health is not Health.UP and not case.options.disaster:
        yield block(
            "E_BACKUP_UNAVAILABLE_USE_DISASTER",
            f"{case.partner.fqdn} is {is_(case.partner.health)}, and holds what the users made there.",
            f"Wait for it, or /failback {case.pool.fqdn} --disaster, which loses what was made there.",
        )
    if case.options.disaster:
        made = case.facts.inbound.backlog
        amount = f"{made:,} changes" if made is not None else "everything not yet copied"
        yield warn(
            "W_DISASTER_LOSES_BACKUP_DATA",
            f"Disaster mode drops what the users made on {case.partner.fqdn}: {amount}.",
            ""
            if case.partner.health is not Health.UP
            else f"{case.partner.fqdn} is up: without --disaster it is kept.",
        )


def failback_duration(case: Case) -> Iterator[Finding]:
    if case.pool.users:
        minutes = max(1, round(case.pool.users / FAILBACK_USERS_PER_MINUTE))
        yield note(
            "N_DURATION",
            f"May take about {minutes:,} min by Microsoft's figure (up to 60 min for 20,000 users). Conferences that "
            "these users organised end; they can rejoin when it is done.",
        )
