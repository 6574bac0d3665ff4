"""What the lab's tests share: a clock that is moved by hand, worlds, plans, a sink that remembers. No test."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path

from engine import plan as planning
from engine.lab.build import Size
from engine.lab.engine import Lab
from engine.lab.trouble import find, refresh
from engine.lab.world import World, create
from engine.model import Kind, Options, Outcome, Plan, Record
from engine.policy import Policy
from engine.port import Engine

P1, P2, P3, P4 = (f"pool0{n}.contoso.com" for n in (1, 2, 3, 4))
ALONE = "pool-alone.contoso.com"
START = 1_800_000_000.0


class Time:
    """A clock in unix seconds that only moves when somebody waits."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


class Told(list[Record]):
    """A sink that remembers."""

    def __call__(self, record: Record) -> None:
        self.append(record)

    def texts(self, stream: str) -> list[str]:
        return [record.text for record in self if record.stream == stream]


def never() -> bool:
    return False


def new_lab(
    place: Path,
    *,
    time: Time | None = None,
    size: Size = Size.TINY,
    speed: float | None = None,
    product: str = "2013",
    at_commit: Callable[[str], None] | None = None,
) -> Lab:
    """A lab on a world of its own in the directory `place`."""
    time = time or Time()
    path = place / "world.db"
    create(path, size, clock=time, product=product).close()
    return Lab(path, clock=time, wait=time.wait, speed=speed, at_commit=at_commit)


def plan_of(engine: Engine, kind: Kind, pool: str = P1, options: Options | None = None) -> Plan:
    return planning.make(kind, options or Options(), engine.facts(pool), [], Policy())


def go(
    engine: Engine,
    kind: Kind,
    pool: str = P1,
    options: Options | None = None,
    *,
    run: str = "run-1",
    sink: Callable[[Record], None] | None = None,
    cancelled: Callable[[], bool] = never,
) -> Outcome:
    """Plan and run one cmdlet."""
    ticket = engine.ticket(pool, run, *ids(run))
    return engine.invoke(ticket, plan_of(engine, kind, pool, options), Told() if sink is None else sink, cancelled)


def ids(run: str) -> tuple[str, str]:
    """Shell id and command id of a run: upper-case UUIDs, as WinRM takes no others."""
    shell, command = (uuid.uuid5(uuid.NAMESPACE_DNS, f"{what}.{run}") for what in ("shell", "command"))
    return str(shell).upper(), str(command).upper()


STATE = ("pool", "fe", "edge", "cms", "user", "session", "item", "loss", "step")
EVERYTHING = (*STATE, "clock", "role", "run", "record")


def digest(world: World, tables: Iterable[str] = EVERYTHING) -> str:
    """SHA-256 over every row of these tables."""
    sha = hashlib.sha256()
    with world.read() as db:
        for table in tables:
            rows = db.execute(f"SELECT * FROM {table}").fetchall()
            sha.update(repr((table, sorted(rows, key=repr))).encode())
    return sha.hexdigest()


def column(world: World, pool: str, name: str) -> int:
    row = world.one(f"SELECT {name} FROM pool WHERE fqdn = ?", (pool,))
    assert row is not None
    return int(str(row[0]))


def grow(world: World, pool: str, size: int) -> None:
    """Give the pool so many Front Ends."""
    name, domain = pool.split(".", 1)
    with world.change("grow") as db:
        row = find(db, pool)
        db.executemany(
            "INSERT OR IGNORE INTO fe (pool, number, fqdn, queue) VALUES (?, ?, ?, 0)",
            [(row.id, n, f"{name}-fe{n:02}.{domain}") for n in range(1, size + 1)],
        )
        refresh(db, world.now())
