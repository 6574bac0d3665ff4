"""The real engine as an `Engine`: reads facts and runs the cmdlet over PowerShell remoting. Puts the parts together.

It never connects to a Front End of the pool that is moved, in either direction, but to one of its backup pool: the
moved pool may be dead, and a planned failover stops its services.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from engine.facts import Facts, Pool, Topology
from engine.model import Outcome, Plan, Proof, Record, Ticket
from engine.port import AccountRefused, Cancelled, EngineError, EngineUnavailable, Sink, StepRefused
from engine.remote import facts as read
from engine.remote import survey
from engine.remote.account import Account, Password
from engine.remote.connect import Door, quiet_loggers
from engine.remote.pace import Pace
from engine.remote.reading import RemoteReader, Task, gather
from engine.remote.run import RemoteRun
from engine.remote.settings import RemoteSettings
from engine.remote.silence import QUIET
from engine.resolve import nearest

LEAVING = 30.0
"""Seconds that close() waits for runs to let go of their shells."""


class Remote:
    """Implements `engine.port.Engine`. Thread-safe; each call opens what it needs and keeps nothing open."""

    name = "remote"

    def __init__(
        self,
        settings: RemoteSettings,
        *,
        clock: Callable[[], datetime],
        wait: Callable[[float], None],
        monotonic: Callable[[], float],
        password: Password | None = None,
        quiet: float = QUIET,
    ) -> None:
        """`clock` gives the aware time for `Facts.read_at`, `wait` waits seconds, `monotonic` measures intervals.
        `password` reads it again each time, else that of the settings is used for the life of the process; `quiet`:
        seconds without a record after which that is reported."""
        quiet_loggers()
        self.settings = settings
        self._clock = clock
        self._wait = wait
        self._monotonic = monotonic
        self._quiet = quiet
        account = Account(
            password or (lambda: settings.password), first=settings.account_pause, clock=clock, monotonic=monotonic
        )
        self.door = Door(settings, monotonic, account, Pace(monotonic, wait))
        self._parking = threading.Event()
        self._runs = threading.Condition()
        self._running = 0
        self._good: list[str] = []
        self._bad: list[str] = []
        self._stopping: dict[str, float] = {}
        self._topology: tuple[float, Topology] | None = None
        self._parameters: dict[str, tuple[float, frozenset[str]]] = {}

    # --- reading ---------------------------------------------------------------------------------------------------

    def topology(self) -> Topology:
        """The pools that Get-CsPool lists and the configured ones, each with its backup pool where it is known.

        Remembered for `cache` seconds. Where the relationship could not be read, the configured pair stands in, as
        this only decides what may be typed; `facts` takes nothing from the configuration.
        """
        if self._topology and self._fresh(self._topology[0]):
            return self._topology[1]
        tasks: dict[str, Task] = {"pools": survey.asks(("Get-CsPool", {}))}
        for pool in self.settings.front_ends:
            tasks[pool] = survey.asks(("Get-CsPoolBackupRelationship", {"PoolFqdn": pool}))
        results = self._read(tasks, self._endpoints())
        listed = [] if isinstance(results["pools"], EngineError) else read.pools(results["pools"])
        named = {p.fqdn for p in listed}
        configured = [Pool(fqdn, None, hosts) for fqdn, hosts in self.settings.front_ends.items() if fqdn not in named]
        every = [*listed, *configured]
        names = [p.fqdn for p in every]
        told = Topology(tuple(replace(p, backup=self._backup(p.fqdn, results, names)) for p in every))
        self._topology = (self._monotonic(), told)
        return told

    def _backup(self, pool: str, results: Mapping[str, Any], names: list[str]) -> str | None:
        found = results.get(pool)
        if isinstance(found, list):
            return read.backup_pool(found, pool, names)
        return self.settings.partner(pool)

    def facts(self, pool: str) -> Facts:
        """Every reading in parallel, through a Front End of the backup pool. Raises EngineUnavailable when nothing
        could be read, StepRefused for a pool that is not configured or where the account is refused altogether."""
        own, partner = pool.lower(), self.settings.partner(pool)
        known = self._topology[1].pools if self._topology else ()
        machines = survey.machines_of(self.settings, known)
        if partner is None and own not in machines:
            machines = survey.machines_of(self.settings, self.topology().pools)
            if own not in machines:
                raise self._no_pair(pool)
        tasks = survey.tasks(self.settings, own, partner, machines)
        results = self._read(tasks, self._endpoints(partner, avoid=own))
        if missing := survey.unasked((own, partner), results, machines):  # as before the topology was first read
            with suppress(EngineError):
                results |= self._read(missing, self._endpoints(partner, avoid=own))
        return survey.facts(own, partner, results, self._clock())

    def parameters(self, cmdlet: str) -> frozenset[str]:
        """The server's own list, remembered for `cache` seconds."""
        cached = self._parameters.get(cmdlet.lower())
        if cached and self._fresh(cached[0]):
            return cached[1]
        told = self._one(lambda reader: reader.parameters(cmdlet))
        self._parameters[cmdlet.lower()] = (self._monotonic(), told)
        return frozenset(told)

    def roles(self, cmdlet: str) -> tuple[str, ...]:
        return read.role_names(self._one(survey.asks(("Get-CsAdminRole", {}))), cmdlet)

    def _one(self, task: Task) -> Any:
        result = self._read({"it": task}, self._endpoints())["it"]
        if isinstance(result, EngineError):
            raise result
        return result

    def _read(self, tasks: Mapping[str, Task], endpoints: list[str]) -> dict[str, Any]:
        """The tasks' results from the first endpoint that gives any. Raises what the last one ran into."""
        error: EngineError = EngineUnavailable("no Front End is configured")
        for endpoint in endpoints:
            results = gather(
                tasks,
                lambda endpoint=endpoint: RemoteReader(self.door, endpoint, self._monotonic),  # type: ignore[misc]
                workers=self.settings.readers,
                limit=2 * self.settings.read_limit,
                monotonic=self._monotonic,
            )
            failed = [r for r in results.values() if isinstance(r, EngineError)]
            if len(failed) < len(tasks):
                self._answers(endpoint)
                return results
            error = failed[0]
            if isinstance(error, AccountRefused):
                break  # it is the same account everywhere
            self._fails(endpoint)
        raise error

    def _answers(self, endpoint: str) -> None:
        self._bad = [e for e in self._bad if e != endpoint]
        self._good = [endpoint, *(e for e in self._good if e != endpoint)]

    def _fails(self, endpoint: str) -> None:
        """From now on it is the last to be asked, until it answers again."""
        self._good = [e for e in self._good if e != endpoint]
        self._bad = [*(e for e in self._bad if e != endpoint), endpoint]

    def _endpoints(self, pool: str | None = None, *, avoid: str = "") -> list[str]:
        """Front Ends to ask, those that answered last first, those that did not last; of one pool, or of all but the
        one to avoid."""
        pools = [pool] if pool else [p for p in self.settings.front_ends if p != avoid]
        every = list(dict.fromkeys(host for p in pools for host in self.settings.front_ends[p]))
        good, bad = list(self._good), list(self._bad)
        new = [e for e in every if e not in good and e not in bad]
        return [e for e in good if e in every] + new + [e for e in bad if e in every]

    def _fresh(self, since: float) -> bool:
        return self._monotonic() - since < self.settings.cache

    def _no_pair(self, pool: str) -> StepRefused:
        near = nearest(pool, [p for pair in self.settings.pairs for p in pair])
        meant = f" Did you mean {' or '.join(near)}?" if near else ""
        return StepRefused(
            f"{pool} is in no pair in the bot's configuration, so there is no surviving pool to work from.{meant} "
            "Name its pair and their Front Ends under [engine.remote]."
        )

    # --- running ---------------------------------------------------------------------------------------------------

    def ticket(self, pool: str, run: str, shell_id: str, command_id: str) -> Ticket:
        """Aimed at a Front End of the backup pool, in both directions; the one that answered last, else the first
        configured. Raises StepRefused where none is configured."""
        partner = self.settings.partner(pool)
        if partner is None:
            raise self._no_pair(pool)
        return Ticket(
            run,
            shell_id,
            command_id,
            endpoint=self._endpoints(partner)[0],
            configuration=self.settings.configuration_name,
        )

    def invoke(self, ticket: Ticket, plan: Plan, sink: Sink, cancelled: Cancelled) -> Outcome:
        """A Front End that cannot start it now is the last choice for the next ticket."""
        try:
            with self._counted(), closing(self._run(ticket, sink, cancelled)) as run:
                return run.start(plan)
        except EngineUnavailable as error:
            self._fails(ticket.endpoint)
            following = self._endpoints(self.settings.partner(plan.pool))[0]
            hint = "It will be tried again." if following == ticket.endpoint else f"{following} will be tried next."
            raise EngineUnavailable(f"{error.reason} {hint}", error.detail, error.cure) from error

    def reattach(self, ticket: Ticket, plan: Plan, sink: Sink, cancelled: Cancelled) -> Outcome:  # noqa: ARG002
        """WinRM gives a run back to any client that names its ids, once it has let go of the killed one. Numbering goes
        on after `ticket.seen`; the server never repeats what it delivered to the dead process, with the exception of a
        last message around a disconnect."""
        with self._counted(), closing(self._run(ticket, sink, cancelled)) as run:
            return run.resume()

    def prove_over(self, ticket: Ticket, *, stop_asked: bool) -> Proof:
        """See RemoteRun.prove_over. A run that was asked to stop gets `patience` from the first look that found it
        still there, in this process; only then is its shell deleted under it."""
        with closing(self._run(ticket, _nothing_to_tell, lambda: False)) as run:
            since = self._stopping.get(ticket.command_id)
            waited = since is not None and self._monotonic() - since > self.settings.patience
            proof = run.prove_over(stop_asked=stop_asked, may_end_it=waited)
        if proof.over:
            self._stopping.pop(ticket.command_id, None)
        elif stop_asked:
            self._stopping.setdefault(ticket.command_id, self._monotonic())
        return proof

    @property
    def settling(self) -> float:
        return self.settings.settling

    def close(self) -> None:
        """Every run in this process writes the phase `parked`, disconnects, and returns an UNKNOWN outcome that means
        only this: it keeps running without us. Whoever called close() must not record that outcome as the run's end.
        Waits up to LEAVING seconds for that. Runs started afterwards park at once."""
        self._parking.set()
        with self._runs:
            self._runs.wait_for(lambda: self._running == 0, timeout=LEAVING)

    def _run(self, ticket: Ticket, sink: Sink, cancelled: Cancelled) -> RemoteRun:
        settings = self.settings
        if ticket.configuration and ticket.configuration != settings.configuration_name:
            settings = settings.model_copy(update={"configuration_name": ticket.configuration})
        door = self.door if settings is self.settings else self.door.changed(settings)
        return RemoteRun(
            door, ticket, sink, cancelled, parking=self._parking.is_set, wait=self._wait, monotonic=self._monotonic,
            clock=self._clock, quiet=self._quiet,
        )  # fmt: skip

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Counts a run for as long as it is in this process, for close()."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, by: int) -> None:
        with self._runs:
            self._running += by
            self._runs.notify_all()


def _nothing_to_tell(record: Record) -> None:
    raise AssertionError(f"a look at a run reports no record: {record.text}")
