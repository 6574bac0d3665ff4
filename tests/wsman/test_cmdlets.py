"""What pipelines give back: types on the wire, flattened objects, the binder's errors, language mode, RBAC."""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from pypsrp.complex_objects import ObjectMeta, PSInvocationState
from pypsrp.exceptions import WSManFaultError
from pypsrp.host import PSHost, PSHostUserInterface
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.serializer import TaggedValue

from tests.wsman.client import begun, fault_of, opened, ran, verbose
from tests.wsman.peer import Peer
from tests.wsman.settings import DEFAULT_USERS


@pytest.fixture
def pool(peer: Peer) -> RunspacePool:
    return opened(peer.wsman())


def test_an_object_comes_with_its_types_and_is_flattened(pool: RunspacePool) -> None:
    """Serialization depth 1: nested objects and enumerations are their strings; a TimeSpan keeps its zeros."""
    thing = ran(pool, "Test-Everything").output[0]
    assert thing.types[0] == "Peer.Everything"
    assert thing.adapted_properties == {
        "Text": "line one\nline two _x000A_ <&> ä\U0001f600", "Number": 42, "Long": 2**40, "Real": 1.5, "Yes": True,
        "Nothing": None, "Id": uuid.UUID(int=1), "When": "2024-02-29T12:30:00+00:00", "Span": "PT90S",
        "Version": "5.1.14393.2248", "State": "Running", "Parts": ["part a"],
    }  # fmt: skip


def test_every_real_session_starts_with_noise(pool: RunspacePool) -> None:
    """The progress record that 15 of 15 recorded sessions send."""
    (noise,) = ran(pool, "Write-Output", InputObject="x").streams.progress
    assert (noise.activity, noise.description, noise.percent_complete) == ("Preparing modules for first use.", " ", -1)


def test_a_large_object_comes_in_fragments(pool: RunspacePool) -> None:
    """Three million characters, in replies of 360,000 bytes each."""
    assert ran(pool, "Test-Size", Length=3_000_000).output == ["x" * 3_000_000]


def test_a_large_parameter_comes_in_fragments(pool: RunspacePool, peer: Peer) -> None:
    """A command that does not fit one envelope is continued by Send."""
    assert ran(pool, "Write-Output", InputObject="y" * 1_000_000).output == ["y" * 1_000_000]
    assert peer.log("Send")


def test_the_log_tells_the_wire_type_of_every_parameter(pool: RunspacePool, peer: Peer) -> None:
    """A switch, a boolean, a number, a string and a TimeSpan are told apart."""
    span = TaggedValue("TS", "PT300S")
    shell = ran(pool, "Test-Echo", A=None, B=False, C=5, D=span)
    assert shell.output == ["A Nil None", "B B False", "C I32 5", "D TS PT300S"]
    (told,) = peer.log("Command")[-1]["cmdlets"]
    assert [(p["name"], p["wire"]) for p in told["parameters"]] == [("A", "Nil"), ("B", "B"), ("C", "I32"), ("D", "TS")]


def test_a_terminating_error_ends_the_pipeline_as_failed(pool: RunspacePool) -> None:
    """State, had_errors, and both errors in order."""
    shell = ran(pool, "Test-Everything", Terminate=None)
    assert shell.state == PSInvocationState.FAILED
    assert shell.had_errors
    assert [(str(e), e.fq_error) for e in shell.streams.error] == [
        ("a non-terminating error", "PeerError,Test-Everything"), ("a terminating error", "PeerFatal,Test-Everything"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cmdlet", "parameters", "error_id"),
    [
        ("Get-Nothing", {}, "CommandNotFoundException"),
        ("Invoke-CsPoolFailOver", {"PoolFqdn": "pool01.contoso.com", "Nope": 1},
         "NamedParameterNotFound,Invoke-CsPoolFailOver"),
        ("Invoke-CsPoolFailOver", {}, "MissingMandatoryParameter,Invoke-CsPoolFailOver"),
        ("Invoke-CsPoolFailOver", {"PoolFqdn": "pool01.contoso.com", "WaitTime": "soon"},
         "CannotConvertArgumentNoMessage,Invoke-CsPoolFailOver"),
        ("Import-Module", {"Name": "Lync"}, "Modules_ModuleNotFound,Microsoft.PowerShell.Commands.ImportModuleCommand"),
    ],
)  # fmt: skip
def test_what_cannot_be_bound_fails_before_it_runs(
    pool: RunspacePool, peer: Peer, cmdlet: str, parameters: dict[str, Any], error_id: str
) -> None:
    """PowerShell's own error ids; the backend is not reached."""
    before = len(peer.script())
    shell = ran(pool, cmdlet, **parameters)
    assert shell.streams.error[-1].fq_error == error_id
    assert len(peer.script()) == before


def test_a_failover_changes_the_pool_state(pool: RunspacePool, peer: Peer) -> None:
    """Verbose only on request, a warning, and PoolState afterwards."""
    parameters: dict[str, Any] = {"PoolFqdn": "pool01.contoso.com", "WaitTime": "00:01:00", "Confirm": False}
    quiet = ran(pool, "Invoke-CsPoolFailOver", **parameters)
    assert (quiet.state, verbose(quiet)) == (PSInvocationState.COMPLETED, [])
    loud = ran(pool, "Invoke-CsPoolFailOver", **parameters, Verbose=True)
    assert verbose(loud) == [f"step {n} of 5" for n in range(1, 6)]
    identity = "service:Registrar:pool01.contoso.com"
    (state,) = ran(pool, "Get-CsRegistrarConfiguration", Identity=identity).output
    assert state.adapted_properties["PoolState"] == "FailedOver"


def test_select_object_expands_what_was_flattened(pool: RunspacePool) -> None:
    """BackupModules are strings, and objects once expanded in the same pipeline."""
    (status,) = ran(pool, "Get-CsBackupServiceStatus", PoolFqdn="pool01.contoso.com").output
    assert status.adapted_properties["BackupModules"][0] == "UserServices.PresenceFocus:[SteadyState,NormalState]"
    shell = PowerShell(pool).add_cmdlet("Get-CsBackupServiceStatus").add_parameter("PoolFqdn", "pool01.contoso.com")
    shell.add_cmdlet("Select-Object").add_parameter("ExpandProperty", "BackupModules")
    assert [m.adapted_properties["ExportStatus"] for m in shell.invoke()][:2] == ["SteadyState", "SteadyState"]


def test_users_are_counted_on_the_server(pool: RunspacePool) -> None:
    """Get-CsUser | Measure-Object brings one number."""
    shell = PowerShell(pool).add_cmdlet("Get-CsUser").add_parameter("Filter", 'RegistrarPool -eq "pool01.contoso.com"')
    (count,) = shell.add_cmdlet("Measure-Object").invoke()
    assert count.adapted_properties["Count"] == 20


def test_metadata_tells_the_parameters_of_this_server(pool: RunspacePool, peer: Peer) -> None:
    """A server that lacks a parameter does not list it, and refuses it."""
    peer.script(hidden=["SkipDataVerification"])
    (meta,) = pool.get_command_metadata(["Invoke-CsPoolFailOver"])
    assert "PoolFqdn" in (meta.parameters or {})
    assert "SkipDataVerification" not in (meta.parameters or {})
    refused = ran(pool, "Invoke-CsPoolFailOver", PoolFqdn="pool01.contoso.com", SkipDataVerification=None)
    assert refused.streams.error[0].fq_error == "NamedParameterNotFound,Invoke-CsPoolFailOver"


def test_rbac_hides_a_cmdlet_and_refuses_it(peer: Peer) -> None:
    """What an account may not run is not there for it, neither listed nor found."""
    reader = DEFAULT_USERS[1]
    pool = opened(peer.wsman(username=reader.name, password=reader.password))
    assert pool.get_command_metadata(["Invoke-CsPool*"]) == []
    assert ran(pool, "Get-CsPool").output
    refused = ran(pool, "Invoke-CsPoolFailOver", PoolFqdn="pool01.contoso.com")
    assert refused.streams.error[0].fq_error == "CommandNotFoundException"


def test_script_text_is_refused_without_a_language(pool: RunspacePool, peer: Peer) -> None:
    """NoLanguage by default; with a language the peer still knows only literals and the mode's name."""
    script = PowerShell(pool).add_script("'a'")
    script.invoke()
    assert "no-language mode" in str(script.streams.error[0])
    peer.settings(no_language=False)
    assert PowerShell(opened(peer.wsman())).add_script("'a'").invoke() == ["a"]


class _Answers(PSHostUserInterface):
    """A host that answers every prompt with one choice and keeps what it was told."""

    def __init__(self, choice: int) -> None:
        super().__init__()
        self.choice = choice
        self.told: list[str] = []

    def PromptForChoice(self, *arguments: Any) -> int:  # noqa: N802
        self.told.append(arguments[3])  # runspace, pipeline, caption, message, ...
        return self.choice

    def WriteLine2(self, *arguments: Any) -> None:  # noqa: N802
        self.told.append(arguments[2])


def _hosted(peer: Peer, choice: int) -> tuple[RunspacePool, _Answers]:
    ui = _Answers(choice)
    host = PSHost(None, None, False, "test", None, ui, "1.0")
    return opened(peer.wsman(), host=host), ui


@pytest.mark.parametrize(("choice", "outcome"), [(0, "confirmed"), (2, "declined")])
def test_a_prompt_is_asked_at_the_clients_host(peer: Peer, choice: int, outcome: str) -> None:
    """Yes and No arrive."""
    pool, ui = _hosted(peer, choice)
    assert ran(pool, "Test-Prompt").output == [outcome]
    assert ui.told == ["Shall it be?"]


def test_a_session_without_a_host_cannot_be_asked(pool: RunspacePool) -> None:
    """The pipeline fails with the question in its error; Confirm=False asks nothing."""
    assert "Shall it be?" in str(ran(pool, "Test-Prompt").streams.error[0])
    assert ran(pool, "Test-Prompt", Confirm=False).output == ["confirmed"]


def test_trouble_prompt_makes_a_cmdlet_ask_whatever_confirm_says(peer: Peer) -> None:
    """Answered No, the cmdlet does not run."""
    pool, ui = _hosted(peer, 2)
    peer.trouble("prompt", cmdlet="Invoke-CsPoolFailOver")
    before = len(peer.script())
    ran(pool, "Invoke-CsPoolFailOver", PoolFqdn="pool01.contoso.com", Confirm=False)
    assert ui.told
    assert len(peer.script()) == before


def test_a_full_buffer_blocks_the_cmdlet_until_it_is_read(peer: Peer) -> None:
    """Chatter beyond the buffer waits; nothing is lost when the client reads on."""
    peer.settings(buffer=20_000)
    pool = opened(peer.wsman())
    peer.trouble("chatter", cmdlet="Write-Output", count=300)
    shell = begun(pool, "Write-Output", InputObject="x")
    peer.until(lambda: any(s["waiting"] >= 20_000 for s in peer.shells()))
    assert all(s["waiting"] < 25_000 for s in peer.shells())
    shell.end_invoke()
    assert len(verbose(shell)) == 300


def test_malformed_clixml_is_a_fault_and_harms_nothing(pool: RunspacePool, peer: Peer) -> None:
    """As when two threads share pypsrp's serializer: a fault, and the shell goes on."""
    broken = PowerShell(pool).add_cmdlet("Write-Output").add_parameter("InputObject", ET.Element("Ref", RefId="9999"))
    with pytest.raises(WSManFaultError) as caught:
        broken.begin_invoke(remote_stream_options=0)
    assert fault_of(caught.value) == 2152992672
    assert ran(pool, "Write-Output", InputObject="x").output == ["x"]


def test_a_pool_of_one_runs_its_pipelines_one_after_the_other(pool: RunspacePool, peer: Peer) -> None:
    """The second ends only after the first has; another pool does not wait."""
    first = begun(pool, "Start-Sleep", Milliseconds=700)
    second = begun(pool, "Write-Output", InputObject="x")
    assert ran(opened(peer.wsman()), "Write-Output", InputObject="y").output == ["y"]
    second.end_invoke()
    assert second.output == ["x"]
    (commands,) = (s["commands"] for s in peer.shells() if s["id"] == pool.id)
    assert commands[first.id] == "finished"


def test_pools_can_be_resized_and_asked(pool: RunspacePool) -> None:
    """SetMax-, GetAvailable- and ResetRunspaceState, which pypsrp spells differently from psrpcore."""
    pool.max_runspaces = 3
    assert pool.max_runspaces == 3
    assert pool.get_available_runspaces() == 3
    pool.reset_runspace_state()


def test_an_object_meta_timespan_is_a_timespan(pool: RunspacePool) -> None:
    """The other way pypsrp knows to send one."""
    value = pool.serialize("PT1M30S", ObjectMeta("TS"))
    assert ran(pool, "Test-Echo", A=value).output == ["A TS PT1M30S"]
