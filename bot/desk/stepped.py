"""Notices that somebody set this host's clock while the bot ran; records each step once, reports it until a restart.

Records and waits go by another clock, which does not step, so nothing has to be corrected.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from audit.model import CannotRecord, JsonValue
from bot.desk.journal import BOT

log = logging.getLogger(__name__)
STEPPED = "clock.stepped"
Note = Callable[[str, str, dict[str, JsonValue]], None]
NOTICED = 5.0
"""Seconds below which a difference is no step: keeping a clock in sync moves it by less."""


class Stepped:
    """`note` is the journal's. `ahead` is by how many seconds the wall clock is ahead of the bot's own."""

    def __init__(self, note: Note, ahead: Callable[[], float]) -> None:
        self._note = note
        self._ahead = ahead
        self._known = ahead() if abs(ahead()) > NOTICED else 0.0
        """A difference at the start comes from what an earlier life recorded: reported, but no step of this life."""
        self.trouble = self._said() if self._known else ""

    def look(self) -> None:
        ahead = self._ahead()
        step = ahead - self._known
        if abs(step) <= NOTICED:
            return
        self._known = ahead
        self.trouble = self._said() if abs(ahead) > NOTICED else ""
        log.warning("this host's clock was set by %+d s; waiting times are not affected", round(step))
        try:
            self._note(STEPPED, BOT, {"seconds": round(step)})
        except CannotRecord as error:
            log.warning("%s could not be recorded: %s", STEPPED, error)

    def _said(self) -> str:
        where = "ahead of" if self._known > 0 else "behind"
        return (
            f"This host's clock is {_long(self._known)} {where} the times that the bot records: it was set while the "
            "bot ran, or since its last row. Set it right; the bot goes by it again after a restart."
        )


def _long(seconds: float) -> str:
    minutes, rest = divmod(round(abs(seconds)), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
