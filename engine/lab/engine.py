"""The lab as an `Engine`: starts runs in a world, follows them, reads facts. The rules of a run are in `runs`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.facts import Facts, Topology
from engine.lab import reading, runs
from engine.lab.guards import PARAMETERS
from engine.lab.world import World, WorldLost
from engine.model import Ended, Kind, Outcome, Plan, Proof, Record, Ticket
from engine.plan import CMDLETS
from engine.port import Cancelled, EngineUnavailable, SightLost, Sink, StepRefused
from engine.resolve import nearest

POLL = 0.25
"""Real seconds between two looks at a run, so that a request to stop is noticed soon."""

SHORTEST = 0.001
"""Real seconds; less would not move a clock that counts from 1970 in floating point."""


class Lab:
    """Implements `engine.port.Engine` on a world file. Thread-safe; several processes may use one world."""

    name = "lab"

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], float],
        wait: Callable[[float], None],
        speed: float | None = None,
        settling: float = 0.0,
        at_commit: Callable[[str], None] | None = None,
    ) -> None:
        """`clock` gives unix seconds, `wait` waits real seconds. `speed` is virtual seconds in a real one; None
        makes everything instant. `settling`: see the port; the lab's own readings never lag. `at_commit` gets each
        committed change of the world, for crash tests. Raises EngineUnavailable when there is no world at `path`."""
        self.world = World(path, clock=clock, at_commit=at_commit)
        self._wait = wait
        self.settling = settling
        runs.advance(self.world)
        self.world.go(speed)

    def topology(self) -> Topology:
        return reading.topology(self.world)

    def facts(self, pool: str) -> Facts:
        runs.advance(self.world)
        facts = reading.facts(self.world, pool)
        if facts is None:
            raise StepRefused(self._unknown(pool))
        return facts

    def parameters(self, cmdlet: str) -> frozenset[str]:
        product = str((self.world.one("SELECT product FROM clock") or ("2013",))[0])
        return PARAMETERS[product, self._kind(cmdlet)]

    def roles(self, cmdlet: str) -> tuple[str, ...]:
        self._kind(cmdlet)
        with self.world.read() as db:
            rows = db.execute("SELECT name FROM role WHERE lower(cmdlet) = ? ORDER BY name", (cmdlet.lower(),))
            return tuple(name for (name,) in rows)

    def ticket(self, pool: str, run: str, shell_id: str, command_id: str) -> Ticket:
        """Aimed at a Front End of the backup pool; of the pool itself only where the backup pool has none that is up.
        Raises StepRefused for a pool that is not there."""
        row = self.world.one(
            "SELECT fe.fqdn FROM pool p JOIN fe ON fe.pool IN (p.backup, p.id) WHERE p.fqdn = ?"
            " ORDER BY fe.up DESC, fe.pool = p.id, fe.number",
            (pool.lower(),),
        )
        if row is None:
            raise StepRefused(self._unknown(pool))
        return Ticket(run, shell_id, command_id, endpoint=str(row[0]))

    def invoke(self, ticket: Ticket, plan: Plan, sink: Sink, cancelled: Cancelled) -> Outcome:
        """Even when called twice with one ticket there is one run: the second call follows it."""
        if runs.known(self.world, ticket.run):
            return self.reattach(ticket, plan, sink, cancelled)
        sink(Record(1, "phase", "opening"))
        if not runs.answered(self.world):
            raise EngineUnavailable(f"Lab: {ticket.endpoint} does not answer. It will be tried again.")
        sink(Record(2, "phase", "sending"))
        if any(parameter.name == "WhatIf" for parameter in plan.parameters):
            return self._whatif(plan, sink)
        runs.start(self.world, ticket, plan)
        return self._follow(ticket.run, 2, sink, cancelled)

    def reattach(self, ticket: Ticket, plan: Plan, sink: Sink, cancelled: Cancelled) -> Outcome:
        """A run that is not there never began, and is prevented from beginning later. Raises SightLost while `lab break
        sight` holds."""
        if not runs.known(self.world, ticket.run):
            runs.fence(self.world, ticket, plan.kind)
        if runs.blind(self.world, ticket.run):
            raise SightLost("Lab: this run cannot be seen until sight is repaired; it may still be at work.")
        return self._follow(ticket.run, ticket.seen, sink, cancelled)

    def prove_over(self, ticket: Ticket, *, stop_asked: bool) -> Proof:  # noqa: ARG002  # nothing has to be deleted here
        runs.advance(self.world)
        return runs.proof(self.world, ticket.run)

    def close(self) -> None:
        self.world.close()

    def _whatif(self, plan: Plan, sink: Sink) -> Outcome:
        sink(Record(3, "phase", "running"))
        outcome = runs.whatif(self.world, plan)
        sink(Record(4, "output" if outcome.ended is Ended.COMPLETED else "error", outcome.say))
        sink(Record(5, "phase", "ended"))
        return outcome

    def _follow(self, run: str, seen: int, sink: Sink, cancelled: Cancelled) -> Outcome:
        """One step at a time, reporting every record, until the run is over or sight of it is lost."""
        asked = False
        while True:
            try:
                outcome, blind = runs.outcome(self.world, run), runs.blind(self.world, run)
                news = runs.records(self.world, run, seen)
            except WorldLost as lost:
                return Outcome(Ended.UNKNOWN, f"Lab: sight of the run was lost. {lost.say}")
            for record in news:
                sink(record)
                seen = record.n
            if outcome:
                return outcome
            if blind:
                return Outcome(Ended.UNKNOWN, "Lab: sight of the run was lost; it may still be at work.")
            stop = not asked and cancelled()
            asked = asked or stop
            try:
                self._go_on(run, stop=stop)
            except WorldLost as lost:
                return Outcome(Ended.UNKNOWN, f"Lab: sight of the run was lost. {lost.say}")

    def _go_on(self, run: str, *, stop: bool) -> None:
        if stop:
            runs.stop(self.world, run)
        elif not runs.step(self.world, run):
            self._wait(max(SHORTEST, min(POLL, runs.wait_for(self.world, run) or 0.0)))

    def _kind(self, cmdlet: str) -> Kind:
        for kind, name in CMDLETS.items():
            if name.lower() == cmdlet.lower():
                return kind
        raise StepRefused(f"Lab: there is no cmdlet {cmdlet} here.")

    def _unknown(self, pool: str) -> str:
        near = nearest(pool, [p.fqdn for p in self.topology().pools])
        return f"Lab: there is no pool {pool}." + (f" Did you mean {' or '.join(near)}?" if near else "")
