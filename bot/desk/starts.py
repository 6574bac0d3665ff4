"""The bot's comings and goings as rows of the log: which csfailover ran, and who could approve what, from when to when.

A start without an end before the next start was a kill or a crash. Nothing is decided here, and nothing that must
stay secret is written: of the settings only what is named below.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from audit.model import CannotRecord, JsonValue
from bot.config import Config
from bot.desk.journal import BOT, Journal

log = logging.getLogger(__name__)
STARTED = "bot.started"
STOPPED = "bot.stopped"


class Life:
    """One life of the bot. A log that cannot take the row stops nothing: what is open must be seen and ended."""

    def __init__(self, journal: Journal, config: Config, engine: str) -> None:
        self._journal = journal
        self._config = config
        self._engine = engine

    def begun(self) -> None:
        self._note(STARTED, {"engine": self._engine, **in_force(self._config)})

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
