"""The Lync / Skype for Business cmdlets of the peer, as views of a Backend (the lab, or a scripted one).

Property names come from Microsoft's reference pages and published scripts; those that no page documents are
marked `modelled` and say nothing about a real server, and neither does any wording: it is the backend's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta

from engine.facts import CmsState, Export, Facts, Health, Pool, What, Why
from engine.plan import CMDLETS
from engine.port import EngineError
from tests.wsman.clixml import ErrorRecord, NetObject
from tests.wsman.cmdlets import SWITCH, Body, Context, cmdlet, denied, silent

MODULE = "SkypeForBusiness"
FQDN = "Microsoft.Rtc.Management.Deploy.Fqdn"
TIMESPAN = "System.TimeSpan"
STRING = "System.String"
MODULES = ("UserServices.PresenceFocus", "ConfServices.DataConf", "CentralMgmt.CMSMaster")
VERSION = "7.0.2046.0"


def lync(name: str, parameters: dict[str, str], mandatory: tuple[str, ...] = ()) -> Callable[[Body], Body]:
    """A cmdlet of the Lync module."""
    return cmdlet(name, parameters, mandatory, MODULE)


def refused(context: Context, error: EngineError) -> ErrorRecord:
    return context.fail(error.say, f"{context.call.name}Refused", 7, "InvalidOperation")


# Reading


def pool_of(context: Context, fqdn: str) -> Pool:
    found = context.backend.topology().get(fqdn)
    if found is None:
        raise context.fail(f'Cannot find pool "{fqdn}".', f"PoolNotFound,{context.call.name}", 13, "ObjectNotFound",
                           target=fqdn)  # fmt: skip
    return found


def facts_of(context: Context, fqdn: str) -> Facts:
    try:
        return context.backend.facts(fqdn)
    except EngineError as error:
        raise refused(context, error) from None


def may_read(context: Context, facts: Facts, what: What) -> None:
    """Raises what an account meets that the backend does not let read this."""
    missed = facts.missed(what, facts.pool.fqdn)
    if missed and missed.why is Why.NO_RIGHTS:
        raise denied(context)
    if missed:
        raise context.fail(
            f"The {missed.name} cannot be reached.", f"Unreachable,{context.call.name}", 27, "ConnectionError"
        )


def _chosen(context: Context, name: str, strip: str = "") -> Iterator[Pool]:
    wanted = context.get(name) or next((a.value for a in context.call.arguments if not a.name), None)
    if wanted is None:
        yield from context.backend.topology().pools
    else:
        yield pool_of(context, re.sub(strip, "", str(wanted), flags=re.IGNORECASE))


@lync("Get-CsPool", {"Identity": STRING, "Site": STRING})
def get_pool(context: Context) -> Iterator[object]:
    """Identity, Fqdn, Site, Computers, Services: attested. No page says in which order the computers come, so it is
    not that of Get-CsComputer here."""
    for pool in _chosen(context, "Identity"):
        yield NetObject(
            ("Microsoft.Rtc.Management.Xds.DisplayCluster", "System.Object"),
            {
                "Identity": pool.fqdn,
                "Fqdn": pool.fqdn,
                "Site": f"Site:{pool.site}",
                "Computers": list(reversed(pool.front_ends)),
                "Services": [f"{role}:{pool.fqdn}" for role in ("Registrar", "UserServer", "ApplicationServer")],
            },
            pool.fqdn,
        )


@lync("Get-CsComputer", {"Identity": STRING, "Filter": STRING, "Pool": STRING, "Local": SWITCH})
def get_computer(context: Context) -> Iterator[object]:
    """Identity, Pool, Fqdn and the parameter Pool: attested; in the order of their first start, as the page on high
    availability has it."""
    for pool in _chosen(context, "Pool"):
        for machine in pool.front_ends:
            types = ("Microsoft.Rtc.Management.Deploy.Internal.Machine", "System.Object")
            yield NetObject(types, {"Identity": machine, "Pool": pool.fqdn, "Fqdn": machine}, machine)


@lync("Get-CsPoolBackupRelationship", {"PoolFqdn": FQDN, "LocalStore": SWITCH}, ("PoolFqdn",))
def get_relationship(context: Context) -> Iterator[object]:
    """The type is attested, both property names are modelled."""
    pool = pool_of(context, str(context.get("PoolFqdn")))
    if pool.backup:
        yield NetObject(
            ("Microsoft.Rtc.Management.Hadr.BackupService.BackupRelation", "System.Object"),
            {"PoolFqdn": pool.fqdn, "BackupPoolFqdn": pool.backup},
            f"{pool.fqdn} {pool.backup}",
        )


@lync("Get-CsRegistrarConfiguration", {"Identity": STRING, "Filter": STRING, "LocalStore": SWITCH})
def get_registrar_configuration(context: Context) -> Iterator[object]:
    """PoolState, MaxUserCount, BackupStoreUnavailableThreshold: attested."""
    for pool in _chosen(context, "Identity", "^service:(Registrar:)?"):
        facts = facts_of(context, pool.fqdn)
        yield NetObject(
            ("Microsoft.Rtc.Management.WritableConfig.Settings.Registrar.RegistrarSettings", "System.Object"),
            {
                "Identity": f"Service:Registrar:{pool.fqdn}",
                "PoolState": facts.pool.state.value,
                "MaxUserCount": 12_000,
                "BackupStoreUnavailableThreshold": timedelta(minutes=30),
            },
            f"Service:Registrar:{pool.fqdn}",
        )


@lync("Get-CsBackupServiceStatus", {"PoolFqdn": FQDN, "Category": STRING}, ("PoolFqdn",))
def get_backup_status(context: Context) -> Iterator[object]:
    """BackupModules with Identity, ExportStatus, ImportStatus: attested; the text of a module is modelled."""
    pool = pool_of(context, str(context.get("PoolFqdn")))
    facts = facts_of(context, pool.fqdn)
    may_read(context, facts, What.BACKUP_SERVICE)
    hosts_cms = (facts.cms.host or "").lower() == pool.fqdn.lower()
    modules = []
    for name in MODULES:
        export = facts.outbound.export if name != MODULES[2] or hosts_cms else Export.NOT_INITIALIZED
        status = {"Identity": name, "ExportStatus": export.value, "ImportStatus": facts.inbound.imports.value}
        types = ("Microsoft.Rtc.Management.Hadr.BackupService.BackupModuleStatus", "System.Object")
        modules.append(NetObject(types, status, f"{name}:[{export.value},{facts.inbound.imports.value}]"))
    types = ("Microsoft.Rtc.Management.Hadr.BackupService.BackupServiceStatus", "System.Object")
    yield NetObject(types, {"PoolFqdn": pool.fqdn, "BackupModules": modules}, pool.fqdn)


@lync("Get-CsService", dict.fromkeys(("CentralManagement", "EdgeServer", "Registrar"), SWITCH) | {"PoolFqdn": FQDN})
def get_service(context: Context) -> Iterator[object]:
    """Identity, SiteId, PoolFqdn, Version, Role, ServiceId, DependentServiceList, Active: attested; Registrar of
    an Edge is named as the parameter of Set-CsEdgeServer (modelled)."""
    pools = context.backend.topology().pools
    facts = facts_of(context, pools[0].fqdn) if pools else None
    only = str(context.get("PoolFqdn") or "").lower()
    rows: list[tuple[str, str, dict[str, object]]] = []
    everything = not any(context.get(name) for name in ("CentralManagement", "EdgeServer", "Registrar"))
    if (context.get("CentralManagement") or everything) and facts and facts.cms.host:
        rows.append(("CentralManagement", facts.cms.host, {"Active": True}))
    if context.get("EdgeServer") or everything:
        seen = {edge.fqdn: edge for pool in pools for edge in facts_of(context, pool.fqdn).edges}
        rows += [("EdgeServer", e.fqdn, {"Registrar": f"Registrar:{e.next_hop}"}) for e in seen.values()]
    if context.get("Registrar") or everything:
        rows += [("Registrar", pool.fqdn, {}) for pool in pools]
    for role, fqdn, more in rows:
        if only in ("", fqdn.lower()):
            base = {
                "Identity": f"{role}:{fqdn}", "SiteId": "Site:Redmond", "PoolFqdn": fqdn, "Version": 7, "Role": role,
                "ServiceId": f"1-{role}-1", "DependentServiceList": [],
            }  # fmt: skip
            types = (f"Microsoft.Rtc.Management.Xds.Display{role}", "System.Object")
            yield NetObject(types, base | more, f"{role}:{fqdn}")


@lync("Get-CsManagementStoreReplicationStatus", {"ReplicaFqdn": FQDN, "CentralManagementStoreStatus": SWITCH})
def get_replication(context: Context) -> Iterator[object]:
    """UpToDate, LastUpdateCreation, ActiveMasterFqdn, ActiveFileTransferAgents, ActiveReplicas: attested;
    ReplicaFqdn modelled."""
    pools = context.backend.topology().pools
    facts = facts_of(context, pools[0].fqdn)
    machines = [machine for pool in pools for machine in (pool.front_ends or (pool.fqdn,))]
    if context.get("CentralManagementStoreStatus"):
        host = facts.cms.host if facts.cms.state is CmsState.UP else None
        yield NetObject(
            ("Microsoft.Rtc.Management.Replication.CentralManagementStoreStatusResult", "System.Object"),
            {"ActiveMasterFqdn": host, "ActiveFileTransferAgents": host, "ActiveReplicas": machines},
        )
        return
    for machine in machines:
        types = ("Microsoft.Rtc.Management.Replication.ReplicaState", "System.Object")
        up = facts.cms.state is CmsState.UP
        state = {"UpToDate": up, "ReplicaFqdn": machine, "LastUpdateCreation": facts.read_at}
        yield NetObject(types, state, machine)


@lync("Get-CsUser", {"Identity": STRING, "Filter": STRING, "ResultSize": "System.Int32"})
def get_user(context: Context) -> Iterator[object]:
    """One object per user of the pool in `RegistrarPool -eq "..."`; DisplayName and SipAddress are made up."""
    found = re.search(r"RegistrarPool\s+-eq\s+[\"']([^\"']+)[\"']", str(context.get("Filter") or ""))
    pools = [pool_of(context, found[1])] if found else context.backend.topology().pools
    most = context.get("ResultSize")
    for pool in pools:
        users = facts_of(context, pool.fqdn).pool.users or 0
        for number in range(users if most is None else min(users, int(most))):
            name = f"user{number}"
            yield NetObject(
                ("Microsoft.Rtc.Management.ADConnect.Schema.OCSADUser", "System.Object"),
                {"Identity": f"CN={name}", "SipAddress": f"sip:{name}@{pool.fqdn}", "RegistrarPool": pool.fqdn,
                 "Enabled": True, "EnterpriseVoiceEnabled": True},
                f"CN={name}",
            )  # fmt: skip


@lync("Get-CsUserPoolInfo", {"Identity": STRING}, ())
def get_user_pool_info(context: Context) -> Iterator[object]:
    """PrimaryPoolFqdn, BackupPoolFqdn, PrimaryPoolPrimaryRegistrar, BackupPoolPrimaryRegistrar: attested."""
    wanted = str(context.get("Identity") or next((a.value for a in context.call.arguments), ""))
    fqdn = wanted.rpartition("@")[2]
    pool = pool_of(context, fqdn)
    yield NetObject(
        ("Microsoft.Rtc.Management.AD.Cmdlets.UserPoolInfo", "System.Object"),
        {"PrimaryPoolFqdn": pool.fqdn, "BackupPoolFqdn": pool.backup, "PrimaryPoolPrimaryRegistrar": pool.fqdn,
         "BackupPoolPrimaryRegistrar": pool.backup,
         "PrimaryPoolMachinesInPreferredOrder": list(pool.front_ends)},
    )  # fmt: skip


@lync("Get-CsAdminRole", {"Identity": STRING, "Filter": STRING})
def get_admin_role(context: Context) -> Iterator[object]:
    """Identity and Cmdlets: attested (`Get-CsAdminRole | Where Cmdlets -match`); the text of an entry is modelled."""
    held: dict[str, list[str]] = {}
    for name in (*CMDLETS.values(), "Get-CsPool"):
        with suppress(EngineError):  # a backend that knows no roles of this cmdlet
            for role in context.backend.roles(name):
                held.setdefault(role, []).append(name)
    wanted = str(context.get("Identity") or "").lower()
    for role, names in held.items():
        if wanted in ("", role.lower()):
            types = ("Microsoft.Rtc.Management.WritableConfig.Settings.Roles.Role", "System.Object")
            yield NetObject(types, {"Identity": role, "Cmdlets": [f"Name={n}" for n in names]}, role)


@lync("Get-CsWindowsService", {"ComputerName": STRING, "ExcludeActivityLevel": SWITCH, "Name": STRING})
def get_windows_service(context: Context) -> Iterator[object]:
    """Status, Name, RoleName, ActivityLevel: attested."""
    computer = str(context.get("ComputerName") or "").lower()
    for pool in context.backend.topology().pools:
        machines = [m for m in (pool.front_ends or (pool.fqdn,)) if computer in ("", m.lower())]
        read = facts_of(context, pool.fqdn) if machines else None
        facts = read.pool if read else None
        if read:
            may_read(context, read, What.SERVICES)
        if gone := [m for m in machines if m in context.host.settings().silent]:
            raise silent(context, gone[0])
        running = context.backend.running(pool.fqdn)
        for machine in machines:
            up = machine in running or (not pool.front_ends and facts is not None and facts.health is Health.UP)
            for name in ("RTCSRV", "LYNCBACKUP"):
                types = ("Microsoft.Rtc.Management.Deploy.Internal.NTService", "System.Object")
                state = {"Status": "Running" if up else "Stopped", "Name": name, "RoleName": ["Registrar"],
                         "ActivityLevel": "0"}  # fmt: skip
                yield NetObject(types, state, name)


@lync("Get-CsPoolFabricState", {"PoolFqdn": FQDN, "Type": STRING}, ("PoolFqdn",))
def get_fabric(context: Context) -> Iterator[object]:
    """String lines: attested; these are ours but for the one of a service without primaries."""
    pool = pool_of(context, str(context.get("PoolFqdn")))
    if facts_of(context, pool.fqdn).pool.health not in (Health.UP, Health.UNKNOWN):
        yield "Service: (P) fabric:/lync/routing/1 has no primaries."


@lync("Get-CsServerVersion", {})
def get_version(context: Context) -> Iterator[object]:
    """One line of text."""
    pools = context.backend.topology().pools
    yield f"{pools[0].version if pools else 'Skype for Business Server'} ({VERSION})"
