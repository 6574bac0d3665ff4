"""When a run has been quiet for so long that it is reported, and how that is worded. Pure: times are arguments."""

from __future__ import annotations

from datetime import datetime, timedelta

QUIET = 120.0
"""Seconds without a record after which it is reported."""


def quiet(since: datetime, now: datetime, endpoint: str, *, after: float = QUIET) -> str:
    """The report on a cmdlet that runs and reports nothing; empty while it is too early for one."""
    if now - since < timedelta(seconds=after):
        return ""
    return (
        f"nothing has been reported since {since:%H:%M:%S} UTC. The cmdlet is still there on {endpoint} and may be at "
        "work. What you can do: wait; check the services and the event logs of the pools; Stop asks it to stop"
    )


def out_of_sight(since: datetime, now: datetime, endpoint: str, words: str, *, after: float = QUIET) -> str:
    """The report on a server that does not answer about a run; empty while it is too early for one."""
    if now - since < timedelta(seconds=after):
        return ""
    return (
        f"{endpoint} has given no answer about the run since {since:%H:%M:%S} UTC ({words}). The cmdlet keeps running "
        "there if the server does. What you can do: check that this host and its WinRM are up and reachable"
    )
