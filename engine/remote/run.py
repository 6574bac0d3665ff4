"""One run: starts the cmdlet once, follows it, and finds it again after a crash. The heart of the real engine.

The rule above all: Command is sent at most once in the life of a ticket. Where its fate is not known the server is
asked; where it does not answer the outcome is UNKNOWN. Ids are ours, and every phase is committed by the sink before
the step it names. A running pool is never closed: on the way out it is disconnected. One thread, one connection.
A failing sink passes through untouched: no handler of network errors is around a call of it.

Records are told at most once or at least once: WinRM may deliver again what it delivered before a disconnect, and
what a killed process had received and not committed is gone from the server.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal

from pypsrp.complex_objects import PSInvocationState as State
from pypsrp.exceptions import SerializationError
from pypsrp.shell import SignalCode

from engine.model import Outcome, Phase, Plan, Record, Stream, Ticket
from engine.port import EngineError, Sink
from engine.remote import errors, inside
from engine.remote.connect import Door, Session
from engine.remote.outcome import Ending, not_started, unknown
from engine.remote.streams import mapped
from engine.remote.wire import arguments

LOOK_AGAIN = 3.0
"""Seconds between two looks for a command that is not there: the request may still be on its way."""
SHORT_PAUSE = 0.25
LONGEST_PAUSE = 10.0
"""Seconds between two attempts to see a run again."""
Seen = Literal["news", "lost", "gone", "disconnected"]


class Run:
    """The run of one ticket in this process."""

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

    # --- telling ---------------------------------------------------------------------------------------------------

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

    # --- starting --------------------------------------------------------------------------------------------------

    def start(self, plan: Plan) -> Outcome:
        """Run the plan's cmdlet. Raises StepRefused, EngineUnavailable while nothing was sent."""
        values = arguments(plan)
        self._phase("opening")
        try:
            self._session.open()
            self._door.load(self._session)
        except EngineError as error:
            self._delete_empty(error)
            raise
        self._ps = self._session.pipeline(self._ticket.command_id.upper())
        self._ps.add_cmdlet(plan.cmdlet).add_parameters(values)
        try:
            self._phase("sending")
        except BaseException:
            self._delete_empty()  # what could not be written down does not start
            raise
        try:
            if refused := self._send():
                return refused
            self._phase("running")
        except BaseException:
            self._disconnect()
            raise
        return self._follow()

    def _send(self) -> Outcome | None:
        """Send Command, once. Returns an outcome when it does not run or its fate is unknown."""
        try:
            self._ps.begin_invoke(remote_stream_options=0)
        except errors.REMOTE as error:
            if errors.is_answer(error):
                self._delete_empty()
                say = errors.translated(error, f"starting the cmdlet on {self._ticket.endpoint}").say
                return not_started(f"The server refused to start it: {say}. {errors.own_words(error)}")
            self._session.inbox.append(("host", f"the answer to Command was lost ({errors.own_words(error)}); asking"))
            self._drain()
            return self._ask()
        return None

    def _ask(self) -> Outcome | None:
        """The answer to Command was lost: ask, on a new connection, whether the server has it. None: it runs."""
        until = self._monotonic() + self._settings.patience
        looks = 0
        while self._monotonic() < until and not self._parking():
            inside.reset(self._session.wsman)
            try:
                found = inside.find(self._session.wsman, self._ticket.shell_id, self._ticket.command_id)
            except errors.REMOTE as error:
                if errors.is_answer(error):
                    break  # the endpoint does not list; polling for the command will tell
                self._wait(min(LOOK_AGAIN, self._settings.reattach_every))
                continue
            if found.command:
                break
            if not found.session:
                return unknown("The answer to Command was lost, and the session is gone from the server.")
            looks += 1
            if looks > 1:
                return self._prove_not_started()
            self._wait(min(LOOK_AGAIN, self._settings.reattach_every))
        else:
            return unknown("The answer to Command was lost, and the server could not be asked.")
        inside.adopt(self._session.pool, self._ps)
        return None

    def _prove_not_started(self) -> Outcome:
        """The shell is there without the command. Deleted, nothing that is still on its way can start in it."""
        try:
            inside.delete_shell(self._session.wsman, self._session.pool.shell.resource_uri, self._ticket.shell_id)
        except errors.REMOTE as error:
            return unknown(f"The command was not seen on the server, but it could not be ruled out: {error}")
        return not_started("The command never reached the server, and its session is deleted.")

    def _delete_empty(self, error: EngineError | None = None) -> None:
        """An opened shell without a command would hold one of the account's places for hours. Best effort."""
        cut = errors.may_have_arrived(error.__cause__) if error else False
        if cut:
            inside.reset(self._session.wsman)
        with suppress(*errors.REMOTE):
            if cut or self._session.pool.shell.opened:
                inside.delete_shell(self._session.wsman, self._session.pool.shell.resource_uri, self._ticket.shell_id)
        self._session.wsman.close()

    # --- following -------------------------------------------------------------------------------------------------

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

    # --- finding it again ------------------------------------------------------------------------------------------

    def resume(self) -> Outcome:
        """Find the run of a ticket that another process left, and follow it. Never starts it."""
        match self._ticket.phase:
            case "planned" | "opening":
                return self._never_sent()
            case "ended":
                return unknown("The run had ended before the bot stopped; how is judged from the pool's state.")
        until = self._monotonic() + self._settings.reattach_window
        words = ""
        while self._monotonic() < until and not self._parking():
            try:
                self._attach()
            except errors.REMOTE as error:
                words = errors.own_words(error)
                if getattr(error, "code", None) == errors.NOT_FOUND and (told := self._look()):
                    return told
                if errors.cannot_reattach(error):
                    return unknown(f"This endpoint cannot reattach ({words}); the pool's state has to tell.")
            else:
                return self._go_on()
            self._pause(self._settings.reattach_every)
        if self._parking():
            return unknown("The bot is shutting down before the run was found again.")
        return unknown(f"The run could not be found again within {self._settings.reattach_window} s: {words}")

    def _go_on(self) -> Outcome:
        try:
            self._tell("host", "found the run again and follows it")
            self._phase("running")
        except BaseException:
            self._disconnect()
            raise
        return self._follow()

    def _never_sent(self) -> Outcome:
        """Sending is committed before it is done, so nothing was sent. A shell may have been opened: delete it."""
        self._delete_left_over()
        return not_started("The bot stopped before the command was sent.")

    def _delete_left_over(self) -> None:
        """A shell in which nothing runs. Best effort: the server does it after its idle timeout."""
        with suppress(*errors.REMOTE):
            inside.delete_shell(self._session.wsman, self._session.pool.shell.resource_uri, self._ticket.shell_id)
        self._session.wsman.close()

    def _attach(self) -> None:
        self._session.named(self._ticket.shell_id.upper())
        self._ps = self._session.pipeline(self._ticket.command_id.upper())
        inside.attach(self._session.pool, self._ps)

    def _look(self) -> Outcome | None:
        """Shell or command not found: which? None: it is there after all, try again."""
        try:
            for look in range(2):
                if look:
                    self._wait(min(LOOK_AGAIN, self._settings.reattach_every))
                inside.reset(self._session.wsman)
                found = inside.find(self._session.wsman, self._ticket.shell_id, self._ticket.command_id)
                if found.command:
                    return None
                if not found.session:
                    return unknown("The session is gone from the server, and with it the word on how the run ended.")
        except errors.REMOTE:
            return None
        if self._ticket.phase == "sending":
            return self._prove_not_started()
        self._delete_left_over()
        return unknown("The run is over, and how it ended was not kept.")
