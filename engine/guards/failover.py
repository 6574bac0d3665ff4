"""The guards that only a failover has. Their order stands in `guards`.

Pure. Source of the conditions: the reference page of Invoke-CsPoolFailOver and Microsoft's "Failing over a pool";
the wording is ours except where a sentence is quoted.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.guards.case import HOME, Case, block, is_, note, state_unclear, warn
from engine.model import Finding, Health, PoolState

STAYS_DOWN = "N_STAYS_DOWN"


def failover_state(case: Case) -> Iterator[Finding]:
    pool, partner = case.pool, case.partner
    if pool.state is PoolState.FAILED_OVER:
        yield block(
            "E_ALREADY_FAILED_OVER",
            f"{pool.fqdn} is failed over already: {partner.fqdn if partner else 'its backup pool'} serves its users.",
            f"To bring the users home: /failback {pool.fqdn}",
        )
    elif pool.state not in HOME:
        yield state_unclear(pool)
    if partner and partner.state is PoolState.FAILED_OVER:
        yield block(
            "E_BACKUP_IS_FAILED_OVER",
            f"{partner.fqdn} is failed over itself: {pool.fqdn} serves its users. They would be served by nobody.",
            f"First /failback {partner.fqdn}, then fail {pool.fqdn} over.",
        )
    elif partner and partner.state not in HOME:
        yield state_unclear(partner)


def backup_up(case: Case) -> Iterator[Finding]:
    partner = case.partner
    if partner and partner.health is not Health.UP:
        yield block(
            "E_BACKUP_UNAVAILABLE",
            f"{partner.fqdn} is {is_(partner.health)}, so it cannot take the users over. Disaster mode does not help.",
            f"Bring {partner.fqdn} up first, or {case.pool.fqdn}: whichever is nearer.",
        )


def edge(case: Case) -> Iterator[Finding]:
    for edge in case.facts.edges:
        if edge.next_hop.lower() != case.pool.fqdn.lower():
            continue
        if edge.up is False:
            yield warn("W_EDGE_DOWN", f"Edge pool {edge.fqdn} hands over to {edge.next_hop}, and is down itself.")
            continue
        other = case.partner.fqdn if case.partner else "<other pool>"
        yield block(
            "E_EDGE_NEXT_HOP",
            f'This Front-end pool "{case.pool.fqdn}" is specified in topology as the next hop for the Edge server '
            f"{edge.fqdn}. Failing it over may stop external access, federation and XMPP.",
            f"Set-CsEdgeServer -Identity EdgeServer:{edge.fqdn} -Registrar Registrar:{other}; then ask again.",
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
            "E_PARAM_CONFLICT",
            f"{case.pool.fqdn} is down: there is nothing that -FlushStorageService could flush.",
            "Leave --flush-storage out.",
        )


def disaster_on_healthy(case: Case) -> Iterator[Finding]:
    if case.options.disaster and case.pool.health is Health.UP:
        yield warn(
            "W_DISASTER_ON_HEALTHY_POOL",
            f"{case.pool.fqdn} is up. Disaster mode would lose what is not yet copied, and for nothing.",
            f"/failover {case.pool.fqdn} (planned) keeps it.",
        )


def not_seen(case: Case) -> Iterator[Finding]:
    if case.options.disaster and case.pool.health is Health.UNKNOWN:
        yield warn(
            "W_POOL_NOT_SEEN",
            f"Whether {case.pool.fqdn} is up could not be read from here. That is not the same as down: it may still "
            "be serving its users.",
            "Look at it from another place before you approve.",
        )


def capacity(case: Case) -> Iterator[Finding]:
    if case.partner is None or case.pool.users is None or case.partner.users is None:
        return
    capacity = case.partner.capacity or case.policy.capacity
    total = case.pool.users + case.partner.users
    if total > capacity:
        yield warn(
            "W_CAPACITY",
            f"{case.partner.fqdn} would carry {total:,} users and is sized for {capacity:,}.",
            "Expect slow sign-in. Each pool of a pair should be sized for the users of both.",
        )


def failover_duration(_: Case) -> Iterator[Finding]:
    yield note(
        "N_DURATION",
        "Microsoft's target for a pool failover: 30 min on Lync Server 2013, 15 to 20 min on Skype for Business "
        "Server; the time to decide and to sign in again comes on top.",
    )


def what_stays_down(_: Case) -> Iterator[Finding]:
    yield note(
        STAYS_DOWN,
        "Does not come back by itself: Response Groups (need an import), location information (never replicated), "
        "Persistent Chat, call-park settings, inbound calls unless the carrier reroutes, and the DNS of simple URLs.",
    )
