"""Follows a cmdlet that runs: tells its records, survives cut connections, passes a stop on, lets go when leaving.

How it was started or found is `run`. A failing sink passes through untouched: no handler of network errors is around
a call of it. A running pool is never closed: on the way out it is disconnected. One thread, one connection.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal

from pypsrp.complex_objects import PSInvocationState as State
from pypsrp.exceptions import SerializationError
from pypsrp.shell import SignalCode

from engine.model import Outcome, Phase, Record, Stream, Ticket
from engine.port import Sink
from engine.remote import errors, inside
from engine.remote.connect import Door, Session
from engine.remote.outcome import Ending, unknown
from engine.remote.streams import mapped

SHORT_PAUSE = 0.25
LONGEST_PAUSE = 10.0
"""Seconds between two attempts to see a run again."""
Seen = Literal["news", "lost", "gone", "disconnected"]


class Follower:
    """The run of one ticket in this process, once it is there."""

    def __init__(
        self,
        door: Door,
        ticket: Ticket,
        sink: Sink,
        cancelled: Callable[[], bool],
        *,
        parking: Callable[[], bool],
        wait: Callable[[float], None],
        monotonic: Callable[[], float],
    ) -> None:
        self._door = door
        self._settings = door.settings
        self._ticket = ticket
        self._sink = sink
        self._cancelled = cancelled
        self._parking = parking
        self._wait = wait
        self._monotonic = monotonic
        self._n = ticket.seen
        self._stop_sent = False
        self._ending = Ending()
        self._session = Session(door.settings, ticket.endpoint)
        self._session.named(ticket.shell_id.upper())
        self._ps: Any = None

    def _tell(self, stream: Stream, text: str, percent: int | None = None) -> None:
        self._n += 1
        self._sink(Record(self._n, stream, text, percent))

    def _phase(self, phase: Phase) -> None:
        self._tell("phase", phase)

    def _drain(self) -> None:
        """Tell what the last poll brought. Outside every handler of network errors."""
        inbox = self._session.inbox
        while inbox:
            stream, item = inbox.pop(0)
            if told := mapped(stream, item):
                self._ending.saw(stream, item, told[1])
                self._tell(*told)

    def _follow(self) -> Outcome:
        """Until it ends, is parked, or has been out of sight for longer than `patience`."""
        try:
            return self._watch()
        except BaseException:
            self._disconnect()  # the sink refused, or a bug of ours: the cmdlet runs on, the next process finds it
            raise

    def _watch(self) -> Outcome:
        lost, since = 0, 0.0
        while self._ps.state in (State.RUNNING, State.STOPPING):
            if self._parking():
                return self._park()
            self._ask_to_stop()
            seen, words = self._poll()
            self._drain()
            if seen == "gone":
                return unknown(f"Sight of the run was lost: {words}")
            if seen == "news":
                lost = 0
                continue
            since = self._monotonic() if not lost else since
            lost += 1
            if self._monotonic() - since > self._settings.patience:
                return unknown(f"The server has been out of sight for {self._settings.patience} s: {words}")
            self._again(seen, lost)
        self._drain()
        self._phase("ended")
        outcome = self._ending.outcome(self._ps.state, self._session.host.asked, stopped=self._stop_sent)
        self._clean_up()
        return outcome

    def _poll(self) -> tuple[Seen, str]:
        try:
            self._ps.poll_invoke(self._settings.poll)
        except SerializationError as error:  # one odd record is not the end of the run
            self._session.inbox.append(("host", f"a record could not be read: {error}"))
        except errors.REMOTE as error:
            words = errors.own_words(error)
            if getattr(error, "code", None) == errors.DISCONNECTED:
                return "disconnected", words
            return ("lost" if errors.lost(error) else "gone"), words
        return "news", ""

    def _again(self, seen: Seen, lost: int) -> None:
        """Before the next poll: always a new connection, as the old one is cut or was closed by the server; and the
        shell connected again where the server let go of it."""
        if lost > 1:
            grown = min(LONGEST_PAUSE, 2 ** (lost - 4))  # 0.25 s, 0.5 s, 1 s ...
            self._pause(grown if seen == "lost" else SHORT_PAUSE)
        inside.reset(self._session.wsman)
        if seen == "disconnected":
            with suppress(*errors.REMOTE):
                inside.reconnect(self._session.pool)

    def _pause(self, seconds: float) -> None:
        """Wait, but hear within a second that the process is leaving."""
        until = self._monotonic() + seconds
        while not self._parking() and (left := until - self._monotonic()) > 0:
            self._wait(min(1.0, left))

    def _ask_to_stop(self) -> None:
        """Ctrl-C, once it is wanted and until it got through; the records still come. pypsrp's own stop() would
        read nothing more."""
        if self._stop_sent or not (self._session.host.stuck or self._cancelled()):
            return
        try:
            self._session.pool.shell.signal(SignalCode.PS_CTRL_C, self._ps.id)
        except errors.REMOTE as error:
            if not errors.is_answer(error):
                return  # again in the next round
        self._stop_sent = True

    def _park(self) -> Outcome:
        """The process is leaving: let go of the shell so that the next one can take it at once. It runs on."""
        self._phase("parked")
        self._disconnect()
        return unknown("The bot is shutting down; the cmdlet runs on and will be found again.")

    def _disconnect(self) -> None:
        with suppress(*errors.REMOTE):
            self._session.pool.disconnect()
        self._session.wsman.close()

    def _clean_up(self) -> None:
        """After `ended` is committed: without its shell a run could not be told from a lost one."""
        with suppress(*errors.REMOTE):
            self._ps.close()
        self._session.close()
