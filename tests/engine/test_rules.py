"""Who may do what to an operation, and when: the wishes of people, one by one, and the recheck before the start."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from engine import rules
from engine.events import (
    ApprovalGranted,
    PreflightPassed,
    RequestAnswered,
    RequestAsked,
    RequestDenied,
    RequestExpired,
    RequestRefused,
    RequestReminded,
    RequestStale,
    RequestWithdrawn,
    RunDoubted,
    RunEnded,
    RunIntended,
    RunResolved,
    RunStopAsked,
)
from engine.model import Ended, Options, Person, Policy, PoolState, Refusal, Verdict
from engine.rules import MAX_REASON, Step
from engine.states import Operation, State
from tests.engine.given import (
    AUDE,
    EVERYBODY,
    EXPIRES,
    LEO,
    LIA,
    OLGA,
    POLICY,
    REMINDS,
    RITA,
    T0,
    TICKET,
    asked,
    facts,
    given,
    intent,
    outcome,
    passed,
    pool_facts,
    reading,
)

DISASTER = Options(disaster=True)
RISKY = passed(asked(options=DISASTER))
GRANT = ApprovalGranted(LEO.id, LEO.name, passed().digest)
NEW = given(asked())
AWAITING = given(asked(), passed())
APPROVED = given(asked(), passed(), GRANT)
RUNNING = given(asked(), passed(), GRANT, intent())
JUDGING = given(asked(), passed(), GRANT, intent(), RunEnded(outcome(Ended.COMPLETED)))
DOUBT = given(asked(), passed(), GRANT, intent(), RunDoubted("lost"))
DENIED = given(asked(), passed(), RequestDenied(LEO.id, LEO.name, "no"))
ONE_OF_TWO = given(asked(options=DISASTER), RISKY, ApprovalGranted(LEO.id, LEO.name, RISKY.digest))
TWO_OF_TWO = given(
    asked(options=DISASTER),
    RISKY,
    ApprovalGranted(LEO.id, LEO.name, RISKY.digest),
    ApprovalGranted(LIA.id, LIA.name, RISKY.digest),
)


def code(decided: object) -> str:
    """The code of a refusal, or the name of the one event."""
    if isinstance(decided, Refusal):
        assert decided.say
        assert decided.cure
        return decided.code
    assert isinstance(decided, tuple)
    (event,) = decided
    return type(event).__name__


@pytest.mark.parametrize(
    ("op", "by", "now", "said"),
    [
        (AWAITING, LEO, T0, "ApprovalGranted"),
        (AWAITING, RITA, T0, "ApprovalGranted"),
        (AWAITING, OLGA, T0, "E_OWN_REQUEST"),
        (given(asked(by=RITA), passed(asked(by=RITA))), RITA, T0, "E_OWN_REQUEST"),
        (AWAITING, AUDE, T0, "E_MAY_NOT_APPROVE"),
        (given(asked(by=RITA), passed(asked(by=RITA))), OLGA, T0, "E_MAY_NOT_APPROVE"),
        (ONE_OF_TWO, LEO, T0, "E_APPROVED_ALREADY"),
        (ONE_OF_TWO, LIA, T0, "ApprovalGranted"),
        (AWAITING, LEO, EXPIRES - timedelta(microseconds=1), "ApprovalGranted"),
        (AWAITING, LEO, EXPIRES, "E_EXPIRED"),
        (NEW, LEO, T0, "E_TOO_EARLY"),
        (APPROVED, LIA, T0, "E_APPROVED_ALREADY"),
        (TWO_OF_TWO, RITA, T0, "E_APPROVED_ALREADY"),
        (RUNNING, LIA, T0, "E_APPROVED_ALREADY"),
        (DOUBT, LIA, T0, "E_APPROVED_ALREADY"),
        (DENIED, LIA, T0, "E_OVER"),
        (given(asked(), passed(), RequestExpired(1)), LIA, T0, "E_OVER"),
        (given(asked(), RequestWithdrawn(OLGA.id, OLGA.name)), LIA, T0, "E_OVER"),
    ],
    ids=range(18),
)
def test_approving(op: Operation, by: Person, now: datetime, said: str) -> None:
    """Another lead, once, in time, while it waits; everybody else is told why not."""
    assert code(rules.approve(op, by, POLICY, now)) == said


def test_an_approval_carries_the_digest_of_the_plan_that_was_shown() -> None:
    """It is bound to exactly that plan."""
    assert rules.approve(AWAITING, LEO, POLICY, T0) == (ApprovalGranted(LEO.id, LEO.name, passed().digest),)


def test_two_accounts_of_one_lead_count_once() -> None:
    """Persons are compared, not names: the same person under another name has approved already."""
    assert code(rules.approve(ONE_OF_TWO, replace(LEO, name="Leo (mobile)"), POLICY, T0)) == "E_APPROVED_ALREADY"


def test_no_policy_lets_nobody_do_anything() -> None:
    """Without roles that may, nobody may, and the answer says so."""
    nobody = Policy(frozenset(), frozenset(), frozenset())
    assert code(rules.ask(asked(), RITA, nobody)) == "E_MAY_NOT_REQUEST"
    assert code(rules.approve(AWAITING, LEO, nobody, T0)) == "E_MAY_NOT_APPROVE"
    assert code(rules.deny(AWAITING, LEO, "no", nobody)) == "E_MAY_NOT_APPROVE"
    assert code(rules.attest(DOUBT, LEO, True, "seen", nobody)) == "E_MAY_NOT_APPROVE"


@pytest.mark.parametrize(
    ("op", "by", "reason", "said"),
    [
        (AWAITING, LEO, " not now ", "RequestDenied"),
        (NEW, LEO, "no", "RequestDenied"),
        (APPROVED, LIA, "no", "RequestDenied"),
        (AWAITING, LEO, " \n", "E_NO_REASON"),
        (AWAITING, LEO, "x" * MAX_REASON, "RequestDenied"),
        (AWAITING, LEO, "x" * 4_000, "E_REASON_TOO_LONG"),
        (AWAITING, OLGA, "no", "E_MAY_NOT_APPROVE"),
        (RUNNING, LEO, "no", "E_STARTED"),
        (DOUBT, LEO, "no", "E_STARTED"),
        (DENIED, LIA, "no", "E_OVER"),
    ],
    ids=range(10),
)
def test_denying(op: Operation, by: Person, reason: str, said: str) -> None:
    """One lead's no, with a reason, up to the start."""
    assert code(rules.deny(op, by, reason, POLICY)) == said


def test_a_reason_is_refused_when_too_long_and_never_cut() -> None:
    """Of 4,000 characters nothing is kept and nothing lost: the whole text must be said again, shorter."""
    assert rules.deny(AWAITING, LEO, "x" * 1_000, POLICY) == (RequestDenied(LEO.id, LEO.name, "x" * 1_000),)
    assert code(rules.ask(asked(reason="x" * 4_000), OLGA, POLICY)) == "E_REASON_TOO_LONG"
    assert rules.ask(asked(reason="x" * 1_000), OLGA, POLICY) == (asked(reason="x" * 1_000),)


@pytest.mark.parametrize(
    ("op", "by", "said"),
    [
        (NEW, OLGA, "RequestWithdrawn"),
        (AWAITING, OLGA, "RequestWithdrawn"),
        (APPROVED, OLGA, "RequestWithdrawn"),
        (AWAITING, LEO, "E_NOT_YOURS"),
        (RUNNING, OLGA, "E_STARTED"),
        (DENIED, OLGA, "E_OVER"),
    ],
    ids=range(6),
)
def test_withdrawing(op: Operation, by: Person, said: str) -> None:
    """Only who asked, up to the start."""
    assert code(rules.withdraw(op, by)) == said


@pytest.mark.parametrize(
    ("op", "by", "said"),
    [
        (RUNNING, OLGA, "RunStopAsked"),
        (RUNNING, LIA, "RunStopAsked"),
        (RUNNING, AUDE, "E_MAY_NOT_APPROVE"),
        (given(asked(), passed(), GRANT, intent(), RunStopAsked(OLGA.id, OLGA.name)), LIA, "E_STOP_ASKED"),
        (APPROVED, OLGA, "E_NOT_RUNNING"),
        (JUDGING, OLGA, "E_NOT_RUNNING"),
        (DENIED, OLGA, "E_NOT_RUNNING"),
    ],
    ids=range(7),
)
def test_asking_to_stop(op: Operation, by: Person, said: str) -> None:
    """The requester or a lead, once, while it runs."""
    assert code(rules.stop(op, by, POLICY)) == said


@pytest.mark.parametrize(
    ("op", "by", "reason", "said"),
    [
        (DOUBT, LEO, "I looked", "RunResolved"),
        (DOUBT, RITA, "I looked", "RunResolved"),
        (DOUBT, OLGA, "I looked", "E_MAY_NOT_APPROVE"),
        (DOUBT, LEO, "", "E_NO_REASON"),
        (DOUBT, LEO, "x" * 1_001, "E_REASON_TOO_LONG"),
        (RUNNING, LEO, "I looked", "E_NOT_IN_DOUBT"),
        (JUDGING, LEO, "I looked", "E_NOT_IN_DOUBT"),
        (DENIED, LEO, "I looked", "E_NOT_IN_DOUBT"),
    ],
    ids=range(8),
)
def test_settling_a_doubt(op: Operation, by: Person, reason: str, said: str) -> None:
    """A lead who has looked, with a reason, and only where there is a doubt."""
    assert code(rules.attest(op, by, True, reason, POLICY)) == said


def test_a_leads_word_is_never_a_clean_success() -> None:
    """It happened: with warnings, as nobody saw every step. It did not: failed, as before."""
    for happened, verdict in ((True, Verdict.SUCCEEDED_WITH_WARNINGS), (False, Verdict.FAILED)):
        decided = rules.attest(DOUBT, LEO, happened, " seen ", POLICY)
        assert decided == (RunResolved(verdict, LEO.id, LEO.name, "seen"),)


@pytest.mark.parametrize(
    ("by", "request_", "said"),
    [
        (OLGA, asked(), "RequestAsked"),
        (LEO, asked(by=LEO), "RequestAsked"),
        (AUDE, asked(by=AUDE), "E_MAY_NOT_REQUEST"),
        (OLGA, asked(options=Options(force=True, whatif=True)), "E_PARAM_CONFLICT"),
    ],
    ids=range(4),
)
def test_asking(by: Person, request_: RequestAsked, said: str) -> None:
    """On-call people and leads, for what goes together."""
    assert code(rules.ask(request_, by, POLICY)) == said


def test_preflight_answers_a_what_if_and_locks_nothing() -> None:
    """It ends there: no approvals, no expiry, and the plan is shown."""
    event = rules.inspected(given(asked(options=Options(whatif=True))), reading(), POLICY, T0)
    assert isinstance(event, RequestAnswered)
    assert event.plan.approvals == 0
    assert given(asked(options=Options(whatif=True)), event).closed


def test_preflight_refuses_with_the_first_that_blocks_and_keeps_all_findings() -> None:
    """Who asked reads one reason; the log has every one."""
    event = rules.inspected(NEW, reading(facts(partner=None, pool=pool_facts(state=PoolState.FAILED_OVER))), POLICY, T0)
    assert isinstance(event, RequestRefused)
    assert (event.code, event.findings[0].code) == ("E_ALREADY_FAILED_OVER", "E_ALREADY_FAILED_OVER")


@pytest.mark.parametrize(
    ("options", "needed"), [(Options(), 1), (DISASTER, 2), (Options(skip_verification=True), 2)], ids=range(3)
)
def test_what_can_lose_data_needs_two(options: Options, needed: int) -> None:
    """One lead by default, two for disaster mode or skipped verification."""
    assert passed(asked(options=options)).plan.approvals == needed


def test_reminder_and_expiry_come_when_they_are_due() -> None:
    """First the reminder, once; then the end, also when the bot slept through the reminder."""
    assert rules.next_move(AWAITING, T0) == rules.Move(Step.WAIT, REMINDS)
    assert rules.next_move(AWAITING, REMINDS).step is Step.REMIND
    assert rules.waited(AWAITING, REMINDS) == RequestReminded(1)
    reminded = given(asked(), passed(), RequestReminded(1))
    assert rules.next_move(reminded, REMINDS) == rules.Move(Step.WAIT, EXPIRES)
    assert rules.waited(AWAITING, EXPIRES) == RequestExpired(1)
    assert rules.next_move(reminded, EXPIRES).step is Step.EXPIRE


def test_a_reminder_longer_than_the_time_comes_at_once() -> None:
    """It is never due before the request itself."""
    event = rules.inspected(NEW, reading(), Policy(expires_after=60, remind_before=600), T0)
    assert isinstance(event, PreflightPassed)
    assert (event.remind_at, event.expires_at) == (T0, T0 + timedelta(seconds=60))


def _recheck(read: object = None, persons: dict[str, Person] = EVERYBODY, policy: Policy = POLICY) -> object:
    seen = reading(read or facts())  # type: ignore[arg-type]
    return rules.rechecked(APPROVED, seen, persons, TICKET, policy, T0 + timedelta(minutes=5))


def test_what_was_approved_is_what_runs() -> None:
    """Nothing has changed: the intent carries the approved digest and the ticket."""
    assert _recheck() == RunIntended(TICKET, passed().digest)


def test_counters_that_moved_do_not_void_approvals() -> None:
    """More users, another backlog, a later reading: none of them decides anything."""
    moved = facts(replace(pool_facts(), users=1_001), read_at=T0 + timedelta(minutes=5), queued=7)
    assert isinstance(_recheck(moved), RunIntended)


@pytest.mark.parametrize(
    "changed",
    [
        facts(pool_facts(state=PoolState.FAILED_BACK)),
        facts(edges=()),
        facts(unread=("users of pool02: timed out",)),
        facts(partner=pool_facts("pool09.contoso.com", "pool01.contoso.com")),
    ],
    ids=range(4),
)
def test_a_changed_world_voids_the_approvals(changed: object) -> None:
    """Whatever was bound and is different now is named, and nothing starts."""
    event = _recheck(changed)
    assert isinstance(event, RequestStale)
    assert all(event.differences)


def test_changed_rights_void_the_approvals() -> None:
    """A lead who is no lead any more, a requester who is gone, a policy that wants more."""
    no_lead = {**EVERYBODY, LEO.id: replace(LEO, roles=frozenset({"oncall"}))}
    gone = {key: p for key, p in EVERYBODY.items() if key != OLGA.id}
    for event in (_recheck(persons=no_lead), _recheck(persons=gone), _recheck(policy=Policy(approvals=2))):
        assert isinstance(event, RequestStale)
        assert len(event.differences) == 1


def test_the_states_used_here_are_what_they_are_called() -> None:
    """A guard for the table above: each operation is where its name says."""
    assert [op.state for op in (NEW, AWAITING, APPROVED, RUNNING, JUDGING, DOUBT)] == [
        State.ASKED,
        State.AWAITING,
        State.APPROVED,
        State.RUNNING,
        State.JUDGING,
        State.IN_DOUBT,
    ]
    assert (ONE_OF_TWO.state, TWO_OF_TWO.state) == (State.AWAITING, State.APPROVED)
