"""A delivery that comes again changes nothing: Slack, a proxy or an eavesdropper may send the same bytes many times."""

from __future__ import annotations

from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

import pytest

from bot.standin.people import Response, redeliver
from engine.states import State
from tests.conversations import forge
from tests.conversations.house import House

TIMES = 20


def _again(house: House, first: Response) -> None:
    """Deliver it again, and again; every one is acknowledged as if it were new."""
    assert first.delivery
    before = house.kinds()
    repeats = redeliver(house.standin.url, first.delivery, TIMES)
    assert [repeat["status"] for repeat in repeats] == ["ok"] * TIMES
    assert house.kinds() == before


def test_a_command_delivered_twenty_times_is_one_operation(either_house: House) -> None:
    """The later ones are answered that it counts once."""
    house = either_house
    first = house.alice.command("/failover pool01")
    house.reaches(house.operations()[0], State.AWAITING)
    _again(house, first)
    assert len(house.operations()) == 1
    bad = house.alice.command("/failover nopool")
    _again(house, bad)
    assert house.kinds().count("command.refused") == 1


def test_an_approval_delivered_twenty_times_counts_once(either_house: House) -> None:
    """Where two are needed, one click of one lead is one approval, however often it arrives."""
    house = either_house
    operation, card = house.asked("/failover pool01 --disaster")
    _again(house, house.bob.click("Approve", ts=card))
    assert house.kinds(operation).count("approval.granted") == 1
    assert house.operation(operation).state is State.AWAITING


def test_an_approval_delivered_again_after_the_failover_does_not_start_another(house: House) -> None:
    """Also when the operation is over and the pair has been failed back."""
    operation, card = house.asked()
    first = house.bob.click("Approve", ts=card)
    house.closed(operation)
    house.done("/failback pool01")
    _again(house, first)
    assert house.runs() == 2


def test_a_denial_delivered_twenty_times_is_one_denial(either_house: House) -> None:
    """The click that opens the form, and the form."""
    house = either_house
    operation, card = house.asked()
    clicked = house.bob.click("Deny", ts=card)
    sent = house.bob.submit({"reason": "not today"})
    assert house.closed(operation).state is State.DENIED
    house.told(operation, "denied it")
    _again(house, sent)
    assert house.kinds(operation).count("request.denied") == 1
    assert clicked.delivery
    redeliver(house.standin.url, clicked.delivery, TIMES)
    assert house.kinds(operation).count("wish.refused") <= 1  # it is too late now, which is said once
    assert house.bob.modal() is None


@pytest.mark.parametrize("button", ["Approve", "Deny", "Withdraw"])
def test_a_refused_click_delivered_twenty_times_is_refused_once(house: House, button: str) -> None:
    """Of somebody nobody knows, and of somebody who may not."""
    zoe = house.newcomer("zoe")
    operation, card = house.asked(by=house.bob)
    _again(house, zoe.click(button, ts=card))
    assert house.refusals() == [("U0ZOE", "E_UNKNOWN_PERSON")]
    _again(house, house.alice.click(button, ts=card))
    assert len(house.refusals()) == 2
    assert house.operation(operation).state is State.AWAITING


def test_a_form_that_was_refused_is_refused_again(house: House) -> None:
    """The same words sent a second time are a new delivery: the form does not close as if it had been heard."""
    operation, card = house.asked()
    house.bob.click("Deny", ts=card)
    house.alice.click("Withdraw", ts=card)
    house.closed(operation)
    for _ in range(2):
        assert "Too late: this operation is withdrawn." in house.bob.submit({"reason": "not today"}).text


@pytest.mark.parametrize(
    "signing",
    [
        {"secret": "not-the-signing-secret"},
        {"age": 301},
        {"age": -330},
        {"stamp": "1"},
    ],
    ids=["forged", "stale", "from-the-future", "long-ago"],
)
def test_what_slack_did_not_sign_just_now_is_not_taken(house: House, signing: dict[str, Any]) -> None:
    """401 without a word about why, and nothing is recorded."""
    operation, _ = house.asked()
    before = house.kinds()
    for status, told in (
        forge.slash(house.url, "/failover pool03", **signing),
        forge.click(house.url, operation, **signing),
    ):
        assert status == 401
        assert "Traceback" not in told
    assert house.kinds() == before


def test_without_any_signature_nothing_is_taken(house: House) -> None:
    """Neither is a request that carries no signature at all, whatever it says."""
    with pytest.raises(HTTPError) as refused:
        build_opener(ProxyHandler({})).open(house.url, b"command=/failover&text=pool01&user_id=U0ALICE", timeout=5)
    assert refused.value.code == 401
    refused.value.close()
    assert house.kinds() == []
