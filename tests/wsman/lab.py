"""The lab engine behind the peer's cmdlets: the same world file that the bot's own lab engine uses."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Event

from engine.lab import reading, runs
from engine.lab.build import Size
from engine.lab.engine import Lab
from engine.lab.world import create, pool_named
from engine.model import Outcome, Plan, Ticket
from engine.port import Cancelled, Sink
from tests.wsman.runspace import Killed


class PeerLab(Lab):
    """A lab in which a deleted shell stops what ran in it: otherwise a lab run goes on without its caller."""

    def running(self, pool: str) -> frozenset[str]:
        """The Front Ends of this pool that are up."""
        with self.world.read() as db:
            row = pool_named(db, pool)
            return frozenset(fqdn for fqdn, up in reading.front_ends(db, row) if up) if row else frozenset()

    def invoke(self, ticket: Ticket, plan: Plan, sink: Sink, cancelled: Cancelled) -> Outcome:
        try:
            return super().invoke(ticket, plan, sink, cancelled)
        except Killed:
            runs.stop(self.world, ticket.run)
            raise


def open_lab(path: Path, size: str, product: str, speed: float | None) -> PeerLab:
    """Open the world at `path`, made with this size and product where there is none yet. `speed` in virtual seconds
    per second; None is instant."""
    if not path.exists():
        create(path, Size(size), clock=time.time, product=product).close()
    pause = Event()
    return PeerLab(path, clock=time.time, wait=lambda seconds: (pause.wait(seconds), None)[1], speed=speed)
