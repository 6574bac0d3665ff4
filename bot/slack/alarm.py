"""Reports in the channel that the log cannot be written, once that has lasted a while, and when it can be again.

Unasked: people in an incident must not learn from a refused click that nothing can be started. The message goes where
something is open, or else to the channels that the configuration names. It decides nothing and writes no log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from slack_sdk import WebClient

from audit.model import CannotRead
from audit.port import Operations, Writable
from bot.desk.journal import Journal, UnreadableError
from bot.desk.loop import Loop
from bot.slack.reasons import UNREACHED, reason

log = logging.getLogger(__name__)
LOOK = 1.0
LASTING = 5.0
"""Seconds between two looks; and for which trouble may last before anybody is called."""
AGAIN = "The audit log can be written again. What was refused in the meantime was not recorded: do it again."


class Alarm:
    """`usable` says whether a channel may be written to."""

    def __init__(
        self,
        writable: Writable,
        operations: Operations,
        journal: Journal,
        client: WebClient,
        channels: Sequence[str],
        usable: Callable[[str], bool],
        monotonic: Callable[[], float],
    ) -> None:
        self._writable = writable
        self._operations = operations
        self._journal = journal
        self._client = client
        self._channels = channels
        self._usable = usable
        self._monotonic = monotonic
        self._loop: Loop = Loop("the alarm", self._turn, lambda: self._loop.wait(LOOK))
        self._since: float | None = None
        self._called: dict[str, str] = {}
        """The last message posted, by channel, while there is trouble."""

    def start(self) -> None:
        self._loop.start()

    def leave(self) -> None:
        self._loop.leave()

    def stop(self) -> None:
        """Does not wait for a post that Slack does not answer."""
        self._loop.stop(1.0)

    def _turn(self) -> None:
        if said := self._writable.degraded:
            self._since = self._monotonic() if self._since is None else self._since
            if self._monotonic() - self._since >= LASTING:
                for channel in self._places():
                    self._say(channel, said)
            return
        self._since = None
        for channel in list(self._called):
            if self._say(channel, AGAIN):
                del self._called[channel]

    def _places(self) -> set[str]:
        found = set(self._called)
        try:
            for operation in self._operations.open_operations():
                found.add(self._journal.current(operation).request.place)
        except (CannotRead, UnreadableError):
            pass
        return {place for place in found or self._channels if self._usable(place)}

    def _say(self, channel: str, text: str) -> bool:
        if self._called.get(channel) == text:
            return False
        try:
            self._client.chat_postMessage(channel=channel, text=text, unfurl_links=False, unfurl_media=False)
        except UNREACHED as error:
            log.warning("the channel could not be warned about the audit log: %s", reason(error))
            self._loop.wait(LASTING)
            return False
        self._called[channel] = text
        return True
