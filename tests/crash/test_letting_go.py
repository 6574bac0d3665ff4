"""Asked to end (SIGTERM, a service stop), the bot lets a run go without ending it, and is quick about it."""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from slack_bolt import App

from audit.sqlite.reader import Reader
from bot.clock import wait as pause
from bot.slack.link import HttpLink
from tests.crash import proof
from tests.crash.incident import Incident, furnish

posix = pytest.mark.skipif(os.name != "posix", reason="fork")
SLOWLY = 0.01
"""Virtual seconds per second: a failover of the tiny pool would take a minute."""


def until(done: Callable[[], bool]) -> None:
    while not done():  # pytest's own timeout ends it
        pause(0.02)


def at_work(incident: Incident) -> bool:
    """Whether a run is on its way in the world."""
    with closing(sqlite3.connect(incident.world)) as db:
        return bool(db.execute("SELECT count(*) FROM run WHERE ended IS NULL").fetchone()[0])


@posix
@pytest.mark.parametrize("transport", ["http", pytest.param("socket", marks=pytest.mark.slow)])
def test_a_run_is_let_go_and_the_next_life_follows_it_to_its_end(
    tmp_path: Path, worlds: dict[str, Path], transport: str
) -> None:
    """Stopped in the middle: exit code 0, the run goes on in the world, no doubt, and one verdict in the next life."""
    place = furnish(tmp_path / "incident", worlds["/failover pool01"])
    with Incident(place, transport=transport, speed=SLOWLY) as incident:
        life = incident.live()
        incident.act_until(lambda: at_work(incident))
        assert life.end() == 0
        assert at_work(incident)
        incident.speed = None  # the rest happens at once
        assert incident.follow(incident.live()) == 0
        proof.holds(incident)
        with Reader(incident.log) as reader:
            kinds = [row.kind for row in reader.read(incident.operations()[0])]
        assert "doubt.raised" not in kinds
        assert kinds.count("run.intended") == 1


def test_a_proxy_that_keeps_its_connection_open_does_not_keep_the_bot_from_ending() -> None:
    """The link closes what others hold open: they read the end of the stream."""
    app = App(token="xoxb-lab", signing_secret="none", token_verification_enabled=False)
    link = HttpLink(app, "127.0.0.1", 0, "none")
    link.start()
    with socket.create_connection(("127.0.0.1", link.port), timeout=10) as proxy:
        proxy.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert proxy.recv(4096).startswith(b"HTTP/1.1 404")
        link.stop()
        while proxy.recv(4096):
            pass
