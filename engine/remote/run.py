"""One run: starts the cmdlet once, and finds it again after a crash. The heart of the real engine.

The rule above all: Command is sent at most once in the life of a ticket. Where its fate is not known the server is
asked; where it does not answer the outcome is UNKNOWN. Ids are ours, and every phase is committed by the sink before
the step it names. Following it is `follow`.

Records are told at most once or at least once: WinRM may deliver again what it delivered before a disconnect, and
what a killed process had received and not committed is gone from the server.
"""

from __future__ import annotations

from contextlib import suppress

from engine.model import Outcome, Plan, Proof
from engine.port import EngineError
from engine.remote import errors, inside
from engine.remote.follow import Follower
from engine.remote.outcome import not_started, unknown
from engine.remote.wire import arguments

LOOK_AGAIN = 3.0
"""Seconds between two looks for a command that is not there: the request may still be on its way."""


class RemoteRun(Follower):
    """The run of one ticket, from its first step or from where another process left it."""

    def close(self) -> None:
        """Let go of the connection, however the run was left; what is on the server stays as it is."""
        inside.let_go(self._session.wsman)

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

    def prove_over(self, *, stop_asked: bool) -> Proof:
        """Ask the server what it still lists of this run. Raises EngineUnavailable where it does not answer."""
        try:
            found = inside.find(self._session.wsman, self._ticket.shell_id, self._ticket.command_id)
            if not found.session:
                return Proof(True, "Its session is gone from the server.")
            if found.command and not stop_asked:
                return Proof(False, "The server still lists its command.")
            inside.delete_shell(self._session.wsman, self._session.pool.shell.resource_uri, self._ticket.shell_id)
        except errors.REMOTE as error:
            raise errors.translated(error, f"looking for the run on {self._ticket.endpoint}") from error
        return Proof(True, "Its session is deleted, so nothing of it can still be at work.")

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
