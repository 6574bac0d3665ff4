"""One answer to how grave a request is: the plan's number, the button, its dialog and the numbers of check agree."""

from __future__ import annotations

import itertools

import pytest

from bot.check import enough_people
from bot.config import Secrets, validated
from bot.desk.intents import buttons_of
from engine import plan as plans
from engine.facts import PoolState
from engine.model import Kind, Options
from engine.policy import GRAVE, GRAVEST, USUAL, Policy, Role, Verb, approvers, demanded, may, most_demanded, who_may
from engine.preflight import blocking, judge
from tests.engine.given import (
    AUDE,
    AWAY,
    EVERYBODY,
    LEO,
    LIA,
    OLGA,
    RITA,
    asked,
    case,
    facts,
    given,
    passed,
    pool_facts,
)

POLICY = Policy(approvals=3, risky_approvals=5)
"""Numbers that are nobody's default."""
SWITCHES = ("disaster", "skip_verification", "force", "flush_storage", "whatif")
EVERY_KIND = [
    (kind, Options(**dict(zip(SWITCHES, so, strict=True))))
    for kind in Kind
    for so in itertools.product((False, True), repeat=len(SWITCHES))
]


@pytest.mark.parametrize(("kind", "options"), EVERY_KIND, ids=str)
def test_the_plan_takes_as_many_approvals_as_the_policy_demands(kind: Kind, options: Options) -> None:
    """For every kind and every combination of switches; a what-if takes none."""
    demand = demanded(kind, options, POLICY)
    made = plans.make(kind, options, facts() if kind is Kind.FAILOVER else AWAY, [], POLICY)

    assert made.approvals == demand.approvals
    assert demand.approvals == (0 if options.whatif else 5 if options.disaster or options.skip_verification else 3)
    assert demand.approvals <= most_demanded(POLICY)


@pytest.mark.parametrize(
    ("kind", "options"), [(kind, o) for kind, o in EVERY_KIND if not (o.whatif or o.flush_storage)], ids=str
)
def test_the_button_is_as_grave_as_the_plan(kind: Kind, options: Options) -> None:
    """Red, and with the words about loss, exactly where the plan takes the approvals of what is grave."""
    request = asked(kind, options=options)
    op = given(request, passed(request, policy=POLICY))
    approve = buttons_of(op)[0]
    assert op.plan is not None
    grave = op.plan.approvals == POLICY.risky_approvals

    assert approve.style == ("danger" if grave else "primary")
    assert approve.question is not None
    assert ("lost for good" in approve.question.text) == grave
    assert demanded(kind, options, POLICY, op.findings).risk.grave == grave


def test_check_tells_the_numbers_that_the_policy_demands() -> None:
    """Three leads and one who asks, with numbers of their own."""
    document = {
        "slack": {"team": "T0HOME"},
        "people": {
            name: {"name": name.title(), "slack": [f"U0{name.upper()}"], "roles": [role]}
            for name, role in (("olga", "oncall"), ("leo", "lead"), ("lia", "lead"), ("rita", "lead"))
        },
        "policy": {"approvals": 2, "risky_approvals": 3},
    }
    config = validated(document, Secrets())
    usual, grave = (demanded(Kind.FAILOVER, o, config.policy.policy()).approvals for o in (USUAL, GRAVEST))

    told = enough_people(config).say
    assert f"4 people may ask, 3 may approve; approvals needed: {usual}, {grave} for {GRAVE}." in told
    assert told.endswith("When Leo or Lia or Rita asks for disaster mode, 2 of 3 can approve it.")


@pytest.mark.parametrize("verb", Verb)
def test_only_a_named_role_lets_anybody_in(verb: Verb) -> None:
    """Auditors read; who is on call asks too; leads do it all; a policy without roles lets nobody in, and says so."""
    able = {p.name for p in EVERYBODY.values() if may(p, verb, Policy())}
    wanted = {Verb.READ: {"Olga", "Leo", "Lia", "Rita", "Aude"}, Verb.ASK: {"Olga", "Leo", "Lia", "Rita"}}
    nobody = Policy(frozenset(), frozenset(), frozenset())

    assert able == wanted.get(verb, {"Leo", "Lia", "Rita"})
    assert who_may(verb, nobody).startswith("(nobody")
    assert not any(may(p, verb, nobody) for p in EVERYBODY.values())


def test_nobody_approves_what_they_asked_for() -> None:
    """Of the others, those with the role."""
    assert {p.id for p in approvers(LEO.id, EVERYBODY.values(), Policy())} == {LIA.id, RITA.id}
    assert {p.id for p in approvers(OLGA.id, EVERYBODY.values(), Policy())} == {LEO.id, LIA.id, RITA.id}
    assert AUDE.roles == {Role.AUDITOR}


def test_a_pool_that_is_in_between_with_no_run_of_ours_is_as_grave_as_disaster_mode() -> None:
    """It is no refusal, since the same cmdlet is the way on; but two leads have to know what they do."""
    read = facts(pool_facts(state=PoolState.FAILING_OVER))
    findings = judge(case(Kind.FAILOVER, read))
    assert blocking(findings) is None
    assert [f.code for f in findings if f.grave] == ["W_FAILING_OVER"]
    assert demanded(Kind.FAILOVER, Options(), POLICY, findings).approvals == POLICY.risky_approvals
    made = plans.make(Kind.FAILOVER, Options(), read, findings, POLICY)
    assert made.approvals == POLICY.risky_approvals
