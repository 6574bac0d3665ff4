"""One run: starts the cmdlet once, and finds it again after a crash. The heart of the real engine.

The most important rule: Command is sent at most once in the life of a ticket. Where its fate is not known, the server
is asked; where that does not answer, the outcome is UNKNOWN. We choose the ids, and the sink commits every phase
before the step it names. Following a run is in `follow`.

Records are reported at most once or at least once: WinRM may deliver again what it delivered before a disconnect, and
what a killed process had received but not committed is gone from the server.
"""

from __future__ import annotations

from contextlib import suppress

from pypsrp.exceptions import WSManFaultError

from engine.model import Ended, Outcome, Plan, Proof
from engine.port import AccountRefused, EngineError, EngineUnavailable
from engine.remote import errors, inside
from engine.remote.connect import met
from engine.remote.follow import LOOK_AGAIN, OVER_UNTOLD, Follower
from engine.remote.gate import Wire
from engine.remote.outcome import not_started, unknown
from engine.remote.wire import arguments

LOOKS = 4
"""Receives in which a run that has ended hands over what it still had to report, and then its end."""


class RemoteRun(Follower):
    """The run of one ticket, from its first step or from where another process left it."""

    def close(self) -> None:
        """Let go of the connection, whatever state the run is in; what is on the server stays as it is."""
        inside.let_go(self._session.wsman)

    # --- starting --------------------------------------------------------------------------------------------------

    def start(self, plan: Plan) -> Outcome:
        """Run the plan's cmdlet. Raises StepRefused, EngineUnavailable while nothing was sent, and EngineUnavailable
        where it is proved that what was sent never arrived: another try may do better."""
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
            self._delete_empty()  # what could not be recorded does not start
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
        except Exception as error:  # only pypsrp is called here, and an odd answer may raise anything
            if errors.is_answer(error):
                self._delete_empty()
                told = met(error, f"starting the cmdlet on {self._ticket.endpoint}")
                if isinstance(told, EngineUnavailable):
                    raise told from error  # for example when the account has no sessions left
                return not_started(f"The server refused to start it: {told.say}. {errors.own_words(error)}")
            self._session.inbox.append(("host", f"the answer to Command was lost ({errors.own_words(error)}); asking"))
            self._drain()
            outcome = self._ask()
            if outcome and outcome.ended is Ended.NOT_STARTED:
                raise EngineUnavailable(outcome.say, errors.own_words(error)) from error
            return outcome
        return None

    def _ask(self) -> Outcome | None:
        """The answer to Command was lost: ask on a new connection whether the server has it. None: it runs."""
        until = self._monotonic() + self._settings.patience
        looks = 0
        while self._monotonic() < until and not self._parking():
            inside.reset(self._session.wsman)
            try:
                found = inside.find(self._session.wsman, self._ticket.shell_id, self._ticket.command_id)
            except Exception as error:  # noqa: BLE001  # as in _send
                if errors.cannot_reattach(error):
                    break  # the endpoint does not list; polling for the command will show it
                self._pause(min(LOOK_AGAIN, self._settings.reattach_every))
                continue
            if found.command:
                break
            if not found.session:
                return unknown("The answer to Command was lost, and the session is gone from the server.")
            looks += 1
            if looks > 1:
                return self._prove_not_started()
            self._pause(min(LOOK_AGAIN, self._settings.reattach_every))
        else:
            return unknown("The answer to Command was lost, and the server could not be asked.")
        inside.adopt(self._session.pool, self._ps)
        return None

    def _prove_not_started(self) -> Outcome:
        """The shell is there without the command. Once it is deleted, nothing on its way can start in it."""
        try:
            inside.delete_shell(self._session.wsman, self._session.pool.shell.resource_uri, self._ticket.shell_id)
        except Exception as error:  # noqa: BLE001  # as in _send
            return unknown(f"The command was not seen on the server, but could not be ruled out: {error}")
        return not_started("The command never reached the server, and its session is deleted.")

    def _delete_empty(self, error: EngineError | None = None) -> None:
        """An opened shell without a command would take up one of the account's sessions for hours. Best effort."""
        cut = errors.may_have_arrived(error.__cause__) if error else False
        if cut:
            inside.reset(self._session.wsman)
        with suppress(Exception):
            if cut or self._session.pool.shell.opened:
                inside.delete_shell(self._session.wsman, self._session.pool.shell.resource_uri, self._ticket.shell_id)
        inside.let_go(self._session.wsman)

    # --- proving that it is over -------------------------------------------------------------------------------------

    def prove_over(self, *, stop_asked: bool, may_end_it: bool) -> Proof:
        """Whether nothing of this run can still be on its way: its shell is gone, its command is not there, or the
        server says that the command, which it may list until its shell is closed, has ended.

        It only looks. What it removes is a shell in which nothing runs, so that nothing late can start in it. There is
        one exception: with `stop_asked` the server is asked to stop what still runs, as people requested, and with
        `may_end_it` as well the shell is deleted, which kills the cmdlet at whatever step it is. That is for a stop
        that was requested and has not ended the run within `patience`; the caller counts the time. Raises
        EngineUnavailable, AccountRefused where the look failed: that proves nothing."""
        for again in (True, False):
            try:
                return self._prove(stop_asked=stop_asked, may_end_it=may_end_it)
            except Exception as error:
                if again:
                    inside.reset(self._session.wsman)  # one odd answer or one cut connection proves nothing
                    continue
                told = met(error, f"looking for the run on {self._ticket.endpoint}")
                if isinstance(told, EngineUnavailable | AccountRefused):
                    raise told from error
                raise EngineUnavailable(told.say, told.detail) from error
        raise AssertionError("one of the two looks returns or raises")

    def _prove(self, *, stop_asked: bool, may_end_it: bool) -> Proof:
        wsman, its = self._session.wsman, self._ticket
        for look in range(2):
            if look:
                self._pause(min(LOOK_AGAIN, self._settings.reattach_every))
            found = inside.find(wsman, its.shell_id, its.command_id)
            if not found.session:
                return Proof(True, "Its session is gone from the server.")
            if found.command:
                break
        if not found.command:
            self._delete(wsman)
            return Proof(True, "The server no longer lists its command.")
        if self._has_ended(stop=stop_asked):
            self._delete(wsman)
            return Proof(True, "The server says that its command has ended.")
        if stop_asked and may_end_it:
            self._delete(wsman)
            return Proof(True, "It did not stop when asked to, so its session was deleted with what ran in it.")
        return Proof(False, f"The server still lists its command{', which was asked to stop' if stop_asked else ''}.")

    def _delete(self, wsman: Wire) -> None:
        inside.delete_shell(wsman, self._session.pool.shell.resource_uri, self._ticket.shell_id)

    def _has_ended(self, *, stop: bool) -> bool:
        """Ask the run itself. This also takes what it had to report, so it is for a run that nobody follows. Where the
        server does not let us, as for some time after the run's client was killed, nothing is known."""
        with suppress(WSManFaultError):
            self._attach()
            if stop:
                self._session.pool.shell.signal(inside.CTRL_C, self._ps.id)
            ended = False
            for _ in range(LOOKS):
                reply = self._session.poll(self._ps)
                if ended := self._ps.state in inside.ENDS or bool(reply and reply.done):
                    break
                if reply is None:
                    break
            with suppress(Exception):
                self._session.pool.disconnect()  # for the next one that looks or follows
            inside.reset(self._session.wsman)
            return ended
        inside.reset(self._session.wsman)
        return False

    # --- finding it again ------------------------------------------------------------------------------------------

    def resume(self) -> Outcome:
        """Find the run of a ticket that another process left, and follow it. Never starts it."""
        match self._ticket.phase:
            case "planned" | "opening":
                return self._never_sent()
            case "ended":
                return self._had_ended()
        until = self._monotonic() + self._settings.reattach_window
        words = ""
        while self._monotonic() < until and not self._parking():
            try:
                self._attach()
            except Exception as error:  # noqa: BLE001  # as in _send
                words = errors.own_words(error)
                if getattr(error, "code", None) == errors.NOT_FOUND and (told := self._look()):
                    return told
                if errors.cannot_reattach(error):
                    return unknown(f"This endpoint cannot reattach ({words}); the pool's state must show the outcome.")
            else:
                return self._go_on()
            self._pause(self._settings.reattach_every)
        if self._parking():
            return unknown("The bot is shutting down, and the run has not been found again.")
        return unknown(f"The run could not be found again within {self._settings.reattach_window} s: {words}")

    def _go_on(self) -> Outcome:
        try:
            self._tell("host", "found the run again and is following it")
            self._phase("running")
        except BaseException:
            self._disconnect()
            raise
        return self._follow()

    def _never_sent(self) -> Outcome:
        """`sending` is committed before anything is sent, so nothing was. A shell may have been opened: delete it."""
        self._delete_left_over()
        return not_started("The bot stopped before the command was sent.")

    def _had_ended(self) -> Outcome:
        """The end was recorded, and the process died before its shell was closed: that is done now."""
        with suppress(EngineError):
            self.prove_over(stop_asked=False, may_end_it=False)
        return unknown("The run had ended before the bot stopped; how it ended is judged from the pool's state.")

    def _attach(self) -> None:
        self._session.named(self._ticket.shell_id.upper())
        self._ps = self._session.pipeline(self._ticket.command_id.upper())
        inside.attach(self._session.pool, self._ps)

    def _look(self) -> Outcome | None:
        """Shell or command not found: which one? None: it is there after all, or that is not known; try again."""
        match self._listed():
            case "session gone":
                return unknown("The session is gone from the server, and with it the record of how the run ended.")
            case "command gone" if self._ticket.phase == "sending":
                return self._prove_not_started()
            case "command gone":
                self._delete_left_over()
                return unknown(OVER_UNTOLD)
            case _:
                return None
