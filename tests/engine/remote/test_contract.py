"""The remote engine keeps the contract of every engine, over the wire, with a tiny lab world behind the peer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.facts import Health, What
from engine.lab.build import Size
from engine.lab.trouble import break_, reset
from engine.lab.world import World
from engine.remote.engine import Remote
from tests.engine.contract import EngineContract
from tests.engine.lab.worlds import P1, P2, P3, P4, grow
from tests.engine.remote.rig import NOON, pause, settings
from tests.wsman.peer import Peer


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("contract") / "world.db"


@pytest.fixture(scope="module")
def peer(path: Path) -> Iterator[Peer]:
    with Peer.start({"auto_disconnect": 2.0}, world=path, product="2013") as started:
        yield started


@pytest.fixture
def world(peer: Peer, path: Path) -> Iterator[World]:
    """Another handle on the peer's world, made anew for each test."""
    handle = World(path, clock=time.time)
    reset(handle, Size.TINY, "2013")
    yield handle
    handle.close()


@pytest.fixture
def passes() -> Callable[[float], None]:
    return pause


@pytest.fixture
def unanswered(peer: Peer) -> Callable[[], None]:
    """503 to the shell of a run, which is asked for with a long idle time-out; readers are let in."""
    return lambda: peer.trouble("http", verb="Create", code=503, least_idle=3600)


def over(peer: Peer, transport: str) -> Remote:
    pools = {
        pool: tuple(f"{pool.partition('.')[0]}-fe{n:02}.contoso.com" for n in range(1, 4)) for pool in (P1, P2, P3, P4)
    }
    hosts = {host: peer.host for machines in pools.values() for host in machines}
    chosen = settings(peer, transport, readers=3, front_ends=pools, pairs=((P1, P2), (P3, P4)), addresses=hosts)
    return Remote(chosen, clock=lambda: NOON, wait=pause, monotonic=time.monotonic)


class TestOverHttpsWithNegotiate(EngineContract):
    """HTTPS, Negotiate with channel binding: how it is meant to be run."""

    @pytest.fixture
    def engine(self, peer: Peer, world: World) -> Remote:  # noqa: ARG002  # made anew before the engine
        return over(peer, "https-negotiate")


@pytest.mark.slow  # the claims of test_run.py are made over both in every run
class TestOverHttpWithNtlm(EngineContract):
    """HTTP with NTLM message encryption: WinRM's own default."""

    @pytest.fixture
    def engine(self, peer: Peer, world: World) -> Remote:  # noqa: ARG002  # made anew before the engine
        return over(peer, "http-ntlm")


def test_where_the_order_could_not_be_read_a_large_pool_is_unknown(peer: Peer, world: World) -> None:
    """Four of eight Front Ends run: enough if they vote, too few if not. The reading that failed is named."""
    grow(world, P1, 8)
    for number in range(1, 5):
        break_(world, "fe", P1, str(number))
    engine = over(peer, "https-negotiate")
    assert engine.topology().get(P1)
    peer.trouble("http", verb="Command", cmdlet="Get-CsComputer", times=9)
    try:
        facts = engine.facts(P1)
    finally:
        peer.clear_trouble()
    assert (facts.pool.health, facts.pool.front_ends_up) == (Health.UNKNOWN, 4)
    assert facts.missed(What.ORDER, P1)
    assert engine.facts(P1).pool.health is Health.QUORUM_LOST


def test_the_first_reading_asks_every_front_end_of_the_topology(peer: Peer, world: World) -> None:
    """The configuration names three of eight, and nobody has asked for the topology yet."""
    grow(world, P1, 8)
    facts = over(peer, "https-negotiate").facts(P1)
    assert (facts.pool.health, facts.pool.front_ends, facts.pool.front_ends_up) == (Health.UP, 8, 8)
    for number in range(1, 5):
        break_(world, "fe", P1, str(number))
    assert over(peer, "https-negotiate").facts(P1).pool.health is Health.QUORUM_LOST
