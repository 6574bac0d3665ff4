"""The forms that ask for a reason, and the private answers to questions: within Slack's limits, at the worst."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from slack_sdk.models.views import View as SlackView

from audit.model import Verification
from bot.desk.intents import CHOICES, FORMS, Form, Intent
from bot.desk.story import whole
from bot.slack.answers import failed, shown
from bot.slack.modals import choice_of, modal, reason_of
from bot.standin.blockkit import problems, view_problems
from commands import load
from commands.grammar.wish import Answer
from engine.model import Word
from engine.port import EngineUnavailable
from engine.rules import MAX_REASON
from tests.bot.slack.shown import ENDLESS, FQDN, LONG, types, wrong

EVERY: tuple[Intent, ...] = ("deny", "settle")


def _form(intent: Intent) -> Form:
    """With all the choices there can ever be."""
    choices = tuple((word.value, CHOICES[word]) for word in Word) if intent == "settle" else ()
    return replace(FORMS[intent], choices=choices)


@pytest.mark.parametrize("intent", EVERY)
def test_slack_takes_every_form(intent: Intent) -> None:
    """Also with the longest ids; it asks for a reason that the rules will take."""
    for operation, channel in (("7KQ2-M4XA", "C0INCIDENT"), ("X" * 64, "C" * 32)):
        view = modal(intent, _form(intent), operation, "failover of pool01.contoso.com", channel)
        assert view_problems(view) == []
        SlackView(**view).validate_json()
        asked = view["blocks"][-1]["element"]
        assert (asked["min_length"], asked["max_length"]) == (1, MAX_REASON)
        assert json.loads(view["private_metadata"]) == {"operation": operation, "channel": channel}
    assert set(FORMS) == set(EVERY)


def test_an_empty_form_gives_an_empty_reason() -> None:
    """Slack leaves the value out, or null: the rules then ask for one."""
    for value, reason in (({}, ""), ({"value": None}, ""), ({"value": LONG}, LONG)):
        assert reason_of({"state": {"values": {"reason": {"reason": value}}}}) == reason


def test_a_form_without_a_choice_gives_none() -> None:
    """Slack leaves the value out, or null; the desk then asks for one."""
    chosen = {"selected_option": {"value": "happened"}}
    for value, choice in (({}, ""), ({"selected_option": None}, ""), (chosen, "happened")):
        assert choice_of({"state": {"values": {"choice": {"choice": value}}}}) == choice
    assert choice_of({"state": {"values": {}}}) == ""


@pytest.mark.parametrize("name", sorted(load()))
def test_slack_takes_the_help_of_every_command(name: str) -> None:
    """All switches and examples fit, and its text holds each of them."""
    made = shown(load()[name].help())
    assert wrong(made) == []
    assert all(typed in made.text for typed, _ in load()[name].examples)


@pytest.mark.parametrize(
    "answer",
    [
        Answer("Pools", (), tuple(f"{FQDN}  Active  up  {n}" for n in range(26)), "Read just now."),
        Answer(ENDLESS, (ENDLESS, ""), (ENDLESS, "", ENDLESS), ENDLESS),
        Answer("One", (), tuple(ENDLESS for _ in range(64))),
        failed(EngineUnavailable("No answer.")),
        failed(EngineUnavailable(ENDLESS, ENDLESS)),
    ],
    ids=range(5),
)
def test_slack_takes_every_answer(answer: Answer) -> None:
    """However long the table; nothing is interpreted, and the text is there for screen readers."""
    made = shown(answer)
    assert problems(list(made.blocks)) == []
    assert "mrkdwn" not in types(list(made.blocks))
    assert 0 < len(made.text) <= 4_000
    assert [problem for problem in wrong(made) if "characters in all" not in problem] == []


def test_a_table_that_is_too_long_says_where_the_rest_is() -> None:
    """It does not just end."""
    made = shown(Answer("One", (), tuple(f"{n} " + "x" * 200 for n in range(1_000))))
    assert "csfailover log" in str(made.blocks[-1])


def test_the_log_is_called_intact_only_when_it_is() -> None:
    """Otherwise the sentence says where and why, in capitals."""
    found = whole(Verification(True, 12_345, "ab" * 32, None, ""))
    assert found == f"The log is intact: 12,345 rows, each chained to the one before; head 12345:{'ab' * 32}."
    assert ": 1 row, " in whole(Verification(True, 1, "ab" * 32, None, ""))
    broken = whole(Verification(False, 3, "", 2, "the hash does not fit"))
    assert "NOT INTACT" in broken
    assert "row 2" in broken
    assert "no single row" in whole(Verification(False, 3, "", None, "cut short"))
