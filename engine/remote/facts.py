"""From the output of the read-only cmdlets to the nouns of the model. Pure: objects in, facts out.

A reading that failed is an EngineError and becomes *unknown*, never an assumption. Property names are those of the
reference pages; where no page gives one it is marked `unconfirmed` and every shape that makes sense is accepted.
Through remoting, enums come as text and nested objects as text or as objects, so both shapes are read everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from engine.facts import Cms, CmsState, Edge, Export, Health, Import, Pool, PoolState, Replication
from engine.port import EngineError
from engine.quorum import Quorum, quorum
from engine.remote.streams import plain

T = TypeVar("T")
Result = Any
"""The list of objects that a reading returned, or the EngineError it ran into."""

MODULE = re.compile(r"([A-Za-z][\w.]*):\[\s*(\w+)\s*,\s*(\w+)\s*\]")
"""One backup module as text: `UserServices.PresenceFocus:[SteadyState,NormalState]` (export, import)."""
RUNNING = frozenset({"Running", "4"})
NOT_RUNNING = frozenset(
    {"Stopped", "StartPending", "StopPending", "ContinuePending", "PausePending", "Paused", *"123567"}
)
"""System.ServiceProcess.ServiceControllerStatus, by name or number."""
WORST_EXPORT = (Export.ERROR, Export.UNKNOWN, Export.NOT_INITIALIZED, Export.NOT_STEADY, Export.STEADY, Export.FINAL)
WORST_IMPORT = (Import.ERROR, Import.UNKNOWN, Import.NORMAL)


def properties(item: Any) -> dict[str, Any]:
    """An object's properties by lower-case name; empty for one that has none."""
    both = {**(getattr(item, "adapted_properties", None) or {}), **(getattr(item, "extended_properties", None) or {})}
    return {name.lower(): value for name, value in both.items()}


def get(item: Any, *names: str) -> Any:
    """The first of these properties that is there and not empty."""
    own = properties(item)
    return next((own[n.lower()] for n in names if own.get(n.lower()) not in (None, "", [])), None)


def texts(value: Any) -> list[str]:
    """A list property as texts, whatever shape it came in; objects by Identity, Fqdn or Name where they have one."""
    if value is None:
        return []
    items = value if isinstance(value, list) else getattr(value, "property_sets", None) or [value]
    flat = [i for item in items for i in (item if isinstance(item, list) else [item])]
    return [str(get(i, "Identity", "Fqdn", "Name") or plain(i)) for i in flat]


def host_of(identity: Any) -> str:
    """`Registrar:pool01.contoso.com`, `1-Registrar-1` or a bare FQDN: the FQDN in lower case."""
    return plain(identity).rpartition(":")[2].strip().lower()


def number(value: Any) -> int | None:
    text = plain(value).strip()
    return int(text) if re.fullmatch(r"\d+", text) else None


def pools(found: Iterable[Any]) -> tuple[Pool, ...]:
    """Get-CsPool: the pools that have a Registrar. One whose services are not listed may have one, so it stays."""
    told = []
    for item in found:
        services = texts(get(item, "Services"))
        fqdn = host_of(get(item, "Fqdn", "Identity") or "")
        if not fqdn or (services and not any(s.lower().startswith("registrar:") for s in services)):
            continue
        machines = tuple(host_of(m) for m in texts(get(item, "Computers")))
        site = plain(get(item, "Site") or "").removeprefix("Site:")
        told.append(Pool(fqdn, None, machines, site, edition(fqdn, machines)))
    return tuple(told)


def edition(fqdn: str, machines: tuple[str, ...]) -> str:
    """A Standard Edition server is a pool with the FQDN of its only computer; everything else is Enterprise."""
    if not machines:
        return ""
    return "Standard" if machines == (fqdn,) else "Enterprise"


def backup_pool(found: list[Any], pool: str, known: Iterable[str]) -> str | None:
    """Get-CsPoolBackupRelationship. Its property names are unconfirmed: the other pool is the one known FQDN, or the
    one thing that looks like an FQDN, among its values."""
    values = [v for item in found for v in [*map(plain, properties(item).values()), plain(item)]]
    words = {w.lower() for v in values for w in re.findall(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", v)} - {pool.lower()}
    among = words & {k.lower() for k in known}
    chosen = among or {w for w in words if w.partition(".")[2] and not w.startswith("microsoft.")}
    return next(iter(chosen)) if len(chosen) == 1 else None


def registrar_state(found: list[Any]) -> tuple[PoolState, int | None]:
    """Get-CsRegistrarConfiguration: PoolState, and MaxUserCount."""
    item = found[0] if found else None
    state = _member(PoolState, get(item, "PoolState"), PoolState.UNKNOWN)
    return state, number(get(item, "MaxUserCount"))


def _member(enum: Callable[[str], T], value: Any, otherwise: T) -> T:
    try:
        return enum(plain(value))
    except ValueError:
        return otherwise


def backup_states(found: list[Any]) -> tuple[Export, Import]:
    """Get-CsBackupServiceStatus: the worst export and the worst import state of the pool's modules.

    A module of the Central Management Store that was never initialised is normal on the pool without the master.
    """
    exports, imports = [], []
    for name, out, into in _modules(found):
        export = _member(Export, out, Export.UNKNOWN)
        if export is Export.NOT_INITIALIZED and ("cms" in name.lower() or "centralmgmt" in name.lower()):
            continue
        exports.append(export)
        imports.append(_member(Import, into, Import.UNKNOWN))
    return (
        min(exports, key=WORST_EXPORT.index, default=Export.UNKNOWN),
        min(imports, key=WORST_IMPORT.index, default=Import.UNKNOWN),
    )


def _modules(found: list[Any]) -> list[tuple[str, str, str]]:
    """(module, export, import) from objects with Identity, ExportStatus, ImportStatus, or from their text."""
    told: list[tuple[str, str, str]] = []
    for item in found:
        listed = get(item, "BackupModules")
        items = listed if isinstance(listed, list) else getattr(listed, "property_sets", None) or [listed or item]
        for module in [m for i in items for m in (i if isinstance(i, list) else [i])]:
            if out := get(module, "ExportStatus"):
                told.append((plain(get(module, "Identity") or ""), plain(out), plain(get(module, "ImportStatus"))))
            else:
                told += MODULE.findall(plain(module))
    return told


def replication(source: Result, target: Result) -> Replication:
    """One direction: what the source exports, and what of it the target imports."""
    export = Export.UNKNOWN if isinstance(source, EngineError) else backup_states(source)[0]
    imports = Import.UNKNOWN if isinstance(target, EngineError) else backup_states(target)[1]
    return Replication(export, imports)


def cms(services: Result, status: Result, known: Iterable[Pool]) -> Cms:
    """The pool with the one active Central Management Store, and whether it has a master.

    Get-CsService -CentralManagement has Active on its rows; a blank ActiveMasterFqdn means that the store is down.
    """
    master = None if isinstance(status, EngineError) else next((get(s, "ActiveMasterFqdn") for s in status), None)
    active = _active(services)
    if active is not None and len(active) > 1:
        return Cms(None, CmsState.SPLIT)
    host = next(iter(active or ()), None) or (_pool_of(host_of(master), known) if master else None)
    if host is None and active is not None:
        return Cms(None, CmsState.NO_HOST)
    if isinstance(status, EngineError):
        return Cms(host, CmsState.UNKNOWN)
    return Cms(host, CmsState.UP if master else CmsState.DOWN)


def _active(services: Result) -> set[str] | None:
    """The pools that claim the active store; None where that was not read."""
    if isinstance(services, EngineError):
        return None
    return {host_of(get(s, "PoolFqdn", "Identity") or "") for s in services if plain(get(s, "Active")) == "True"}


def _pool_of(machine: str, known: Iterable[Pool]) -> str:
    """ActiveMasterFqdn may name the pool or one of its machines."""
    return next((p.fqdn for p in known if machine in (p.fqdn, *p.front_ends)), machine)


def edges(found: Result) -> tuple[tuple[Edge, ...], tuple[str, ...]]:
    """Get-CsService -EdgeServer: each Edge pool and its next hop, and the Edge pools whose next hop is not given.

    The next hop is the Registrar it depends on: property Registrar (unconfirmed) or DependentServiceList.
    """
    if isinstance(found, EngineError):
        return (), ()
    told, untold = [], []
    for item in found:
        fqdn = host_of(get(item, "Identity", "PoolFqdn") or "")
        depends = [*texts(get(item, "Registrar")), *texts(get(item, "DependentServiceList"))]
        hops = [host_of(d) for d in depends if d.lower().startswith("registrar:")]
        if hops:
            told.append(Edge(fqdn, hops[0], None))
        else:
            untold.append(fqdn)
    return tuple(told), tuple(untold)


def version(found: Result, pool: str) -> str | None:
    """Get-CsService -Registrar: the Version of this pool's row."""
    rows = [] if isinstance(found, EngineError) else found
    of = (get(r, "Version") for r in rows if host_of(get(r, "PoolFqdn", "Identity") or "") == pool)
    return next((plain(v) for v in of if v), None)


def front_end_up(found: list[Any]) -> bool | None:
    """Get-CsWindowsService: whether the Front End service (RTCSRV) runs there; None where it is not listed, or its
    status is not a value of ServiceControllerStatus."""
    for item in found:
        if plain(get(item, "Name", "ServiceName")).upper() == "RTCSRV":
            status = plain(get(item, "Status"))
            return status in RUNNING if status in RUNNING | NOT_RUNNING else None
    return None


def order(found: list[Any]) -> tuple[str, ...]:
    """Get-CsComputer -Pool: the pool's computers, in the order of their first start."""
    return tuple(host_of(fqdn) for item in found if (fqdn := get(item, "Fqdn", "Identity")))


def front_ends(
    services: Mapping[str, bool | None], ordered: tuple[str, ...], listed: tuple[str, ...]
) -> tuple[list[bool | None], bool]:
    """Each Front End's state, and whether they are in the order of their first start. A machine of the topology
    whose services were not asked for is unknown. An order that leaves out a machine belongs to another pool, or to
    another day, and is not used."""
    for names in (ordered, listed):
        if names and services.keys() <= set(names):
            return [services.get(name) for name in names], names is ordered
    return list(services.values()), False


def complains(found: list[Any]) -> bool:
    """Get-CsPoolFabricState -Type Routing: lines of text, one of which Microsoft documents: `... has no primaries.`
    They come without a type or an id, so only an English server is understood here; `check` reports any other. Missing
    it counts nothing as down, and neither does finding it: the pool is then read as NO_PRIMARIES."""
    return any("no primaries" in plain(line).lower() for line in found)


def health(
    up: Sequence[bool | None],
    version: str | None,
    *,
    ordered: bool = False,
    complaint: bool = False,
) -> Health:
    """From the Front Ends' services: enough for a quorum, too few, none. Machines that could not be read count as
    neither, and silence proves nothing: only machines whose services were read as not running make a pool down.

    No read-only cmdlet clearly shows whether the SQL back end is up, so BACKEND_DOWN is never concluded. Where
    the services run and routing groups still have no primaries, that is what is reported.
    """
    if up and True not in up and None not in up:
        return Health.DOWN
    match quorum(up, version, ordered=ordered):
        case Quorum.HELD:
            return Health.NO_PRIMARIES if complaint else Health.UP
        case Quorum.LOST:
            return Health.QUORUM_LOST
        case Quorum.UNKNOWN:
            return Health.UNKNOWN


def role_names(found: list[Any], cmdlet: str) -> tuple[str, ...]:
    """Get-CsAdminRole: the roles with this cmdlet among their Cmdlets, as objects (Name) or as text."""
    wanted = re.compile(rf"(?i)(?<![\w-]){re.escape(cmdlet)}(?![\w-])")
    return tuple(
        plain(get(item, "Identity", "Name"))
        for item in found
        if any(wanted.search(text) for text in texts(get(item, "Cmdlets")))
    )
