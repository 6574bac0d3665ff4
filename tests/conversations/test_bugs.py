"""A bug, in the engine or in the bot: it ends in a sentence, never in silence and never in a second run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from audit.model import Entry, Row
from audit.sqlite.store import Store
from bot import clock
from bot.slack.listeners import BROKEN
from engine.facts import Facts, PoolState
from engine.lab.engine import Lab
from engine.model import Outcome, Plan, Record, Ticket, Verdict
from engine.port import Cancelled, Sink
from engine.states import State
from tests.conversations.conftest import Furnish
from tests.conversations.house import House

POOL = "pool01.contoso.com"


class LosesTheRun(Lab):
    """Stumbles over what the server says about a run, while the run goes on."""

    def invoke(self, ticket: Ticket, plan: Plan, sink: Sink, cancelled: Cancelled) -> Outcome:
        def stumbling(record: Record) -> None:
            if record.text == "running":
                raise ValueError("a thing nobody has seen before")
            sink(record)

        return super().invoke(ticket, plan, stumbling, cancelled)

    def reattach(self, *_: Any, **__: Any) -> Outcome:
        raise ValueError("the same again")


class LosesTheFacts(Lab):
    """Stumbles over what the server says about a pool."""

    def facts(self, *_: Any, **__: Any) -> Facts:
        raise ValueError("a state nobody has seen before")


class Tells(Lab):
    """Every line of the engine is this one."""

    text = ""

    def invoke(self, ticket: Ticket, plan: Plan, sink: Sink, cancelled: Cancelled) -> Outcome:
        def worded(record: Record) -> None:
            sink(record if record.stream == "phase" else replace(record, text=self.text))

        return super().invoke(ticket, plan, worded, cancelled)


class TellsALot(Tells):
    text = "z" * 70_000


class TellsHalfACharacter(Tells):
    text = "half \ud800 a character"


class StumblesOver(Store):
    """Hits a bug where what a person did is recorded, once `deliveries` says which."""

    deliveries = "nothing yet"

    def append(self, entries: Sequence[Entry], *, delivery: str | None = None, **more: Any) -> tuple[Row, ...]:
        if delivery and delivery.startswith(self.deliveries):
            raise RuntimeError("a bug of ours")
        return super().append(entries, delivery=delivery, **more)


def test_a_bug_while_a_run_is_followed_ends_in_doubt(empty_house: House) -> None:
    """The pair is locked, and leads can settle it; it ends by itself when the users are seen at the partner."""
    house = empty_house
    house.live(speed=0.5, engine=LosesTheRun)
    operation, _ = house.approved()
    house.reaches(operation, State.IN_DOUBT)
    house.sees(operation, "In doubt: nobody can say from here whether it happened.")
    house.sees(operation, "[ Settle ]")
    assert f"Operation {operation} is open on this pair" in house.alice.command("/failover pool02").text
    house.told(operation, "The bot hit a bug (ValueError) and lost sight of the run.")
    house.until(lambda: house.alive.engine.facts(POOL).pool.state is PoolState.FAILED_OVER)
    house.dies()
    house.live()  # looks at once, not after some seconds
    assert house.closed(operation).verdict is Verdict.SUCCEEDED_WITH_WARNINGS
    assert (house.runs(), house.kinds(operation).count("run.intended")) == (1, 1)


def test_a_bug_while_the_pools_are_read_refuses_the_request(empty_house: House) -> None:
    """With a sentence on the card, and nothing stays locked."""
    house = empty_house
    house.live(engine=LosesTheFacts)
    operation = house.ask("/failover pool01")
    assert house.closed(operation).state is State.REFUSED
    house.sees(operation, "Preflight hit a bug in the bot (ValueError). Nothing was changed.")
    house.dies()
    house.live()
    assert house.done().verdict is Verdict.SUCCEEDED


def test_a_bug_right_before_the_start_voids_the_approvals_when_their_time_is_over(empty_house: House) -> None:
    """Until then the bot tries again; the pair is not held forever."""
    house = empty_house
    house.live(policy={"expires_after": 2, "remind_before": 1})
    operation, card = house.asked("/failover pool01 --disaster")
    assert house.bob.click("Approve", ts=card).ok
    house.dies()
    house.live(engine=LosesTheFacts)
    assert house.carol.click("Approve", ts=card).ok
    expires = house.reaches(operation, State.APPROVED).expires_at
    assert expires
    house.until(lambda: clock.now() > expires)
    house.dies()
    house.live(engine=LosesTheFacts)  # tries again at once, not after some seconds
    assert (house.closed(operation).state, house.runs()) == (State.VOID, 0)
    assert "hit a bug" in house.sees(operation, "Void")["rendered"]


@pytest.mark.parametrize("engine", [TellsALot, TellsHalfACharacter])
def test_whatever_an_engine_says_is_kept_as_far_as_a_row_can_hold_it(empty_house: House, engine: type[Tells]) -> None:
    """Too long is cut, half a character is replaced, and the run goes on to its end."""
    house = empty_house
    house.live(engine=engine)
    op = house.done()
    assert op.verdict is Verdict.SUCCEEDED
    texts = [row.body["record"]["text"] for row in house.rows(op.id) if row.kind == "run.recorded"]
    kept = next(text for text in texts if text[:4] == engine.text[:4])
    assert 0 < len(kept) <= 8_000
    assert kept.encode("utf-8", "strict")
    house.sees(op.id, "SUCCEEDED.")


def _stumbling(furnish: Furnish, transport: str) -> tuple[House, StumblesOver]:
    house = furnish(transport)
    house.live(log=StumblesOver)
    assert isinstance(house.alive.store, StumblesOver)
    return house, house.alive.store


@pytest.mark.parametrize("transport", ["socket", "http"])
def test_whoever_meets_a_bug_of_the_bot_is_told(furnish: Furnish, transport: str) -> None:
    """Over both transports: who typed, who clicked, and who sent a form; and nothing was done."""
    house, store = _stumbling(furnish, transport)
    operation, card = house.asked("/failover pool01 --disaster")
    house.bob.click("Deny", ts=card)
    house.until(lambda: house.bob.modal() is not None)
    before = house.kinds()
    store.deliveries = "command:"
    assert house.alice.command("/failover pool03").text == BROKEN
    store.deliveries = "click:"
    house.carol.click("Approve", ts=card)
    house.carol.wait_for(BROKEN)
    store.deliveries = "view:"
    assert BROKEN in house.bob.submit({"reason": "not today"}).errors.values()
    assert house.kinds() == before
    store.deliveries = "nothing any more"
    assert house.bob.submit({"reason": "not today"}).ok
    assert house.closed(operation).state is State.DENIED
