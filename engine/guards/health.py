"""Which of the two pools is up, and what that means for the mode that was requested.

Pure. The wording is ours except where a sentence is quoted.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.facts import Health, PoolFacts, Why
from engine.guards.case import Case, because, block, cure, is_, may_not, unseen, warn
from engine.model import Finding


def backup_up(case: Case) -> Iterator[Finding]:
    partner = case.partner
    if partner and partner.health is Health.UNKNOWN:
        yield _unknown(
            case, partner, "It cannot take over users unless it is up, and disaster mode does not change that."
        )
    elif partner and partner.health is not Health.UP:
        yield block(
            "E_BACKUP_UNAVAILABLE",
            f"{partner.fqdn} is {is_(partner.health)}, so it cannot take over the users. Disaster mode does not help.",
            f"Bring {partner.fqdn} up first, or {case.pool.fqdn}, whichever is quicker.",
        )


def needs_disaster(case: Case) -> Iterator[Finding]:
    pool = case.pool
    disaster = f"/failover {pool.fqdn} --disaster (loses what was not yet copied to the backup pool)"
    if case.options.disaster:
        yield from _nothing_to_flush(case)
    elif pool.health is Health.UNKNOWN:
        so = "A planned failover needs it up, so that it can hand over its data."
        yield _unknown(case, pool, so, f"If it is down: {disaster}")
    elif pool.health is not Health.UP:
        yield block(
            "E_NEEDS_DISASTER_MODE",
            f"{pool.fqdn} is {is_(pool.health)}. A planned failover needs it up, so that it can hand over its data.",
            disaster,
        )


def _nothing_to_flush(case: Case) -> Iterator[Finding]:
    if case.options.flush_storage and case.pool.health is Health.DOWN:
        yield block(
            "E_NOTHING_TO_FLUSH",
            f"{case.pool.fqdn} is down, so -FlushStorageService has nothing to flush.",
            "Leave --flush-storage out.",
        )


def disaster_on_healthy(case: Case) -> Iterator[Finding]:
    if case.options.disaster and case.pool.health is Health.UP:
        yield warn(
            "W_DISASTER_ON_HEALTHY_POOL",
            case.pool.fqdn,
            f"{case.pool.fqdn} is up. Disaster mode would lose what is not yet copied, for no gain.",
            f"/failover {case.pool.fqdn} (planned) keeps it.",
        )


def not_seen(case: Case) -> Iterator[Finding]:
    if case.options.disaster and case.pool.health is Health.UNKNOWN:
        missed = unseen(case.facts, case.pool)
        yield warn(
            "W_POOL_NOT_SEEN",
            case.pool.fqdn,
            f"Could not read from here whether {case.pool.fqdn} is up{because(missed)} That is not the same as "
            "down: it may still be serving its users.",
            cure(missed, "Check it from somewhere else before you approve."),
        )


def home_restored(case: Case) -> Iterator[Finding]:
    if case.pool.health is Health.UNKNOWN:
        yield _unknown(case, case.pool, "Its users cannot come home unless it is up.")
    elif case.pool.health is not Health.UP:
        yield block(
            "E_HOME_NOT_RESTORED",
            f"{case.pool.fqdn} is {is_(case.pool.health)}, so its users cannot come home.",
            "Bring all its Front Ends and its back end up, start the services, and ask again.",
        )


def backup_for_failback(case: Case) -> Iterator[Finding]:
    partner = case.partner
    if partner is None:
        return
    if not case.options.disaster:
        yield from _holds_what_was_made(case, partner)
        return
    made = case.facts.inbound.backlog
    amount = f"{made:,} changes" if made is not None else "everything not yet copied"
    yield warn(
        "W_DISASTER_LOSES_BACKUP_DATA",
        partner.fqdn,
        f"Disaster mode drops what the users created on {partner.fqdn}: {amount}.",
        "" if partner.health is not Health.UP else f"{partner.fqdn} is up: without --disaster that is kept.",
    )


def _holds_what_was_made(case: Case, partner: PoolFacts) -> Iterator[Finding]:
    disaster = f"/failback {case.pool.fqdn} --disaster, which loses what was created there."
    if partner.health is Health.UNKNOWN:
        so = "It holds what the users created there, and has to be up to hand that over."
        yield _unknown(case, partner, so, f"If it is down: {disaster}")
    elif partner.health is not Health.UP:
        yield block(
            "E_BACKUP_UNAVAILABLE_USE_DISASTER",
            f"{partner.fqdn} is {is_(partner.health)}, but holds what the users created there.",
            f"Wait for it, or {disaster}",
        )


def _unknown(case: Case, pool: PoolFacts, so: str, disaster: str = "") -> Finding:
    """Nobody knows whether this pool is up. Only one that gives no answer may be down, so only then is `disaster`
    offered: a missing right, or an odd answer, says nothing about the pool."""
    missed = unseen(case.facts, pool)
    if missed and missed.why is Why.NO_RIGHTS:
        say = f"{may_not(missed)}{because(missed)} So nobody knows whether {pool.fqdn} is up; it may well be. {so}"
        return block("E_MAY_NOT_READ", say, cure(missed, ""))
    if missed and missed.why is Why.NO_ANSWER:
        say = f"{pool.fqdn} does not answer{because(missed)} It may be down, or just unreachable from here. {so}"
        return block("E_NO_ANSWER", say, f"Find out which. {disaster}".strip())
    return block(
        "E_HEALTH_NOT_READ",
        f"Could not read whether {pool.fqdn} is up{because(missed)} {so}",
        "Get-CsWindowsService on each of its Front Ends shows it; csfailover check shows why it cannot be read.",
    )
