"""pytest fixtures of the two default peers; import them where they are needed: `from tests.wsman.fixtures import ...`.

`http_ntlm` speaks HTTP with NTLM message encryption, `https_negotiate` HTTPS with Negotiate and channel binding.
Both are the same kind of process; they differ in what `wsman()` tells a client to do.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.wsman.peer import Peer

TRANSPORTS = ("http-ntlm", "https-negotiate")


@pytest.fixture(scope="module")
def running() -> Iterator[Peer]:
    """One peer for the tests of a module, with two seconds of auto-disconnect and the scripted backend."""
    with Peer.start({"auto_disconnect": 2.0}) as started:
        yield started


@pytest.fixture
def peer(running: Peer) -> Peer:
    """The module's peer with no trouble armed and its default script."""
    running.clear_trouble()
    running.script(seconds=0.2, records=5, errors=0, warnings=1, fails="", users=20, hidden=[])
    running.settings(auto_disconnect=2.0, disconnect=True, no_language=True, buffer=1024 * 1024, shells=30, noise=True)
    return running
