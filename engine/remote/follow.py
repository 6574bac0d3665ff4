"""Follows a running cmdlet: reports its records, survives cut connections, passes a stop on, lets go when leaving.

How it was started or found is `run`. What a failing sink raises passes through untouched: no handler of network errors
surrounds a call to it. A running pool is never closed: on the way out it is disconnected. One thread, one connection.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal

from engine.model import Outcome, Phase, Record, Stream, Ticket
from engine.port import Sink
from engine.remote import errors, inside
from engine.remote.connect import Door, Session
from engine.remote.decoding import Unreadable
from engine.remote.outcome import Ending, unknown
from engine.remote.silence import out_of_sight, quiet
from engine.remote.streams import Mapped, mapped

SHORT_PAUSE = 0.25
LONGEST_PAUSE = 10.0
"""Seconds between two attempts to see a run again."""
LOOK_AGAIN = 3.0
"""Seconds between two looks for a command that is not there: the request may still be on its way."""
OVER_UNTOLD = "The run is over, but the server did not keep how it ended; the state of the pools has to show it."
MOST_ODD = 20
"""How many unreadable records of a run are reported; more of them add nothing."""

Seen = Literal["news", "lost", "over", "gone", "disconnected"]
Listed = Literal["there", "command gone", "session gone", "no answer"]


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
        clock: Callable[[], datetime],
        quiet: float,
    ) -> None:
        """`quiet`: seconds without a record after which that is reported."""
        self._door = door
        self._settings = door.settings
        self._ticket = ticket
        self._sink = sink
        self._cancelled = cancelled
        self._parking = parking
        self._wait = wait
        self._monotonic = monotonic
        self._clock = clock
        self._quiet = quiet
        self._heard_at = clock()
        self._silence_told = False
        self._odd = 0
        self._n = ticket.seen
        self._stop_sent = False
        self._ending = Ending()
        self._session = Session(door, ticket.endpoint)
        self._session.named(ticket.shell_id.upper())
        self._ps: Any = None

    def _tell(self, stream: Stream, text: str, percent: int | None = None) -> None:
        self._n += 1
        self._sink(Record(self._n, stream, text, percent))

    def _phase(self, phase: Phase) -> None:
        self._tell("phase", phase)

    def _drain(self) -> None:
        """Report what the last poll brought. Outside every handler of network errors."""
        inbox = self._session.inbox
        while inbox:
            if told := self._noted(*inbox.pop(0)):
                self._heard_at, self._silence_told = self._clock(), False
                self._tell(*told)

    def _noted(self, stream: Stream, item: Any) -> Mapped | None:
        """One record in our words, and what the outcome needs of it. None: not worth a record."""
        try:
            told = mapped(stream, item)
            if told:
                self._ending.saw(stream, item, told[1])
        except Exception as error:  # noqa: BLE001  # a record of no known shape is one that cannot be read
            item = Unreadable(stream, f"a record of the stream {stream} could not be read ({type(error).__name__})")
            told = stream, str(item), None
        if isinstance(item, Unreadable):
            self._odd += 1
        return told if self._odd <= MOST_ODD or not isinstance(item, Unreadable) else None

    def _follow(self) -> Outcome:
        """Until it ends, is parked, or has been out of sight for longer than `patience`."""
        try:
            return self._watch()
        except BaseException:
            self._disconnect()  # the sink refused, or we have a bug: the cmdlet runs on, the next process finds it
            raise

    def _watch(self) -> Outcome:
        lost, since, lost_at = 0, 0.0, self._clock()
        while self._ps.state not in inside.ENDS:
            if self._parking():
                return self._park()
            self._ask_to_stop()
            seen, words = self._poll()
            self._drain()
            if seen == "over":
                break
            if seen == "gone":
                return unknown(f"Sight of the run was lost: {words}")
            if seen == "news":
                lost = 0
                self._break_silence(quiet(self._heard_at, self._clock(), self._ticket.endpoint, after=self._quiet))
                continue
            if not lost:
                since, lost_at = self._monotonic(), self._clock()
            lost += 1
            self._break_silence(out_of_sight(lost_at, self._clock(), self._ticket.endpoint, words, after=self._quiet))
            if self._monotonic() - since > self._settings.patience:
                return unknown(f"The server has been out of sight for {self._settings.patience} s: {words}")
            self._again(seen, lost)
        return self._over()

    def _over(self) -> Outcome:
        """The server has said that it ended."""
        self._drain()
        self._phase("ended")
        if self._ps.state in inside.ENDS:
            outcome = self._ending.outcome(self._ps.state, self._session.host.asked, stopped=self._stop_sent)
        else:
            outcome = unknown(OVER_UNTOLD)
        self._clean_up()
        return outcome

    def _break_silence(self, words: str) -> None:
        """Report a silence, once for each."""
        if words and not self._silence_told:
            self._tell("host", words)
            self._silence_told = True

    def _poll(self) -> tuple[Seen, str]:
        """One Receive. Only an answer that says so is the end; every other one, however odd, uses up patience."""
        began = self._monotonic()
        try:
            reply = self._session.poll(self._ps)
        except Exception as error:  # noqa: BLE001  # only pypsrp is called here, and an odd answer may raise anything
            words = errors.own_words(error)
            code = getattr(error, "code", None)
            if code == errors.DISCONNECTED:
                return "disconnected", words
            return self._missing(words) if code == errors.NOT_FOUND else ("lost", words)
        if reply is None:
            return "news", ""  # none from the run, but from the server: it has the command and waits for it
        if reply.done:
            return "over", ""
        kept_alive = not reply.odd and self._monotonic() - began >= self._settings.poll / 2
        return ("news", "") if reply.read or kept_alive else ("lost", "it answers, but with nothing that can be read")

    def _missing(self, words: str) -> tuple[Seen, str]:
        """The server no longer knows the shell or the command: true only where its own list says so too."""
        match self._listed():
            case "session gone":
                return "gone", "The session is gone from the server, and with it the record of how the run ended."
            case "command gone":
                self._delete_left_over()
                return "gone", OVER_UNTOLD
            case _:
                return "lost", words

    def _listed(self) -> Listed:
        """What the server lists of the run; two looks are taken before the command counts as gone."""
        try:
            for look in range(2):
                if look:
                    self._pause(min(LOOK_AGAIN, self._settings.reattach_every))
                inside.reset(self._session.wsman)
                found = inside.find(self._session.wsman, self._ticket.shell_id, self._ticket.command_id)
                if found.command:
                    return "there"
                if not found.session:
                    return "session gone"
        except Exception:  # noqa: BLE001  # as in _poll
            return "no answer"
        return "command gone"

    def _delete_left_over(self) -> None:
        """A shell in which nothing runs. Best effort: the server does it after its idle timeout."""
        with suppress(Exception):
            inside.delete_shell(self._session.wsman, self._session.pool.shell.resource_uri, self._ticket.shell_id)
        inside.let_go(self._session.wsman)

    def _again(self, seen: Seen, lost: int) -> None:
        """Before the next poll: always a new connection, as the old one is cut or was closed by the server; and the
        shell connected again where the server let go of it."""
        if lost > 1:
            grown = min(LONGEST_PAUSE, 2 ** (lost - 4))  # 0.25 s, 0.5 s, 1 s ...
            self._pause(grown if seen == "lost" else SHORT_PAUSE)
        inside.reset(self._session.wsman)
        if seen == "disconnected":
            with suppress(Exception):
                inside.reconnect(self._session.pool)

    def _pause(self, seconds: float) -> None:
        """Wait, but hear within a second that the process is leaving."""
        until = self._monotonic() + seconds
        while not self._parking() and (left := until - self._monotonic()) > 0:
            self._wait(min(1.0, left))

    def _ask_to_stop(self) -> None:
        """Ctrl-C, from when it is wanted until it gets through; the records still come. pypsrp's own stop() would
        read nothing more."""
        if self._stop_sent or not (self._session.host.stuck or self._cancelled()):
            return
        try:
            self._session.pool.shell.signal(inside.CTRL_C, self._ps.id)
        except Exception:  # noqa: BLE001  # as in _poll
            return  # again in the next round; the next poll shows what became of the run
        self._stop_sent = True

    def _park(self) -> Outcome:
        """The process is leaving: let go of the shell so that the next one can take it at once. It keeps running."""
        self._phase("parked")
        self._disconnect()
        return unknown("The bot is shutting down; the cmdlet keeps running and will be found again.")

    def _disconnect(self) -> None:
        with suppress(Exception):
            self._session.pool.disconnect()
        inside.let_go(self._session.wsman)

    def _clean_up(self) -> None:
        """After `ended` is committed: without its shell a run looks like a lost one."""
        with suppress(Exception):
            self._ps.close()
        self._session.close()
