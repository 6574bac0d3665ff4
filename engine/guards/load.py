"""How many users, and how long it takes.

Pure. The wording is ours except where a sentence is quoted.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.guards.case import Case, note, warn
from engine.model import Finding

FAILBACK_USERS_PER_MINUTE = 20_000 / 60
"""Microsoft: "expected to take up to 60 minutes for a pool of 20,000 users"."""


def capacity(case: Case) -> Iterator[Finding]:
    if case.partner is None or case.pool.users is None or case.partner.users is None:
        return
    capacity = case.partner.capacity or case.policy.capacity
    whose = "" if case.partner.capacity else " in the bot's configuration, as its servers do not report it"
    total = case.pool.users + case.partner.users
    if total > capacity:
        yield warn(
            "W_CAPACITY",
            case.partner.fqdn,
            f"{case.partner.fqdn} would carry {total:,} users and is sized for {capacity:,}{whose}.",
            "Expect slow sign-in. Each pool of a pair should be sized for the users of both.",
        )


def failover_duration(_: Case) -> Iterator[Finding]:
    yield note(
        "N_FAILOVER_DURATION",
        "Microsoft's target for a pool failover: 30 min on Lync Server 2013, 15 to 20 min on Skype for Business "
        "Server; the time to decide and to sign in again comes on top.",
    )


def failback_duration(case: Case) -> Iterator[Finding]:
    if case.pool.users:
        minutes = max(1, round(case.pool.users / FAILBACK_USERS_PER_MINUTE))
        yield note(
            "N_FAILBACK_DURATION",
            f"May take about {minutes:,} min by Microsoft's figure (up to 60 min for 20,000 users). Conferences that "
            "these users organised end; they can rejoin when it is done.",
        )
