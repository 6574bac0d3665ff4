"""What the channel reads for each way in which a run over the wire can end, whatever network, server and cmdlet do.

What the engine makes of each is claimed in tests/engine/remote; here it is the card, the thread and the pools.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

from bot import clock
from engine.lab.build import Size
from engine.lab.trouble import reset
from engine.lab.world import World
from engine.states import State
from tests.remote.conftest import furnished
from tests.remote.wire import WireHouse

POOL01, POOL02 = "pool01.contoso.com", "pool02.contoso.com"
FAILOVER = "Invoke-CsPoolFailOver"
SERVES = f"{POOL02} serves the users of {POOL01}."
AS_BEFORE = f"Nothing was moved: the users of {POOL01} are directed to {POOL01}."


@dataclass(frozen=True)
class Case:
    """A trouble that hits the Command itself, or, with `in_mid_run`, what comes while the cmdlet is at work. `card` and
    `thread` are words that are read; `sent` is how many Commands reached the server, told apart from being begun."""

    trouble: dict[str, Any]
    ends: State
    card: tuple[str, ...]
    thread: str
    in_mid_run: bool = False


LOST = Case({"kind": "drop", "cmdlet": FAILOVER}, State.SUCCEEDED, (SERVES,), "the answer to Command was lost")
DENIED = Case(
    {"kind": "fault", "cmdlet": FAILOVER, "name": "rbac"},
    State.FAILED,
    ("The server refused to start it:", "management role", AS_BEFORE),
    "The engine reports: not started.",
)
ASKS = Case(
    {"kind": "prompt", "cmdlet": FAILOVER},
    State.FAILED,
    ("The cmdlet asked:", "so the answer was No.", AS_BEFORE),
    "asked and answered No: ",
)
RESETS = Case({"kind": "reset", "verb": "Receive", "times": 3}, State.SUCCEEDED, (SERVES,), "done", in_mid_run=True)
LET_GO = Case({"kind": "disconnect_shell", "verb": "Receive"}, State.SUCCEEDED, (SERVES,), "done", in_mid_run=True)
REAPED = Case(
    {"kind": "reap_shell", "verb": "Receive"}, State.IN_DOUBT,
    ("In doubt: nobody can say from here whether it happened.", "It will not be run again. The pair stays locked."),
    "In doubt: Sight of the run was lost:", in_mid_run=True,
)  # fmt: skip
CHATTY = Case({"kind": "chatter", "cmdlet": FAILOVER, "count": 150}, State.SUCCEEDED, (SERVES,), "chatter 150 of 150")


@pytest.fixture(scope="module")
def furnished_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WireHouse]:
    with furnished(tmp_path_factory.mktemp("outcomes")) as house:
        house.moves_in()
        yield house


@pytest.fixture
def house(furnished_house: WireHouse) -> WireHouse:
    """The module's house, its pools as on the first day, nothing in their way."""
    house = furnished_house
    house.peer.clear_trouble()
    with closing(World(house.world, clock=time.time)) as world:
        reset(world, Size.TINY)
    house.takes(0.05)
    return house


def ends(house: WireHouse, case: Case) -> str:
    """Live through it; the operation."""
    before = len(house.sent())
    if case.in_mid_run:
        house.takes(2)
        operation, _ = house.approved()
        house.until(house.at_work)
        house.peer.trouble(**case.trouble)
    else:
        house.peer.trouble(**case.trouble)
        operation, _ = house.approved()
    house.reaches(operation, case.ends)
    for words in case.card:
        house.sees(operation, words)
    house.told(operation, case.thread)
    assert len(house.sent()) == before + 1, "sent once, whatever became of it"
    assert house.serves() == (POOL02 if case.ends is State.SUCCEEDED else POOL01)
    return operation


@pytest.mark.parametrize(
    "case",
    [LOST, RESETS, pytest.param(LET_GO, marks=pytest.mark.slow), pytest.param(CHATTY, marks=pytest.mark.slow)],
    ids=["answer-lost", "three-resets", "let-go", "many-lines"],
)
def test_what_goes_wrong_on_the_way_is_no_failure(house: WireHouse, case: Case) -> None:
    """Answers lost, connections cut, the shell let go by the server, a flood of lines: SUCCEEDED, and sent once."""
    ends(house, case)


@pytest.mark.parametrize("case", [DENIED, ASKS], ids=["refused", "asks"])
def test_what_did_not_happen_is_said_not_to_have_happened(house: WireHouse, case: Case) -> None:
    """FAILED, with the reason and that the pools are as before."""
    ends(house, case)


@pytest.mark.parametrize(
    "trouble",
    [
        {"kind": "http", "verb": "Create", "code": 503, "least_idle": 3600},
        pytest.param({"kind": "reset", "verb": "Create", "least_idle": 3600}, marks=pytest.mark.slow),
        {"kind": "reset", "cmdlet": FAILOVER},
    ],
    ids=["busy", "cut", "never-arrived"],
)
def test_a_fault_before_anything_was_sent_does_not_cost_the_approvals(
    house: WireHouse, trouble: dict[str, Any]
) -> None:
    """The card says why it has not started, which Front End is tried next and how long the approvals are good; then
    it runs there, once, under new ids."""
    before = len(house.sent())
    house.peer.trouble(**trouble)
    operation, _ = house.approved()
    waiting = house.sees(operation, "Not started yet: ")["rendered"]
    following = re.search(r"(pool02-fe0[12]\.contoso\.com) will be tried next\. The approvals are good until ", waiting)
    assert following, waiting
    house.reaches(operation, State.SUCCEEDED)
    op = house.operation(operation)
    assert op.ticket
    assert (op.attempts, op.ticket.endpoint) == (2, following[1])
    assert [e["command"] for e in house.sent()[before:]].count(op.ticket.command_id) == 1
    assert house.serves() == POOL02


def test_a_run_that_is_lost_from_sight_is_in_doubt_until_what_is_read_has_settled(house: WireHouse) -> None:
    """The server deleted the shell with what ran in it, which proves the run over. Nobody has to say anything."""
    operation = ends(house, REAPED)
    op = house.reaches(operation, State.FAILED)
    assert op.settled is not None
    assert op.settled.by == ()
    assert AS_BEFORE in house.sees(operation, "FAILED.")["rendered"]


@pytest.mark.slow
def test_a_server_that_is_too_busy_to_start_is_asked_again(house: WireHouse) -> None:
    """HTTP 503 between approval and start: nothing is sent, the approvals hold, and a moment later it runs."""
    operation, card = house.asked()
    house.peer.trouble("http", verb="Create", code=503, times=1_000)
    assert house.bob.click("Approve", ts=card).ok
    sent = len(house.sent())
    house.until(lambda: any(e["outcome"] == "trouble http" for e in house.peer.log("Create")))
    clock.wait(2)  # until each Front End has been asked
    assert house.operation(operation).state is State.APPROVED
    assert len(house.sent()) == sent
    house.peer.clear_trouble()
    house.reaches(operation, State.SUCCEEDED)
