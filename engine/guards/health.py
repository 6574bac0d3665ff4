"""Which of the two pools is up, and what follows for the mode that was asked for.

Pure. The wording is ours except where a sentence is quoted.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.guards.case import Case, block, is_, warn
from engine.model import Finding, Health


def backup_up(case: Case) -> Iterator[Finding]:
    partner = case.partner
    if partner and partner.health is not Health.UP:
        yield block(
            "E_BACKUP_UNAVAILABLE",
            f"{partner.fqdn} is {is_(partner.health)}, so it cannot take the users over. Disaster mode does not help.",
            f"Bring {partner.fqdn} up first, or {case.pool.fqdn}: whichever is nearer.",
        )


def needs_disaster(case: Case) -> Iterator[Finding]:
    if case.pool.health is not Health.UP and not case.options.disaster:
        yield block(
            "E_NEEDS_DISASTER_MODE",
            f"{case.pool.fqdn} is {is_(case.pool.health)}. A planned failover needs it up, to hand its data over.",
            f"/failover {case.pool.fqdn} --disaster (loses what was not yet copied to the backup pool)",
        )
    if case.options.disaster and case.options.flush_storage and case.pool.health is Health.DOWN:
        yield block(
            "E_NOTHING_TO_FLUSH",
            f"{case.pool.fqdn} is down: there is nothing that -FlushStorageService could flush.",
            "Leave --flush-storage out.",
        )


def disaster_on_healthy(case: Case) -> Iterator[Finding]:
    if case.options.disaster and case.pool.health is Health.UP:
        yield warn(
            "W_DISASTER_ON_HEALTHY_POOL",
            case.pool.fqdn,
            f"{case.pool.fqdn} is up. Disaster mode would lose what is not yet copied, and for nothing.",
            f"/failover {case.pool.fqdn} (planned) keeps it.",
        )


def not_seen(case: Case) -> Iterator[Finding]:
    if case.options.disaster and case.pool.health is Health.UNKNOWN:
        yield warn(
            "W_POOL_NOT_SEEN",
            case.pool.fqdn,
            f"Whether {case.pool.fqdn} is up could not be read from here. That is not the same as down: it may still "
            "be serving its users.",
            "Look at it from another place before you approve.",
        )


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
            case.partner.fqdn,
            f"Disaster mode drops what the users made on {case.partner.fqdn}: {amount}.",
            ""
            if case.partner.health is not Health.UP
            else f"{case.partner.fqdn} is up: without --disaster it is kept.",
        )
