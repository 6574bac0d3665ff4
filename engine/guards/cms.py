"""The Central Management Store, where a failover and a failback are written.

Pure. The wording is ours except where a sentence is quoted.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.facts import CmsState, What
from engine.guards.case import Case, because, block, cure
from engine.model import Finding, Kind

STATUS = "Get-CsManagementStoreReplicationStatus -CentralManagementStoreStatus"
MOVE_IT = "Invoke-CsManagementServerFailover"


def cms(case: Case) -> Iterator[Finding]:
    host, state = case.facts.cms.host, case.facts.cms.state
    if state is CmsState.SPLIT:
        yield block(
            "E_CMS_SPLIT",
            "More than one pool claims the active Central Management Store. There is no knowing which one a failover "
            "would write to.",
            f"Get-CsService -CentralManagement lists them; Get-CsManagementConnection names the one in use. "
            f"Leave only one master ({MOVE_IT} -Restore on the other), then ask again.",
        )
    elif state is CmsState.NO_HOST:
        yield block(
            "E_CMS_ON_NO_POOL",
            "No pool holds an active Central Management Store. The failover has to write there.",
            f"Check with {STATUS}; then fail the Central Management Store over ({MOVE_IT}) before the pool.",
        )
    elif host and case.kind is Kind.FAILOVER and host.lower() == case.pool.fqdn.lower():
        yield block(
            "E_CMS_ON_FAILED_POOL",
            f"The active Central Management Store is on {host}, the pool to be failed over.",
            f"Fail it over first: {MOVE_IT}, on a server of "
            f"{case.partner.fqdn if case.partner else 'the backup pool'}. Then ask again.",
        )
    elif state is CmsState.UNKNOWN:
        missed = case.facts.missed(What.MASTER) if host else case.facts.missed(What.CMS)
        yield block(
            "E_CMS_NOT_READ",
            f"Could not read whether the Central Management Store{f' on {host}' if host else ''} can be written "
            f"to{because(missed)} The failover has to write there.",
            cure(missed, f"Check by hand that it has one active master: {STATUS}. Then ask again."),
        )
    elif state is CmsState.DOWN:
        yield block(
            "E_CMS_DOWN",
            f"The Central Management Store{f' on {host}' if host else ''} is down or has no active master. The "
            "failover has to write there.",
            f"Bring {host or 'its pool'} up, or fail the Central Management Store over first ({MOVE_IT}).",
        )
