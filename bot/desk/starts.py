"""The bot's comings and goings as rows of the log: which csfailover ran, and who could approve what, from when to when.

A start without an end before the next start was a kill or a crash. Nothing is decided here, and nothing that must
stay secret is written: of the settings only what is named below.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from audit.model import CannotRecord, JsonValue
from audit.port import Printable
from bot.config import Config
from bot.desk.journal import BOT, Journal, UnreadableError
from engine import rules
from engine.events import ApprovalGranted

log = logging.getLogger(__name__)
GRANTED = ApprovalGranted.kind_of
STARTED = "bot.started"
STOPPED = "bot.stopped"


class Life:
    """One life of the bot. A log that cannot take the row stops nothing: what is open must be seen and ended."""

    def __init__(self, journal: Journal, log: Printable, config: Config, engine: str) -> None:
        self._journal = journal
        self._log = log
        self._config = config
        self._engine = engine
        self._found: tuple[str, str] | None = None
        """The operation and the person of an approval that is still to be taken back."""

    def begun(self) -> None:
        """Before anything else is written: the last row of the previous life shows how that one ended."""
        for last in self._log.last_stored(1):
            if last.row and last.row.operation and last.row.kind == GRANTED:
                self._found = last.row.operation, str(last.row.body["by"])
        if not self.doubted():  # or the next life would take that approval for proved
            self._note(STARTED, {"engine": self._engine, **in_force(self._config)})

    def doubted(self) -> str:
        """The operation whose last approval may never have been acknowledged, while taking it back cannot be recorded:
        it must not start. Empty when there is none, or when it was taken back.

        Any later row proves an approval: its commit had returned, or that row would stand in its place. So only the
        very last row of a life that was cut off may be one whose commit failed.
        """
        if self._found:
            operation, by = self._found
            try:
                self._journal.transact(operation, lambda op: rules.unconfirmed(op, by), BOT)
            except CannotRecord as error:
                log.warning("%s could not be recorded: %s", "approval.unconfirmed", error)
                return operation
            except UnreadableError:  # it is left alone as it is
                pass
            self._found = None
        return ""

    def ended(self) -> None:
        self._note(STOPPED, {})

    def _note(self, kind: str, body: Mapping[str, JsonValue]) -> None:
        try:
            self._journal.note(kind, BOT, {"version": _version(), **body})
        except (CannotRecord, ValueError) as error:  # ValueError: thousands of people are more than a row may hold
            log.warning("%s could not be recorded: %s", kind, error)


def in_force(config: Config) -> dict[str, JsonValue]:
    """How Slack is reached, the numbers of the policy, and by person id the roles and the Slack accounts."""
    return {
        "transport": config.slack.transport,
        "policy": config.policy.model_dump(),
        "people": {key: {"roles": list(p.roles), "slack": list(p.slack)} for key, p in config.people.items()},
    }


def _version() -> str:
    try:
        return version("csfailover")
    except PackageNotFoundError:  # run out of a copied folder
        return "of an unknown version"
