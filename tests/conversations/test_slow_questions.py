"""What is slow or too big keeps nobody waiting and puts nothing old in the place of something new."""

from __future__ import annotations

import threading
import time
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from audit.model import Row
from audit.sqlite.store import Store
from engine.facts import Facts
from engine.lab.engine import Lab
from engine.states import State
from tests.conversations.house import House

MIB = 1024 * 1024


class AnswersLate(Lab):
    """Once it is late, every reading takes five seconds, or until the engine is closed, as over a network."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.late = False
        self._closing = threading.Event()

    def facts(self, pool: str) -> Facts:
        self._closing.wait(5 if self.late else 0)
        return super().facts(pool)

    def close(self) -> None:
        self._closing.set()
        super().close()


class ReadsSlowly(Store):
    """Answering a question is held up between reading the log and looking at what was read."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.has_read, self.goes_on = threading.Event(), threading.Event()

    def read(self, operation: str) -> tuple[Row, ...]:
        rows = super().read(operation)
        if threading.current_thread().name.startswith("question"):
            self.has_read.set()
            self.goes_on.wait(10)
        return rows


def test_slow_questions_delay_neither_a_refusal_nor_the_stop(empty_house: House) -> None:
    """Sixteen /pools wait for a late engine; a refused click is answered all the same, and the bot ends at once."""
    house = empty_house
    house.live(engine=AnswersLate)
    _, card = house.asked()
    assert isinstance(house.alive.engine, AnswersLate)
    house.alive.engine.late = True
    for _ in range(16):
        assert house.carol.command("/pools").ok
    clicked = time.monotonic()
    house.alice.click("Approve", ts=card)
    house.until(lambda: any(m["ephemeral"] and "nobody approves" in m["text"] for m in house.alice.messages()))
    assert time.monotonic() - clicked < 1
    stopped = time.monotonic()
    house.dies()
    assert time.monotonic() - stopped < 4


def test_a_slow_reader_of_the_log_does_not_bring_an_older_state_back(empty_house: House) -> None:
    """It read before a withdrawal and goes on after it; what is shown next is the withdrawal."""
    house = empty_house
    house.live(log=ReadsSlowly)
    store = house.alive.store
    assert isinstance(store, ReadsSlowly)
    operation, card = house.asked()
    house.alice.command(f"/failover-log {operation}")
    assert store.has_read.wait(10)
    house.alice.click("Withdraw", ts=card)
    house.reaches(operation, State.WITHDRAWN)
    house.sees(operation, "Withdrawn by Alice.")
    house.told(operation, "withdrew it")
    store.goes_on.set()
    house.alice.wait_for("Preflight passed")
    house.carol.command("/failover-log")
    assert "withdrawn" in house.carol.wait_for("Last operations")["rendered"]


def test_a_request_that_is_too_big_is_answered_before_it_is_read(house: House) -> None:
    """Slack's own are a few KB. The answer comes while not one byte of the two MiB has been sent."""
    where = urlsplit(house.url)
    connection = HTTPConnection(where.hostname or "", where.port, timeout=5)
    try:
        connection.putrequest("POST", where.path)
        connection.putheader("Content-Length", str(2 * MIB))
        connection.endheaders()
        assert connection.getresponse().status == 413
    finally:
        connection.close()
    house.asked()
