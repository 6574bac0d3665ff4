"""Scripted trouble: what shall go wrong at which request or cmdlet of the peer. Decides; does nothing itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

KINDS = {
    "reset": "TCP RST before the request is looked at",
    "drop": "the request is done, its answer is lost (connection closed)",
    "hang": "silence for `seconds`, then the request is done",
    "http": "HTTP `code` instead of an answer, with the page `body` where one is given",
    "fault": "the SOAP fault `name`, the request is not looked at",
    "page": "HTTP 200 and the page of some proxy instead of an answer",
    "empty": "an answer at once in which there is nothing",
    "untold": "the answer keeps what it says of the state of the command, and its data is lost",
    "garble": "the data of the answer is replaced by `name`, in hexadecimal: bytes of PSRP fragments, or none",
    "reap_shell": "the shell of the request is deleted before it is looked at",
    "disconnect_shell": "the shell of the request is Disconnected before it is looked at",
    "exit": "the server process ends at once, the request unanswered and not looked at",
    "prompt": "the cmdlet asks for confirmation at the client's host, whatever Confirm says; on No it does nothing",
    "odd": "the cmdlet first writes `count` records that are hard to read: half, noncharacter, reference, cut (`name`)",
    "chatter": "the cmdlet first writes `count` verbose records as fast as it can",
}
IN_CMDLET = {"prompt", "chatter", "odd"}


@dataclass
class Trouble:
    """`nth` match from now on is the first that is hit; then `times` in a row. A filter of "" matches all."""

    kind: str
    verb: str = ""
    cmdlet: str = ""
    """Hits only a Command (or cmdlet) of this name."""
    least_idle: float = 0
    """Hits only a Create that asks for an idle time-out of so many seconds at least: a run's, not a reader's."""
    nth: int = 1
    times: int = 1
    seconds: float = 0
    code: int = 503
    name: str = "internal"
    count: int = 100
    body: str = ""

    def hits(self) -> bool:
        """Count one match; whether it is hit."""
        self.nth -= 1
        if self.nth > 0 or self.times <= 0:
            return False
        self.times -= 1
        return True


class Troubles:
    """The scripts that are armed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[Trouble] = []

    def arm(self, values: Mapping[str, Any]) -> None:
        """Add one. Raises ValueError, TypeError for what there is not."""
        trouble = Trouble(**values)
        if trouble.kind not in KINDS:
            raise ValueError(f"no such trouble: {trouble.kind}; there are {', '.join(KINDS)}")
        with self._lock:
            self._armed.append(trouble)

    def clear(self) -> None:
        with self._lock:
            self._armed.clear()

    def at_request(self, verb: str, cmdlets: tuple[str, ...], idle: float = 0) -> Trouble | None:
        """What befalls this request."""
        return self._first(
            lambda t: (
                t.kind not in IN_CMDLET
                and t.verb in ("", verb)
                and (not t.cmdlet or t.cmdlet in cmdlets)
                and idle >= t.least_idle
            )
        )

    def in_cmdlet(self, name: str) -> list[Trouble]:
        """What befalls this cmdlet."""
        found = [self._first(_in_cmdlet(kind, name)) for kind in sorted(IN_CMDLET)]
        return [trouble for trouble in found if trouble is not None]

    def _first(self, matches: Callable[[Trouble], bool]) -> Trouble | None:
        with self._lock:
            hit = [t for t in self._armed if matches(t) and t.hits()]
            self._armed = [t for t in self._armed if t.times > 0]
        return hit[0] if hit else None


def _in_cmdlet(kind: str, name: str) -> Callable[[Trouble], bool]:
    return lambda trouble: trouble.kind == kind and trouble.cmdlet in ("", name)
