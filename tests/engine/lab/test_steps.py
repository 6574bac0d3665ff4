"""What a run does to the world, step by step, finished and interrupted."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.facts import PoolState
from engine.lab import trouble, users
from engine.lab.build import Size
from engine.model import Ended, Kind, Options
from tests.engine.lab.worlds import P1, P2, Time, Told, column, digest, go, new_lab


def after_steps(count: int, what: Callable[[], object], answer: bool = False) -> Callable[[], bool]:
    """A `cancelled` that does something after so many steps: it is asked before each one."""
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        if asked == count + 1:
            what()
            return answer
        return False

    return cancelled


def test_users_are_never_rehomed(tmp_path: Path) -> None:
    """The table itself refuses to change a user's home pool, and a failover changes no user row."""
    lab = new_lab(tmp_path)
    before = digest(lab.world, ["user"])
    go(lab, Kind.FAILOVER)
    assert digest(lab.world, ["user"]) == before
    with pytest.raises(sqlite3.IntegrityError, match="never rehomed"), lab.world.change("rehome") as db:
        db.execute("UPDATE user SET home = 2")


def test_a_planned_failover_waits_until_every_write_is_on_both_pools(tmp_path: Path) -> None:
    """A backlog that drains within WaitTime is verified: nothing lost, nothing assumed."""
    lab = new_lab(tmp_path)
    trouble.break_(lab.world, "backlog", P1, "1500")  # 100 a second, 15 seconds
    outcome = go(lab, Kind.FAILOVER)
    assert (outcome.ended, outcome.lost, outcome.assumed) == (Ended.COMPLETED, 0, 0)


@pytest.mark.parametrize("speed", [None, 1.0])
def test_when_waittime_is_over_the_rest_is_assumed_and_counted(tmp_path: Path, speed: float | None) -> None:
    """WaitTime fails nothing: 2,500 writes, 10 seconds, 100 a second leave 1,500 assumed, with time or without."""
    lab = new_lab(tmp_path, speed=speed)
    trouble.break_(lab.world, "backlog", P1, "2500")
    told = Told()
    outcome = go(lab, Kind.FAILOVER, options=Options(wait=10), sink=told)
    assert outcome.ended is Ended.COMPLETED
    assert outcome.assumed is not None
    assert outcome.lost is not None
    # With time, a little is replicated also while the (tiny) pool is made read-only and while it is redirected.
    assert 1500 - 50 * (speed is not None) <= outcome.lost <= outcome.assumed <= 1500
    assert any("assumed" in text for text in told.texts("warning"))


def test_disaster_mode_loses_exactly_what_was_not_replicated(tmp_path: Path) -> None:
    """A named item of a named user is lost, the one that was replicated is not, and the count says how many."""
    lab = new_lab(tmp_path)
    ann, bob = users.some(lab.world, P1, 2)
    users.write(lab.world, ann, "meeting on Monday")
    assert users.replicate(lab.world, P1) == 1
    users.write(lab.world, bob, "meeting on Tuesday")
    trouble.break_(lab.world, "pool", P1)
    assert lab.facts(P1).outbound.backlog == 1
    outcome = go(lab, Kind.FAILOVER, options=Options(disaster=True))
    assert (outcome.ended, outcome.lost, outcome.assumed) == (Ended.COMPLETED, 1, None)
    assert users.lost_items(lab.world, "run-1") == [(bob, "meeting on Tuesday")]
    assert users.items(lab.world, ann) == [("meeting on Monday", False)]


def test_skipped_verification_counts_its_loss_too(tmp_path: Path) -> None:
    """-SkipDataVerification does not wait, so the whole backlog is lost, and said."""
    lab = new_lab(tmp_path)
    trouble.break_(lab.world, "backlog", P1, "40")
    outcome = go(lab, Kind.FAILOVER, options=Options(skip_verification=True))
    assert (outcome.ended, outcome.lost, outcome.assumed) == (Ended.COMPLETED, 40, None)


def test_a_failback_brings_home_what_users_made_meanwhile(tmp_path: Path) -> None:
    """Data after failover and failback is the union of what was made on either pool."""
    lab = new_lab(tmp_path)
    ann = users.some(lab.world, P1)[0]
    users.write(lab.world, ann, "at home")
    go(lab, Kind.FAILOVER, run="run-1")
    users.write(lab.world, ann, "on the backup pool")
    assert go(lab, Kind.FAILBACK, run="run-2").lost == 0
    assert users.items(lab.world, ann) == [("at home", False), ("on the backup pool", False)]


def test_a_failback_in_disaster_mode_drops_what_users_made_on_the_backup_pool(tmp_path: Path) -> None:
    """The backup pool is dead, so what was made there is lost, and counted."""
    lab = new_lab(tmp_path)
    ann = users.some(lab.world, P1)[0]
    go(lab, Kind.FAILOVER, run="run-1")
    users.write(lab.world, ann, "on the backup pool")
    trouble.break_(lab.world, "cms", P1)
    trouble.break_(lab.world, "pool", P2)
    assert lab.facts(P1).inbound.backlog == 1
    assert go(lab, Kind.FAILBACK, run="run-2").ended is Ended.FAILED
    outcome = go(lab, Kind.FAILBACK, options=Options(disaster=True), run="run-3")
    assert (outcome.ended, outcome.lost) == (Ended.COMPLETED, 1)
    assert users.lost_items(lab.world, "run-3") == [(ann, "on the backup pool")]


def test_the_storage_queues_are_flushed_and_the_failing_front_ends_named(tmp_path: Path) -> None:
    """Two of three queues cannot be flushed: a warning that names them, the failover succeeds, one queue is empty."""
    lab = new_lab(tmp_path)
    trouble.break_(lab.world, "flush", P1, "2")
    told = Told()
    outcome = go(lab, Kind.FAILOVER, options=Options(flush_storage=True), sink=told)
    assert outcome.ended is Ended.COMPLETED_WITH_ERRORS
    (warning,) = told.texts("warning")
    assert "pool01-fe01" in warning
    assert "pool01-fe02" in warning
    assert "fe03" not in warning
    assert lab.facts(P1).queued == 4


def test_force_moves_the_warning_to_the_debug_stream(tmp_path: Path) -> None:
    """What -Force hides is still recorded."""
    lab = new_lab(tmp_path)
    trouble.break_(lab.world, "flush", P1, "1")
    told = Told()
    go(lab, Kind.FAILOVER, options=Options(flush_storage=True, force=True), sink=told)
    assert [text.startswith("suppressed by -Force: ") for text in told.texts("debug")] == [True]


@pytest.mark.parametrize("what", [("pool", P1), ("pool", P2), ("link", P1), ("cms-lost",), ("edge", P1)])
@pytest.mark.parametrize("steps", [1, 2])
def test_trouble_before_the_redirect_undoes_the_run(tmp_path: Path, what: tuple[str, ...], steps: int) -> None:
    """Home pool, backup pool, link, CMS or Edge fail midway: FAILED, nobody moved, no pool left read-only."""
    lab = new_lab(tmp_path)
    outcome = go(lab, Kind.FAILOVER, cancelled=after_steps(steps, lambda: trouble.break_(lab.world, *what)))
    assert outcome.ended is Ended.FAILED
    assert [column(lab.world, P1, name) for name in ("failed_over", "quiesced", "epoch")] == [0, 0, 1]
    assert lab.facts(P1).pool.state is PoolState.ACTIVE


@pytest.mark.parametrize("what", [("pool", P1), ("pool", P2), ("link", P1), ("cms-lost",), ("edge", P1)])
def test_trouble_after_the_redirect_only_goes_forward(tmp_path: Path, what: tuple[str, ...]) -> None:
    """The same troubles one step later: the run is finished, and says if the new pool is not up."""
    lab = new_lab(tmp_path)
    outcome = go(lab, Kind.FAILOVER, cancelled=after_steps(3, lambda: trouble.break_(lab.world, *what)))
    assert outcome.ended is (Ended.COMPLETED_WITH_ERRORS if what == ("pool", P2) else Ended.COMPLETED)
    assert [column(lab.world, P1, name) for name in ("failed_over", "quiesced", "epoch")] == [1, 0, 2]


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_stopping_before_the_redirect_leaves_everything_as_before(tmp_path: Path, steps: int) -> None:
    """STOPPED, and the pool is writable again."""
    lab = new_lab(tmp_path)
    outcome = go(lab, Kind.FAILOVER, cancelled=after_steps(steps, lambda: None, answer=True))
    assert outcome.ended is Ended.STOPPED
    assert [column(lab.world, P1, name) for name in ("failed_over", "quiesced", "epoch")] == [0, 0, 1]


def test_stopping_after_the_redirect_is_too_late_and_said_so(tmp_path: Path) -> None:
    """The run goes on to its end, with one word about the point of no return."""
    lab = new_lab(tmp_path)
    told = Told()
    outcome = go(lab, Kind.FAILOVER, sink=told, cancelled=after_steps(3, lambda: None, answer=True))
    assert outcome.ended is Ended.COMPLETED
    assert ["point of no return" in text for text in told.texts("host")] == [True]


def test_half_an_hour_and_four_hours_in_virtual_time(tmp_path: Path) -> None:
    """80,000 users take about 15 virtual minutes over and four hours back, by the documented figures."""
    time = Time()
    lab = new_lab(tmp_path, time=time, size=Size.DEFAULT, speed=60.0)
    started = time()
    assert go(lab, Kind.FAILOVER, run="run-1").lost == 0
    over = (time() - started) * 60
    started = time()
    assert go(lab, Kind.FAILBACK, run="run-2").lost == 0
    back = (time() - started) * 60
    assert 14 < over / 60 < 17
    assert 230 < back / 60 < 250
