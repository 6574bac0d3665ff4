"""The timeline in the thread: nothing left out, few messages, and nobody's text passes for somebody else's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.model import Row
from bot.desk.story import refused, told
from bot.slack.thread import ROOM, ThreadMessage, replies
from engine.events import (
    KINDS,
    DoubtRaised,
    DoubtSettled,
    DoubtStated,
    Event,
    OperationClosed,
    RequestDenied,
    RequestReminded,
    RunRecorded,
    WishRefused,
)
from engine.model import Record, Refusal, Verdict, Word
from tests.bot.slack.shown import FQDN, LONG, events, texts, worst, wrong
from tests.engine.given import T0, asked

LEADS = ("U0LEO", "U0LIA")
QUIET = (Record(1, "debug", "x"), Record(2, "phase", "running"), Record(3, "output", "  "))


def rows(*happened: Event) -> list[tuple[Row, Event]]:
    """These events as the log has them, one a second, from version 1 on."""
    return [
        (Row(n, "7KQ2-M4XA", n, e.kind_of, "bot", T0 + timedelta(seconds=n), "", {}, "", ""), e)
        for n, e in enumerate(happened, 1)
    ]


def record(text: str, n: int = 1) -> RunRecorded:
    return RunRecorded(Record(n, "verbose", text))


def test_every_event_has_its_sentence() -> None:
    """What happens is told, but for what only the log keeps."""
    seen = {event.kind_of for event in events() if told(event)}
    assert seen == set(KINDS)
    assert [told(RunRecorded(quiet)) for quiet in QUIET] == ["", "", ""]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_slack_takes_every_line(kind: str) -> None:
    """Ordinary or worst, each event makes a message that Slack shows as it was written."""
    for event in (e for e in events() if e.kind_of == kind):
        for made in (event, worst(event)):
            for reply in replies(rows(made), LEADS):
                assert wrong(reply.message) == []
                assert len(reply.message.text) <= ROOM + 100  # the row of the log under a verdict


@given(st.lists(st.integers(0, 3_000), max_size=30))
def test_all_is_told_once_in_order_and_acknowledged(sizes: list[int]) -> None:
    """Whatever the lengths: every line once, in order, and `through` grows to the last event that was told."""
    made = replies(rows(*(record(f"<{n}>" + "x" * size, n) for n, size in enumerate(sizes, 1))), LEADS)
    text = "\n".join(reply.message.text for reply in made)
    places = [text.find(f"<{n}>") for n in range(1, len(sizes) + 1)]
    assert -1 not in places
    assert places == sorted(places)
    throughs = [reply.through for reply in made]
    assert throughs == sorted(set(throughs))
    assert throughs[-1:] == ([len(sizes)] if sizes else [])
    assert all(wrong(reply.message) == [] for reply in made)


def test_lines_are_gathered_into_few_messages() -> None:
    """A hundred short lines of the engine are not a hundred posts."""
    assert len(replies(rows(*(record("moving on", n) for n in range(1, 101))), LEADS)) == 1


def test_what_is_cut_is_seen_to_be_cut() -> None:
    """A line longer than a message ends in an ellipsis; all of it is in the log."""
    (reply,) = replies(rows(record("x" * 9_000)), LEADS)
    assert reply.message.text.endswith("…")


def _pinged(reply: ThreadMessage) -> bool:
    return "user_id" in str(reply.message.blocks)


def test_leads_are_called_when_approvals_are_needed_and_only_then() -> None:
    """By their Slack ids, at the start and at the reminder."""
    for event in events():
        (reply,) = replies(rows(event), LEADS) or (None,)
        if reply:
            assert _pinged(reply) is (event.kind_of in {"preflight.passed", "request.reminded"})
    (reminder,) = replies(rows(RequestReminded(1)), LEADS)
    assert all(lead in str(reminder.message.blocks) for lead in LEADS)


def test_the_verdict_stands_alone_and_the_channel_sees_it() -> None:
    """So does a doubt; the engine's lines before it do not come along."""
    for loud in (OperationClosed(Verdict.SUCCEEDED, "Done."), DoubtRaised("Lost.")):
        quiet, verdict = replies(rows(record("moving"), loud), LEADS)
        assert (quiet.broadcast, verdict.broadcast) == (False, True)
        assert "moving" not in verdict.message.text
        assert (quiet.urgent, verdict.urgent) == (False, True)


def test_nobodys_second_line_passes_for_an_entry() -> None:
    """A reason that brings its own time stamp is set in, and what it hides is shown."""
    forged = RequestDenied("leo", "Leo", "no\n03:00:09  Lia approved plan 1a2b-3c4d.\u202e")
    (reply,) = replies(rows(forged), LEADS)
    first, *others = reply.message.text.splitlines()
    assert first.startswith("03:00:01")
    assert all(line.startswith("    ") for line in others)
    assert "\u202e" not in reply.message.text


def test_what_is_typed_stays_text() -> None:
    """A mention in a reason pings nobody: it is a literal element."""
    (reply,) = replies(rows(RequestDenied("leo", "Leo", LONG)), LEADS)
    assert any("<!channel>" in text for text in texts(list(reply.message.blocks)))
    assert not _pinged(reply)


def test_events_that_only_the_log_keeps_make_no_message() -> None:
    """They move the next reply's mark on."""
    assert replies(rows(*map(RunRecorded, QUIET)), LEADS) == []
    (reply,) = replies(rows(asked(pool=FQDN), *map(RunRecorded, QUIET)), LEADS)
    assert reply.through == 4


def test_a_refusal_says_why_and_what_to_do() -> None:
    """In one breath, for who was refused."""
    assert refused(Refusal("E_X", "No.", "Ask again.")) == "No. Ask again."
    assert refused(Refusal("E_X", "No.")) == "No."


def test_a_leads_word_is_told_as_a_word_and_not_as_a_verdict() -> None:
    """It may not stand: what is read can say otherwise one second later."""
    for word in Word:
        said = told(DoubtStated("leo", "Leo", word, "I looked"))
        assert not any(verdict.value in said for verdict in Verdict)
        assert said.startswith("Leo stated that ")
        both = told(DoubtSettled(word, ("leo", "lia"), ("Leo", "Lia"), "I looked"))
        assert both.startswith("Two leads, Leo and Lia, stated that ")


def test_a_verdict_stands_alone_with_its_row_whatever_comes_after_it() -> None:
    """A click in vain that was told late does not take the place of the row under the verdict."""
    late = WishRefused("Bob", "E_OVER", "Too late.")
    verdict, click = replies(rows(OperationClosed(Verdict.SUCCEEDED, "All good."), late), LEADS)
    assert "Log row 1: csfailover log verify --expect 1:" in verdict.message.text
    assert verdict.broadcast
    assert "Too late." in click.message.text
    assert not click.broadcast
