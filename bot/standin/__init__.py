"""A local Slack for the demo and the tests: Web API, Socket Mode, signed HTTP and one page, on loopback only.

Only the two names others use leave this package. They are fetched when asked for, so that
`bot.standin.blockkit` can be imported where aiohttp (extra `demo`) is not installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.standin.people import Member
    from bot.standin.server import StandIn

__all__ = ["Member", "StandIn"]


def __getattr__(name: str) -> Any:
    if name == "StandIn":
        from bot.standin.server import StandIn  # noqa: PLC0415 - see above

        return StandIn
    if name == "Member":
        from bot.standin.people import Member  # noqa: PLC0415 - see above

        return Member
    raise AttributeError(name)
