"""The engine's own lines are gathered before they go into the thread; what people wait for is not held up by that."""

from __future__ import annotations

from bot.clock import monotonic
from tests.conversations.house import House, Hurried


class Gathering(Hurried):
    """Lines of the engine alone are never due."""

    def reply_at(self, *_: object, **how: object) -> float:
        return self._held if how["urgent"] else float("inf")


def test_the_verdict_does_not_wait_for_the_lines_before_it(empty_house: House) -> None:
    """It is on the card, and takes the gathered lines with it into the thread, in order."""
    house = empty_house
    house.live(speed=0.5, pace=Gathering())
    operation, _ = house.approved()
    house.sees(operation, "SUCCEEDED.")
    thread = house.told(operation, "SUCCEEDED.")
    assert thread.index("Lab: done (100 %)") < len(thread) - 1


class Late(Hurried):
    """Nothing goes into the thread before it is allowed to."""

    let = False

    def reply_at(self, *_: object, **__: object) -> float:
        return self._held if self.let else monotonic() + 0.05


def test_leads_are_not_called_for_what_is_decided_already(empty_house: House) -> None:
    """When Slack gets the thread late, after an outage, its first lines no longer ping anybody."""
    house, pace = empty_house, Late()
    house.live(pace=pace)
    operation, _ = house.approved()
    house.sees(operation, "SUCCEEDED.")
    pace.let = True
    house.told(operation, "SUCCEEDED.")
    assert not [message for message in house.carol.messages() if "Approval needed" in message["rendered"]]
