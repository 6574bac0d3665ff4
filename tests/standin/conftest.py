"""A stand-in per test, and a small Bolt app at work on it over each transport."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.standin import Member, StandIn
from tests.standin.office import Office


@pytest.fixture
def slack() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


@pytest.fixture
def alice(slack: StandIn) -> Member:
    return Member(slack.url, "U0ALICE")


@pytest.fixture
def bob(slack: StandIn) -> Member:
    return Member(slack.url, "U0BOB")


@pytest.fixture(params=["socket", "http"])
def office(slack: StandIn, request: pytest.FixtureRequest) -> Iterator[Office]:
    opened = Office(slack)
    opened.open(request.param)
    yield opened
    opened.close()


@pytest.fixture
def socketed(slack: StandIn) -> Iterator[Office]:
    opened = Office(slack)
    opened.open("socket")
    yield opened
    opened.close()
