"""The Central Management Store, where a failover and a failback are written.

Pure. The wording is ours except where a sentence is quoted.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.guards.case import Case, block
from engine.model import Finding, Kind

_LOOK = "Get-CsManagementStoreReplicationStatus -CentralManagementStoreStatus"


def cms(case: Case) -> Iterator[Finding]:
    host = case.facts.cms.host
    if host is None and _unread(case):
        yield block(
            "E_CMS_NOT_KNOWN",
            "Where the active Central Management Store is could not be read. The failover has to write there.",
            f"{_LOOK}; the warnings say why it could not be read. Mend that, then ask again.",
        )
    elif host is None:
        yield block(
            "E_CMS_NOT_ONE",
            "There is not exactly one active Central Management Store. The failover has to write there.",
            f"{_LOOK}; then fail it over (Invoke-CsManagementServerFailover) before the pool.",
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


def _unread(case: Case) -> bool:
    """Whether the reading of where it is failed; then nobody knows. That none or several are active is a reading."""
    return any(what.partition(":")[0] == "Central Management Store" for what in case.facts.unread)
