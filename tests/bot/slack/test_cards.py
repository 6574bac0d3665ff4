"""The card of an operation: every state, every kind, the worst texts; and only buttons that the rules accept."""

from __future__ import annotations

import pytest
from slack_sdk.models.blocks import Block

from bot.desk import view
from bot.slack.blocks import SlackMessage, plain
from bot.slack.cards import laid_out
from engine import plan as plans
from engine import rules
from engine.model import Kind, Person, Refusal
from engine.states import CLOSED, Operation, State
from tests.bot.slack.shown import buttons, reachable, worst, wrong
from tests.engine.given import LEO, LIA, OLGA, POLICY, RITA, T0

every_state = pytest.mark.parametrize("state", [state for state in State if state is not State.NEW])


def card(op: Operation, engine: str) -> SlackMessage:
    return laid_out(op, view.card(op, engine))


def of(state: State) -> list[Operation]:
    """Every operation of this state: both kinds, all modes, all that may have happened before."""
    return [op for op in reachable() if op.state is state]


def test_every_state_is_here() -> None:
    """The walk gives a card to look at for each."""
    assert {op.state for op in reachable()} >= set(State) - {State.NEW}


@every_state
@pytest.mark.parametrize("engine", ["lab", "remote"])
def test_slack_takes_every_card(state: State, engine: str) -> None:
    """Ordinary or worst: within the limits, nothing empty, nothing interpreted, and a text beside the blocks."""
    for op in of(state):
        assert wrong(card(op, engine)) == []
        assert wrong(card(worst(op), engine)) == []


@every_state
def test_slacks_own_models_take_every_card(state: State) -> None:
    """slack_sdk knows each block and finds nothing wrong with it."""
    for op in of(state):
        for block in card(worst(op), "lab").blocks:
            parsed = Block.parse(block)
            assert parsed is not None
            parsed.validate_json()


@every_state
def test_the_same_operation_makes_the_same_card(state: State) -> None:
    """The poster compares; what differs without a reason would be sent for ever."""
    for op in of(state):
        assert card(op, "lab") == card(op, "lab")


@every_state
def test_the_text_says_all_but_the_buttons(state: State) -> None:
    """Notifications and screen readers get the whole."""
    for op in of(state):
        made = card(op, "lab")
        shown = [line for line in plain(made).splitlines() if line.strip() and not line.startswith("[")]
        assert [line for line in made.text.splitlines() if line.strip()] == shown
        assert not any(f"[{b['text']['text']}]" in made.text for b in buttons(made))


@every_state
def test_the_exact_line_is_on_the_card(state: State) -> None:
    """From the plan on, whole, also with a name of 250 characters."""
    for op in of(state):
        if op.plan:
            assert plans.line(op.plan) in card(op, "lab").text
            long = worst(op)
            assert plans.line(long.plan) in card(long, "lab").text


def accepts(action: str, op: Operation, by: Person) -> bool:
    decided: object = {
        "approve": lambda: rules.approve(op, by, POLICY, T0),
        "deny": lambda: rules.deny(op, by, "no", POLICY),
        "withdraw": lambda: rules.withdraw(op, by),
        "stop": lambda: rules.stop(op, by, POLICY),
        "settle": lambda: rules.settle(op, by, rules.words(op)[0], "seen", POLICY),
    }[action]()
    return not isinstance(decided, Refusal)


@every_state
def test_a_button_is_there_only_when_somebody_may_press_it(state: State) -> None:
    """No button leads to a refusal for everybody; each carries the operation's id and nothing else."""
    for op in of(state):
        for button in buttons(card(op, "lab")):
            assert button["value"] == op.id
            assert any(accepts(button["action_id"], op, by) for by in (OLGA, LEO, LIA, RITA)), button["action_id"]


@every_state
def test_a_closed_card_has_no_buttons(state: State) -> None:
    """And an open one has, unless there is nothing to press while it is judged."""
    for op in of(state):
        waits = op.state is State.IN_DOUBT and not rules.words(op)
        quiet = op.state in {State.JUDGING, State.SETTLED} or (op.state is State.RUNNING and op.stop_asked_by) or waits
        assert (buttons(card(op, "lab")) == []) is (op.state in CLOSED or bool(quiet))


@every_state
def test_the_lab_says_that_it_is_one(state: State) -> None:
    """Nobody takes a rehearsal for the real thing, and nothing on the real one says lab."""
    for op in of(state):
        assert "LAB" in card(op, "lab").text
        assert "LAB" not in card(op, "remote").text


def test_findings_that_do_not_fit_are_counted_and_never_dropped_in_silence() -> None:
    """Of 64 the first ones are shown, and how many more there are."""
    waiting = worst(next(op for op in reachable() if op.state is State.AWAITING))
    text = "\n".join(str(block) for block in card(waiting, "lab").blocks)
    shown = sum(f"'W_{n}'" in text for n in range(64))
    assert 0 < shown < 64
    assert f"{64 - shown} more" in text


def test_the_dialog_of_approve_says_what_runs_whom_it_moves_and_whether_it_starts() -> None:
    """The last thing a lead reads before what cannot be undone; what is cut, if anything, is the end of the cmdlet,
    which stands whole on the card."""
    waiting = [op for op in reachable() if op.state is State.AWAITING]
    assert {op.request.kind for op in waiting} == set(Kind)
    for op in waiting:
        (approve,) = [b for b in buttons(card(op, "lab")) if b["action_id"] == "approve"]
        whom, starts, runs = approve["confirm"]["text"]["text"].splitlines()
        assert op.plan
        assert runs == plans.line(op.plan)
        assert op.plan.partner in whom
        long = next(b for b in buttons(card(worst(op), "lab")) if b["action_id"] == "approve")
        assert len(long["confirm"]["text"]["text"]) <= 300
        assert ("lost for good" in whom) is (op.request.options.disaster or op.request.options.skip_verification)
        assert ("The last of 2 approvals" in starts) is (op.plan.approvals == 2)
        assert "starts it at once" in starts


def test_a_stop_that_worked_does_not_look_like_a_breakdown() -> None:
    """Another sign than that of a failure, and what to type if it is needed after all."""
    for op in (op for op in reachable() if op.state in {State.STOPPED, State.FAILED, State.NEITHER}):
        sign = {State.STOPPED: "⏹️", State.FAILED: "❌", State.NEITHER: "❗"}[op.state]
        assert card(op, "lab").text.startswith(sign)
        assert f"To ask again: {op.request.typed}" in card(op, "lab").text
    assert of(State.STOPPED)


def test_disaster_is_named_in_every_title() -> None:
    """Also where it is only asked what it would do."""
    for op in reachable():
        assert ("disaster" in card(op, "lab").text.splitlines()[0].lower()) is op.request.options.disaster


def test_a_doubt_says_which_reading_means_what() -> None:
    """For a failback the other way round."""
    for op in of(State.IN_DOUBT):
        happened = "FailedOver" if op.request.kind is Kind.FAILOVER else "Active or FailedBack"
        assert f"PoolState {happened}: it happened." in card(op, "lab").text
