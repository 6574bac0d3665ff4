"""What the read-only cmdlets put out, in every shape it may come in, and what is not there: unknown, never assumed."""

from __future__ import annotations

from typing import Any

import pytest
from pypsrp.complex_objects import GenericComplexObject

from engine.facts import Cms, CmsState, Edge, Export, Health, Import, Pool, PoolState, Replication
from engine.port import EngineUnavailable
from engine.remote import facts
from engine.remote.reading import RemoteReader, gather

P1, P2 = "pool01.contoso.com", "pool02.contoso.com"
LOST = EngineUnavailable("gone")


def thing(to_string: str = "", **properties: Any) -> GenericComplexObject:
    """An object as pypsrp reads it from the wire."""
    made = GenericComplexObject()
    made.adapted_properties = properties
    made.to_string = to_string or None
    return made


def module(name: str, export: str, imports: str) -> GenericComplexObject:
    return thing(Identity=name, ExportStatus=export, ImportStatus=imports)


OBJECTS = [
    module("UserServices.PresenceFocus", "SteadyState", "NormalState"),
    module("ConfServices.DataConf", "FinalState", "NormalState"),
]
LINES = ["UserServices.PresenceFocus:[SteadyState,NormalState]", "ConfServices.DataConf:[FinalState,NormalState]"]


@pytest.mark.parametrize(
    "found",
    [
        [thing(BackupModules=OBJECTS)],
        [thing(BackupModules=LINES)],
        [thing(BackupModules=" ".join(LINES))],
        [thing(BackupModules=[OBJECTS])],
        OBJECTS,
        LINES,
    ],
)
def test_backup_modules_are_read_as_objects_and_as_text(found: list[Any]) -> None:
    """Nested objects come flattened through remoting, or whole; the worst module counts."""
    assert facts.backup_states(found) == (Export.STEADY, Import.NORMAL)


@pytest.mark.parametrize(
    ("modules", "states"),
    [
        ([("A", "SteadyState", "NormalState"), ("B", "ErrorState", "NormalState")], (Export.ERROR, Import.NORMAL)),
        ([("A", "FinalState", "NormalState"), ("B", "FinalState", "ErrorState")], (Export.FINAL, Import.ERROR)),
        ([("A", "FinalState", "NormalState"), ("B", "Brandnew", "NormalState")], (Export.UNKNOWN, Import.NORMAL)),
        ([("X.CMSMaster", "NotInitialized", ""), ("B", "SteadyState", "NormalState")], (Export.STEADY, Import.NORMAL)),
        ([("UserServices.PresenceFocus", "NotInitialized", "NormalState")], (Export.NOT_INITIALIZED, Import.NORMAL)),
        ([], (Export.UNKNOWN, Import.UNKNOWN)),
    ],
)  # fmt: skip
def test_the_worst_module_counts(modules: list[tuple[str, str, str]], states: tuple[Export, Import]) -> None:
    """A word that is not known is unknown; on the pool without the master the CMS module is never initialised."""
    assert facts.backup_states([thing(BackupModules=[module(*m) for m in modules])]) == states


def test_a_direction_is_the_export_of_one_and_the_import_of_the_other() -> None:
    """What could not be read is unknown on its side only."""
    status = [thing(BackupModules=OBJECTS)]
    assert facts.replication(status, LOST) == Replication(Export.STEADY, Import.UNKNOWN)
    assert facts.replication(LOST, status) == Replication(Export.UNKNOWN, Import.NORMAL)


@pytest.mark.parametrize(
    ("found", "pool"),
    [
        ([thing(Identity=P1, BackupPoolFqdn=P2)], P2),
        ([thing(f"{P1} {P2}")], P2),
        ([thing(Pools=[P1.upper(), P2.upper()])], P2),
        ([thing(PoolFqdn=P1, Backup="other.contoso.com")], "other.contoso.com"),
        ([thing(PoolFqdn=P1)], None),
        ([thing(A="x.contoso.com", B="y.contoso.com")], None),
        ([], None),
    ],
)
def test_the_backup_pool_is_found_whatever_its_property_is_called(found: list[Any], pool: str | None) -> None:
    """No page names the property; where two could be meant nothing is guessed."""
    assert facts.backup_pool(found, P1, [P1, P2]) == pool


@pytest.mark.parametrize(
    ("found", "state"),
    [
        ([thing(PoolState="FailedOver")], PoolState.FAILED_OVER),
        ([thing(PoolState=thing("Active"))], PoolState.ACTIVE),
        ([thing(PoolState="Sideways")], PoolState.UNKNOWN),
        ([thing()], PoolState.UNKNOWN),
        ([], PoolState.UNKNOWN),
    ],
)
def test_pool_state_is_one_of_the_four_or_unknown(found: list[Any], state: PoolState) -> None:
    """Enumerations come as text, or as an object that prints as it."""
    assert facts.registrar_state(found)[0] is state


ROW = thing(Identity=f"CentralManagement:{P2}", PoolFqdn=P2, Active=True)
OLD = thing(Identity=f"CentralManagement:{P1}", PoolFqdn=P1, Active=False)
POOLS = (Pool(P2, None, ("fe1.contoso.com",)),)


@pytest.mark.parametrize(
    ("services", "status", "read"),
    [
        ([OLD, ROW], [thing(ActiveMasterFqdn=P2)], Cms(P2, CmsState.UP)),
        ([OLD, ROW], [thing(ActiveMasterFqdn=None)], Cms(P2, CmsState.DOWN)),
        ([OLD, ROW], LOST, Cms(P2, CmsState.UNKNOWN)),
        (LOST, [thing(ActiveMasterFqdn="fe1.contoso.com")], Cms(P2, CmsState.UP)),
        (LOST, [thing(ActiveMasterFqdn=None)], Cms(None, CmsState.DOWN)),
        ([OLD], [thing()], Cms(None, CmsState.NO_HOST)),
        ([OLD], LOST, Cms(None, CmsState.NO_HOST)),
        ([ROW, thing(PoolFqdn=P1, Active=True)], [thing(ActiveMasterFqdn=P2)], Cms(None, CmsState.SPLIT)),
        ([ROW, thing(PoolFqdn=P1, Active=True)], LOST, Cms(None, CmsState.SPLIT)),
        (LOST, LOST, Cms(None, CmsState.UNKNOWN)),
    ],
)
def test_the_central_management_store_has_one_master_or_none_is_named(services: Any, status: Any, read: Cms) -> None:
    """Two that call themselves active are a split store; a blank master means that it is down."""
    assert facts.cms(services, status, POOLS) == read


def test_the_next_hop_of_an_edge_is_the_registrar_it_depends_on() -> None:
    """Under either property; an Edge that tells none is named."""
    found = [
        thing(Identity="EdgeServer:e1.contoso.com", Registrar=f"Registrar:{P1}"),
        thing(Identity="EdgeServer:e2.contoso.com", DependentServiceList=[f"Registrar:{P2}", "ConferencingServer:x"]),
        thing(Identity="EdgeServer:e3.contoso.com"),
    ]
    edges = (Edge("e1.contoso.com", P1, None), Edge("e2.contoso.com", P2, None))
    assert facts.edges(found) == (edges, ("e3.contoso.com",))


@pytest.mark.parametrize(
    ("states", "complaint", "health"),
    [
        ([True, True, True], False, Health.UP),
        ([True, True, None], False, Health.UP),
        ([True, True, True], True, Health.NO_PRIMARIES),
        ([True, False, False], False, Health.QUORUM_LOST),
        ([False, False, False], False, Health.DOWN),
        ([None, None, None], False, Health.UNKNOWN),
        ([True, None, None], False, Health.UNKNOWN),
        ([True, False, None, False, False], False, Health.QUORUM_LOST),
        ([False, False, None], False, Health.QUORUM_LOST),
        ([True] * 4 + [False] * 4, False, Health.UNKNOWN),
        ([True] * 5 + [False] * 3, False, Health.UP),
        ([], False, Health.UNKNOWN),
    ],
)
def test_health_is_concluded_from_what_was_seen(states: list[bool | None], complaint: bool, health: Health) -> None:
    """A machine that could not be read is neither up nor down, and a pool that nobody hears from is not proved to be
    down; without the order of the Front Ends, four of eight may be enough or too few."""
    assert facts.health(states, None, complaint=complaint) is health


@pytest.mark.parametrize(
    ("status", "up"),
    [("Running", True), (thing("Running"), True), (4, True), ("Stopped", False), (1, False), ("StopPending", False),
     ("Wird ausgeführt", None), (None, None), ("", None)],
)  # fmt: skip
def test_a_service_is_down_only_by_a_status_that_says_so(status: Any, up: bool | None) -> None:
    """By the words of the enumeration, which no server translates; any other word is not known."""
    found = [thing(Name="LYNCBACKUP", Status="Running"), thing(Name="RTCSRV", Status=status)]
    assert facts.front_end_up(found) is up
    assert facts.front_end_up(found[:1]) is None


SERVICES = {"fe1": True, "fe2": False}


@pytest.mark.parametrize(
    ("ordered", "listed", "up", "in_order"),
    [
        (("fe2", "fe1"), ("fe1", "fe2"), [False, True], True),
        (("fe3", "fe2", "fe1"), ("fe1", "fe2"), [None, False, True], True),
        (("fe1", "fe3"), ("fe1", "fe2", "fe3"), [True, False, None], False),
        ((), ("fe2", "fe1", "fe3"), [False, True, None], False),
        ((), ("fe1",), [True, False], False),
        ((), (), [True, False], False),
    ],
    ids=range(6),
)
def test_front_ends_stand_in_the_order_that_was_read(
    ordered: tuple[str, ...], listed: tuple[str, ...], up: list[bool | None], in_order: bool
) -> None:
    """A machine of the topology that nobody asked is unknown; an order that leaves one out is not taken."""
    assert facts.front_ends(SERVICES, ordered, listed) == (up, in_order)


def test_the_order_is_that_of_get_cscomputer() -> None:
    """Under either property, in lower case."""
    found = [thing(Fqdn="FE2.contoso.com"), thing(Identity="fe1.contoso.com")]
    assert facts.order(found) == ("fe2.contoso.com", "fe1.contoso.com")


def test_pools_without_a_registrar_are_no_front_end_pools() -> None:
    """Get-CsPool lists Edge, Mediation and other pools too; a Standard Edition pool is its own only computer."""
    found = [
        thing(Identity=P1, Fqdn=P1, Site="Site:Redmond", Computers=["fe1.contoso.com"], Services=[f"Registrar:{P1}"]),
        thing(Identity="edge.contoso.com", Computers=["e1.contoso.com"], Services=["EdgeServer:edge.contoso.com"]),
        thing(Fqdn="SE.contoso.com", Computers=["SE.contoso.com"], Services=[thing("Registrar:SE.contoso.com")]),
    ]
    assert facts.pools(found) == (
        Pool(P1, None, ("fe1.contoso.com",), "Redmond", "Enterprise"),
        Pool("se.contoso.com", None, ("se.contoso.com",), "", "Standard"),
    )


@pytest.mark.parametrize("cmdlets", [["Name=Invoke-CsPoolFailOver"], [thing(Name="Invoke-CsPoolFailOver")],
                                     "Get-CsPool,Invoke-CsPoolFailOver"])  # fmt: skip
def test_a_role_holds_the_cmdlet_in_whichever_shape(cmdlets: Any) -> None:
    """A longer name that begins like it does not count."""
    roles = [thing(Identity="Yes", Cmdlets=cmdlets), thing(Identity="No", Cmdlets=["Name=Invoke-CsPoolFailOverX"])]
    assert facts.role_names(roles, "Invoke-CsPoolFailOver") == ("Yes",)


def test_when_no_session_opens_every_reading_tells_why() -> None:
    """The error of opening, for each of them."""

    def refuse() -> RemoteReader:
        raise LOST

    results = gather({"a": lambda _: 1, "b": lambda _: 2}, refuse, workers=2, limit=5, monotonic=lambda: 0.0)
    assert results == {"a": LOST, "b": LOST}
