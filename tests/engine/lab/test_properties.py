"""What holds in every lab world, whatever is done to it and whenever: the invariants of the pair."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine import preflight
from engine.facts import Health
from engine.guards.case import Case
from engine.lab import reading, trouble, users
from engine.lab.engine import Lab
from engine.lab.pools import ServiceLevel
from engine.model import Ended, Kind, Options, Outcome
from engine.plan import CMDLETS
from engine.policy import Policy
from tests.engine.lab.worlds import ALONE, P1, P2, P3, P4, STATE, Told, column, digest, go, new_lab

PACE = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=40,
    stateful_step_count=15,
    suppress_health_check=[HealthCheck.too_slow],
)
DONE = {Ended.COMPLETED, Ended.COMPLETED_WITH_ERRORS}
PARTNER = {P1: P2, P2: P1, P3: P4, P4: P3}

pools = st.sampled_from([P1, P2, P3, P4, ALONE])
kinds = st.sampled_from(list(Kind))
either = st.sampled_from([P1, P2, P3, P4])
troubles = st.one_of(
    st.tuples(
        st.sampled_from(["pool", "backend", "quorum", "link", "backup-service", "edge", "cms"]),
        either,
    ),
    st.tuples(st.sampled_from(["edge-down", "cms-lost"])),
    st.tuples(st.just("backlog"), either, st.sampled_from(["7", "1800"])),
    st.tuples(st.just("flush"), either, st.just("2")),
)


@st.composite
def switches(draw: st.DrawFn) -> Options:
    """Switches that go together."""
    skip = draw(st.booleans())
    return Options(
        disaster=draw(st.booleans()),
        flush_storage=draw(st.booleans()),
        force=draw(st.booleans()),
        skip_verification=skip,
        wait=None if skip else draw(st.sampled_from([None, 1, 60])),
    )


def fitting(kind: Kind, options: Options) -> Options:
    """A failback knows no flush."""
    return Options(**{**options.__dict__, "flush_storage": options.flush_storage and kind is Kind.FAILOVER})


class Worlds(RuleBasedStateMachine):
    """Operations, troubles (also in the middle of an operation), repairs, users, in any order."""

    @initialize()
    def begin(self) -> None:
        self.place = tempfile.TemporaryDirectory()
        self.lab = new_lab(Path(self.place.name))
        self.runs = 0
        self.people = digest(self.lab.world, ["user"])

    def teardown(self) -> None:
        if hasattr(self, "lab"):
            self.lab.close()
            self.place.cleanup()

    @rule(what=troubles)
    def break_something(self, what: tuple[str, ...]) -> None:
        trouble.break_(self.lab.world, *what)

    @rule()
    def repair(self) -> None:
        trouble.repair(self.lab.world)

    @rule(pool=either)
    def somebody_writes(self, pool: str) -> None:
        user = users.some(self.lab.world, pool)[0]
        if reading.who_serves(self.lab.world, user)[1] is ServiceLevel.FULL:
            users.sign_in(self.lab.world, user)
            users.write(self.lab.world, user, "something")

    @rule(kind=kinds, pool=pools, options=switches())
    def ask_what_if(self, kind: Kind, pool: str, options: Options) -> None:
        """I9: a what-if changes not one row."""
        before = digest(self.lab.world)
        options = Options(**{**fitting(kind, options).__dict__, "whatif": True, "force": False})
        self._go(kind, pool, options)
        assert digest(self.lab.world) == before

    @rule(kind=kinds, pool=pools, options=switches())
    def operate(self, kind: Kind, pool: str, options: Options) -> None:
        """I5, I7, I12, and preflight tells beforehand what a calm run does."""
        options = fitting(kind, options)
        allowed = self._preflight(kind, pool, options)
        served = self.lab.facts(pool)
        outcome = self._go(kind, pool, options)
        assert (outcome.ended in DONE) == allowed, outcome
        if outcome.ended in DONE and kind is Kind.FAILOVER:
            assert served.partner is not None
            assert served.partner.health is Health.UP
        self._verdict(kind, pool, options, outcome)

    @rule(
        kind=kinds,
        pool=either,
        options=switches(),
        what=troubles,
        at=st.integers(0, 6),
        stop=st.booleans(),
    )
    def operate_and_break(
        self, kind: Kind, pool: str, options: Options, what: tuple[str, ...], at: int, stop: bool
    ) -> None:
        """I12 also when something breaks, or somebody asks to stop, between any two steps."""
        asked = 0
        options = fitting(kind, options)

        def cancelled() -> bool:
            nonlocal asked
            asked += 1
            if asked == at + 1 and not (what[0] == "backlog" and column(self.lab.world, what[1], "quiesced")):
                trouble.break_(self.lab.world, *what)
            return stop and asked > at

        before = column(self.lab.world, pool, "epoch")
        was = column(self.lab.world, pool, "failed_over")
        outcome = self._go(kind, pool, options, cancelled)
        moved = column(self.lab.world, pool, "epoch") - before
        assert moved == (outcome.ended in DONE)
        if not moved:
            assert column(self.lab.world, pool, "failed_over") == was
        self._verdict(kind, pool, options, outcome)

    def _go(self, kind: Kind, pool: str, options: Options, cancelled: object = None) -> Outcome:
        self.runs += 1
        stop = cancelled if callable(cancelled) else (lambda: False)
        return go(self.lab, kind, pool, options, run=f"run-{self.runs}", cancelled=stop)

    def _preflight(self, kind: Kind, pool: str, options: Options) -> bool:
        facts = self.lab.facts(pool)
        case = Case(
            kind, options, facts, self.lab.parameters(CMDLETS[kind]), Policy(), datetime(2030, 1, 1, tzinfo=UTC)
        )
        found = preflight.blocking(preflight.judge(case))
        # Preflight also refuses a flush of a dead pool; the lab has nothing to flush there, and no objection.
        return found is None or found.code == "E_NOTHING_TO_FLUSH"

    def _verdict(self, kind: Kind, pool: str, options: Options, outcome: Outcome) -> None:
        assert outcome.ended in DONE | {Ended.FAILED, Ended.STOPPED}
        if outcome.ended in DONE:
            assert column(self.lab.world, pool, "failed_over") == (kind is Kind.FAILOVER)
            assert outcome.lost is not None
            explained = options.disaster or options.skip_verification or outcome.lost <= (outcome.assumed or 0)
            assert not outcome.lost or explained

    @invariant()
    def nobody_is_rehomed(self) -> None:
        """I1."""
        if hasattr(self, "people"):
            assert digest(self.lab.world, ["user"]) == self.people

    @invariant()
    def a_user_has_one_pool_or_none(self) -> None:
        """I2, I3: a foreign pool serves only after a failover or in resiliency mode, and only one that is up."""
        if not hasattr(self, "lab"):
            return
        for home, other in PARTNER.items():
            server, level = reading.who_serves(self.lab.world, users.some(self.lab.world, home)[0])
            assert server in {home, other, None}
            assert (server is None) == (level is ServiceLevel.NONE)
            if server == other:
                assert column(self.lab.world, home, "failed_over") or level is ServiceLevel.RESILIENCY
            if level is ServiceLevel.FULL:
                assert server is not None
                assert self.lab.facts(server).pool.health is Health.UP

    @invariant()
    def never_both_pools_of_a_pair(self) -> None:
        """I4."""
        if hasattr(self, "lab"):
            for one, other in ((P1, P2), (P3, P4)):
                assert column(self.lab.world, one, "failed_over") + column(self.lab.world, other, "failed_over") < 2

    @invariant()
    def no_pool_is_read_only_without_a_run(self) -> None:
        """I16."""
        if hasattr(self, "lab"):
            assert self.lab.world.one("SELECT count(*) FROM run WHERE ended IS NULL") == (0,)
            assert self.lab.world.one("SELECT count(*) FROM pool WHERE quiesced") == (0,)


TestWorlds = pytest.mark.filterwarnings("error")(Worlds.TestCase)
TestWorlds.settings = PACE


def twins() -> tuple[tempfile.TemporaryDirectory[str], Lab, Lab]:
    """Two labs that are equal in every row."""
    place = tempfile.TemporaryDirectory()
    for name in ("one", "two"):
        (Path(place.name) / name).mkdir()
    return place, new_lab(Path(place.name) / "one"), new_lab(Path(place.name) / "two")


@settings(PACE)
@given(st.lists(troubles, max_size=3), kinds, switches())
def test_force_changes_what_is_shown_and_nothing_else(
    broken: list[tuple[str, ...]], kind: Kind, options: Options
) -> None:
    """I8: twin labs, one with -Force: same outcome, same world."""
    place, plain, forced = twins()
    with place:
        outcomes = []
        for lab, force in ((plain, False), (forced, True)):
            if kind is Kind.FAILBACK:
                go(lab, Kind.FAILOVER, run="run-0")
            for what in broken:
                trouble.break_(lab.world, *what)
            chosen = Options(**{**fitting(kind, options).__dict__, "force": force})
            outcomes.append(go(lab, kind, options=chosen))
        assert outcomes[0] == outcomes[1]
        assert digest(plain.world, STATE) == digest(forced.world, STATE)
        plain.close()
        forced.close()


@settings(PACE)
@given(st.lists(troubles, max_size=2), st.tuples(kinds, switches()), st.tuples(kinds, switches()))
def test_operations_on_different_pairs_commute(
    broken: list[tuple[str, ...]], first: tuple[Kind, Options], second: tuple[Kind, Options]
) -> None:
    """I21: in either order the world is the same in the end."""
    place, one, two = twins()
    with place:
        jobs = [(P1, *first), (P3, *second)]
        for lab, order in ((one, jobs), (two, jobs[::-1])):
            for what in broken:
                trouble.break_(lab.world, *what)
            for pool, kind, options in order:
                go(lab, kind, pool, fitting(kind, options), run=f"run-{pool}")
        assert digest(one.world, STATE) == digest(two.world, STATE)
        one.close()
        two.close()


@settings(PACE)
@given(st.lists(st.integers(0, 1), max_size=6), st.booleans(), st.booleans())
def test_a_failback_restores_the_routing_and_keeps_the_data(writes: list[int], drain: bool, flush: bool) -> None:
    """I6: after failover, writes and failback the pool's row is as before but for its counters, and every item that
    was made, here or there, is still there."""
    with tempfile.TemporaryDirectory() as place:
        lab = new_lab(Path(place))
        ann = users.some(lab.world, P1)[0]
        names = ("id", "backup", "failed_over", "quiesced", "users", "backend_up", "link_up")
        before = [column(lab.world, P1, name) for name in names]
        go(lab, Kind.FAILOVER, options=Options(flush_storage=flush), run="run-1")
        for n, _ in enumerate(writes):
            users.write(lab.world, ann, f"item {n}")
        if drain:
            users.replicate(lab.world, P1)
        assert go(lab, Kind.FAILBACK, run="run-2").ended is Ended.COMPLETED
        assert [column(lab.world, P1, name) for name in names] == before
        assert column(lab.world, P1, "epoch") == 3
        assert users.items(lab.world, ann) == [(f"item {n}", False) for n, _ in enumerate(writes)]
        lab.close()


def test_told_is_what_is_written(tmp_path: Path) -> None:
    """What the sink was given is what the world keeps of the run, record by record."""
    lab = new_lab(tmp_path)
    told = Told()
    go(lab, Kind.FAILOVER, sink=told)
    with lab.world.read() as db:
        kept = db.execute("SELECT n, stream, text, percent FROM record ORDER BY n").fetchall()
    assert [(r.n, r.stream, r.text, r.percent) for r in told] == kept
