"""The errors of a pool failover that Microsoft or an administrator has documented, with cause and cure.

A text is recognised only where its wording is documented (`pattern`); the others are symptoms without a known text
and are here for their cure. Only the English wording is documented: numbers and ids are matched where a text has them,
the rest is recognised on English servers only, as `check` reports. It adds a cure and decides nothing. None of the lab
engine's wording is matched. Pure.
Sources: Lync Server 2013 documentation library (Failing over a pool), Microsoft support articles of Skype for
Business Server, and administrators' pages, each named in its row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """One documented error. `pattern` is None where no page gives its text."""

    id: str
    pattern: str | None
    cause: str
    cure: str
    source: str


DOCUMENTED = (
    Known(
        "E1",
        r"is specified in topology as the next hop for the Edge server",
        "An Edge pool uses the failing pool as its next hop.",
        "Point the Edge to another Front End pool: Topology Builder in the same site, or Set-CsEdgeServer -Identity "
        "EdgeServer:<edge pool> -Registrar Registrar:<other pool>. Then ask again. Not needed after a total site loss.",
        "Lync Server 2013: Failing over a pool",
    ),
    Known(
        "E2",
        None,
        "The Central Management Store is not yet fully failed over.",
        "Fix the Central Management Store as the message says, then run the same cmdlet again.",
        "Lync Server 2013: Failing over a pool",
    ),
    Known(
        "E3",
        r"XDSForceReplication|This central management store is being moved to another location"
        r"|Central Management Store database in Active Directory doesn't match the one in the topology",
        "The Central Management Store was failed over by force, and the old pool came back still marked active.",
        "On the pool Get-CsManagementConnection names: Invoke-CsManagementServerFailover -Restore; on every server "
        "Export- and Import-CsConfiguration -LocalStore; Invoke-CsManagementStoreReplication; ask again.",
        "Microsoft support: Cannot perform CMS failover",
    ),
    Known(
        "E4",
        r"Cannot fail over the Central Management Server\."
        r"|Central Management Server cannot be moved to pool .* because either a previous failover attempt",
        "A second failover of the Central Management Store came too soon after the first.",
        "Wait for Active Directory replication, then proceed as for a store that is being moved (E3).",
        "Microsoft support: Cannot perform CMS failover",
    ),
    Known(
        "E5",
        None,
        "ActiveMasterFqdn is blank: the Central Management Store has no active master.",
        "Proceed as for a store that is being moved (E3).",
        "Microsoft support: Cannot perform CMS failover",
    ),
    Known(
        "E6",
        r"(?s)\b12314\b.*0x80070005",
        "The Front End service does not start after failback: the address book server was in its maintenance pass.",
        "Reboot those Front Ends. To avoid it, fail back between two address book passes.",
        "KB3140472",
    ),
    Known(
        "E7",
        r"(?s)LS Backup Service.*\b4007\b.*NullReferenceException|LyncBackupService\.exe.*NullReferenceException",
        "The backup service was installed as RTM on a patched server, and crashes after the first pairing.",
        "Run the installer of the current cumulative update again on that Front End.",
        "Microsoft support: LyncBackupService.exe crashes",
    ),
    Known(
        "E8",
        r"data content backup module failed to complete export operation",
        "Network, permission, or an unsupported kind of file share under the backup service.",
        "Repair the file store's share and its permissions.",
        "Microsoft support: issue with file store share",
    ),
    Known(
        "E9",
        None,
        "Backup service events 4069 or 4070: a damaged batch table, or odd characters in SIP addresses.",
        "Reinstall the store's database on the backup pool, or correct the addresses.",
        "Vale, 2015-09-23",
    ),
    Known(
        "E10",
        None,
        "The account is not in RTCUniversalServerAdmins, or signed in before it was added.",
        "Add it to the group and sign in again, or widen AuthorizedUniversalGroups of the backup service.",
        "ucprimer, 2012-11; Get-CsBackupServiceStatus reference page",
    ),
    Known(
        "E11",
        None,
        "After a clean failover of the Central Management Store both servers claim to be active.",
        "Export the store and the location database first; verify one master afterwards; reinstall from the export.",
        "Vale, 2015-09-25; northernlync, 2016-02-09",
    ),
    Known(
        "E12",
        None,
        "Limited functionality persists: replicas are missing, the back end cannot be reached, or it still runs.",
        "Get-CsPoolFabricState -Type Routing -Verbose; then Reset-CsPoolRegistrarState -ResetType QuorumLossRecovery.",
        "Microsoft support: cannot sign in, limited functionality mode",
    ),
    Known(
        "E13",
        None,
        "The two pools have different versions; a disaster failover between them is unsupported and may lose data.",
        "Finish the upgrade of the pair.",
        "Skype for Business Server: Plan to upgrade",
    ),
    Known(
        "E14",
        r"(?s)The SSL connection cannot be established.*-2144108102|-2144108102,PSSessionOpenFailed",
        "OcsPowershell on this Front End lacks .NET Framework 4.5.2, which its cumulative update needs.",
        "Install .NET Framework 4.5.2 or later on the Front End.",
        "Microsoft support: remote PowerShell cmdlets not working",
    ),
)


def explain(text: str) -> Known | None:
    """The documented error whose wording is in `text`; None where no documented wording is found."""
    flat = " ".join(text.split())
    return next((k for k in DOCUMENTED if k.pattern and re.search(k.pattern, flat, re.IGNORECASE)), None)
