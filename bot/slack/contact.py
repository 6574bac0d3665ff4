"""Whether the bot and Slack hear each other: asks Slack, watches the link, and reports each change once.

Changes nothing and decides nothing: what is open goes on without Slack.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Literal

from slack_sdk import WebClient

from bot.desk.loop import Loop
from bot.slack.link import Link
from bot.slack.reasons import UNREACHED, reason, rejected

log = logging.getLogger(__name__)
State = Literal["heard", "silent", "rejected"]
LOOK = 0.25
"""Seconds between two looks at the link."""
ASK = 60.0
FIRST_PAUSE = 2.0
LONGEST_PAUSE = 15.0
"""Seconds between two questions to Slack: while it answers; after the first failure, then doubled up to the last."""
BRIEF = 5.0
"""Seconds of silence that are not reported: Slack itself renews its connections every few hours."""


class Contact:
    """`client` knows the bot's token; its time limit is that of one question."""

    def __init__(self, link: Link, client: WebClient, team: str, monotonic: Callable[[], float]) -> None:
        self._link = link
        self._client = client
        self._team = team
        self._monotonic = monotonic
        self._loop: Loop = Loop("the Slack check", self._turn, lambda: self._loop.wait(LOOK))
        self._asked = False
        self._error: Exception | None = None
        self._pause = FIRST_PAUSE
        self._ask_at = float("-inf")
        self._known_as = ""
        self._cut = True
        self._told: State | None = None
        """What was last reported; None: nothing yet."""
        self._changed_at = float("-inf")

    @property
    def trouble(self) -> str:
        """What is wrong now, as a sentence; empty when both hear each other."""
        if said := self.rejected:
            return said
        error, cut, why = self._error, self._link.trouble, self._link.error  # each once: other threads change them
        if error:
            return f"Slack does not answer: {reason(error)}."
        return f"{cut.removesuffix('.')}: {reason(why)}." if cut and why else cut

    @property
    def rejected(self) -> str:
        """That Slack refuses a token, which no later try changes; else empty."""
        for error, what in ((self._error, "the bot's token"), (self._link.error, "the app token")):
            if error and rejected(error):
                return f"Slack rejects {what}: {reason(error)}."
        return ""

    def start(self) -> None:
        self._loop.start()

    def stop(self) -> None:
        """At once: it does not wait for a question that Slack does not answer."""
        self._loop.stop(BRIEF / 5)

    def first(self, seconds: float, enough: Callable[[], bool]) -> str:
        """What can be said after at most `seconds`, as a sentence for whoever started the bot. From then on changes
        go to the log. Returns earlier once there is something to say, or when `enough` says so."""
        deadline = self._monotonic() + seconds
        while not (self._heard() or self.rejected or enough() or self._monotonic() >= deadline):
            self._loop.wait(0.05)
        self._told = self._state()
        return self._hello() if self._told == "heard" else self._silence()

    def _heard(self) -> bool:
        return self._asked and not self.trouble

    def _state(self) -> State:
        return "heard" if self._heard() else "rejected" if self.rejected else "silent"

    def _hello(self) -> str:
        return f"Connected to Slack as {self._known_as}."

    def _silence(self) -> str:
        said = self.trouble or "Slack does not answer yet."
        return f"{said} csfailover keeps trying; what is under way goes on."

    def _turn(self) -> None:
        cut = bool(self._link.trouble)
        if self._monotonic() >= self._ask_at or cut is not self._cut:
            self._ask()  # at a cut too: the SDK mends it, and keeps its reasons to itself
        self._cut = cut
        self._tell_changes()

    def _ask(self) -> None:
        try:
            told = self._client.auth_test()
        except UNREACHED as error:
            self._error = error
            self._ask_at = self._monotonic() + self._pause
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
        else:
            self._known_as = _name(told.get("user"), told.get("team"), told.get("team_id"), self._team)
            self._error, self._pause = None, FIRST_PAUSE
            # While the link is cut it is asked again soon: the reason for that may be Slack itself, just going away.
            self._ask_at = self._monotonic() + (FIRST_PAUSE if self._link.trouble else ASK)
        self._asked = True

    def _tell_changes(self) -> None:
        state = self._state()
        if self._loop.stopping:
            return
        if self._told is None or state == self._told:
            self._changed_at = self._monotonic()
        elif state == "heard":
            self._told = state
            log.warning("Slack is back: %s", self._hello())
        elif self._monotonic() - self._changed_at >= BRIEF:
            self._told = state
            log.warning("Slack is away: %s", self._silence())


def _name(user: object, team: object, team_id: object, home: str) -> str:
    """As Slack gives it; with a warning where that is not the workspace of the configuration."""
    told = f"@{user} in {team} ({team_id})"
    return told if team_id == home else f"{told}, but slack.team is {home}: every click will be refused"
