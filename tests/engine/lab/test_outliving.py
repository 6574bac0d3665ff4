"""A run outlives whoever started it: another process, a dead bot, lost sight, SIGKILL at every commit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.facts import PoolState
from engine.lab import runs, trouble
from engine.lab.build import Size
from engine.lab.engine import Lab
from engine.lab.show import show
from engine.lab.world import World, create
from engine.model import Ended, Kind, Options, Record
from engine.port import EngineUnavailable, SightLost
from tests.engine.lab.worlds import P1, P2, P3, Time, Told, column, digest, go, never, new_lab, plan_of

ROOT = Path(__file__).parents[3]


class Dead(Exception):
    """The bot dies here."""


def dies_after(count: int, told: Told) -> Told:
    class Dying(Told):
        def __call__(self, record: Record) -> None:
            if len(told) == count:
                raise Dead
            told.append(record)

    return Dying()


def test_a_run_goes_on_when_the_bot_is_gone(tmp_path: Path) -> None:
    """Nobody follows it; whoever opens the world later finds it done, at the time it was due."""
    time = Time()
    lab = new_lab(tmp_path, time=time, speed=1.0)
    with pytest.raises(Dead):
        go(lab, Kind.FAILOVER, sink=dies_after(4, Told()))
    lab.close()
    other = World(tmp_path / "world.db", clock=time)
    assert "step 1 of 5, QUIESCE" in show(other)[-1]
    time.wait(3600)
    assert show(other)[-1] == f"Run run-1: failover of {P1}, completed"
    assert column(other, P1, "failed_over") == 1


def test_a_trouble_strikes_at_its_own_moment(tmp_path: Path) -> None:
    """What was due before the trouble had happened before it, though nobody was looking."""
    time = Time()
    lab = new_lab(tmp_path, time=time, speed=1.0)
    with pytest.raises(Dead):
        go(lab, Kind.FAILOVER, sink=dies_after(4, Told()))
    time.wait(3600)
    trouble.break_(lab.world, "pool", P2)
    assert lab.facts(P1).pool.state is PoolState.FAILED_OVER


def test_reattaching_follows_to_the_end_and_tells_only_what_is_new(tmp_path: Path) -> None:
    """The records before and after the death are one gapless list."""
    lab = new_lab(tmp_path, speed=1.0)
    told = Told()
    with pytest.raises(Dead):
        go(lab, Kind.FAILOVER, sink=dies_after(5, told))
    plan = plan_of(lab, Kind.FAILOVER)
    ticket = lab.ticket(P1, "run-1", "shell-1", "command-1")
    later = type(ticket)(**{**ticket.__dict__, "seen": told[-1].n})
    outcome = lab.reattach(later, plan, told, never)
    assert outcome.ended is Ended.COMPLETED
    assert [record.n for record in told] == list(range(1, len(told) + 1))
    assert told.texts("phase")[-1] == "ended"


def test_invoking_twice_with_one_ticket_makes_one_run(tmp_path: Path) -> None:
    """The second call finds the first run and tells its end."""
    lab = new_lab(tmp_path)
    plan, ticket = plan_of(lab, Kind.FAILOVER), lab.ticket(P1, "run-1", "s", "c")
    first = lab.invoke(ticket, plan, Told(), never)
    assert lab.invoke(ticket, plan, Told(), never) == first
    assert column(lab.world, P1, "epoch") == 2


def test_a_run_that_was_declared_never_begun_cannot_begin(tmp_path: Path) -> None:
    """A late first call with the same ticket changes nothing: that is the lab's fence."""
    lab = new_lab(tmp_path)
    plan, ticket = plan_of(lab, Kind.FAILOVER), lab.ticket(P1, "run-1", "s", "c")
    assert lab.reattach(ticket, plan, Told(), never).ended is Ended.NOT_STARTED
    assert lab.invoke(ticket, plan, Told(), never).ended is Ended.NOT_STARTED
    assert lab.facts(P1).pool.state is PoolState.ACTIVE


def test_two_processes_perform_a_due_step_once(tmp_path: Path) -> None:
    """Both see that a step is due; one performs it, and the other does not take the next one for it."""
    for attempt in range(10):
        place = tmp_path / str(attempt)
        place.mkdir()
        time = Time()
        lab = new_lab(place, time=time, speed=1.0)
        trouble.break_(lab.world, "backlog", P1, "1000")  # the second step takes ten seconds
        with pytest.raises(Dead):
            go(lab, Kind.FAILOVER, sink=dies_after(4, Told()))
        time.wait(1)
        other = World(place / "world.db", clock=time)
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(lambda world: runs.step(world, "run-1"), (lab.world, other)))
        assert other.one("SELECT k FROM run") == (1,)
        lab.close()
        other.close()


def test_two_threads_with_one_ticket_make_one_run(tmp_path: Path) -> None:
    """Both are told the same end."""
    lab = new_lab(tmp_path)
    with ThreadPoolExecutor(2) as threads:
        both = [threads.submit(go, lab, Kind.FAILOVER) for _ in range(2)]
        assert both[0].result() == both[1].result()
    assert column(lab.world, P1, "epoch") == 2


def test_lost_sight_is_unknown_until_it_is_repaired(tmp_path: Path) -> None:
    """The run goes on unseen; after the repair its end can be read."""
    lab = new_lab(tmp_path)
    trouble.break_(lab.world, "sight")
    plan, ticket = plan_of(lab, Kind.FAILOVER), lab.ticket(P1, "run-1", "s", "c")
    assert lab.invoke(ticket, plan, Told(), never).ended is Ended.UNKNOWN
    with pytest.raises(SightLost):
        lab.reattach(ticket, plan, Told(), never)
    assert lab.facts(P1).pool.state is PoolState.FAILED_OVER
    trouble.repair(lab.world, "sight")
    assert lab.reattach(ticket, plan, Told(), never).ended is Ended.COMPLETED


def test_a_second_run_on_the_pair_is_refused(tmp_path: Path) -> None:
    """While one is at work, neither pool of the pair takes another."""
    lab = new_lab(tmp_path, speed=1.0)
    with pytest.raises(Dead):
        go(lab, Kind.FAILOVER, sink=dies_after(4, Told()), run="run-1")
    trouble.break_(lab.world, "cms", P3)
    trouble.break_(lab.world, "edge", P3)
    outcome = go(lab, Kind.FAILOVER, P2, run="run-2")
    assert (outcome.ended, outcome.error_id) == (Ended.FAILED, "Lab.RunInProgress")


def test_a_world_made_anew_under_a_run_is_unknown_not_success(tmp_path: Path) -> None:
    """The run is gone with its world, and nobody claims to know how it ended."""
    lab = new_lab(tmp_path)
    outcome = go(lab, Kind.FAILOVER, cancelled=lambda: trouble.reset(lab.world, Size.TINY) == "")
    assert outcome.ended is Ended.UNKNOWN


def test_a_world_that_cannot_be_written_starts_nothing(tmp_path: Path) -> None:
    """A full disk (here: a page limit) is EngineUnavailable before anything was sent."""
    lab = new_lab(tmp_path)
    plan, ticket = plan_of(lab, Kind.FAILOVER), lab.ticket(P1, "run-1", "s", "c" * 100_000)
    before = digest(lab.world)
    lab.world.one("PRAGMA max_page_count = 1")
    with pytest.raises(EngineUnavailable, match="cannot be used"):
        lab.invoke(ticket, plan, Told(), never)
    assert digest(lab.world) == before


def test_the_sinks_own_error_passes_untouched(tmp_path: Path) -> None:
    """Also one that looks like the world's: it is the log's, and the caller's to handle."""
    lab = new_lab(tmp_path)
    error = EngineUnavailable("of the sink")

    def sink(record: Record) -> None:
        if record.n == 5:
            raise error

    with pytest.raises(EngineUnavailable) as raised:
        go(lab, Kind.FAILOVER, sink=sink)
    assert raised.value is error


OPERATIONS = [
    (Kind.FAILOVER, Options(flush_storage=True)),
    (Kind.FAILOVER, Options(disaster=True)),
    (Kind.FAILBACK, Options()),
    (Kind.FAILBACK, Options(disaster=True)),
]


def kill_at(place: Path, kind: Kind, options: Options, commit: int) -> int:
    """Run the operation in a process that kills itself at this commit; its exit code."""
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from engine.lab.engine import Lab\n"
        "from engine.model import Kind, Options\n"
        "from tests.engine.lab.worlds import Time, go\n"
        "left = int(sys.argv[4])\n"
        "def at_commit(name):\n"
        "    global left\n"
        "    left -= 1\n"
        "    if left == 0:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "time = Time()\n"
        "lab = Lab(Path(sys.argv[1]), clock=time, wait=time.wait, at_commit=at_commit)\n"
        "go(lab, Kind(sys.argv[2]), options=Options(**eval(sys.argv[3])))\n"
    )
    chosen = {name: True for name in ("disaster", "flush_storage") if getattr(options, name)}
    arguments = [str(place / "world.db"), kind.value, repr(chosen), str(commit)]
    return subprocess.run([sys.executable, "-c", script, *arguments], cwd=ROOT, check=False, timeout=30).returncode


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.parametrize(("kind", "options"), OPERATIONS)
def test_killed_at_every_commit_the_run_ends_once_and_redirects_at_most_once(
    tmp_path: Path, kind: Kind, options: Options
) -> None:
    """SIGKILL at each commit boundary; afterwards the world is opened again, and everything adds up."""
    epoch = 1 if kind is Kind.FAILOVER else 2
    for commit in range(1, 20):
        place = tmp_path / str(commit)
        place.mkdir()
        time = Time()
        create(place / "world.db", Size.TINY, clock=time).close()
        if kind is Kind.FAILBACK:
            lab = Lab(place / "world.db", clock=time, wait=time.wait)
            go(lab, Kind.FAILOVER, run="run-0")
            lab.close()
        code = kill_at(place, kind, options, commit)
        lab = Lab(place / "world.db", clock=time, wait=time.wait)
        told = Told()
        outcome = lab.reattach(lab.ticket(P1, "run-1", "s", "c"), plan_of(lab, kind), told, never)
        assert outcome.ended is Ended.COMPLETED
        assert told.texts("phase").count("ended") == 1
        assert [column(lab.world, P1, name) for name in ("epoch", "quiesced")] == [epoch + 1, 0]
        assert column(lab.world, P1, "failed_over") == (kind is Kind.FAILOVER)
        lab.close()
        if code == 0:
            break
        assert code == -signal.SIGKILL
    else:
        pytest.fail("the operation never came to its end")
    assert commit > 4
