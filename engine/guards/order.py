"""The guards: each looks at one thing and says what is wrong with it, in a code, a sentence and a cure. Here are those
of both directions, and the order of all.

Pure. A guard knows no other guard; `preflight` runs them in the order of FAILOVER and FAILBACK below, which is
fixed, as messages and approvals depend on it. A fact that could not be read is never assumed to be good.
Source of the conditions: the reference pages of Invoke-CsPoolFailOver / Invoke-CsPoolFailBack and Microsoft's
"Failing over a pool" for Lync Server 2013 and Skype for Business Server 2015; the wording is ours except where
a sentence is quoted.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from engine.guards.case import Case, Guard, block, note, warn
from engine.guards.failback import backup_for_failback, failback_duration, failback_state, home_restored
from engine.guards.failover import (
    backup_up,
    capacity,
    disaster_on_healthy,
    edge,
    failover_duration,
    failover_state,
    needs_disaster,
    not_seen,
    what_stays_down,
)
from engine.model import Export, Finding, Import, Kind, Replication
from engine.plan import CMDLETS, ONLY_FAILOVER, parameters, timespan


def _pair(case: Case) -> Iterator[Finding]:
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


def _parameters_known(case: Case) -> Iterator[Finding]:
    sent = {p.name for p in parameters(case.pool.fqdn, case.options)} - {"Confirm", "Verbose", "WhatIf"}
    if case.kind is Kind.FAILBACK:
        sent -= ONLY_FAILOVER
    for name in sorted(sent - case.supported):
        yield block(
            "E_PARAM_UNSUPPORTED",
            f"The {CMDLETS[case.kind]} of this server has no -{name}.",
            f"Leave -{name} out. It is refused rather than dropped silently.",
        )


def _unread(case: Case) -> Iterator[Finding]:
    for name in case.facts.unread:
        yield warn("W_NOT_READ", f"Could not be read: {name}", "Look at it by hand before you approve.")


def _cooldown(case: Case) -> Iterator[Finding]:
    if case.last_ended and case.now - case.last_ended < timedelta(seconds=case.policy.cooldown):
        minutes = int((case.now - case.last_ended).total_seconds() // 60)
        # A note, as it goes away by itself: an approval must not become void because half an hour is over.
        yield note(
            "N_COOLDOWN",
            f"The last operation on this pair ended {minutes} min ago. Moving users back and forth signs them out "
            "each time, and settings may still be replicating.",
            "Be sure that this is not the same incident going round in circles.",
        )


def _cms(case: Case) -> Iterator[Finding]:
    host = case.facts.cms.host
    if host is None:
        yield block(
            "E_CMS_DOWN",
            "No pool holds an active Central Management Store, or it could not be read. The failover has to write "
            "there.",
            "Get-CsManagementStoreReplicationStatus -CentralManagementStoreStatus; then fail the Central Management "
            "Store over (Invoke-CsManagementServerFailover) before the pool.",
        )
    elif case.kind is Kind.FAILOVER and host.lower() == case.pool.fqdn.lower():
        yield block(
            "E_CMS_ON_FAILED_POOL",
            f"The active Central Management Store is on {host}, the pool to be failed over.",
            "Fail it over first: Invoke-CsManagementServerFailover, on a server of "
            f"{case.partner.fqdn if case.partner else 'the backup pool'}. Then ask again.",
        )
    elif not case.facts.cms.up:
        yield block(
            "E_CMS_DOWN",
            f"The Central Management Store is on {host}, which is not known to be up. The failover has to write there.",
            "Bring that pool up, or fail the Central Management Store over first.",
        )


def _sync(case: Case) -> Iterator[Finding]:
    """Of the direction that carries the users' data to where they will be served.

    The finding hangs on states, not on counters: a counter moves with every write and would void approvals.
    """
    failover = case.kind is Kind.FAILOVER
    copy = case.facts.outbound if failover else case.facts.inbound
    if case.options.disaster:
        if failover:
            yield warn("W_LOSES_BACKLOG", f"What is not copied when it starts is lost: {_backlog(copy)}.")
        return
    if copy.export in {Export.FINAL, Export.STEADY} and copy.imports is Import.NORMAL:
        return
    source = case.pool if failover else case.partner
    yield warn(
        "W_NOT_IN_SYNC",
        f"Not everything is copied yet: {_backlog(copy)}. {_what_becomes_of_it(case)}",
        f"Invoke-CsBackupServiceSync -PoolFqdn {source.fqdn if source else case.pool.fqdn}; "
        "ask again when Get-CsBackupServiceStatus is steady.",
    )


def _backlog(copy: Replication) -> str:
    words = [f"export {copy.export.value}, import {copy.imports.value}"]
    if copy.backlog is not None:
        words.append(f"{copy.backlog:,} changes waiting")
    else:
        words.append("how many changes wait cannot be read")
    if copy.age is not None:
        words.append(f"last complete {copy.age // 60} min ago")
    return ", ".join(words)


def _what_becomes_of_it(case: Case) -> str:
    if case.options.skip_verification:
        return "Verification is skipped: what is not copied by then is lost."
    wait = timespan(case.options.wait) if case.options.wait else "some time of its own"
    return f"The cmdlet waits {wait} for it, and then assumes that it is there."


def _held(case: Case) -> Iterator[Finding]:
    if case.held_by:
        yield note(
            "N_PAIR_HELD",
            f"Operation {case.held_by} is open on this pair; until it is over nothing else can be asked for.",
            f"/failover-log {case.held_by}",
        )


FAILOVER: tuple[Guard, ...] = (
    _pair,
    failover_state,
    backup_up,
    _cms,
    edge,
    needs_disaster,
    _parameters_known,
    disaster_on_healthy,
    not_seen,
    _sync,
    capacity,
    _unread,
    _cooldown,
    _held,
    failover_duration,
    what_stays_down,
)
FAILBACK: tuple[Guard, ...] = (
    _pair,
    failback_state,
    home_restored,
    backup_for_failback,
    _cms,
    _parameters_known,
    _sync,
    _unread,
    _cooldown,
    _held,
    failback_duration,
)
