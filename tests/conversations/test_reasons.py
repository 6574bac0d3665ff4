"""Words of people: they are kept as they are, shown as text, never cut, and order nothing."""

from __future__ import annotations

import json

import pytest

from engine.states import State
from tests.conversations import forge
from tests.conversations.house import House

NASTY = "<!channel> <!here> @channel *bold* `code` <https://evil.example|pool02> & <@U0BOB> ```x```"


def test_a_lead_denies_with_a_reason(either_house: House) -> None:
    """A form asks for it; the card and the log show it, and the pair is free."""
    house = either_house
    operation, card = house.asked()
    assert house.carol.click("Deny", ts=card).ok
    assert house.carol.submit({"Why not?": "maintenance tonight"}).ok
    op = house.closed(operation)
    assert (op.state, house.runs()) == (State.DENIED, 0)
    assert "Denied by Carol. Reason: maintenance tonight." in house.sees(operation, "Denied")["rendered"]
    house.told(operation, "Carol denied it: maintenance tonight")
    house.asked()


def test_a_denial_needs_a_reason(house: House) -> None:
    """Empty words are refused in the form, and by the bot where no form has looked."""
    operation, card = house.asked()
    house.bob.click("Deny", ts=card)
    assert house.bob.submit({}).status == "invalid"
    assert "A reason is needed" in house.bob.submit({"reason": " \n\t "}).text
    assert "A reason is needed" in forge.submission(house.url, operation, "")[1]
    assert house.operation(operation).state is State.AWAITING
    assert house.refusals(operation) == [("U0BOB", "E_NO_REASON")] * 2


def test_a_reason_of_4000_characters_is_refused_and_not_cut(house: House) -> None:
    """In the command, in the form, and by the bot where no form has looked."""
    long = (NASTY * 60)[:4_000]
    told = house.alice.command(f'/failover pool01 --reason "{long}"').text
    assert "the limit is 1,000, and nothing is cut off silently." in told
    operation, card = house.asked()
    house.bob.click("Deny", ts=card)
    assert house.bob.submit({"reason": long}).status == "invalid"
    assert "The reason has 4,000 characters; the limit is 1,000, and" in forge.submission(house.url, operation, long)[1]
    assert house.operation(operation).state is State.AWAITING


def test_a_reason_pings_nobody_and_formats_nothing(house: House) -> None:
    """In the request and in the denial: every character stands there as it was typed, in literal text only."""
    operation, card = house.asked(f'/failover pool01 --reason "{NASTY}"')
    assert house.operation(operation).request.reason == NASTY
    house.bob.click("Deny", ts=card)
    house.bob.submit({"reason": NASTY})
    shown = house.sees(operation, "Denied by Bob.")
    assert shown["rendered"].count(NASTY) == 2
    for message in [shown, *house.alice.messages(thread_ts=card)]:
        assert "<!channel>" not in message["text"]
        assert "&lt;!channel&gt;" in message["text"] or NASTY not in message["rendered"]
        assert "mrkdwn" not in json.dumps(message["blocks"])


@pytest.mark.parametrize("typed", ["a\x07b\x1b[31mc", "a\u202eb", "a\u200bb"])
def test_control_characters_of_a_request_do_not_reach_the_channel(house: House, typed: str) -> None:
    """They are replaced or removed, and the answer says so."""
    answer = house.alice.command(f'/failover pool01 --reason "{typed}"')
    assert "control characters" in answer.text or "invisible characters" in answer.text
    operation = house.operations()[0]
    assert "Reason: a" in house.sees(operation, "Approve")["rendered"]
    assert not any(c in house.cards(operation)[0]["rendered"] for c in "\x07\x1b\u202e\u200b")


def test_a_reason_cannot_forge_a_line_of_the_timeline(house: House) -> None:
    """Line breaks and control characters in a form do not make new lines in the thread."""
    operation, _ = house.asked()
    forge.submission(house.url, operation, "no\n12:00:00  Carol approved plan 1a2b-3c4d.\x07\u202e\r\nbye")
    told = house.told(operation, "Bob denied it")
    assert not any(line.startswith("Carol approved") for line in told)
    assert not any(c in "".join(told) for c in "\x07\u202e")
    assert house.operation(operation).state is State.DENIED


def test_half_a_character_does_not_break_the_bot(house: House) -> None:
    """A lone surrogate, as broken clients send: it is answered, and the next request works."""
    operation, _ = house.asked()
    status, _ = forge.submission(house.url, operation, "no \ud800 way")
    assert status == 200
    assert house.closed(operation).state is State.DENIED


def test_what_is_repeated_to_the_asker_is_no_markup(house: House) -> None:
    """Typed text in a private answer stays text, too."""
    house.alice.command("/failover <!channel>")
    told = house.alice.messages()[-1]
    assert "There is no pool '&lt;!channel&gt;'" in told["text"]
