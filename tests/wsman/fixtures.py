"""pytest fixtures of a running peer; a conftest.py imports them: `from tests.wsman.fixtures import peer, running`.

One process serves every transport; `TRANSPORTS` are the two that tests run by default, as arguments of
`Peer.wsman`: HTTP with NTLM message encryption, and HTTPS with Negotiate and channel binding.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.wsman.peer import Peer

TRANSPORTS = ("http-ntlm", "https-negotiate")


@pytest.fixture(scope="module")
def running() -> Iterator[Peer]:
    """One peer for the tests of a module, with a few seconds of auto-disconnect and the scripted backend."""
    with Peer.start({"auto_disconnect": 8.0}) as started:
        yield started


@pytest.fixture
def peer(running: Peer) -> Peer:
    """The module's peer with no trouble armed and its default script."""
    running.clear_trouble()
    running.script(seconds=0.2, records=5, errors=0, warnings=0, fails="", users=20, hidden=[])
    running.settings(auto_disconnect=8.0, disconnect=True, no_language=True, buffer=1024 * 1024, shells=30, noise=True)
    return running
