"""A channel that becomes shared with another company after the request, and blocks that Slack rejects."""

from __future__ import annotations

from bot.standin.people import INCIDENT, Json, faults
from engine.model import Verdict
from engine.states import State
from tests.conversations.house import House

TOLD = "This channel is shared with another company, which would read everything about the pools."


def _shares(house: House, shared: bool = True) -> None:
    house.standin.world.channels[INCIDENT]["is_ext_shared"] = shared


def _public(house: House) -> list[tuple[str, str]]:
    """What everybody in the channel reads."""
    return [(m["ts"], m["rendered"]) for m in house.carol.messages() if not m["ephemeral"]]


def test_a_channel_that_was_shared_since_gets_nothing_more(empty_house: House) -> None:
    """The run goes on to its end; /pools, asked elsewhere, says why the card stands still; later all is shown."""
    house = empty_house
    house.live(speed=0.5)
    operation, _ = house.approved()
    house.sees(operation, "[ Stop ]")
    house.dies()
    before = _public(house)
    _shares(house)
    house.live(speed=0.5)  # what Slack says of a channel counts for five minutes of one life
    assert house.closed(operation).verdict is Verdict.SUCCEEDED
    alice = house.person("alice", "C0GENERAL")
    house.until(lambda: bool(house.alive.poster.trouble))
    alice.command("/pools")
    assert TOLD in alice.wait_for("Read just now")["rendered"]
    assert _public(house) == before
    _shares(house, shared=False)
    house.sees(operation, "SUCCEEDED.")
    assert len(house.told(operation, "SUCCEEDED.")) == len(set(house.thread(operation)))


def test_in_a_channel_that_was_shared_since_no_click_counts(empty_house: House) -> None:
    """Whose click it is, and which one; each is recorded, and shown only to the person who clicked."""
    house = empty_house
    house.live()
    operation, card = house.asked()
    house.told(operation, "Preflight passed")
    house.dies()
    before = _public(house)
    _shares(house)
    house.live()
    house.bob.click("Approve", ts=card)
    house.bob.wait_for(TOLD)
    house.carol.click("Deny", ts=card)
    assert house.carol.modal() is None
    house.alice.click("Withdraw", ts=card)
    house.alice.wait_for(TOLD)
    shared = "E_SHARED_CHANNEL"
    assert house.refusals() == [("U0BOB", shared), ("U0CAROL", shared), ("U0ALICE", shared)]
    assert (house.operation(operation).state, house.runs()) == (State.AWAITING, 0)
    assert _public(house) == before


def _kinds(message: Json) -> list[str]:
    return [block["type"] for block in message["blocks"]]


def test_blocks_that_slack_refuses_are_replaced_by_simple_ones_with_the_same_buttons(house: House) -> None:
    """At the post and at an update; the buttons work, and the whole card comes back with the next change."""
    faults(house.standin.url, "chat.postMessage", "error:invalid_blocks")
    operation, card = house.asked("/failover pool01 --disaster")
    faults(house.standin.url, "chat.update", "error:invalid_blocks")
    assert house.bob.click("Approve", ts=card).ok
    shown = house.sees(operation, "Approved by Bob.")
    assert _kinds(shown) == ["section", "actions"]
    assert shown["blocks"][0]["text"]["type"] == "plain_text"
    assert [f"[ {name} ]" in shown["rendered"] for name in ("Approve", "Deny", "Withdraw")] == [True] * 3
    assert house.carol.click("Approve", ts=card).ok
    assert house.closed(operation).verdict is Verdict.SUCCEEDED
    assert "header" in _kinds(house.sees(operation, "SUCCEEDED."))


def test_where_even_the_simplest_blocks_are_refused_the_text_is_shown(house: House) -> None:
    """People read how it stands; the next change is tried with blocks again."""
    operation, card = house.asked("/failover pool01 --disaster")
    house.told(operation, "Preflight passed")
    faults(house.standin.url, "chat.update", "error:invalid_blocks", times=2)
    assert house.bob.click("Approve", ts=card).ok
    shown = house.sees(operation, "Approved by Bob.")
    assert (_kinds(shown), "Waiting: 1 of 2 approvals given" in shown["text"]) == ([], True)
    house.carol.click(ts=card, action_id="approve", stale=True)
    assert house.closed(operation).verdict is Verdict.SUCCEEDED
    assert "header" in _kinds(house.sees(operation, "SUCCEEDED."))
