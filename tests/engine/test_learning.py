"""What the bot learns: preflight's answer, the reminder and the expiry, and the recheck right before the start."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from engine import readings as learned
from engine import rules
from engine.events import (
    ApprovalGranted,
    ApprovalsVoided,
    PreflightPassed,
    RequestAnswered,
    RequestExpired,
    RequestRefused,
    RequestReminded,
    RunEnded,
    RunIntended,
    RunStopAsked,
    RunUnstarted,
)
from engine.facts import Health, PoolState, Unread, What, Why
from engine.model import Ended, Options, Person
from engine.policy import Policy
from engine.port import AccountRefused, EngineUnavailable, StepRefused
from engine.rules import Step
from engine.states import State, evolve
from tests.engine.given import (
    EVERYBODY,
    EXPIRES,
    LEO,
    LIA,
    OLGA,
    POLICY,
    REMINDS,
    T0,
    TICKET,
    asked,
    facts,
    given,
    intent,
    passed,
    pool_facts,
    reading,
)

DISASTER = Options(disaster=True)
NEW = given(asked())
AWAITING = given(asked(), passed())
GRANT = ApprovalGranted(LEO.id, LEO.name, passed().digest)
APPROVED = given(asked(), passed(), GRANT)


def test_preflight_answers_a_what_if_and_locks_nothing() -> None:
    """It ends there: no approvals, no expiry, and the plan is the very one that approvals would be bound to."""
    event = learned.inspected(given(asked(options=Options(whatif=True))), reading(), POLICY, T0)
    assert isinstance(event, RequestAnswered)
    earnest = learned.inspected(NEW, reading(), POLICY, T0)
    assert isinstance(earnest, PreflightPassed)
    assert (event.plan, event.digest) == (earnest.plan, earnest.digest)
    assert given(asked(options=Options(whatif=True)), event).closed


def test_preflight_refuses_with_the_first_that_blocks_and_keeps_all_findings() -> None:
    """Who asked reads one reason; the log has every one."""
    event = learned.inspected(
        NEW, reading(facts(partner=None, pool=pool_facts(state=PoolState.FAILED_OVER))), POLICY, T0
    )
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
    assert learned.waited(AWAITING, REMINDS) == RequestReminded(1)
    reminded = given(asked(), passed(), RequestReminded(1))
    assert rules.next_move(reminded, REMINDS) == rules.Move(Step.WAIT, EXPIRES)
    assert learned.waited(AWAITING, EXPIRES) == RequestExpired(1)
    assert rules.next_move(reminded, EXPIRES).step is Step.EXPIRE


def test_a_reminder_longer_than_the_time_comes_at_once() -> None:
    """It is never due before the request itself."""
    event = learned.inspected(NEW, reading(), Policy(expires_after=60, remind_before=600), T0)
    assert isinstance(event, PreflightPassed)
    assert (event.remind_at, event.expires_at) == (T0, T0 + timedelta(seconds=60))


def _recheck(
    read: object = None, persons: dict[str, Person] = EVERYBODY, policy: Policy = POLICY, after: float = 300
) -> object:
    seen = reading(read or facts())  # type: ignore[arg-type]
    return learned.rechecked(APPROVED, seen, persons, TICKET, policy, T0 + timedelta(seconds=after))


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
        facts(unread=(Unread(What.USERS, Why.NOT_ASKED, "pool02.contoso.com"),)),
        facts(partner=pool_facts("pool09.contoso.com", "pool01.contoso.com")),
    ],
    ids=range(4),
)
def test_a_changed_world_voids_the_approvals(changed: object) -> None:
    """Whatever was bound and is different now is named, and nothing starts."""
    event = _recheck(changed)
    assert isinstance(event, ApprovalsVoided)
    assert all(event.differences)


def test_a_warning_that_is_gone_is_not_told_as_if_it_held() -> None:
    """The pool was up when it was approved and is down now: what was said of it then is told as what it was."""
    up, down = facts(), facts(pool_facts(health=Health.DOWN))
    asks = asked(options=DISASTER)
    made = learned.inspected(given(asks), reading(up), POLICY, T0)
    assert isinstance(made, PreflightPassed)
    op = given(asks, made, *(ApprovalGranted(lead.id, lead.name, made.digest) for lead in (LEO, LIA)))
    event = learned.rechecked(op, reading(down), EVERYBODY, TICKET, POLICY, T0)
    assert isinstance(event, ApprovalsVoided)
    (gone,) = [told for told in event.differences if "W_DISASTER_ON_HEALTHY_POOL" in told]
    assert gone.startswith("W_DISASTER_ON_HEALTHY_POOL no longer holds (it said: ")
    planned = learned.rechecked(APPROVED, reading(down), EVERYBODY, TICKET, POLICY, T0)
    assert isinstance(planned, ApprovalsVoided)
    assert any("/failover pool01.contoso.com --disaster" in told for told in planned.differences)


def test_a_reading_that_knows_less_is_made_again_for_a_minute() -> None:
    """One server that does not answer once must not cost the approvals; nothing starts on it either."""
    less = facts(
        pool_facts(state=PoolState.UNKNOWN), unread=(Unread(What.POOL_STATE, Why.NOT_ASKED, "pool01.contoso.com"),)
    )
    assert _recheck(less, after=0) is None
    assert _recheck(less, after=learned.RELOOK - 0.001) is None
    assert isinstance(_recheck(less, after=learned.RELOOK), ApprovalsVoided)


def test_what_is_known_to_have_changed_is_not_waited_for() -> None:
    """A changed state that was read, a right that is gone beside a reading that failed, or a pool that was read as
    down and so cannot tell of its backup service: void at once."""
    silent = Unread(What.BACKUP_SERVICE, Why.NO_ANSWER, "pool01.contoso.com")
    assert isinstance(_recheck(facts(pool_facts(health=Health.DOWN), unread=(silent,)), after=0), ApprovalsVoided)
    assert _recheck(facts(pool_facts(health=Health.UNKNOWN), unread=(silent,)), after=0) is None
    assert isinstance(_recheck(facts(pool_facts(state=PoolState.FAILED_BACK)), after=0), ApprovalsVoided)
    unread = facts(unread=(Unread(What.USERS, Why.NOT_ASKED, "pool02.contoso.com"),))
    gone = {key: p for key, p in EVERYBODY.items() if key != OLGA.id}
    assert isinstance(_recheck(unread, persons=gone, after=0), ApprovalsVoided)


def test_changed_rights_void_the_approvals() -> None:
    """A lead who is no lead any more, a requester who is gone, a policy that wants more."""
    no_lead = {**EVERYBODY, LEO.id: replace(LEO, roles=frozenset({"oncall"}))}
    gone = {key: p for key, p in EVERYBODY.items() if key != OLGA.id}
    for event in (_recheck(persons=no_lead), _recheck(persons=gone), _recheck(policy=Policy(approvals=2))):
        assert isinstance(event, ApprovalsVoided)
        assert len(event.differences) == 1


BUSY = EngineUnavailable("fe01 cannot serve requests now. fe02 will be tried next.")


def test_a_start_that_may_do_better_later_keeps_the_approvals() -> None:
    """Before the intent and after it, as long as nothing was sent: the reason is kept, and said once."""
    for op in (APPROVED, given(asked(), passed(), GRANT, intent())):
        (event,) = learned.put_off(op, BUSY, T0)
        assert event == RunUnstarted(BUSY.reason)
        waiting = evolve(op, event, T0)
        assert (waiting.state, waiting.ticket, waiting.put_off) == (State.APPROVED, None, BUSY.reason)
        assert learned.put_off(waiting, BUSY, T0) == ()
    assert learned.put_off(waiting, AccountRefused("refused"), T0) == (RunUnstarted("Refused."),)


def test_a_start_is_not_put_off_beyond_the_approvals_time() -> None:
    """Void then, with the reason why it never started."""
    (event,) = learned.put_off(APPROVED, BUSY, EXPIRES)
    assert isinstance(event, ApprovalsVoided)
    assert "fe01" in event.differences[-1]


def test_a_permanent_no_ends_it_at_once_with_the_true_reason() -> None:
    """A missing right is asked about once."""
    (event,) = learned.put_off(APPROVED, StepRefused("it is not there"), T0)
    assert event == ApprovalsVoided(("it cannot be started: it is not there",))


def test_a_start_that_somebody_asked_to_stop_is_not_tried_again() -> None:
    """It ends as not started."""
    op = given(asked(), passed(), GRANT, intent(), RunStopAsked("lia", "Lia"))
    (event,) = learned.put_off(op, BUSY, T0)
    assert isinstance(event, RunEnded)
    assert event.outcome.ended is Ended.NOT_STARTED
