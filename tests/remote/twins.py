"""Two bots without Slack that live through the same things: one on the lab itself, one on the real engine over the
wire with an equal world behind the peer. Rules, runner and log are the product's own. No assertion.

Time runs twenty times as fast for the runners, so that what has to settle is settled in seconds.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from slack_sdk import WebClient

from audit.sqlite.store import Store
from bot import clock
from bot.desk.journal import Journal
from bot.desk.runner import Runner
from bot.desk.timings import Timings
from bot.slack.people import People
from engine.events import ApprovalGranted, Event, RequestAsked, RunRecorded
from engine.lab.build import Size
from engine.lab.engine import Lab
from engine.lab.trouble import break_, repair
from engine.lab.world import World, create
from engine.model import Kind, Options, Person
from engine.policy import Policy
from engine.port import Engine
from engine.states import Operation, State
from tests.engine.lab.worlds import STATE

FASTER = 20
PATIENCE = 20.0
"""Seconds for one operation."""
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LEADS = ("bob", "carol")
POLICY = Policy(approvals=1, risky_approvals=2, cooldown=0)
PERSONS = {
    "alice": Person("alice", "Alice", frozenset({"oncall"})),
    **{name: Person(name, name.title(), frozenset({"lead"})) for name in LEADS},
}
ACCOUNTS = {f"U0{name.upper()}": name for name in PERSONS}
CLOCKS = {"pool": ("down_since", "at", "synced_at"), "step": ("run", "at"), "loss": ("run",)}
"""What equal worlds may differ in: when something happened, and ids of runs."""
Trouble = tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """One request; `meanwhile` is broken between preflight and the approvals."""

    kind: Kind
    pool: str
    options: Options
    meanwhile: Trouble = ()


class Twin:
    """One of the two."""

    def __init__(self, place: Path, engine: Engine, world: World) -> None:
        started = time.monotonic()

        def gone_by() -> float:
            return (time.monotonic() - started) * FASTER

        def now() -> datetime:
            return NOON + timedelta(seconds=gone_by())

        self.engine = engine
        self.world = world
        self.store = Store.open(place / f"log-of-{engine.name}.db", clock=now)
        self.journal = Journal(self.store, now)
        nowhere = WebClient(base_url="http://127.0.0.1:1/", retry_handlers=[])
        people = People("T0", PERSONS, ACCOUNTS, (), nowhere, gone_by)
        timings = Timings(tick=Timings.tick / FASTER)  # what is waited for in real time; the rest goes by `gone_by`
        self.runner = Runner(self.journal, self.store, engine, people, POLICY, now, clock.run_id, gone_by, timings, str)
        self.runner.start()

    def close(self) -> None:
        self.runner.stop()
        self.store.close()
        self.world.close()

    def suffers(self, trouble: Trouble) -> None:
        """Something breaks, or ("repair", what)."""
        what, *arguments = trouble
        if what == "repair":
            repair(self.world, *arguments)
        else:
            break_(self.world, what, *arguments)

    def goes_through(self, operation: str, asked: Asked) -> Operation:
        """From the request to its end, or to a doubt that nothing settles."""
        request = RequestAsked(asked.kind, asked.pool, asked.options, "alice", "Alice", "C0")
        self.journal.append(Operation(operation), [request], "alice")
        op = self._until(operation, lambda op: op.state is not State.ASKED)
        if op.state is State.AWAITING and op.plan:
            if asked.meanwhile:
                self.suffers(asked.meanwhile)
            for lead in LEADS[: op.plan.approvals]:
                self._approves(operation, lead)
        return self._until(operation, lambda op: op.closed or op.state is State.IN_DOUBT)

    def _approves(self, operation: str, lead: str) -> None:
        self.journal.transact(operation, lambda op: (ApprovalGranted(lead, lead.title(), op.digest),), lead)

    def _until(self, operation: str, true: Callable[[Operation], bool]) -> Operation:
        deadline = time.monotonic() + PATIENCE
        while not true(op := self.journal.history(operation)[0]):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.engine.name}: {operation} is still {op.state.value}")
            clock.wait(0.01)
        return op

    def events(self, operation: str) -> list[Event]:
        return [event for _, event in self.journal.history(operation)[1]]

    def told(self, operation: str) -> list[tuple[str, str]]:
        """What the cmdlet said, without the engine's own words."""
        records = [e.record for e in self.events(operation) if isinstance(e, RunRecorded)]
        return [(r.stream, r.text) for r in records if r.stream != "phase"]

    def state(self) -> list[tuple[object, ...]]:
        """Every row of the world that says how the pools are."""
        with closing(sqlite3.connect(self.world.path)) as db:
            db.row_factory = sqlite3.Row
            return [row for table in STATE for row in _rows(db, table)]


def _rows(db: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    left_out = CLOCKS.get(table, ())
    rows = [dict(row) for row in db.execute(f"SELECT * FROM {table}")]
    return sorted(((table, *(row[k] for k in row if k not in left_out)) for row in rows), key=repr)


def new_world(path: Path, product: str) -> World:
    """Tiny, and everything happens at once."""
    return create(path, Size.TINY, clock=time.time, product=product)


@contextmanager
def twin(place: Path, engine: Engine, world: World) -> Iterator[Twin]:
    with closing(Twin(place, engine, world)) as made:
        yield made


def lab_on(path: Path) -> Lab:
    return Lab(path, clock=time.time, wait=clock.wait)
