"""The life of a shell: disconnected, reattached, killed clients, owners, quota, the IIS kind of endpoint."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from pypsrp.complex_objects import PSInvocationState, RunspacePoolState
from pypsrp.exceptions import WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from tests.wsman.client import COMMAND, SHELL, attached, begun, fault_of, opened, ran, verbose
from tests.wsman.fixtures import TRANSPORTS
from tests.wsman.peer import ROOT, Peer
from tests.wsman.settings import DEFAULT_USERS
from tests.wsman.shells import CTRL_C

GONE = 2150858843


@pytest.fixture(autouse=True)
def _clean(peer: Peer) -> Iterator[None]:
    """Shell ids are fixed here, so none may stay."""
    yield
    for shell in peer.shells():
        peer.reap_shell(shell["id"])


def _numbers(lines: list[str]) -> set[int]:
    return {int(line.removeprefix("record ")) for line in lines if line.startswith("record ")}


def test_a_disconnected_shell_is_reconnected_by_its_own_session(peer: Peer) -> None:
    """The cmdlet goes on meanwhile, and all its records are there."""
    pool = opened(peer.wsman())
    shell = begun(pool, "Test-Records", Count=5, Every=50)
    pool.disconnect()
    assert [s["state"] for s in peer.shells()] == ["Disconnected"]
    peer.until(lambda: "finished" in peer.shells()[0]["commands"].values())
    pool.connect()
    shell.connect()
    assert _numbers(verbose(shell)) == {1, 2, 3, 4, 5}


def test_another_process_lists_and_attaches_to_a_disconnected_shell(peer: Peer) -> None:
    """By Enumerate, as Get-PSSession does."""
    first = opened(peer.wsman())
    begun(first, "Test-Records", Count=3)
    first.disconnect()
    (pool,) = RunspacePool.get_runspace_pools(WSMan(**peer.wsman()))
    (shell,) = pool.create_disconnected_power_shells()
    pool.connect()
    shell.connect()
    assert _numbers(verbose(shell)) == {1, 2, 3}


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_the_records_of_a_killed_client_are_collected_by_another(peer: Peer, transport: str) -> None:
    """SIGKILL in the middle of a long poll: the cmdlet runs on, and what the two clients read together is whole."""
    peer.settings(auto_disconnect=0.8)
    given = {"wsman": peer.wsman(transport), "cmdlet": "Test-Records", "parameters": {"Count": 10, "Every": 150}}
    victim = subprocess.Popen(
        [sys.executable, "-m", "tests.wsman.client", json.dumps(given)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert victim.stdout is not None
    seen = [victim.stdout.readline().strip() for _ in range(3)]
    peer.until(lambda: peer.log("Receive")[-1]["outcome"] == "")  # killed while it waits for the next record
    victim.send_signal(signal.SIGKILL)
    seen += [line.strip() for line in victim.communicate()[0].splitlines()]
    with pytest.raises(WSManFaultError):  # the server still holds the dead client
        attached(peer.wsman(transport), SHELL, COMMAND)
    peer.until(lambda: peer.shells()[0]["state"] == "Disconnected")
    second = attached(peer.wsman(transport), SHELL, COMMAND)
    second.end_invoke()
    assert second.state == PSInvocationState.COMPLETED
    assert _numbers(seen) | _numbers(verbose(second)) == set(range(1, 11))
    assert _numbers(seen), "the first client read some"
    assert len([e for e in peer.log("Command") if e["command"] == COMMAND]) in (1, 2)


def test_silence_disconnects_a_shell_and_its_own_session_reconnects(peer: Peer) -> None:
    """Modelled after users' reports of two minutes: the next call is refused, Reconnect cures it."""
    peer.settings(auto_disconnect=0.2)
    pool = opened(peer.wsman())
    peer.until(lambda: peer.shells()[0]["state"] == "Disconnected")
    with pytest.raises(WSManFaultError) as caught:
        ran(pool, "Write-Output", InputObject="x")
    assert fault_of(caught.value) == 2150859204
    pool.state = RunspacePoolState.DISCONNECTED
    pool.connect()
    assert ran(pool, "Write-Output", InputObject="x").output == ["x"]


def test_a_long_poll_keeps_a_shell_connected(peer: Peer) -> None:
    """A client that waits for records is not silent."""
    peer.settings(auto_disconnect=0.2)
    pool = opened(peer.wsman())
    assert ran(pool, "Test-Records", Count=1, Every=600).state == PSInvocationState.COMPLETED


def test_a_stranger_session_does_not_keep_a_shell_connected(peer: Peer) -> None:
    """A failing Connect of another session must not hold a dead client's shell."""
    peer.settings(auto_disconnect=0.5)
    opened(peer.wsman(), SHELL)
    for _ in range(100):
        try:
            attached(peer.wsman(), SHELL, COMMAND)
        except WSManFaultError as fault:
            if fault_of(fault) == GONE:  # connected at last; the command was never there
                break
    else:
        pytest.fail("it never let go")


def test_a_shell_is_deleted_after_its_idle_timeout(peer: Peer) -> None:
    """The one the client asked for."""
    opened(peer.wsman(), idle_timeout=1)
    peer.until(lambda: peer.shells() == [])


def test_delete_ends_what_runs(peer: Peer) -> None:
    """Closing a pool kills its cmdlet half way: the trap that pypsrp's context manager is."""
    pool = opened(peer.wsman())
    before = len(peer.script(seconds=0.5, records=5))
    begun(pool, "Invoke-CsPoolFailOver", PoolFqdn="pool03.contoso.com")
    peer.until(lambda: len(peer.script()) == before + 1)
    pool.close()
    assert peer.shells() == []
    second = opened(peer.wsman())
    ran(second, "Start-Sleep", Milliseconds=700)
    (state,) = ran(second, "Get-CsRegistrarConfiguration", Identity="service:Registrar:pool03.contoso.com").output
    assert state.adapted_properties["PoolState"] == "FailingOver"


def test_ctrl_c_stops_a_cmdlet_and_its_last_records_can_be_read(peer: Peer) -> None:
    """By signal and polling on: state Stopped with PipelineStopped."""
    pool = opened(peer.wsman())
    shell = begun(pool, "Test-Records", Count=1000, Every=20)
    shell.poll_invoke(5)
    pool.shell.signal(CTRL_C, shell.id)
    shell.end_invoke()
    assert shell.state == PSInvocationState.STOPPED
    assert shell.streams.error[-1].fq_error == "PipelineStopped"


def test_a_command_whose_end_was_told_is_gone(peer: Peer) -> None:
    """Neither listed nor received from; Close of the pipeline is still answered."""
    pool = opened(peer.wsman(), SHELL)
    shell = ran(pool, "Write-Output", InputObject="x")
    with pytest.raises(WSManFaultError) as caught:
        shell.poll_invoke(1)
    assert fault_of(caught.value) == GONE
    shell.close()


def test_a_quiet_pipeline_times_out_and_is_polled_on(peer: Peer) -> None:
    """poll_invoke comes back after its timeout with nothing, and the pipeline still runs."""
    shell = begun(opened(peer.wsman()), "Start-Sleep", Milliseconds=1500)
    shell.poll_invoke(1)  # the noise at the start
    shell.poll_invoke(1)
    assert shell.state == PSInvocationState.RUNNING
    assert peer.log("Receive")[-1]["outcome"] == "fault timed_out"
    shell.end_invoke()
    assert shell.state == PSInvocationState.COMPLETED


def test_a_shell_belongs_to_its_user(peer: Peer) -> None:
    """Another account is denied access to it and does not see it."""
    opened(peer.wsman(), SHELL)
    reader = peer.wsman(username=DEFAULT_USERS[1].name, password=DEFAULT_USERS[1].password)
    with pytest.raises(WSManFaultError) as caught:
        attached(reader, SHELL, COMMAND)
    assert fault_of(caught.value) == 5
    assert RunspacePool.get_runspace_pools(WSMan(**reader)) == []


def test_a_user_has_so_many_shells_and_no_more(peer: Peer) -> None:
    """The quota is per user."""
    peer.settings(shells=2)
    pools = [opened(peer.wsman()) for _ in range(2)]
    with pytest.raises(WSManFaultError) as caught:
        opened(peer.wsman())
    assert fault_of(caught.value) == 2150859173
    pools[0].close()
    opened(peer.wsman())


def test_is_alive_tells(peer: Peer) -> None:
    """Get of a shell: Connected, then Disconnected."""
    pool = opened(peer.wsman())
    assert pool.is_alive()
    peer.disconnect_shell(pool.id)
    assert not pool.is_alive()


@pytest.mark.parametrize("path", ["OcsPowershell", "wsman"])
def test_an_iis_endpoint_cannot_disconnect(peer: Peer, path: str) -> None:
    """Modelled: /OcsPowershell always, /wsman by setting. The fault is ActionNotSupported."""
    peer.settings(disconnect=False)
    pool = opened(peer.wsman(path=path))
    assert ran(pool, "Get-CsPool").output
    with pytest.raises(WSManFaultError) as caught:
        pool.disconnect()
    assert fault_of(caught.value) == 50


def test_an_rbac_endpoint_has_its_cmdlets_loaded(peer: Peer) -> None:
    """No Import-Module at /OcsPowershell, and no scripts, whatever the settings."""
    peer.settings(no_language=False)
    pool = opened(peer.wsman(path="OcsPowershell"))
    assert ran(pool, "Import-Module", Name="SkypeForBusiness").streams.error[0].fq_error == "CommandNotFoundException"
    script = PowerShell(pool).add_script("'a'")
    script.invoke()
    assert script.had_errors
