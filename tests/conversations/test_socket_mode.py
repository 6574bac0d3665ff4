"""A Socket Mode connection that ends: politely, with a close, refused, or cut without a word."""

from __future__ import annotations

import logging
import time
from threading import Event, Thread

import pytest

from bot.slack.link import SDK
from bot.standin.people import socket
from tests.conversations.conftest import Furnish
from tests.conversations.house import House


@pytest.fixture
def socket_house(furnish: Furnish) -> House:
    house = furnish("socket")
    house.live()
    house.lost = True
    return house


def _answers_within(house: House, seconds: float) -> float:
    """Type until an answer comes; seconds that it took."""
    started = time.monotonic()
    while time.monotonic() < started + seconds:
        if house.alice.command("/failover help").ok:
            return time.monotonic() - started
        time.sleep(0.1)  # noqa: TID251  # a person who types again
    raise AssertionError(f"no answer within {seconds} s; {house.alive.link.trouble}")


@pytest.mark.parametrize("do", ["refresh", "close"])
def test_a_connection_that_slack_ends_is_made_again(socket_house: House, do: str) -> None:
    """Slack does so every few hours; commands are answered again within some seconds."""
    house = socket_house
    socket(house.standin.url, do)
    assert _answers_within(house, 15) < 12
    assert house.alive.link.trouble == ""


@pytest.mark.slow
@pytest.mark.parametrize("do", ["cut", "hole"])
def test_a_connection_that_is_cut_without_a_word_is_made_again_within_15_seconds(socket_house: House, do: str) -> None:
    """No close frame, or only silence: the pings notice it."""
    house = socket_house
    operation, card = house.asked()
    socket(house.standin.url, do)
    _answers_within(house, 15)
    assert house.bob.click("Approve", ts=card).ok
    house.closed(operation)


def test_a_bot_that_starts_before_slack_can_be_reached_connects_later(furnish: Furnish) -> None:
    """It does not give up, and says in the meantime that it is not connected."""
    house = furnish("socket")
    socket(house.standin.url, "refuse", times=1)
    house.live()
    assert house.done("/failover pool01").closed


def test_a_bot_that_is_stopped_while_its_session_begins_stops_all_the_same(
    furnish: Furnish, caplog: pytest.LogCaptureFixture
) -> None:
    """The SDK's own close() waits for ever then, and the service would have to be killed. The SDK logs a line at that
    moment, and is held there until the bot has closed the session."""
    house = furnish("socket")
    begins = Event()

    def hold(record: logging.LogRecord) -> bool:
        if "Starting to receive" in record.msg:
            begins.set()
            house.until(lambda: bool(house.alive.link.trouble))
        return True

    SDK.addFilter(hold)
    try:
        with caplog.at_level(logging.INFO, logger=SDK.name):
            house.live()
            assert begins.wait(10)
            stopping = Thread(target=house.alive.stop, daemon=True)
            stopping.start()
            stopping.join(20)
            assert not stopping.is_alive()
    finally:
        SDK.removeFilter(hold)
    house.bot = None
