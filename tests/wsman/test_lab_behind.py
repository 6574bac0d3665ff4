"""The peer's Lync cmdlets on the lab world that the bot's own lab engine uses."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from pypsrp.complex_objects import PSInvocationState

from engine.facts import PoolState
from engine.lab.engine import Lab
from tests.wsman.client import begun, opened, ran, verbose
from tests.wsman.peer import Peer
from tests.wsman.shells import CTRL_C

POOL = "pool01.contoso.com"


@pytest.fixture
def world(tmp_path: Path) -> Path:
    return tmp_path / "world.sqlite"


@pytest.fixture
def at_work(world: Path) -> Iterator[Peer]:
    """A peer whose world is slow enough to be interrupted."""
    with Peer.start(world=world, speed=0.2) as peer:
        yield peer


def _lab(world: Path) -> Lab:
    pause = Event()
    return Lab(world, clock=time.time, wait=lambda seconds: (pause.wait(seconds), None)[1], speed=None)


def test_a_failover_through_the_peer_changes_the_lab_world(world: Path) -> None:
    """Seen by the lab engine in another process, and by the read cmdlets over the wire."""
    with Peer.start(world=world) as peer:
        pool = opened(peer.wsman())
        shell = ran(pool, "Invoke-CsPoolFailOver", PoolFqdn=POOL, Confirm=False, Verbose=True, WaitTime="00:00:30")
        assert shell.state == PSInvocationState.COMPLETED
        assert all(line.startswith("Lab: ") for line in verbose(shell))
        assert len(verbose(shell)) > 3
        (state,) = ran(pool, "Get-CsRegistrarConfiguration", Identity=f"service:Registrar:{POOL}").output
        assert state.adapted_properties["PoolState"] == "FailedOver"
        pool.close()
    lab = _lab(world)
    assert lab.facts(POOL).pool.state is PoolState.FAILED_OVER
    lab.close()


def test_what_the_lab_refuses_is_one_terminating_error(world: Path) -> None:
    """In the lab's words and with its id."""
    with Peer.start(world=world) as peer:
        shell = ran(opened(peer.wsman()), "Invoke-CsPoolFailOver", PoolFqdn="pool-alone.contoso.com", Confirm=False)
    assert shell.state == PSInvocationState.FAILED
    (error,) = shell.streams.error
    assert error.fq_error == "Lab.NoBackupPool"


def test_ctrl_c_reaches_the_lab(at_work: Peer, world: Path) -> None:
    """Stopped before the redirect, the pool is as before."""
    pool = opened(at_work.wsman())
    shell = begun(pool, "Invoke-CsPoolFailOver", PoolFqdn=POOL, Confirm=False, Verbose=True)
    while not verbose(shell):
        shell.poll_invoke(1)
    pool.shell.signal(CTRL_C, shell.id)
    shell.end_invoke()
    assert shell.state == PSInvocationState.STOPPED
    (state,) = ran(pool, "Get-CsRegistrarConfiguration", Identity=f"service:Registrar:{POOL}").output
    assert state.adapted_properties["PoolState"] == "Active"


def test_deleting_the_shell_ends_the_run_in_the_lab(at_work: Peer) -> None:
    """What a pool that is closed too early does to a failover."""
    pool = opened(at_work.wsman())
    shell = begun(pool, "Invoke-CsPoolFailOver", PoolFqdn=POOL, Confirm=False, Verbose=True)
    while not verbose(shell):
        shell.poll_invoke(1)
    pool.close()
    second = opened(at_work.wsman())

    def state() -> str:
        (found,) = ran(second, "Get-CsRegistrarConfiguration", Identity=f"service:Registrar:{POOL}").output
        return str(found.adapted_properties["PoolState"])

    at_work.until(lambda: state() == "Active")
