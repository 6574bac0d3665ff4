"""Preflight's guards: what each one sees, what it leaves alone, and that none of them can be missed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import engine.guards
from engine.facts import Cms, CmsState, Edge, Export, Facts, Health, Import, PoolState, Replication, Unread, What, Why
from engine.guards import order as guards
from engine.guards.case import Case, Guard
from engine.guards.circumstances import NOT_READ
from engine.model import UNTOLD, Finding, Kind, Level, Options
from engine.preflight import MAX_WAIT, blocking, conflicts, judge
from tests.engine.given import AWAY, EDGE, P1, P2, T0, case, facts, pool_facts

OVER, BACK = Kind.FAILOVER, Kind.FAILBACK
DISASTER = Options(disaster=True)
BEHIND = Replication(Export.NOT_STEADY, Import.NORMAL, backlog=12)
UNKNOWN = Replication(Export.UNKNOWN, Import.UNKNOWN)
HURT = [health for health in Health if health not in {Health.UP, Health.UNKNOWN}]
UNSEEN = {"health": Health.UNKNOWN}
ACCOUNT, RIGHT, HOST = "CONTOSO\\bot", "Performance Monitor Users", "fe1.contoso.com"


def pair(pool: dict[str, Any] | None = None, partner: dict[str, Any] | None = None, **changed: Any) -> Facts:
    """A healthy pair with these things changed on either side."""
    return facts(replace(pool_facts(), **pool or {}), replace(pool_facts(P2, P1), **partner or {}), **changed)


def away(pool: dict[str, Any] | None = None, partner: dict[str, Any] | None = None, **changed: Any) -> Facts:
    """The same after a failover of pool01."""
    return pair({"state": PoolState.FAILED_OVER, **(pool or {})}, partner, **changed)


def without(why: Why, what: What, of: str = P1, read: Facts | None = None) -> Facts:
    """The same where this could not be read."""
    missed = Unread(what, why, of, "Zugriff verweigert", HOST, ACCOUNT, RIGHT if why is Why.NO_RIGHTS else "")
    return replace(read or facts(), unread=(missed,))


UNSEEN_POOL, UNSEEN_PARTNER = pair(UNSEEN), pair(partner=UNSEEN)
BACK_UNSEEN, BACK_PARTNER = away(UNSEEN), away(partner=UNSEEN)


def alone(read: Facts) -> Facts:
    return replace(read, partner=None, pool=replace(read.pool, backup=None))


def hops(up: bool | None) -> tuple[Edge, ...]:
    return (Edge(EDGE, P1.upper(), up),)


Row = tuple[str, Level, Kind, Options, Facts]
B, W, N = Level.BLOCK, Level.WARN, Level.NOTE
HITS: list[Row] = [
    ("E_NO_BACKUP", B, OVER, Options(), alone(facts())),
    ("E_NO_BACKUP", B, BACK, Options(), alone(AWAY)),
    ("E_PAIR_NOT_CONFIGURED", B, OVER, Options(), replace(facts(), partner=None)),
    ("E_PAIR_NOT_READ", B, BACK, Options(), without(Why.NO_RIGHTS, What.BACKUP_POOL, P1, alone(AWAY))),
    ("E_PAIR_NOT_READ", B, OVER, Options(), without(Why.FAILED, What.BACKUP_POOL, P2, pair(partner={"backup": None}))),
    ("E_PAIR_ASYMMETRIC", B, OVER, Options(), pair(partner={"backup": "pool03.contoso.com"})),
    ("E_PAIR_ASYMMETRIC", B, BACK, Options(), away(partner={"backup": None})),
    ("E_ALREADY_FAILED_OVER", B, OVER, DISASTER, AWAY),
    ("E_BACKUP_IS_FAILED_OVER", B, OVER, DISASTER, pair(partner={"state": PoolState.FAILED_OVER})),
    ("W_FAILING_OVER", W, OVER, Options(), pair({"state": PoolState.FAILING_OVER})),
    ("E_FAILING_OVER", B, OVER, Options(), pair(partner={"state": PoolState.FAILING_OVER})),
    ("E_STATE_UNKNOWN", B, OVER, DISASTER, pair({"state": PoolState.UNKNOWN})),
    ("E_STATE_UNKNOWN", B, OVER, Options(), pair(partner={"state": PoolState.UNKNOWN})),
    ("E_STATE_UNKNOWN", B, BACK, Options(), pair({"state": PoolState.UNKNOWN})),
    *[("E_BACKUP_UNAVAILABLE", B, OVER, DISASTER, pair(partner={"health": h})) for h in HURT],
    ("E_CMS_ON_NO_POOL", B, OVER, Options(), facts(cms=Cms(None, CmsState.NO_HOST))),
    ("E_CMS_DOWN", B, OVER, DISASTER, facts(cms=Cms("pool09.contoso.com", CmsState.DOWN))),
    ("E_CMS_DOWN", B, OVER, DISASTER, facts(cms=Cms(None, CmsState.DOWN))),
    ("E_CMS_NOT_READ", B, BACK, Options(), replace(AWAY, cms=Cms(P2, CmsState.UNKNOWN))),
    ("E_CMS_NOT_READ", B, OVER, Options(), facts(cms=Cms(None, CmsState.UNKNOWN))),
    ("E_CMS_SPLIT", B, OVER, DISASTER, facts(cms=Cms(None, CmsState.SPLIT))),
    ("E_CMS_ON_FAILED_POOL", B, OVER, DISASTER, facts(cms=Cms(P1.upper(), CmsState.UP))),
    ("E_EDGE_NEXT_HOP", B, OVER, Options(), facts(edges=hops(up=True))),
    ("E_EDGE_NEXT_HOP", B, OVER, Options(), facts(edges=hops(up=None))),
    ("W_EDGE_DOWN", W, OVER, Options(), facts(edges=hops(up=False))),
    *[("E_NEEDS_DISASTER_MODE", B, OVER, Options(), pair({"health": h})) for h in HURT],
    ("E_NOTHING_TO_FLUSH", B, OVER, Options(disaster=True, flush_storage=True), pair({"health": Health.DOWN})),
    ("E_PARAM_UNSUPPORTED", B, OVER, Options(database_timeout=60), facts()),
    ("E_PARAM_UNSUPPORTED", B, OVER, Options(stop_delay=5), facts()),
    ("E_PARAM_UNSUPPORTED", B, BACK, Options(database_timeout=60), AWAY),
    ("W_DISASTER_ON_HEALTHY_POOL", W, OVER, DISASTER, facts()),
    ("W_POOL_NOT_SEEN", W, OVER, DISASTER, pair({"health": Health.UNKNOWN})),
    ("W_LOSES_BACKLOG", W, OVER, DISASTER, pair({"health": Health.DOWN})),
    ("W_NOT_IN_SYNC", W, OVER, Options(), facts(outbound=BEHIND)),
    ("W_NOT_IN_SYNC", W, OVER, Options(), facts(outbound=Replication(Export.ERROR, Import.UNKNOWN))),
    ("W_SYNC_NOT_READ", W, OVER, Options(skip_verification=True), facts(outbound=UNKNOWN)),
    ("W_SYNC_NOT_READ", W, OVER, Options(), facts(outbound=Replication(Export.STEADY, Import.UNKNOWN))),
    ("W_SYNC_NOT_READ", W, BACK, Options(), replace(AWAY, inbound=UNKNOWN)),
    ("W_CAPACITY", W, OVER, Options(), pair({"users": 60_000}, {"users": 20_001})),
    ("W_CAPACITY", W, OVER, Options(), pair({"users": 60_000}, {"users": 20_001, "capacity": None})),
    *[("W_NOT_READ", W, OVER, Options(), without(why, What.USERS)) for why in (Why.FAILED, Why.UNCLEAR, Why.NOT_ASKED)],
    ("W_NOT_READ", W, BACK, Options(), without(Why.FAILED, What.EDGES, "", AWAY)),
    ("W_MAY_NOT_READ", W, OVER, Options(), without(Why.NO_RIGHTS, What.USERS)),
    ("W_MAY_NOT_READ", W, OVER, DISASTER, without(Why.NO_RIGHTS, What.BACKUP_SERVICE)),
    ("W_NO_ANSWER", W, OVER, Options(), without(Why.NO_ANSWER, What.BACKUP_SERVICE)),
    ("W_NO_ANSWER", W, OVER, DISASTER, without(Why.NO_ANSWER, What.BACKUP_SERVICE, P2)),
    ("W_NOT_THERE", W, OVER, Options(), without(Why.NOT_THERE, What.ROUTING)),
    ("N_DEAD_SIDE", N, OVER, DISASTER, without(Why.NO_ANSWER, What.BACKUP_SERVICE)),
    ("N_DEAD_SIDE", N, BACK, DISASTER, without(Why.FAILED, What.ROUTING, P2, AWAY)),
    *[
        (code, B, kind, options, without(why, What.SERVICES, of, read))
        for code, why in (
            ("E_MAY_NOT_READ", Why.NO_RIGHTS),
            ("E_NO_ANSWER", Why.NO_ANSWER),
            *(("E_HEALTH_NOT_READ", why) for why in (Why.NOT_ASKED, Why.NOT_THERE, Why.FAILED, Why.UNCLEAR)),
        )
        for kind, options, of, read in (
            (OVER, Options(), P1, UNSEEN_POOL),
            (OVER, Options(), P2, UNSEEN_PARTNER),
            (OVER, DISASTER, P2, UNSEEN_PARTNER),
            (BACK, Options(), P1, BACK_UNSEEN),
            (BACK, DISASTER, P1, BACK_UNSEEN),
            (BACK, Options(), P2, BACK_PARTNER),
        )
    ],
    ("E_HEALTH_NOT_READ", B, OVER, Options(), UNSEEN_POOL),
    ("N_STAYS_DOWN", N, OVER, Options(), facts()),
    ("N_FAILOVER_DURATION", N, OVER, DISASTER, pair({"health": Health.DOWN})),
    ("E_NOT_FAILED_OVER", B, BACK, Options(), facts()),
    ("E_OTHER_POOL_FAILED_OVER", B, BACK, DISASTER, pair(partner={"state": PoolState.FAILED_OVER})),
    ("E_FAILING_OVER", B, BACK, Options(), pair({"state": PoolState.FAILING_OVER})),
    *[("E_HOME_NOT_RESTORED", B, BACK, DISASTER, away({"health": h})) for h in HURT],
    *[("E_BACKUP_UNAVAILABLE_USE_DISASTER", B, BACK, Options(), away(partner={"health": h})) for h in HURT],
    ("W_DISASTER_LOSES_BACKUP_DATA", W, BACK, DISASTER, away(partner={"health": Health.DOWN})),
    ("N_FAILBACK_DURATION", N, BACK, Options(), AWAY),
]
MISSES: list[Row] = [
    ("E_PAIR_ASYMMETRIC", B, OVER, Options(), pair(partner={"backup": P1.upper()})),
    ("E_ALREADY_FAILED_OVER", B, OVER, Options(), pair({"state": PoolState.FAILED_BACK})),
    ("E_BACKUP_IS_FAILED_OVER", B, OVER, Options(), pair(partner={"state": PoolState.FAILED_BACK})),
    ("E_CMS_ON_FAILED_POOL", B, BACK, Options(), replace(AWAY, cms=Cms(P1, CmsState.UP))),
    ("E_CMS_DOWN", B, BACK, Options(), replace(AWAY, cms=Cms(P1, CmsState.UP))),
    ("E_EDGE_NEXT_HOP", B, OVER, Options(), facts()),
    ("E_EDGE_NEXT_HOP", B, BACK, Options(), replace(AWAY, edges=hops(up=True))),
    ("W_EDGE_DOWN", W, OVER, Options(), facts(edges=(Edge(EDGE, P2, up=False),))),
    ("E_NEEDS_DISASTER_MODE", B, OVER, DISASTER, pair({"health": Health.DOWN})),
    ("E_NOTHING_TO_FLUSH", B, OVER, Options(disaster=True, flush_storage=True), pair({"health": Health.BACKEND_DOWN})),
    ("E_PARAM_UNSUPPORTED", B, OVER, Options(True, True, True, True, None), facts()),
    ("E_PARAM_UNSUPPORTED", B, OVER, Options(whatif=True), facts()),
    ("W_DISASTER_ON_HEALTHY_POOL", W, OVER, DISASTER, pair({"health": Health.UNKNOWN})),
    ("W_POOL_NOT_SEEN", W, OVER, DISASTER, pair({"health": Health.DOWN})),
    ("W_NOT_IN_SYNC", W, OVER, Options(), facts(outbound=Replication(Export.FINAL, Import.NORMAL), inbound=BEHIND)),
    ("W_NOT_IN_SYNC", W, BACK, Options(), replace(AWAY, outbound=BEHIND)),
    ("W_CAPACITY", W, OVER, Options(), pair({"users": 60_000}, {"users": 20_000})),
    ("W_NOT_READ", W, OVER, Options(), facts()),
    ("N_DEAD_SIDE", N, OVER, DISASTER, without(Why.NO_ANSWER, What.BACKUP_SERVICE, P2)),
    ("N_DEAD_SIDE", N, OVER, DISASTER, without(Why.NO_RIGHTS, What.BACKUP_SERVICE)),
    ("N_DEAD_SIDE", N, OVER, Options(), without(Why.NO_ANSWER, What.BACKUP_SERVICE)),
    *[("E_NEEDS_DISASTER_MODE", B, OVER, Options(), without(why, What.SERVICES, P1, UNSEEN_POOL)) for why in Why],
    *[("E_BACKUP_UNAVAILABLE", B, OVER, Options(), without(why, What.SERVICES, P2, UNSEEN_PARTNER)) for why in Why],
    ("W_NOT_IN_SYNC", W, OVER, Options(), facts(outbound=UNKNOWN)),
    ("W_SYNC_NOT_READ", W, OVER, Options(), alone(facts(outbound=UNKNOWN))),
    ("E_BACKUP_UNAVAILABLE_USE_DISASTER", B, BACK, DISASTER, away(partner={"health": Health.DOWN})),
    ("W_DISASTER_LOSES_BACKUP_DATA", W, BACK, Options(), AWAY),
    ("N_COOLDOWN", N, OVER, Options(), facts()),
]


def named(rows: list[Row]) -> list[str]:
    return [f"{n}-{row[2]}-{row[0]}" for n, row in enumerate(rows)]


def found(row: Row) -> list[Finding]:
    code, _, kind, options, read = row
    return [f for f in judge(case(kind, read, options=options)) if f.code == code]


@pytest.mark.parametrize("row", HITS, ids=named(HITS))
def test_a_guard_sees_what_it_is_for(row: Row) -> None:
    """Each code has facts that bring it, at its level, with a sentence."""
    assert {f.level for f in found(row)} == {row[1]}
    assert all(f.say for f in found(row))


@pytest.mark.parametrize("row", MISSES, ids=named(MISSES))
def test_a_guard_leaves_the_neighbouring_case_alone(row: Row) -> None:
    """Each code has facts close by that must not bring it."""
    assert found(row) == []


@pytest.mark.parametrize("kind", list(Kind))
def test_a_healthy_pair_gives_notes_only(kind: Kind) -> None:
    """Nothing is wrong with the case that the other tests change one thing of."""
    assert {f.level for f in judge(case(kind))} == {Level.NOTE}


def test_every_code_of_the_guards_stands_in_this_table() -> None:
    """A new guard needs its row here; four codes have their own tests below."""
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(*engine.guards.__path__).glob("*.py"))
    codes = set(re.findall(r'"([EWN]_[A-Z_]+)"', sources))
    assert codes == {row[0] for row in HITS} | {"N_COOLDOWN", "N_PAIR_HELD", "E_PAIRING_CHANGED", "E_PARAMS_NOT_READ"}


def test_whatever_stops_a_start_says_what_to_do() -> None:
    """Every blocking finding has a cure."""
    assert all(f.cure for row in HITS for f in found(row) if f.level is Level.BLOCK)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_what_if_is_told_which_operation_holds_the_pair(kind: Kind) -> None:
    """It is answered all the same; whoever goes on to ask in earnest would be refused."""
    for holder, told in (("7KQ2-M4XA", ["/failover-log 7KQ2-M4XA"]), ("", [])):
        findings = judge(case(kind, options=Options(whatif=True), held_by=holder))
        assert [f.cure for f in findings if f.code == "N_PAIR_HELD"] == told


def test_a_cooldown_is_told_until_it_is_over_and_binds_nothing() -> None:
    """It goes away by itself, so it must never void an approval."""
    for ago, told in ((1_799, [Level.NOTE]), (1_800, [])):
        read = case(last_ended=T0 - timedelta(seconds=ago))
        assert [f.level for f in judge(read) if f.code == "N_COOLDOWN"] == told


@pytest.mark.parametrize("kind", list(Kind))
def test_a_pair_that_is_not_the_locked_one_is_refused(kind: Kind) -> None:
    """The topology that was at hand when it was asked may be a minute old; two runs must never face each other."""
    assert blocking(judge(case(kind, locked=P2.upper()))) is None
    stopper = blocking(judge(case(kind, locked="pool09.contoso.com")))
    assert stopper is not None
    assert stopper.code == "E_PAIRING_CHANGED"


ORDER = {
    OVER: "E_PAIR_ASYMMETRIC W_FAILING_OVER E_BACKUP_UNAVAILABLE E_CMS_ON_NO_POOL E_EDGE_NEXT_HOP "
    "E_NEEDS_DISASTER_MODE E_PARAM_UNSUPPORTED W_SYNC_NOT_READ W_CAPACITY W_NOT_READ N_FAILOVER_DURATION N_STAYS_DOWN",
    BACK: "E_PAIR_ASYMMETRIC E_STATE_UNKNOWN E_HOME_NOT_RESTORED E_BACKUP_UNAVAILABLE_USE_DISASTER E_CMS_ON_NO_POOL "
    "E_PARAM_UNSUPPORTED W_SYNC_NOT_READ W_NOT_READ N_FAILBACK_DURATION",
}


@pytest.mark.parametrize("kind", list(Kind))
def test_findings_come_in_a_fixed_order_and_the_first_that_blocks_is_the_refusal(kind: Kind) -> None:
    """When everything is wrong at once: the pair itself first, then what is nearest to the cause."""
    state = PoolState.FAILING_OVER if kind is OVER else PoolState.UNKNOWN
    worst = pair(
        {"health": Health.DOWN, "state": state, "users": 80_000},
        {"health": Health.DOWN, "backup": None},
        cms=Cms(None, CmsState.NO_HOST),
        edges=hops(up=True),
        outbound=UNKNOWN,
        inbound=UNKNOWN,
        unread=(Unread(What.USERS, Why.FAILED, P2),),
    )
    findings = judge(case(kind, worst, options=Options(database_timeout=9)))
    assert [f.code for f in findings] == ORDER[kind].split()
    assert blocking(findings) is findings[0]


def _without(guard: Guard, kind: Kind) -> Callable[[Case], Iterator[Finding]]:
    every = guards.FAILOVER if kind is OVER else guards.FAILBACK
    return lambda judged: (f for other in every if other is not guard for f in other(judged))


BLOCKERS = [(OVER, g) for g in guards.FAILOVER] + [(BACK, g) for g in guards.FAILBACK]


@pytest.mark.parametrize(("kind", "guard"), BLOCKERS, ids=[f"{k}{g.__name__}" for k, g in BLOCKERS])
def test_no_guard_can_be_taken_out_unseen(kind: Kind, guard: Guard) -> None:
    """For each guard there is a case whose findings are its alone: without it, that case would go through clean."""
    level = Level.BLOCK if guard in BLOCKING else None
    rest = _without(guard, kind)
    cases = [case(row[2], row[4], options=row[3]) for row in HITS if row[2] is kind]
    cases += [case(kind, last_ended=T0), case(kind, held_by="7KQ2-M4XA")]
    only_by_it = [
        judged
        for judged in cases
        if any(level is None or f.level is level for f in guard(judged))
        and (level is None or not any(f.level is level for f in rest(judged)))
    ]
    assert only_by_it, f"nothing is refused only by {guard}"


BLOCKING = {
    guard for _, guard in BLOCKERS for row in HITS for f in guard(case(row[2], row[4], options=row[3])) if f.level is B
}


@pytest.mark.parametrize(
    ("kind", "options", "code"),
    [
        (OVER, Options(force=True, whatif=True), "E_FORCE_WITH_WHATIF"),
        (OVER, Options(wait=60, skip_verification=True), "E_WAIT_FOR_NOTHING"),
        (OVER, Options(wait=0), "E_WAIT_OUT_OF_RANGE"),
        (OVER, Options(wait=MAX_WAIT + 1), "E_WAIT_OUT_OF_RANGE"),
        (BACK, Options(flush_storage=True), "E_PARAM_ONLY_FAILOVER"),
        (BACK, Options(stop_delay=5), "E_PARAM_ONLY_FAILOVER"),
        (OVER, Options(wait=MAX_WAIT), None),
        (OVER, Options(whatif=True, disaster=True, flush_storage=True, stop_delay=5), None),
        (BACK, Options(force=True, wait=1), None),
    ],
)
def test_switches_that_exclude_each_other_are_refused(kind: Kind, options: Options, code: str | None) -> None:
    """Known without a look at any pool; each refusal says what to leave out."""
    refusal = conflicts(kind, options)
    assert (refusal.code if refusal else None) == code
    assert refusal is None or refusal.cure


def test_force_changes_no_finding() -> None:
    """-Force hides what the cmdlet prints; it is no way round a check."""
    for code, level, kind, options, read in HITS:
        with_force = found((code, level, kind, replace(options, force=True), read))
        assert with_force == found((code, level, kind, options, read))


@pytest.mark.parametrize("told", [UNTOLD, frozenset({"Verbose", "Confirm"})], ids=["empty", "without PoolFqdn"])
@pytest.mark.parametrize("kind", list(Kind))
def test_a_server_that_does_not_tell_its_parameters_is_not_one_without_them(kind: Kind, told: frozenset[str]) -> None:
    """Nothing is sent in the hope that the server knows it; and nobody is told to leave -PoolFqdn out."""
    (blocked,) = [f for f in judge(case(kind, supported=told)) if f.level is B]
    assert blocked.code == "E_PARAMS_NOT_READ"
    assert "Leave" not in blocked.cure


DISASTER_WORDS = re.compile(r"--disaster|disaster failover", re.IGNORECASE)


@pytest.mark.parametrize("why", list(Why))
@pytest.mark.parametrize(
    ("kind", "of", "read"),
    [(OVER, P1, UNSEEN_POOL), (OVER, P2, UNSEEN_PARTNER), (BACK, P1, BACK_UNSEEN), (BACK, P2, BACK_PARTNER)],
    ids=["failover", "failover-partner", "failback", "failback-partner"],
)
def test_disaster_is_offered_only_where_a_pool_gives_no_answer(kind: Kind, of: str, read: Facts, why: Why) -> None:
    """A missing right or an odd answer says nothing of the pool: a healthy one must not be given up for it."""
    findings = judge(case(kind, without(why, What.SERVICES, of, read)))
    offered = any(DISASTER_WORDS.search(f.cure) for f in findings)
    given_up = of == (P1 if kind is OVER else P2)
    assert offered == (why is Why.NO_ANSWER and given_up)
    assert not any(word in f.cure for f in findings for word in ("Bring", "up first"))


NEEDED = [
    (What.SERVICES, P1, UNSEEN_POOL, "E_MAY_NOT_READ"),
    (What.POOL_STATE, P1, pair({"state": PoolState.UNKNOWN}), "E_STATE_UNKNOWN"),
    (What.BACKUP_POOL, P2, pair(partner={"backup": None}), "E_PAIR_NOT_READ"),
    (What.BACKUP_SERVICE, P1, facts(outbound=UNKNOWN), "W_SYNC_NOT_READ"),
    (What.MASTER, "", facts(cms=Cms(P2, CmsState.UNKNOWN)), "E_CMS_NOT_READ"),
    (What.CMS, "", facts(cms=Cms(None, CmsState.UNKNOWN)), "E_CMS_NOT_READ"),
    (What.USERS, P1, facts(), "W_MAY_NOT_READ"),
]


@pytest.mark.parametrize(("what", "of", "read", "code"), NEEDED, ids=[row[3] + row[0] for row in NEEDED])
def test_a_missing_right_is_named_with_the_account_and_the_host(what: What, of: str, read: Facts, code: str) -> None:
    """Whoever may give it knows what to do; the server's own words are there, in its own language."""
    told = [f for f in judge(case(OVER, without(Why.NO_RIGHTS, what, of, read))) if f.code == code]
    assert len(told) == 1
    assert all(word in told[0].cure for word in (ACCOUNT, RIGHT, HOST))
    assert "Zugriff verweigert" in told[0].say


@pytest.mark.parametrize("kind", list(Kind))
def test_every_reading_that_failed_is_a_finding_whatever_else_is_wrong(kind: Kind) -> None:
    """Each by its own name, so that a refused card can list them all."""
    every = tuple(Unread(what, why, f"{what}-{why}") for what in What for why in Why)
    told = [f for f in judge(case(kind, pair(UNSEEN, unread=every))) if f.code in NOT_READ]
    assert len(told) == len(every)
    assert all(any(missed.name in f.say for f in told) for missed in every)
