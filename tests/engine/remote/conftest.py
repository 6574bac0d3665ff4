"""The peer's fixtures, and the two transports over which each claim about a run is made."""

from __future__ import annotations

import pytest

from engine.remote.engine import Remote
from tests.engine.remote.rig import remote
from tests.wsman.fixtures import TRANSPORTS, peer, running
from tests.wsman.peer import Peer

__all__ = ["peer", "running"]


@pytest.fixture(params=[pytest.param(TRANSPORTS[0], marks=pytest.mark.slow), TRANSPORTS[1]])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def engine(peer: Peer, transport: str) -> Remote:
    """The real engine on the peer."""
    return remote(peer, transport)
