"""In doubt is an answer: the pair stays locked until what is read has settled, or two leads end it by their word."""

from __future__ import annotations

import threading

from bot.standin.people import Json, Member
from engine.facts import Facts, PoolState
from engine.lab.engine import Lab
from engine.model import Verdict
from engine.port import EngineUnavailable
from engine.states import State
from tests.conversations.house import House

SLOW = 0.25
"""Virtual seconds in a real one: a failover of 50 users then takes two and a half real seconds."""


class GoesDark(Lab):
    """An engine whose readings fail for as long as it is `dark`."""

    dark = threading.Event()

    def facts(self, pool: str) -> Facts:
        if self.dark.is_set():
            raise EngineUnavailable("Lab: no Front End answers.")
        return super().facts(pool)


def _in_doubt(house: House, engine: type[Lab] = Lab) -> tuple[str, Json]:
    """Sight of the run is lost right after it began; the card that says so."""
    GoesDark.dark.clear()
    house.live(speed=SLOW, engine=engine)
    house.breaks("sight")
    operation, _ = house.approved()
    house.reaches(operation, State.IN_DOUBT)
    return operation, house.sees(operation, "In doubt: nobody can say from here whether it happened.")


def _states(house: House, lead: Member, choice: str, card: Json, reason: str = "I looked") -> str:
    """The answer the lead gets; empty when the statement was accepted."""
    lead.click("Settle", ts=card["ts"])
    house.until(lambda: lead.modal() is not None)
    return lead.submit({"choice": choice, "reason": reason}).text


def test_a_run_that_was_lost_from_sight_ends_when_it_is_proved_over_and_not_before(empty_house: House) -> None:
    """The users are seen at the partner while the cmdlet may still be at work: nothing is closed on that. Once the run
    is seen to be over it is, by itself, and the verdict says that not every step was seen."""
    house = empty_house
    operation, _ = _in_doubt(house)
    assert f"Operation {operation} is open on this pair" in house.bob.command("/failover pool02").text
    house.until(lambda: house.facts().pool.state is PoolState.FAILED_OVER)
    house.told(operation, "Looked: pool01.contoso.com is FailedOver")
    assert house.operation(operation).state is State.IN_DOUBT
    house.repairs("sight")
    op = house.closed(operation)
    assert op.verdict is Verdict.SUCCEEDED_WITH_WARNINGS
    assert "Sight of the run was lost on the way" in house.sees(operation, "SUCCEEDED_WITH_WARNINGS.")["rendered"]
    assert (house.runs(), house.kinds(operation).count("run.intended")) == (1, 1)
    assert house.serves() == "pool02.contoso.com"


def test_two_leads_state_a_run_dead_that_nothing_can_prove_over_and_the_reading_then_decides(
    empty_house: House,
) -> None:
    """The run was undone behind the bot's back, and it cannot be seen. One lead alone changes nothing."""
    house = empty_house
    operation, card = _in_doubt(house)
    house.breaks("pool", "pool02")  # the run meets it and goes back
    house.until(lambda: house.facts().pool.state is PoolState.ACTIVE)
    house.sees(operation, "With Settle, two leads can state that no part of the run is active any more.")
    house.alice.click("Settle", ts=card["ts"])
    house.alice.wait_for("Alice may not settle this")
    house.bob.click("Settle", ts=card["ts"])
    house.until(lambda: house.bob.modal() is not None)
    assert "A reason is needed" in house.bob.submit({"choice": "run-dead", "reason": "  "}).text
    assert house.bob.submit({"choice": "run-dead", "reason": "fe01 burnt down"}).ok
    house.sees(operation, "Bob stated that no part of the run is active any more. It counts when another lead")
    assert house.operation(operation).state is State.IN_DOUBT
    assert _states(house, house.carol, "run-dead", card) == ""
    op = house.closed(operation)
    assert (op.verdict, house.serves()) == (Verdict.FAILED, "pool01.contoso.com")
    shown = house.sees(operation, "FAILED.")["rendered"]
    assert "Nothing was moved: the users of pool01.contoso.com are directed to pool01.contoso.com." in shown
    house.told(operation, "Bob and Carol stated that no part of the run is active any more.")
    assert house.refusals(operation) == [("U0ALICE", "E_MAY_NOT_APPROVE"), ("U0BOB", "E_NO_REASON")]


def test_where_nothing_can_be_read_the_same_word_of_two_leads_ends_it(empty_house: House) -> None:
    """The run is proved over and no Front End answers: their word counts, and is shown as theirs."""
    house = empty_house
    operation, card = _in_doubt(house, GoesDark)
    house.until(lambda: house.facts().pool.state is PoolState.FAILED_OVER)
    GoesDark.dark.set()
    house.told(operation, "Looked: The state of pool01.contoso.com cannot be read.")
    house.repairs("sight")
    house.sees(operation, "With Settle, two leads can state that it happened or that it did not happen")
    assert _states(house, house.bob, "happened", card, "users sign in at pool02") == ""
    house.told(operation, "Bob stated that it happened. Reason: users sign in at pool02")
    house.bob.click("Settle", ts=card["ts"])
    house.until(lambda: house.bob.modal() is not None)
    assert "it counts once" in house.bob.submit({"choice": "happened", "reason": "still"}).text
    house.bob.close_modal()
    assert _states(house, house.carol, "happened", card, "mine too") == ""
    assert house.closed(operation).verdict is Verdict.SUCCEEDED_WITH_WARNINGS
    shown = house.sees(operation, "SUCCEEDED_WITH_WARNINGS.")["rendered"]
    assert "Bob and Carol stated that it happened. Reason: users sign in at pool02 / mine too" in shown
    assert "Nothing could be read; this is their statement." in shown


def test_a_stop_that_is_reported_too_early_gets_no_verdict_that_is_false(empty_house: House) -> None:
    """The server says stopped, the pool reads as before, and some time later the last step moves the users after all.
    Nobody is told meanwhile that nothing was moved."""
    house = empty_house
    house.live(speed=SLOW)
    house.breaks("late", "1")  # four real seconds
    operation, card = house.approved()
    house.sees(operation, "[ Stop ]")
    assert house.bob.click("Stop", ts=card).ok
    house.until(lambda: "run.ended" in house.kinds(operation))
    house.told(operation, "The engine reports: stopped.")
    house.until(lambda: house.facts().pool.state is PoolState.ACTIVE and "pools.seen" in house.kinds(operation))
    assert not house.operation(operation).closed
    op = house.closed(operation)
    assert (op.verdict, house.serves()) == (Verdict.SUCCEEDED_WITH_WARNINGS, "pool02.contoso.com")
    assert "Nothing was moved" not in str(house.thread(operation))


def test_a_pool_that_stays_in_between_is_ended_by_two_leads_and_the_pair_is_free_again(empty_house: House) -> None:
    """The run is over, and PoolState stays FailingOver. No statement that it happened, or did not, is accepted."""
    house = empty_house
    house.live(speed=SLOW)
    operation, card = house.approved()
    house.until(lambda: house.facts().pool.state is PoolState.FAILING_OVER)
    house.breaks("stuck", "pool01")
    house.breaks("pool", "pool02")  # the run goes back, and the state does not
    house.until(lambda: "run.ended" in house.kinds(operation))
    house.repairs("pool")
    assert "it is neither done nor as before" in house.sees(operation, "[ Settle ]")["rendered"]
    assert _states(house, house.bob, "neither", {"ts": card}) == ""
    assert _states(house, house.carol, "neither", {"ts": card}) == ""
    assert house.closed(operation).verdict is Verdict.NEITHER
    assert "can be requested again" in house.sees(operation, "NEITHER.")["rendered"]


def test_what_was_ended_in_between_can_be_asked_anew_and_takes_two_leads(empty_house: House) -> None:
    """The pool is FailingOver and none of our runs is at work: no refusal, and as grave as disaster mode."""
    house = empty_house
    house.live()
    house.breaks("stuck", "pool01")
    operation, card = house.asked("/failover pool01")
    shown = house.sees(operation, "Waiting: 0 of 2 approvals given")["rendered"]
    assert "pool01.contoso.com is FailingOver, and no run of this bot is at work on it." in shown
    assert house.bob.click("Approve", ts=card).ok
    assert house.carol.click("Approve", ts=card).ok
    assert house.closed(operation).verdict is Verdict.SUCCEEDED
    assert house.serves() == "pool02.contoso.com"
