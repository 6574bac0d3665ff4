"""The whole bot over the wire: slash command and clicks at one end, PowerShell remoting at the other."""

from __future__ import annotations

from engine.model import PoolState, Verdict
from tests.remote.wire import WireHouse

POOL01, POOL02 = "pool01.contoso.com", "pool02.contoso.com"


def test_an_incident_is_over_with_two_commands_on_the_wire(either_house: WireHouse) -> None:
    """Failed over by one lead's yes, brought home again: the changing cmdlets reached the server once each, as typed."""
    house = either_house
    over = house.done("/failover pool01 --wait 5m")
    assert over.verdict is Verdict.SUCCEEDED
    assert (house.serves(), house.facts().pool.state) == (POOL02, PoolState.FAILED_OVER)
    back = house.done("/failback pool01")
    assert back.verdict is Verdict.SUCCEEDED
    assert house.serves() == POOL01
    first, second = house.sent()
    assert (first["command"], second["command"]) == (over.ticket.command_id, back.ticket.command_id)
    assert {p["name"]: p["value"] for p in first["cmdlets"][-1]["parameters"]} == {
        "PoolFqdn": POOL01,
        "WaitTime": "00:05:00",
        "Confirm": False,
        "Verbose": True,
    }
