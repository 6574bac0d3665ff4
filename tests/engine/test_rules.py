"""Who may do what to an operation, and when: the wishes of people, one by one, and the recheck before the start."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from engine import rules
from engine.events import (
    ApprovalGranted,
    DoubtRaised,
    DoubtSettled,
    RequestAsked,
    RequestDenied,
    RequestExpired,
    RequestWithdrawn,
    RunEnded,
    RunStopAsked,
)
from engine.model import Ended, Options, Person, Policy, Refusal, Verdict
from engine.rules import MAX_REASON
from engine.states import Operation, State
from tests.engine.given import (
    AUDE,
    EVERYBODY,
    EXPIRES,
    LEO,
    LIA,
    OLGA,
    POLICY,
    RITA,
    T0,
    asked,
    given,
    intent,
    outcome,
    passed,
)

DISASTER = Options(disaster=True)
RISKY = passed(asked(options=DISASTER))
GRANT = ApprovalGranted(LEO.id, LEO.name, passed().digest)
NEW = given(asked())
AWAITING = given(asked(), passed())
APPROVED = given(asked(), passed(), GRANT)
RUNNING = given(asked(), passed(), GRANT, intent())
JUDGING = given(asked(), passed(), GRANT, intent(), RunEnded(outcome(Ended.COMPLETED)))
DOUBT = given(asked(), passed(), GRANT, intent(), DoubtRaised("lost"))
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
    assert code(rules.ask(asked(), RITA, nobody, EVERYBODY.values())) == "E_MAY_NOT_REQUEST"
    assert code(rules.approve(AWAITING, LEO, nobody, T0)) == "E_MAY_NOT_APPROVE"
    assert code(rules.deny(AWAITING, LEO, "no", nobody)) == "E_MAY_NOT_APPROVE"
    assert code(rules.settle(DOUBT, LEO, True, "seen", nobody)) == "E_MAY_NOT_APPROVE"


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
    assert code(rules.ask(asked(reason="x" * 4_000), OLGA, POLICY, EVERYBODY.values())) == "E_REASON_TOO_LONG"
    assert rules.ask(asked(reason="x" * 1_000), OLGA, POLICY, EVERYBODY.values()) == (asked(reason="x" * 1_000),)


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
        (DOUBT, LEO, "I looked", "DoubtSettled"),
        (DOUBT, RITA, "I looked", "DoubtSettled"),
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
    assert code(rules.settle(op, by, True, reason, POLICY)) == said


def test_a_leads_word_is_never_a_clean_success() -> None:
    """It happened: with warnings, as nobody saw every step. It did not: failed, as before."""
    for happened, verdict in ((True, Verdict.SUCCEEDED_WITH_WARNINGS), (False, Verdict.FAILED)):
        decided = rules.settle(DOUBT, LEO, happened, " seen ", POLICY)
        assert decided == (DoubtSettled(verdict, LEO.id, LEO.name, "seen"),)


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
    assert code(rules.ask(request_, by, POLICY, EVERYBODY.values())) == said


@pytest.mark.parametrize(
    ("options", "others", "said"),
    [
        (Options(), (LEO,), "RequestAsked"),
        (Options(disaster=True), (LEO, LIA), "RequestAsked"),
        (Options(disaster=True), (LEO, AUDE), "E_TOO_FEW_LEADS"),
        (Options(disaster=True, whatif=True), (), "RequestAsked"),
        (Options(), (), "E_TOO_FEW_LEADS"),
    ],
    ids=range(5),
)
def test_a_request_that_too_few_others_may_approve_locks_nothing(
    options: Options, others: tuple[Person, ...], said: str
) -> None:
    """Nobody approves their own request, so the requester does not count, lead or not."""
    asking = asked(by=RITA, options=options)
    assert code(rules.ask(asking, RITA, POLICY, (RITA, *others))) == said


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
