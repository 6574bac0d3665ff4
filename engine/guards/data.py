"""How much of the users' data is copied, and what is lost.

Pure. The wording is ours except where a sentence is quoted.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.facts import Export, Import, PoolFacts, Replication, What
from engine.guards.case import Case, because, cure, warn
from engine.model import Finding, Kind
from engine.plan import timespan

NOT_IN_SYNC = "W_NOT_IN_SYNC"
"""It says only that something may be lost: where it goes away, the plan is better than before."""


def sync(case: Case) -> Iterator[Finding]:
    """Judges the direction that carries the users' data to where they will be served.

    The finding hangs on states, not on counters: a counter moves with every write and would void approvals.
    """
    if case.partner is None:
        return  # nothing is copied, and `pair` says so
    failover = case.kind is Kind.FAILOVER
    copy = case.facts.outbound if failover else case.facts.inbound
    if case.options.disaster:
        if failover:
            yield warn(
                "W_LOSES_BACKLOG", _states(copy), f"Anything not copied when it starts is lost: {_backlog(copy)}."
            )
        return
    if copy.in_sync:
        return
    source, target = (case.pool, case.partner) if failover else (case.partner, case.pool)
    if _not_read(copy):
        yield _sync_not_read(case, source, target if copy.imports is Import.UNKNOWN else source, copy)
        return
    yield warn(
        NOT_IN_SYNC,
        _states(copy),
        f"Not everything is copied yet: {_backlog(copy)}. {_what_becomes_of_it(case)}",
        f"Invoke-CsBackupServiceSync -PoolFqdn {source.fqdn}; ask again when Get-CsBackupServiceStatus is steady.",
    )


def _not_read(copy: Replication) -> bool:
    """Nothing that was read is bad, and something was not read."""
    known_bad = copy.export in {Export.NOT_STEADY, Export.NOT_INITIALIZED, Export.ERROR} or copy.imports is Import.ERROR
    return not known_bad


def _sync_not_read(case: Case, source: PoolFacts, silent: PoolFacts, copy: Replication) -> Finding:
    missed = case.facts.missed(What.BACKUP_SERVICE, source.fqdn) if copy.export is Export.UNKNOWN else None
    missed = missed or case.facts.missed(What.BACKUP_SERVICE, silent.fqdn)
    return warn(
        "W_SYNC_NOT_READ",
        _states(copy),
        f"Could not read whether everything on {source.fqdn} is copied{because(missed)} {_what_becomes_of_it(case)}",
        cure(missed, f"Run Get-CsBackupServiceStatus -PoolFqdn {source.fqdn} on one of its servers."),
    )


def _states(copy: Replication) -> str:
    return f"export {copy.export.value}, import {copy.imports.value}"


def _backlog(copy: Replication) -> str:
    words = [_states(copy)]
    if copy.backlog is not None:
        words.append(f"{copy.backlog:,} changes waiting")
    else:
        words.append("the number of waiting changes cannot be read")
    if copy.age is not None:
        words.append(f"last complete {copy.age // 60} min ago")
    return ", ".join(words)


def _what_becomes_of_it(case: Case) -> str:
    if case.options.skip_verification:
        return "Verification is skipped: anything not copied by then is lost."
    wait = timespan(case.options.wait) if case.options.wait else "a time of its own choosing"
    return f"The cmdlet waits {wait} for the rest, then assumes that it is there."
