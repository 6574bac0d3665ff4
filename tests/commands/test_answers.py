"""What the questions answer: one operation's story with its date and its request, and who serves whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot import clock
from commands import load
from commands.failover_log import NEVER_IN_AN_ID
from commands.grammar.wish import Answer, Line, Look
from engine.events import RequestAsked
from engine.facts import Facts, Health, Pool, PoolState, Topology, Unread, What, Why
from engine.lab import trouble
from engine.lab.engine import Lab
from engine.lab.show import show
from engine.model import Kind, Options
from engine.port import EngineError
from engine.states import Operation, evolve
from tests.engine.given import OLGA, T0, facts, pool_facts
from tests.engine.lab.worlds import ALONE, P1, P2, Time, go, new_lab

OP = "7KQ2-M4XA"
NOT_ASKED = Unread(What.BACKUP_POOL, Why.NOT_ASKED, P1)
ASKED = RequestAsked(
    Kind.FAILOVER,
    P1,
    Options(disaster=True),
    OLGA.id,
    OLGA.name,
    "C0",
    "disk died",
    "/failover pool01 --disaster",
    (),
    P2,
)


@dataclass
class Desk:
    """A View on operations and readings that are given."""

    operations: Sequence[Operation] = ()
    lines: Sequence[Line] = ()
    lab: Lab | None = None
    read: Facts | None = None
    """In place of a lab: one pool, read like this."""
    now: datetime = T0
    engine: str = "lab"
    health: Sequence[str] = ()

    def topology(self) -> Topology:
        if self.read:
            return Topology((Pool(self.read.pool.fqdn, self.read.pool.backup),))
        assert self.lab
        return self.lab.topology()

    def facts(self, pools: Sequence[str]) -> Mapping[str, Facts | EngineError]:
        if self.read:
            return {self.read.pool.fqdn: self.read}
        assert self.lab
        return {pool: self.lab.facts(pool) for pool in pools}

    def roles(self, cmdlet: str) -> tuple[str, ...]:
        return (cmdlet,)

    def open_operations(self) -> Sequence[Operation]:
        return ()

    def last_operations(self, limit: int) -> Sequence[Operation]:
        return self.operations[:limit]

    def operation(self, operation: str) -> Operation | None:
        return next((op for op in self.operations if op.id == operation), None)

    def timeline(self, operation: str) -> Sequence[Line]:
        assert self.operation(operation)
        return self.lines

    def verified(self) -> str:
        return "whole"


def answer(text: str, desk: Desk) -> Answer:
    name, _, rest = text.removeprefix("/").partition(" ")
    wish = load()[name].parse(rest).wish
    assert isinstance(wish, Look), text
    return wish.answer(desk)


def told(*minutes: int, texts: Sequence[str] = ("it said something",)) -> list[Line]:
    """Lines so many minutes after the request."""
    return [
        Line(n, T0 + timedelta(minutes=after), "run.recorded", "bot", texts[n % len(texts)])
        for n, after in enumerate(minutes)
    ]


ASKED_FOR = evolve(Operation(OP), ASKED, T0)


# --- /failover-log ---------------------------------------------------------------------------------------------------


def test_the_timeline_begins_with_what_was_asked() -> None:
    """Which pool, which mode, who, when, why, and the words that were typed."""
    shown = answer(f"/failover-log {OP}", Desk([ASKED_FOR], told(1)))
    assert shown.title == f"{OP}: asked"
    lines = " ".join(shown.lines)
    assert f"Disaster failover of {P1} to {P2}, asked by Olga on 2026-03-01 at 03:00:00 UTC." in lines
    assert "Reason: disk died" in lines
    assert "Typed: /failover pool01 --disaster" in lines
    plain = replace(ASKED, kind=Kind.FAILBACK, options=Options(whatif=True), reason=" ")
    shown = answer(f"/failover-log {OP}", Desk([evolve(Operation(OP), plain, T0)], ()))
    assert shown.lines[0] == f"What-if failback of {P1}, asked by Olga on 2026-03-01 at 03:00:00 UTC."
    assert "No reason was given." in shown.lines


def test_lines_without_words_are_left_out() -> None:
    """The phases of a run are in the log, and say nothing to people."""
    shown = answer(f"/failover-log {OP}", Desk([ASKED_FOR], told(1, 2, 3, 4, texts=("a", "", "b", "  "))))
    assert [row.split()[-1] for row in shown.table] == ["a", "b"]


def test_each_line_has_its_date_only_when_there_are_several() -> None:
    """Over midnight the time of day alone would be ambiguous."""
    one_day = answer(f"/failover-log {OP}", Desk([ASKED_FOR], told(1, 60)))
    assert "Times are UTC." in one_day.lines
    assert not any("2026" in row for row in one_day.table)
    two_days = answer(f"/failover-log {OP}", Desk([ASKED_FOR], told(1, 60, 24 * 60)))
    assert [row.split()[1] for row in two_days.table] == ["2026-03-01", "2026-03-01", "2026-03-02"]
    assert any("midnight" in line for line in two_days.lines)


@pytest.mark.parametrize(
    "typed",
    [
        OP,
        OP.lower(),
        "7kq2m4xa",
        "7KQ2 M4XA",
        "7KQ2–M4XA",
        "7KQ2_M4XA",
        f"`{OP}`",
        f'"{OP}"',
        f"“{OP}”",
        f"{OP}.",
        f"{OP},",
        f"({OP})",
        f"#{OP}",
        f"{OP}:",
        f"{OP} {OP.lower()}",
    ],
)
def test_an_operation_is_found_however_its_id_is_typed(typed: str) -> None:
    """In lower case, without the dash, with what came along when it was copied."""
    assert answer(f"/failover-log {typed}", Desk([ASKED_FOR])).title == f"{OP}: asked"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("7KQ2-M4XB", "Did you mean 7KQ2-M4XA?"),
        ("7KQZ-M4XA", "Did you mean 7KQ2-M4XA?"),
        ("7KQ2-M4X0", "No id has '0' in it: 0, O, 1, I, L and U are left out of all ids."),
        ("LOUI-2345", "No id has 'L', 'O', 'U', 'I' in it"),
        ("25", "For a list of that many: /failover-log --last 25"),
        ("pool01", "/failover-log lists the last ones with their ids."),
        ("x" * 5_000, "/failover-log lists the last ones with their ids."),
    ],
)
def test_an_operation_that_is_not_there_is_told_with_the_nearest(typed: str, says: str) -> None:
    """An id that is nearly right is named and not taken."""
    shown = answer(f"/failover-log {typed}", Desk([ASKED_FOR]))
    assert shown.title.startswith("There is no operation ")
    assert len(shown.title) < 80
    assert says in " ".join(shown.lines)
    assert "Did you mean" not in " ".join(answer(f"/failover-log {typed}", Desk()).lines)


def test_what_is_said_of_ids_is_true_of_those_that_are_made() -> None:
    """None of the letters that are said to be left out is ever drawn, and every other one may be."""
    drawn = set("".join(clock.operation_id() for _ in range(500))) - {"-"}
    assert drawn == set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") - NEVER_IN_AN_ID


def test_the_list_is_as_long_as_was_asked() -> None:
    """Ten, or what --last says."""
    many = [evolve(Operation(f"7KQ2-M4{n:02}"), ASKED, T0) for n in range(22, 60)]
    assert len(answer("/failover-log", Desk(many)).table) == 10
    assert len(answer("/failover-log --last 25", Desk(many)).table) == 25
    assert answer("/failover-log", Desk()).table == ("No operation yet.",)


# --- /pools ----------------------------------------------------------------------------------------------------------


def _cell(desk: Desk, pool: str) -> str:
    """Who serves it, by /pools."""
    shown = answer(f"/pools {pool}", desk)
    begin, end = shown.table[0].index("served by"), shown.table[0].index("backup")
    return next(line for line in shown.table if line.startswith(pool))[begin:end].strip()


def _lab_cell(lab: Lab, pool: str) -> str:
    """Who serves it, by `csfailover lab show`."""
    lines = show(lab.world)
    header = next(line for line in lines if line.startswith("POOL"))
    begin, end = header.index("SERVED BY"), header.index("NOT REPLICATED")
    return next(line for line in lines if line.startswith(pool))[begin:end].strip()


RESILIENCY = f"{P2} (resiliency mode)"


@pytest.mark.parametrize(
    ("broken", "pool", "pools_say", "lab_says"),
    [
        ([], P1, "itself", P1),
        ([("pool", P1)], P1, "at best pool02, limited", RESILIENCY),
        ([("quorum", P1)], P1, "at best pool02, limited", RESILIENCY),
        ([("backend", P1)], P1, "itself, limited", f"{P1} (resiliency mode)"),
        ([("pool", P1), ("pool", P2)], P1, "nobody", "nobody"),
        ([("pool", P1), ("backend", P2)], P1, "nobody", "nobody"),
        ([("pool", ALONE)], ALONE, "nobody", "nobody"),
    ],
)
def test_pools_and_the_lab_say_the_same_of_who_serves_whom(
    tmp_path: Path, broken: list[tuple[str, str]], pool: str, pools_say: str, lab_says: str
) -> None:
    """With pools down, without their back end, without a quorum, and without a backup pool."""
    lab = new_lab(tmp_path)
    for what, where in broken:
        trouble.break_(lab.world, what, where)
    assert (_cell(Desk(lab=lab), pool), _lab_cell(lab, pool)) == (pools_say, lab_says)
    shown = answer(f"/pools {pool}", Desk(lab=lab))
    assert any("resiliency mode" in line for line in shown.lines) is any("limited" in row for row in shown.table)


def test_pools_and_the_lab_say_the_same_after_a_failover(tmp_path: Path) -> None:
    """The backup pool serves in full; when that is lost too, nobody does."""
    lab = new_lab(tmp_path)
    trouble.break_(lab.world, "pool", P1)
    go(lab, Kind.FAILOVER, options=Options(disaster=True))
    assert (_cell(Desk(lab=lab), P1), _lab_cell(lab, P1)) == ("pool02", P2)
    trouble.break_(lab.world, "pool", P2)
    assert (_cell(Desk(lab=lab), P1), _lab_cell(lab, P1)) == ("nobody", "nobody")


def test_until_the_backup_registrar_answers_nobody_serves(tmp_path: Path) -> None:
    """The lab knows the moment and says what comes; /pools cannot read it, and says `at best`."""
    time = Time()
    lab = new_lab(tmp_path, time=time, speed=1.0)
    trouble.break_(lab.world, "pool", P1)
    assert (_cell(Desk(lab=lab), P1), _lab_cell(lab, P1)) == (
        "at best pool02, limited",
        f"nobody yet, then {RESILIENCY}",
    )
    time.wait(300)
    assert _lab_cell(lab, P1) == RESILIENCY


DOWN = pool_facts(health=Health.DOWN)


@pytest.mark.parametrize(
    ("read", "says"),
    [
        (facts(DOWN, pool_facts(P2, P1, health=Health.UNKNOWN)), "?"),
        (replace(facts(DOWN), partner=None), "?"),
        (replace(facts(replace(DOWN, backup=None)), partner=None, unread=(NOT_ASKED,)), "?"),
        (replace(facts(replace(DOWN, backup=None)), partner=None), "nobody"),
        (facts(pool_facts(health=Health.UNKNOWN)), "?"),
        (facts(pool_facts(state=PoolState.UNKNOWN)), "?"),
        (facts(pool_facts(state=PoolState.FAILING_OVER)), "in transition"),
        (facts(pool_facts(state=PoolState.FAILED_OVER), pool_facts(P2, P1, health=Health.UNKNOWN)), "?"),
    ],
)
def test_what_was_not_read_is_not_said(read: Facts, says: str) -> None:
    """A reading that failed leaves a question mark, whichever engine it is."""
    assert _cell(Desk(read=read), P1) == says
