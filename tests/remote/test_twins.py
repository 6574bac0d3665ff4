"""What the lab engine does and what the real engine does over the wire is the same, whatever comes: verdicts,
findings, what the cmdlet said, the log, the pools.

Random sequences of troubles and operations, by seed, and one story by hand. What may differ, and why:
- lines: the wire has no stream `host`, so it comes as verbose; progress carries the cmdlet's name before it, an error
  PowerShell's lines under it; debug is not asked for;
- verdict: how much was lost or assumed is told by no cmdlet but in a warning. So whatever warned has warnings, also a
  loss that the lab counts and calls SUCCEEDED; and what -Force hides stays hidden, though the lab knows of it.
Not in the stories: `edge-down`, as no cmdlet tells whether an Edge server is up (the wire refuses, the lab warns), and
`sight` and `slow`, which are the lab's own.
"""

from __future__ import annotations

import random  # noqa: TID251  # seeded: an argument
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.compose import engine_of
from bot.demo.demo import WORLD, configuration
from engine.events import Event, RequestRefused, RunRecorded
from engine.lab.world import World
from engine.model import Kind, Options
from engine.plan import CMDLETS
from engine.remote.engine import Remote
from engine.states import Operation, State
from tests.remote.twins import Asked, Trouble, Twin, lab_on, new_world, twin
from tests.remote.wire import PAIRS, section
from tests.wsman.fixtures import TRANSPORTS
from tests.wsman.peer import Peer

SUCCESS = {State.SUCCEEDED, State.SUCCEEDED_WITH_WARNINGS}
POOLS = [pool for pair in PAIRS for pool in pair]


def story(seed: int, length: int) -> list[Trouble | Asked]:
    """So many steps: troubles, repairs, requests. Most requests make sense, as far as the story can know."""
    chance = random.Random(seed)
    away: set[str] = set()
    steps: list[Trouble | Asked] = []
    for _ in range(length):
        steps.append(_asked(chance, away) if chance.random() < 0.6 else _trouble(chance))
    return steps


def _trouble(chance: random.Random) -> Trouble:
    if chance.random() < 0.5:
        return "repair", "all"
    pool = chance.choice(POOLS)
    return chance.choice([
        ("pool", pool), ("backend", pool), ("quorum", pool), ("fe", pool, "1"), ("edge", pool), ("cms", pool),
        ("link", pool), ("backlog", pool, "40"), ("backup-service", pool, "export"), ("flush", pool, "2"),
        ("cms-lost",), ("rights", pool),
    ])  # fmt: skip


def _asked(chance: random.Random, away: set[str]) -> Asked:
    pool = chance.choice(POOLS)
    kind = Kind.FAILBACK if (pool in away) != (chance.random() < 0.2) else Kind.FAILOVER
    (away.add if kind is Kind.FAILOVER else away.discard)(pool)
    options = Options(
        disaster=chance.random() < 0.5,
        force=(force := chance.random() < 0.2),
        whatif=not force and chance.random() < 0.1,
        skip_verification=chance.random() < 0.2,
        flush_storage=kind is Kind.FAILOVER and chance.random() < 0.3,
        wait=chance.choice([None, None, 30]),
        database_timeout=chance.choice([None] * 9 + [60]),
    )
    return Asked(kind, pool, options, _trouble(chance) if chance.random() < 0.1 else ())


def live_through(place: Path, wire: int, steps: list[Trouble | Asked], product: str) -> int:
    """Both of them, step by step; how many operations ran."""
    (place / "wire").mkdir(parents=True)
    new_world(place / WORLD, product).close()
    shutil.copy(place / WORLD, place / "wire" / WORLD)
    with (
        Peer.start(world=place / "wire" / WORLD, product=product) as peer,
        twin(place, lab_on(place / WORLD), World(place / WORLD, clock=time.time)) as lab,
        twin(place, over(peer, place, TRANSPORTS[wire % 2]), World(place / "wire" / WORLD, clock=time.time)) as remote,
        ThreadPoolExecutor(2) as both,
    ):
        return sum(both_do(both, (lab, remote), n, step) for n, step in enumerate(steps))


def over(peer: Peer, place: Path, wire: str) -> Remote:
    made = engine_of(configuration("http://127.0.0.1:1/", place, "http", section(peer, wire), SecretStr(peer.password)))
    assert isinstance(made, Remote)
    return made


def both_do(threads: ThreadPoolExecutor, twins: tuple[Twin, Twin], n: int, step: Trouble | Asked) -> bool:
    """The same to both; whether a cmdlet ran."""
    if not isinstance(step, Asked):
        for one in twins:
            one.suffers(step)
        return False
    name = f"STEP-{n:04}"
    ours, theirs = threads.map(lambda one: one.goes_through(name, step), twins)
    lab, wire = twins
    context = f"step {n}: {step}\nlab: {ours}\nwire: {theirs}"
    assert _findings(theirs) == _findings(ours), context
    assert _plan(ours) == _plan(theirs), context
    assert _same_end(ours, theirs, warned="warning" in dict(wire.told(name))), context
    assert _kinds(lab.events(name)) == _kinds(wire.events(name)), context
    said = [_over_the_wire(step.kind, *line) for line in lab.told(name) if line[0] != "debug"]
    assert said == [_bare(*line) for line in wire.told(name)], context
    assert lab.state() == wire.state(), context
    return bool(ours.started_at)


def _findings(op: Operation) -> set[str]:
    return {finding.code for finding in op.findings}


def _plan(op: Operation) -> object:
    return op.plan and (op.plan.cmdlet, op.plan.pool, op.plan.partner, op.plan.parameters, op.plan.approvals)


def _same_end(lab: Operation, wire: Operation, *, warned: bool) -> bool:
    """The same state for the same reason; after a success, with warnings or without as said above."""
    if wire.state not in SUCCESS:
        return (lab.state, _code(lab)) == (wire.state, _code(wire))
    assert lab.outcome
    seen = lab.state is State.SUCCEEDED_WITH_WARNINGS or bool(lab.outcome.lost)
    right = State.SUCCEEDED_WITH_WARNINGS if warned else State.SUCCEEDED
    return wire.state is right and lab.state in SUCCESS and (seen == warned or lab.request.options.force)


def _code(op: Operation) -> str:
    return op.end.code if isinstance(op.end, RequestRefused) else ""


def _kinds(events: list[Event]) -> list[str]:
    return [event.kind_of for event in events if not isinstance(event, RunRecorded)]


def _over_the_wire(kind: Kind, stream: str, text: str) -> tuple[str, str]:
    """A line of the lab as PowerShell would show it."""
    if stream == "progress":
        return stream, f"{CMDLETS[kind]}: {text}"
    return ("verbose" if stream == "host" else stream), text


def _bare(stream: str, text: str) -> tuple[str, str]:
    """A line of the wire without what PowerShell sets under an error."""
    return stream, text.partition("\n    + ")[0]


@pytest.mark.slow
def test_what_goes_wrong_on_the_way_is_told_alike(tmp_path: Path) -> None:
    """Data assumed to be synced, data lost, queues that cannot be flushed, hidden by -Force or not, a pool that changes
    while people approve: over the wire no warning is swallowed."""
    one, other = POOLS[0], POOLS[2]
    out, home = Kind.FAILOVER, Kind.FAILBACK
    steps: list[Trouble | Asked] = [
        ("link", one), ("backlog", one, "40"), Asked(out, one, Options(wait=30)), ("repair", "all"),
        Asked(home, one, Options()), ("backlog", one, "40"), Asked(out, one, Options(disaster=True)),
        ("flush", other, "2"), Asked(out, other, Options(flush_storage=True)), Asked(home, other, Options()),
        Asked(out, other, Options(flush_storage=True, force=True)), Asked(home, one, Options(), ("pool", one)),
    ]  # fmt: skip
    assert live_through(tmp_path / "story", 0, steps, "2013") == 6


@pytest.mark.parametrize(("seed", "product"), [(1, "2013"), pytest.param(2, "2015", marks=pytest.mark.slow)])
def test_the_same_story_ends_the_same_on_both_engines(tmp_path: Path, seed: int, product: str) -> None:
    """Sixteen steps each, over either wire."""
    assert live_through(tmp_path / "story", seed, story(seed, 16), product) >= 2


@pytest.mark.slow
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("seed", range(10, 18))
def test_long_stories_end_the_same_on_both_engines(tmp_path: Path, seed: int) -> None:
    """Sixty steps each."""
    assert live_through(tmp_path / "story", seed, story(seed, 60), ("2013", "2015")[seed // 2 % 2]) >= 6
