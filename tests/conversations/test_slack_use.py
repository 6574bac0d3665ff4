"""What the bot takes from Slack: its time, its scopes, and nothing else."""

from __future__ import annotations

from bot.slack.manifest import SCOPES
from bot.standin.people import deliveries, faults, usage
from tests.conversations.house import House


def test_the_manifest_asks_for_exactly_the_scopes_that_are_used(house: House) -> None:
    """A conversation with everything in it, a lost answer too; only those for private channels stay unused."""
    faults(house.standin.url, "chat.postMessage", "drop_answer", times=2)
    op = house.done("/failover pool01")
    house.sees(op.id, "SUCCEEDED.")
    house.told(op.id, "SUCCEEDED.")
    house.alice.command("/pools")
    used = set(usage(house.standin.url)["scopes"]) - {"connections:write"}
    unused = {"groups:read", "groups:history"}
    assert used == set(SCOPES) - unused


def test_the_manifests_scopes_are_enough(either_house: House) -> None:
    """With those alone granted, a failover is asked for, denied, asked for again and done, lost answers and all."""
    house = either_house
    house.standin.world.scopes = set(SCOPES)
    operation, card = house.asked()
    house.bob.click("Deny", ts=card)
    house.bob.submit({"reason": "wait"})
    house.closed(operation)
    faults(house.standin.url, "chat.postMessage", "drop_answer", times=2)
    op = house.done("/failover pool01")
    house.sees(op.id, "SUCCEEDED.")
    house.told(op.id, "SUCCEEDED.")


def test_every_delivery_is_acknowledged_well_within_three_seconds(either_house: House) -> None:
    """Commands, clicks and forms, those that are refused too."""
    house = either_house
    operation, card = house.asked()
    for line in ("/failover pool02", "/failover nopool", "/pools", "/failover-log", "/failover help"):
        house.bob.command(line)
    house.alice.click("Approve", ts=card)
    house.bob.click("Deny", ts=card)
    house.bob.submit({"reason": "wait"})
    house.closed(operation)
    every = deliveries(house.standin.url)
    assert len(every) == 9
    assert all(delivery["status"] == "ok" and delivery["ack_ms"] < 1_500 for delivery in every)
