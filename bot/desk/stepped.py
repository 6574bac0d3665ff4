"""That somebody set the clock of this host while the bot ran: recorded once for each step, and told until a restart.

All that is recorded and waited for goes by another clock, which does not step, so nothing has to be mended.
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
"""Seconds below which a difference is no step: a clock that is kept right is moved by less."""


class Stepped:
    """`note` is the journal's. `ahead` is by how many seconds the wall clock is ahead of the bot's own."""

    def __init__(self, note: Note, ahead: Callable[[], float]) -> None:
        self._note = note
        self._ahead = ahead
        self._known = ahead() if abs(ahead()) > NOTICED else 0.0
        """What was ahead at the start is what an earlier life recorded; it is told, and no step of this life."""
        self.trouble = self._said() if self._known else ""

    def look(self) -> None:
        ahead = self._ahead()
        step = ahead - self._known
        if abs(step) <= NOTICED:
            return
        self._known = ahead
        self.trouble = self._said() if abs(ahead) > NOTICED else ""
        log.warning("the clock of this host was set by %+d s; waiting goes on as if it were not", round(step))
        try:
            self._note(STEPPED, BOT, {"seconds": round(step)})
        except CannotRecord as error:
            log.warning("%s could not be recorded: %s", STEPPED, error)

    def _said(self) -> str:
        where = "ahead of" if self._known > 0 else "behind"
        return (
            f"The clock of this host is {_long(self._known)} {where} the times that the bot records: it was set while "
            "the bot ran, or since its last row. Set it right; the bot takes it over when it is restarted."
        )


def _long(seconds: float) -> str:
    minutes, rest = divmod(round(abs(seconds)), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
