"""An operation with a row that this version does not know: it alone stands still, and everybody can see that."""

from __future__ import annotations

from contextlib import closing

from audit.model import Entry
from audit.sqlite.store import Store
from bot import clock
from engine.model import Verdict
from engine.states import State
from tests.conversations.house import House


def _a_newer_version_writes(house: House, operation: str) -> None:
    """A row of a kind that is unknown here, chained as any other, between two lives of the bot."""
    house.dies()
    with closing(Store.open(house.log, clock=clock.now)) as store:
        comment = Entry("approval.commented", "bot", {"text": "by a version to come"})
        store.append([comment], operation=operation, expected=len(store.read(operation)))
    house.live()


def test_an_operation_that_cannot_be_read_does_not_stop_the_others(house: House) -> None:
    """Another pair is failed over, with its card and its thread; the unreadable one stays as it is."""
    unreadable, _ = house.asked()
    _a_newer_version_writes(house, unreadable)
    other, _ = house.approved("/failover pool03")
    assert house.closed(other).verdict is Verdict.SUCCEEDED
    house.sees(other, "SUCCEEDED.")
    house.told(other, "SUCCEEDED.")
    assert house.kinds(unreadable)[-1] == "approval.commented"
    assert house.runs() == 1


def test_whoever_meets_an_operation_that_cannot_be_read_is_told(house: House) -> None:
    """By /pools, by the log, when asking for its pair, and when clicking on its card."""
    unreadable, card = house.asked()
    _a_newer_version_writes(house, unreadable)
    told = f"Operation {unreadable} cannot be read by this version of csfailover"
    house.alice.command("/pools")
    assert f"{told}: another version wrote to the log." in house.alice.wait_for("Its pools stay locked")["rendered"]
    house.carol.command(f"/failover-log {unreadable}")
    house.carol.wait_for(told)
    for line in ("/failover pool02", "/failback pool01"):
        assert f"This pair is locked. {told}" in house.bob.command(line).text
    house.bob.click("Approve", ts=card)
    house.bob.wait_for("Run the version of csfailover that wrote it, or a newer one.")
    house.bob.click("Deny", ts=card)
    assert house.bob.modal() is None
    assert house.refusals()[-4:] == [("U0BOB", "E_LOCKED_UNREADABLE")] * 2 + [("U0BOB", "E_UNREADABLE")] * 2


def test_a_closed_operation_that_cannot_be_read_is_in_nobodys_way(house: House) -> None:
    """Its pair is free; what it was is looked for at each request, and the log lists the others."""
    unreadable, card = house.asked()
    house.alice.click("Withdraw", ts=card)
    house.reaches(unreadable, State.WITHDRAWN)
    _a_newer_version_writes(house, unreadable)
    after = house.done()
    assert after.verdict is Verdict.SUCCEEDED
    house.alice.command("/failover-log")
    assert unreadable not in house.alice.wait_for(after.id)["rendered"]
