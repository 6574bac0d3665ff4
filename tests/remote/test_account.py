"""The account is refused while the bot works: nobody hammers, it is said once, a changed password file is enough."""

from __future__ import annotations

import logging

import pytest

from bot import clock
from engine.states import State
from tests.remote.conftest import Furnish

WRONG = "Wrong-Horse-9"


def test_a_wrong_password_is_tried_once_however_much_is_asked(
    furnish: Furnish, caplog: pytest.LogCaptureFixture
) -> None:
    """The topology is wanted every few seconds and people ask in vain: one refused sign-in, one line in the log, the
    reason in /pools with the time until when nothing signs in. The right password in its file ends it."""
    caplog.set_level(logging.WARNING)
    house = furnish()
    house.moves_in(password=WRONG)
    for _ in range(3):
        house.alice.command("/pools")
        house.alice.wait_for("nothing signs in with it before", 10)
        house.alice.command("/failover-roles")
    clock.wait(6)
    assert house.sign_ins() == 1
    assert len([r for r in caplog.records if r.name == "engine.remote.account"]) == 1
    assert len([r for r in caplog.records if "cannot be read" in r.getMessage()]) == 1
    assert WRONG not in caplog.text
    house.password_is(house.peer.password)
    house.until(lambda: bool(house.bot and house.bot.watch.topology()))
    house.reaches(house.approved()[0], State.SUCCEEDED)
    assert house.sign_ins() == 1


def test_a_password_that_expires_after_the_approvals_keeps_them(furnish: Furnish) -> None:
    """It waits, says why, and starts when the account is put right."""
    house = furnish()
    house.moves_in()
    operation, card = house.asked()
    house.password_is(WRONG)
    clock.wait(2.2)  # until nobody was let in a moment ago
    assert house.bob.click("Approve", ts=card).ok
    waiting = house.sees(operation, "Not started yet: ")["rendered"]
    assert "did not accept the account at" in waiting
    assert "The approvals are good until" in waiting
    assert house.sign_ins() == 1
    house.password_is(house.peer.password)
    house.reaches(operation, State.SUCCEEDED)
    assert len(house.sent()) == 1
