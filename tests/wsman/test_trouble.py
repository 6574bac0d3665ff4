"""Each kind of scripted trouble does what it says, and is seen in the log."""

from __future__ import annotations

import pytest
import requests
from pypsrp.complex_objects import PSInvocationState
from pypsrp.exceptions import WinRMTransportError, WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from tests.wsman.client import begun, fault_of, opened, ran, verbose
from tests.wsman.fixtures import TRANSPORTS
from tests.wsman.peer import Peer


def _failover(pool: RunspacePool) -> PowerShell:
    return begun(pool, "Invoke-CsPoolFailOver", PoolFqdn="pool01.contoso.com", Confirm=False, Verbose=True)


def test_a_reset_before_command_starts_nothing(peer: Peer) -> None:
    """The client sees a broken connection, the backend nothing."""
    pool = opened(peer.wsman())
    before = len(peer.script())
    peer.trouble("reset", verb="Command")
    with pytest.raises(requests.exceptions.ConnectionError):
        _failover(pool)
    assert peer.log("Command")[-1]["outcome"] == "trouble reset"
    assert len(peer.script()) == before


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_lost_answer_to_command_leaves_a_running_cmdlet(peer: Peer, transport: str) -> None:
    """The client cannot know; Enumerate on a fresh connection tells."""
    pool = opened(peer.wsman(transport))
    before = len(peer.script(seconds=1))
    peer.trouble("drop", cmdlet="Invoke-CsPoolFailOver")
    with pytest.raises(requests.exceptions.ConnectionError):
        _failover(pool)
    peer.until(lambda: len(peer.script()) == before + 1)
    found = {p.id: list(p.pipelines) for p in RunspacePool.get_runspace_pools(WSMan(**peer.wsman(transport)))}
    assert found[pool.id] == [peer.log("Command")[-1]["command"]]


def test_resets_of_receive_lose_no_record(peer: Peer) -> None:
    """Three resets in a row; polling on brings every record once."""
    pool = opened(peer.wsman())
    peer.trouble("reset", verb="Receive", nth=2, times=3)
    shell = begun(pool, "Test-Records", Count=30, Every=10)
    resets = 0
    while shell.state == PSInvocationState.RUNNING:
        try:
            shell.poll_invoke(1)
        except requests.exceptions.ConnectionError:
            resets += 1
    assert resets == 3
    assert verbose(shell) == [f"record {n}" for n in range(1, 31)]


def test_a_hanging_receive_is_repeated_and_gets_its_reply(peer: Peer) -> None:
    """pypsrp repeats it with the same MessageID after its read timeout; no record is lost or doubled."""
    pool = opened(peer.wsman(operation_timeout=1, read_timeout=1, reconnection_backoff=0.05))
    peer.trouble("hang", verb="Receive", seconds=2)
    shell = ran(pool, "Test-Records", Count=5)
    assert verbose(shell) == [f"record {n}" for n in range(1, 6)]
    asked = [e["message"] for e in peer.log("Receive")][-2:]
    assert asked[0] == asked[1]


def test_http_and_fault_come_instead_of_an_answer(peer: Peer) -> None:
    """503, then a fault of the table."""
    peer.trouble("http", verb="Create", code=503)
    with pytest.raises(WinRMTransportError) as status:
        opened(peer.wsman())
    assert status.value.code == 503
    pool = opened(peer.wsman())
    peer.trouble("fault", verb="Command", name="rbac")
    with pytest.raises(WSManFaultError) as fault:
        _failover(pool)
    assert fault_of(fault.value) == 2152992672
    assert "management role" in fault.value.provider_fault


def test_a_reaped_shell_is_gone_for_its_client(peer: Peer) -> None:
    """As after an idle timeout or a restart of the server's host process."""
    pool = opened(peer.wsman())
    shell = begun(pool, "Test-Records", Count=100, Every=20)
    peer.trouble("reap_shell", verb="Receive")
    with pytest.raises(WSManFaultError) as caught:
        shell.poll_invoke(1)
    assert fault_of(caught.value) == 2150858843
    assert pool.id not in [s["id"] for s in peer.shells()]


def test_a_shell_disconnected_under_its_client_goes_on(peer: Peer) -> None:
    """The code of "disconnected" is modelled."""
    pool = opened(peer.wsman())
    shell = begun(pool, "Test-Records", Count=5, Every=20)
    peer.trouble("disconnect_shell", verb="Receive")
    with pytest.raises(WSManFaultError) as caught:
        shell.poll_invoke(1)
    assert fault_of(caught.value) == 2150859204
    assert next(s["commands"] for s in peer.shells() if s["id"] == pool.id)


def test_nth_and_cmdlet_choose_what_is_hit(peer: Peer) -> None:
    """The second Command of this name only."""
    pool = opened(peer.wsman())
    peer.trouble("fault", cmdlet="Get-CsPool", nth=2, name="internal")
    ran(pool, "Get-CsPool")
    ran(pool, "Write-Output", InputObject="x")
    with pytest.raises(WSManFaultError):
        ran(pool, "Get-CsPool")
    ran(pool, "Get-CsPool")


def test_unknown_trouble_is_refused(peer: Peer) -> None:
    """A typing mistake in a test does not pass for calm."""
    with pytest.raises(ValueError, match="no such trouble"):
        peer.trouble("resett")
    with pytest.raises(ValueError, match="no such setting"):
        peer.settings(autodisconnect=1)


def test_an_exiting_server_is_gone() -> None:
    """In the middle of a request; the handle reaps its own process only."""
    with Peer.start() as doomed:
        pool = opened(doomed.wsman())
        doomed.trouble("exit", verb="Command")
        with pytest.raises(requests.exceptions.ConnectionError):
            ran(pool, "Write-Output", InputObject="x")
        assert doomed.process.wait(5) == 3
