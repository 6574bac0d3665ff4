"""`lab show|break|repair|reset`: what they answer, also to what does not exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.lab import trouble
from engine.lab.build import Size
from engine.lab.show import show
from engine.model import Kind
from tests.engine.lab.worlds import P1, P2, STATE, digest, go, new_lab

ARGUMENTS = {
    "POOL": P1,
    "NUMBER": "2",
    "WRITES": "250",
    "FACTOR": "10",
    "SECONDS": "7",
    "[export|import]": "import",
    "[TIMES]": "2",
}


@pytest.mark.parametrize("what", list(trouble.BREAKABLE))
def test_everything_that_can_be_broken_can_be_repaired(tmp_path: Path, what: str) -> None:
    """Each trouble changes the world and says so in a sentence; its repair brings back what was."""
    lab = new_lab(tmp_path)
    tables = ("fe", "edge", "cms", "clock")
    names = "health, backend_up, link_up, export_ok, import_ok, readable, stuck, write_seq - repl_seq, down_since"
    before = digest(lab.world, tables), lab.world.one(f"SELECT {names} FROM pool WHERE fqdn = ?", (P1,))
    arguments = [ARGUMENTS[name] for name in trouble.BREAKABLE[what].arguments.split()]
    assert trouble.break_(lab.world, what, *arguments).endswith(".")
    broken = digest(lab.world, tables), lab.world.one(f"SELECT {names} FROM pool WHERE fqdn = ?", (P1,))
    assert broken != before
    trouble.repair(lab.world, what)
    assert (digest(lab.world, tables), lab.world.one(f"SELECT {names} FROM pool WHERE fqdn = ?", (P1,))) == before


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("pol", "pool01"), "'pol' cannot be broken; these can: pool"),
        (("pool", "pool1"), "there is no pool pool1; did you mean pool0"),
        (("pool", "pool01.emea.contoso.com"), "there is no pool"),
        (("pool",), "break pool takes: POOL"),
        (("pool", "pool01", "x"), "break pool takes: POOL"),
        (("fe", "pool01", "99"), "99 is not a number from 1 to 3"),
        (("fe", "pool01", "-1"), "-1 is not a number"),
        (("backlog", "pool01", "many"), "many is not a number"),
        (("quorum", "pool-alone"), "only when all are down"),
        (("backup-service", "pool01", "sideways"), "not 'sideways'"),
    ],
)
def test_a_wrong_word_is_answered_with_the_right_ones(tmp_path: Path, words: tuple[str, ...], answer: str) -> None:
    """ValueError with what there is; the world stays as it was."""
    lab = new_lab(tmp_path)
    before = digest(lab.world)
    with pytest.raises(ValueError, match=answer.replace("(", r"\(")):
        trouble.break_(lab.world, words[0], *words[1:])
    assert digest(lab.world) == before


def test_nobody_writes_to_a_read_only_pool(tmp_path: Path) -> None:
    """A backlog cannot be made while a run holds the pool read-only: what was verified stays verified."""
    lab = new_lab(tmp_path)
    refused: list[str] = []

    def cancelled() -> bool:
        try:
            trouble.break_(lab.world, "backlog", P1, "7")
        except ValueError as error:
            refused.append(str(error))
        return False

    outcome = go(lab, Kind.FAILOVER, cancelled=cancelled)
    assert any("read-only" in text for text in refused)
    assert (outcome.lost, outcome.assumed) == (0, 0)


def test_a_short_name_that_fits_two_pools_is_refused_with_both(tmp_path: Path) -> None:
    """In the forest pool01 alone says too little; the full name does."""
    lab = new_lab(tmp_path, size=Size.FOREST)
    with pytest.raises(ValueError, match=r"pool01\.contoso\.com or pool01\.emea\.contoso\.com"):
        trouble.break_(lab.world, "pool", "pool01")
    assert "pool01.emea" in trouble.break_(lab.world, "pool", "POOL01.emea.contoso.com")
    assert lab.world.one("SELECT count(*) FROM user") == (1_000_000,)


def test_show_tells_who_serves_whom(tmp_path: Path) -> None:
    """One line a pool, the CMS, the Edge and the runs."""
    lab = new_lab(tmp_path)
    trouble.break_(lab.world, "pool", P2)
    trouble.repair(lab.world, "pool", P2)
    go(lab, Kind.FAILOVER)
    lines = show(lab.world)
    row = next(line for line in lines if line.startswith(P1))
    assert row.split() == [P1, "FailedOver", "up", "3/3", "50", P2, "0", "-"]
    assert lines[-3:] == [
        f"Central Management Store: {P2} (up)",
        f"Edge edge01.contoso.com: next hop {P2} (up)",
        f"Run run-1: failover of {P1}, completed",
    ]


def test_reset_is_the_first_day_again(tmp_path: Path) -> None:
    """Also under the feet of somebody who has the world open; the speed stays."""
    lab = new_lab(tmp_path, speed=60.0)
    first = digest(lab.world, STATE)
    trouble.break_(lab.world, "pool", P1)
    trouble.reset(lab.world, Size.TINY)
    assert digest(lab.world, STATE) == first
    assert (lab.world.speed, lab.world.instant) == (60.0, False)


@pytest.mark.parametrize("other", [what for what in trouble.BREAKABLE if what != "sight"])
def test_a_repair_leaves_the_armed_loss_of_sight(tmp_path: Path, other: str) -> None:
    """Only `repair sight` and `repair all` take it back; until then `lab show` says that it waits."""
    lab = new_lab(tmp_path)
    assert "Sight" not in "\n".join(show(lab.world))
    trouble.break_(lab.world, "sight")
    trouble.repair(lab.world, other)
    trouble.repair(lab.world, "all", P1)
    assert "Sight: the next run will be lost from sight" in "\n".join(show(lab.world))
    trouble.repair(lab.world, "sight")
    assert "Sight" not in "\n".join(show(lab.world))


_SAME = {"pool": "front ends", "quorum": "front ends", "fe": "front ends", "cms": "cms", "cms-lost": "cms"}
"""Troubles of one and the same thing."""


@pytest.mark.parametrize("broken", list(trouble.BREAKABLE))
def test_a_repair_of_one_thing_mends_no_other(tmp_path: Path, broken: str) -> None:
    """Whatever else is mended, this trouble is as it was."""
    lab = new_lab(tmp_path)
    trouble.break_(lab.world, broken, *[ARGUMENTS[name] for name in trouble.BREAKABLE[broken].arguments.split()])
    before = digest(lab.world, ("fe", "edge", "cms", "clock", "pool"))
    for other in trouble.BREAKABLE:
        if _SAME.get(other, other) != _SAME.get(broken, broken):
            trouble.repair(lab.world, other)
    assert digest(lab.world, ("fe", "edge", "cms", "clock", "pool")) == before


def test_a_repair_says_what_is_true_then(tmp_path: Path) -> None:
    """A sentence of the thing, on one pool and on all; all of one pool names what was not its own."""
    lab = new_lab(tmp_path)
    assert trouble.repair(lab.world, "pool", "pool01") == f"All Front Ends of {P1} are up."
    assert trouble.repair(lab.world, "pool") == "All Front Ends of every pool are up."
    assert trouble.repair(lab.world) == "All is repaired."
    assert trouble.repair(lab.world, "all", "pool01") == (
        f"All of {P1} is repaired. These are not tied to a pool and stay: edge, edge-down, cms, cms-lost, slow, late, "
        "linger, start, sight."
    )


def test_a_slow_world_says_so(tmp_path: Path) -> None:
    """It is of no pool, so it has a line of its own."""
    lab = new_lab(tmp_path)
    trouble.break_(lab.world, "slow", "10")
    assert "Slow: every step takes 10 times as long" in show(lab.world)


def test_another_number_is_never_the_nearest_pool(tmp_path: Path) -> None:
    """pool9 is not a mistyped pool04, for the lab as for the channel."""
    lab = new_lab(tmp_path)
    with pytest.raises(ValueError, match="there is no pool pool9; csfailover lab show lists the pools"):
        trouble.break_(lab.world, "pool", "pool9")


@pytest.mark.parametrize("what", list(trouble.BREAKABLE))
def test_whatever_is_broken_can_be_seen(tmp_path: Path, what: str) -> None:
    """`lab show` is another list while it is broken, and the same as before once it is mended."""
    lab = new_lab(tmp_path)
    before = show(lab.world)
    trouble.break_(lab.world, what, *[ARGUMENTS[name] for name in trouble.BREAKABLE[what].arguments.split()])
    assert show(lab.world) != before
    trouble.repair(lab.world, what)
    assert show(lab.world) == before
