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
    DoubtStated,
    Event,
    PoolsSeen,
    RequestAsked,
    RequestDenied,
    RequestExpired,
    RequestWithdrawn,
    RunEnded,
    RunStatedDead,
    RunStopAsked,
)
from engine.model import Ended, Options, Person, Refusal, Where, Word
from engine.policy import Policy
from engine.rules import MAX_REASON
from engine.states import Operation, State, evolve
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


def in_doubt(where: Where, *, over: bool = True) -> Operation:
    """In doubt, with this as the last look."""
    return evolve(DOUBT, PoolsSeen(where, over, "pool01 is as it is."), T0)


BLIND, BETWEEN = in_doubt(Where.UNREADABLE), in_doubt(Where.BETWEEN)
AT_WORK = in_doubt(Where.BETWEEN, over=False)
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
        (ONE_OF_TWO, LEO, T0, "E_YOU_APPROVED_ALREADY"),
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
    assert code(rules.approve(ONE_OF_TWO, replace(LEO, name="Leo (mobile)"), POLICY, T0)) == "E_YOU_APPROVED_ALREADY"


def test_no_policy_lets_nobody_do_anything() -> None:
    """Without roles that may, nobody may, and the answer says so."""
    nobody = Policy(frozenset(), frozenset(), frozenset())
    assert code(rules.ask(asked(), RITA, nobody, EVERYBODY.values())) == "E_MAY_NOT_REQUEST"
    assert code(rules.approve(AWAITING, LEO, nobody, T0)) == "E_MAY_NOT_APPROVE"
    assert code(rules.deny(AWAITING, LEO, "no", nobody)) == "E_MAY_NOT_APPROVE"
    assert code(rules.settle(BLIND, LEO, Word.HAPPENED, "seen", nobody)) == "E_MAY_NOT_APPROVE"


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
        (BLIND, LEO, "I looked", "DoubtStated"),
        (BLIND, RITA, "I looked", "DoubtStated"),
        (BLIND, OLGA, "I looked", "E_MAY_NOT_APPROVE"),
        (BLIND, LEO, "", "E_NO_REASON"),
        (BLIND, LEO, "x" * 1_001, "E_REASON_TOO_LONG"),
        (DOUBT, LEO, "I looked", "E_READING_STANDS"),
        (BETWEEN, LEO, "I looked", "E_READING_STANDS"),
        (AT_WORK, LEO, "I looked", "E_NOT_PROVED_OVER"),
        (in_doubt(Where.ORIGIN), LEO, "I looked", "E_READING_STANDS"),
        (in_doubt(Where.TARGET, over=False), LEO, "I looked", "E_NOT_PROVED_OVER"),
        (RUNNING, LEO, "I looked", "E_NOT_IN_DOUBT"),
        (JUDGING, LEO, "I looked", "E_NOT_IN_DOUBT"),
        (DENIED, LEO, "I looked", "E_NOT_IN_DOUBT"),
    ],
    ids=range(13),
)
def test_settling_a_doubt(op: Operation, by: Person, reason: str, said: str) -> None:
    """A lead who has looked, with a reason, where nothing can be read and the run is over."""
    assert code(rules.settle(op, by, Word.HAPPENED, reason, POLICY)) == said


def test_what_may_be_stated_follows_from_the_last_look() -> None:
    """Of a run that is not proved over only that it is dead; of the pools only what no reading contradicts."""
    said = {where: rules.words(in_doubt(where)) for where in Where}
    assert said == {
        Where.TARGET: (),
        Where.ORIGIN: (),
        Where.BETWEEN: (Word.NEITHER,),
        Where.UNREADABLE: (Word.HAPPENED, Word.NOT_HAPPENED),
    }
    assert {rules.words(in_doubt(where, over=False)) for where in Where} == {(Word.RUN_DEAD,)}
    assert rules.words(DOUBT) == rules.words(RUNNING) == ()


@pytest.mark.parametrize("word", [Word.HAPPENED, Word.NOT_HAPPENED])
def test_it_takes_the_same_word_of_two_different_leads(word: Word) -> None:
    """One alone states; the same one twice counts once; another word of another lead settles nothing."""
    (first,) = _events(rules.settle(BLIND, LEO, word, " seen ", POLICY))
    assert first == DoubtStated(LEO.id, LEO.name, word, "seen")
    once = evolve(BLIND, first, T0)
    assert code(rules.settle(once, replace(LEO, name="Leo (mobile)"), word, "seen", POLICY)) == "E_STATED_ALREADY"
    other = Word.NOT_HAPPENED if word is Word.HAPPENED else Word.HAPPENED
    assert [type(e) for e in _events(rules.settle(once, LIA, other, "no", POLICY))] == [DoubtStated]
    stated, settled = _events(rules.settle(once, LIA, word, "I too", POLICY))
    assert stated == DoubtStated(LIA.id, LIA.name, word, "I too")
    assert settled == DoubtSettled(word, (LEO.id, LIA.id), (LEO.name, LIA.name), "seen / I too")


def test_a_lead_who_thinks_again_replaces_their_word() -> None:
    """The last word of each counts."""
    (yes,) = _events(rules.settle(BLIND, LEO, Word.HAPPENED, "seen", POLICY))
    (no,) = _events(rules.settle(evolve(BLIND, yes, T0), LEO, Word.NOT_HAPPENED, "no", POLICY))
    changed = evolve(evolve(BLIND, yes, T0), no, T0)
    assert [type(e) for e in _events(rules.settle(changed, LIA, Word.HAPPENED, "seen", POLICY))] == [DoubtStated]
    assert len(_events(rules.settle(changed, LIA, Word.NOT_HAPPENED, "seen", POLICY))) == 2


def test_two_leads_may_state_a_run_dead_that_nothing_can_prove_over() -> None:
    """Who asked may be one of them, as it is a statement and no approval. It is stated once."""
    asking = given(asked(by=RITA), passed(asked(by=RITA)), GRANT, intent(), DoubtRaised("lost"))
    asking = evolve(asking, PoolsSeen(Where.BETWEEN, False, "x"), T0)
    (first,) = _events(rules.settle(asking, RITA, Word.RUN_DEAD, "burnt", POLICY))
    once = evolve(asking, first, T0)
    _, dead = _events(rules.settle(once, LEO, Word.RUN_DEAD, "burnt", POLICY))
    assert isinstance(dead, RunStatedDead)
    assert code(rules.settle(evolve(once, dead, T0), LIA, Word.RUN_DEAD, "x", POLICY)) == "E_READING_STANDS"


def _events(decided: tuple[Event, ...] | Refusal) -> tuple[Event, ...]:
    assert not isinstance(decided, Refusal), decided
    return decided


@pytest.mark.parametrize(
    ("by", "request_", "said"),
    [
        (OLGA, asked(), "RequestAsked"),
        (LEO, asked(by=LEO), "RequestAsked"),
        (AUDE, asked(by=AUDE), "E_MAY_NOT_REQUEST"),
        (OLGA, asked(options=Options(force=True, whatif=True)), "E_FORCE_WITH_WHATIF"),
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
