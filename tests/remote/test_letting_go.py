"""Asked to end (SIGTERM, a service stop) in the middle of a run over the wire: the run is let go of, never ended."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from bot.demo.demo import WORLD
from engine.events import RunRecorded
from engine.states import State
from tests.remote import proof
from tests.remote.incident import RemoteIncident
from tests.remote.proof import Told
from tests.wsman.peer import Peer

pytestmark = pytest.mark.skipif(os.name != "posix", reason="fork")


@pytest.mark.parametrize("wire", [pytest.param("http-ntlm", marks=pytest.mark.slow), "https-negotiate"])
def test_a_run_is_parked_and_the_next_life_follows_it_to_its_end(tmp_path: Path, wire: str) -> None:
    """Exit code 0 within seconds; the server saw a Disconnect, and no Signal or Delete of that shell. The next life
    takes it at once: no doubt, no line missing."""
    with (
        Peer.start(world=tmp_path / WORLD, speed=0.14) as server,  # auto-disconnect of two minutes: not waited for
        RemoteIncident(tmp_path, peer=server, wire=wire) as incident,
    ):
        life = incident.live()
        incident.act_until(lambda: "running" in phases(incident))
        asked = time.monotonic()
        assert life.end() == 0
        assert time.monotonic() - asked < 8
        (intent,) = incident.intents()
        verbs = [entry["verb"] for entry in server.log() if entry["shell"] == intent.ticket.shell_id]
        assert verbs[-1] == "Disconnect"
        assert not {"Signal", "Delete"} & set(verbs)
        assert phases(incident)[-1] == "parked"
        assert incident.follow(incident.live()) == 0
        assert proof.holds(incident) == Told(State.SUCCEEDED, kills=0, intents=1, doubted=False, lost=0)


def phases(incident: RemoteIncident) -> list[str]:
    """The phases that are committed."""
    records = [event.record for event in incident.events() if isinstance(event, RunRecorded)]
    return [record.text for record in records if record.stream == "phase"]
