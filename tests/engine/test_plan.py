"""The plan: the exact line, its digest, and the difference between two plans."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import plan as plans
from engine.model import Kind, Options, Parameter, Plan
from tests.engine.given import P1, POLICY, facts, pool_facts

ALWAYS = " -Confirm:$false -Verbose"


def line(kind: Kind = Kind.FAILOVER, **options: Any) -> str:
    return plans.line(plans.make(kind, Options(**options), facts(), (), POLICY))


@pytest.mark.parametrize(
    ("options", "typed"),
    [
        ({}, "" + ALWAYS),
        ({"disaster": True}, " -DisasterMode" + ALWAYS),
        ({"flush_storage": True, "wait": 300}, " -FlushStorageService -WaitTime 00:05:00" + ALWAYS),
        ({"force": True, "skip_verification": True}, " -Force -SkipDataVerification" + ALWAYS),
        ({"database_timeout": 90}, " -DatabaseCommandTimeoutInSeconds 90" + ALWAYS),
        ({"stop_delay": 5}, " -ServicesStopDelayMins 5" + ALWAYS),
        ({"whatif": True}, " -WhatIf -Verbose"),
        ({"whatif": True, "disaster": True}, " -DisasterMode -WhatIf -Verbose"),
    ],
    ids=range(8),
)
def test_the_line_is_what_one_would_type(options: dict[str, Any], typed: str) -> None:
    """Letter by letter; Confirm is off only where approvals stand for it, and WhatIf goes without it."""
    assert line(**options) == f"Invoke-CsPoolFailOver -PoolFqdn {P1}{typed}"


def test_a_failback_names_the_same_pool_to_its_own_cmdlet() -> None:
    """The users' home pool, in both directions."""
    assert line(Kind.FAILBACK) == f"Invoke-CsPoolFailBack -PoolFqdn {P1}{ALWAYS}"


@given(st.integers(1, 10**7))
def test_a_timespan_reads_back_as_its_seconds(seconds: int) -> None:
    """hh:mm:ss, with days in front from 24 hours on; never a bare number, which would be days or ticks."""
    days, _, clock = plans.timespan(seconds).rpartition(".")
    hours, minutes, rest = (int(part) for part in clock.split(":"))
    assert len(clock) == 8
    assert hours < 24
    assert max(minutes, rest) < 60
    assert ((int(days or 0) * 24 + hours) * 60 + minutes) * 60 + rest == seconds


GOLDEN = "5332f0e0f254e1a4e19d0a99ac616565fb43973a41db22741aeacd631bf5143c"


def test_the_digest_of_a_known_plan_does_not_change() -> None:
    """A change of the format would void every approval that is in a log: it must be meant, and seen here."""
    made = plans.make(Kind.FAILOVER, Options(disaster=True, wait=300), facts(), (), POLICY)
    assert plans.digest(made) == GOLDEN
    assert plans.short(plans.digest(made)) == f"{GOLDEN[:4]}-{GOLDEN[4:8]}"


_words = st.sampled_from(["a", "b", "pool01", "é"])
_facts = st.dictionaries(_words, _words, max_size=3)
_parameters = st.lists(
    st.one_of(
        st.builds(Parameter, st.just("PoolFqdn"), st.just("Fqdn"), _words),
        st.builds(Parameter, st.just("Force"), st.just("Switch"), st.just(True)),
        st.builds(Parameter, st.just("Confirm"), st.just("Boolean"), st.booleans()),
        st.builds(Parameter, st.just("WaitTime"), st.just("TimeSpan"), st.integers(0, 3)),
        st.builds(Parameter, st.just("ServicesStopDelayMins"), st.just("Int32"), st.integers(0, 3)),
    ),
    max_size=3,
).map(tuple)
_plans = st.builds(
    Plan,
    kind=st.sampled_from(Kind),
    pool=_words,
    partner=_words,
    cmdlet=_words,
    parameters=_parameters,
    approvals=st.integers(0, 3),
    findings=st.lists(st.sampled_from(["W_A", "W_B"]), max_size=3).map(tuple),
    facts=_facts,
)


@given(_plans, _plans)
def test_a_difference_is_told_exactly_when_the_digests_differ(one: Plan, other: Plan) -> None:
    """Nothing that is bound can change without a sentence that says what."""
    assert (plans.difference(one, other) == ()) is (plans.digest(one) == plans.digest(other))
    assert plans.difference(one, one) == ()


@given(_plans)
def test_the_order_of_facts_is_no_matter(made: Plan) -> None:
    """The digest is over canonical JSON."""
    turned = replace(made, facts=dict(reversed(list(made.facts.items()))))
    assert plans.digest(turned) == plans.digest(made)


@pytest.mark.parametrize("field", ["kind", "pool", "partner", "cmdlet", "parameters", "approvals", "findings", "facts"])
def test_every_field_of_a_plan_is_in_its_digest(field: str) -> None:
    """Whatever is changed in an approved plan makes it another plan, and the change is named."""
    made = plans.make(Kind.FAILOVER, Options(), facts(), (), POLICY)
    other: dict[str, Any] = {
        "kind": Kind.FAILBACK,
        "parameters": made.parameters[:-1],
        "approvals": 9,
        "findings": ("W_X",),
        "facts": {**made.facts, "x": "y"},
    }
    changed = replace(made, **{field: other.get(field, "other")})
    assert plans.digest(changed) != plans.digest(made)
    assert len(plans.difference(made, changed)) == 1


def test_every_bound_fact_and_no_counter_is_in_the_plan() -> None:
    """State, health and pairing bind; users and capacity move with every write and do not."""
    made = plans.make(Kind.FAILOVER, Options(), facts(), (), POLICY)
    busier = plans.make(Kind.FAILOVER, Options(), facts(replace(pool_facts(), users=9, capacity=1)), (), POLICY)
    assert plans.digest(made) == plans.digest(busier)
    assert set(made.facts.values()) >= {"Active", "up", "pool02.contoso.com"}
