"""What can be read of a world as it goes on: facts, who serves whom, who is signed in."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.facts import Export, Import, PoolState
from engine.lab import reading, trouble, users
from engine.lab.build import Size
from engine.lab.pools import ServiceLevel
from engine.model import Kind, Options
from tests.engine.lab.worlds import P1, P2, Time, digest, go, new_lab


def test_a_failover_ends_every_session_and_touches_none(tmp_path: Path) -> None:
    """Signed-in users are signed out by the epoch of their pool; others stay signed in."""
    lab = new_lab(tmp_path)
    ours, theirs = users.some(lab.world, P1)[0], users.some(lab.world, P2)[0]
    assert (users.sign_in(lab.world, ours), users.sign_in(lab.world, theirs)) == (P1, P2)
    rows = digest(lab.world, ["session"])
    go(lab, Kind.FAILOVER)
    assert digest(lab.world, ["session"]) == rows
    assert (users.signed_in(lab.world, ours), users.signed_in(lab.world, theirs)) == (False, True)
    assert users.sign_in(lab.world, ours) == P2
    assert users.signed_in(lab.world, ours)


def test_who_was_signed_out_stays_signed_out_when_all_is_home_again(tmp_path: Path) -> None:
    """A session from before the failover is not alive again after the failback, though its pool serves again."""
    lab = new_lab(tmp_path)
    ann = users.some(lab.world, P1)[0]
    users.sign_in(lab.world, ann)
    go(lab, Kind.FAILOVER, run="run-1")
    go(lab, Kind.FAILBACK, run="run-2")
    assert not users.signed_in(lab.world, ann)


def test_the_pool_is_read_only_and_failing_over_while_the_run_is_at_work(tmp_path: Path) -> None:
    """Between the first step and the release: FailingOver, resiliency mode, FinalState once all is replicated."""
    lab = new_lab(tmp_path)
    ann = users.some(lab.world, P1)[0]
    seen: list[tuple[PoolState, Export, ServiceLevel]] = []

    def look() -> bool:
        facts = lab.facts(P1) if not lab.world.instant else None
        assert facts is not None
        seen.append((facts.pool.state, facts.outbound.export, reading.who_serves(lab.world, ann)[1]))
        return False

    lab.world.go(1.0)
    go(lab, Kind.FAILOVER, cancelled=look)
    assert (PoolState.FAILING_OVER, Export.FINAL, ServiceLevel.RESILIENCY) in seen
    assert lab.facts(P1).pool.state is PoolState.FAILED_OVER


def test_facts_say_how_old_the_copy_is(tmp_path: Path) -> None:
    """With the link broken and more waiting than one batch, the age grows with the clock; a little later the drained
    backlog is steady again and the age is nothing."""
    time = Time()
    lab = new_lab(tmp_path, time=time, speed=1.0)
    trouble.break_(lab.world, "link", P1)
    trouble.break_(lab.world, "backlog", P1, "500")
    time.wait(600)
    copy = lab.facts(P1).outbound
    assert (copy.export, copy.backlog, copy.age) == (Export.NOT_STEADY, 500, 600)
    trouble.repair(lab.world, "link")
    time.wait(10)
    copy = lab.facts(P1).outbound
    assert (copy.export, copy.backlog, copy.age) == (Export.STEADY, 0, 0)


def test_a_dead_pools_backlog_stands_still(tmp_path: Path) -> None:
    """Writes flow until the pool dies, 20 a second, and not after; what counts is when it happened, not when looked."""
    time = Time()
    lab = new_lab(tmp_path, time=time, size=Size.DEFAULT, speed=1.0)
    trouble.break_(lab.world, "link", P1)
    time.wait(60)
    trouble.break_(lab.world, "pool", P1)
    time.wait(600)
    assert lab.facts(P1).outbound.backlog == 2400 + 60 * 20
    assert go(lab, Kind.FAILOVER, options=Options(disaster=True)).lost == 2400 + 60 * 20


def test_the_backup_services_errors_are_seen_on_their_side(tmp_path: Path) -> None:
    """A failing export shows at the source, a failing import at the target, and nothing is copied."""
    lab = new_lab(tmp_path)
    trouble.break_(lab.world, "backup-service", P1, "export")
    trouble.break_(lab.world, "backup-service", P2, "export")
    trouble.repair(lab.world, "backup-service", P1)
    assert lab.facts(P1).outbound.export is Export.STEADY
    assert lab.facts(P1).inbound.export is Export.ERROR
    trouble.break_(lab.world, "backup-service", P2, "import")
    assert lab.facts(P1).outbound.imports is Import.ERROR
    users.write(lab.world, users.some(lab.world, P1)[0], "something")
    assert users.replicate(lab.world, P1) == 0


def test_resiliency_mode_comes_when_the_voice_interval_is_over(tmp_path: Path) -> None:
    """A dead pool's users are served by nobody for 300 seconds, then by the backup pool with less; after the
    failover by it in full."""
    time = Time()
    lab = new_lab(tmp_path, time=time, speed=1.0)
    ann = users.some(lab.world, P1)[0]
    trouble.break_(lab.world, "pool", P1)
    time.wait(299)
    assert reading.who_serves(lab.world, ann) == (None, ServiceLevel.NONE)
    time.wait(1)
    assert reading.who_serves(lab.world, ann) == (P2, ServiceLevel.RESILIENCY)
    with pytest.raises(PermissionError):
        users.write(lab.world, ann, "not now")
    go(lab, Kind.FAILOVER, options=Options(disaster=True))
    assert reading.who_serves(lab.world, ann) == (P2, ServiceLevel.FULL)
    trouble.break_(lab.world, "pool", P2)
    assert reading.who_serves(lab.world, ann) == (None, ServiceLevel.NONE)
