"""A real bot process is killed with SIGKILL at random moments of a run over the wire, and started again until all is
over: the right verdict or an honest doubt, and by the server's own log nothing was ever sent twice.

Seeded, so that a moment that found something can be had again; machine and scheduler still have their say.
"""

from __future__ import annotations

import os
import random  # noqa: TID251  # seeded: an argument
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bot.demo.demo import WORLD
from engine.states import State
from tests.crash.child import Bullet
from tests.remote import proof
from tests.remote.child import AtPhase
from tests.remote.incident import RemoteIncident, Shot, place_of
from tests.remote.proof import Told
from tests.wsman.fixtures import TRANSPORTS
from tests.wsman.peer import Peer

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGKILL, fork")
SIDE_BY_SIDE = 4
RUN = 1.5
"""Seconds that a failover takes in the peer's world."""


def incident(place: Path, number: int, shots: Sequence[Shot], run: float = RUN, **peer: Any) -> Told:
    """One incident with these kills, over one wire or the other; `run`: how long a failover takes, in seconds."""
    place = place_of(place, number)
    with (
        Peer.start({"auto_disconnect": 1.0} | peer, world=place / WORLD, speed=0.56 / run) as server,
        RemoteIncident(place, peer=server, wire=TRANSPORTS[number % 2]) as made,
    ):
        made.stormed(shots)
        return proof.holds(made)


def side_by_side(one: Callable[[int], Told], numbers: Iterable[int]) -> list[Told]:
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        told = list(pool.map(one, numbers))
    print(proof.summary(told))
    return told


# --- at the moments that matter ------------------------------------------------------------------------------------

NOT_SENT = [
    AtPhase("before", "opening"),
    AtPhase("after", "opening"),
    AtPhase("before", "sending"),
    AtPhase("after", "sending"),
]
UNDER_WAY = [AtPhase("before", "running"), AtPhase("after", "running")]
OVER = [AtPhase("before", "ended"), AtPhase("after", "ended")]


def killed_at(place: Path, moments: list[AtPhase], **peer: Any) -> list[Told]:
    """An incident for each of these moments."""
    return side_by_side(lambda n: incident(place, n, [moments[n]], 0.7, **peer), range(len(moments)))


@pytest.mark.slow
def test_killed_before_anything_was_sent_it_is_proved_and_started_with_a_new_ticket(tmp_path: Path) -> None:
    """Up to the commit of `sending`, and right after it: the approvals hold, the second intent is the one that runs."""
    assert killed_at(tmp_path, NOT_SENT) == [Told(State.SUCCEEDED, 1, intents=2, doubted=False, lost=0)] * 4


def test_killed_while_it_is_under_way_it_is_found_and_followed(tmp_path: Path) -> None:
    """Also where the answer to Command was the last that the killed process heard. Nothing had been told yet, so every
    line of the run is in the log."""
    assert killed_at(tmp_path, UNDER_WAY) == [Told(State.SUCCEEDED, 1, intents=1, doubted=False, lost=0)] * 2


@pytest.mark.slow
def test_killed_when_it_is_over_it_is_judged_by_the_state_of_the_pools(tmp_path: Path) -> None:
    """How it ended was told to nobody who lives: in doubt, and settled by the first look. Every line is in the log."""
    assert killed_at(tmp_path, OVER) == [Told(State.SUCCEEDED_WITH_WARNINGS, 1, intents=1, doubted=True, lost=0)] * 2


@pytest.mark.slow
def test_where_nothing_can_be_found_again_the_state_or_a_lead_settles_it(tmp_path: Path) -> None:
    """An endpoint under IIS. Under way: in doubt until the users are seen where they were to go. After `sending` nobody
    can prove that nothing was sent: in doubt until a lead has looked."""
    moments = [AtPhase("after", "running"), AtPhase("after", "sending")]
    seen, attested = killed_at(tmp_path, moments, disconnect=False)
    assert (seen.state, seen.intents, seen.doubted) == (State.SUCCEEDED_WITH_WARNINGS, 1, True)
    assert (attested.state, attested.intents, attested.doubted) == (State.FAILED, 1, True)


# --- at random -----------------------------------------------------------------------------------------------------


def storm(place: Path, seeds: range, most: int, **peer: Any) -> list[Told]:
    """An incident for each seed, with up to `most` kills."""

    def one(seed: int) -> Told:
        chance = random.Random(seed)
        return incident(place, seed, [_shot(chance) for _ in range(chance.randint(1, most))], **peer)

    return side_by_side(one, seeds)


def _shot(chance: random.Random) -> Shot:
    """Two of three in mid-run, the third at a commit, of which an incident has some thirty."""
    if chance.random() < 2 / 3:
        return chance.uniform(0, RUN * 1.2)
    return Bullet(chance.choice(("before", "after")), chance.randint(1, 30))


@pytest.mark.slow
def test_a_storm_of_kills_ends_well(tmp_path: Path) -> None:
    """Several lives, each killed somewhere in mid-run or at some commit."""
    assert sum(told.kills for told in storm(tmp_path, range(2), most=3)) >= 2


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_a_hundred_kills_end_well(tmp_path: Path) -> None:
    """The same, a hundred times, over both wires; some where nothing can be found again."""
    told = storm(tmp_path, range(100, 160), most=3) + storm(tmp_path, range(200, 215), most=1, disconnect=False)
    assert sum(one.kills for one in told) >= 100
