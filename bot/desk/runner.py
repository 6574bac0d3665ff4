"""Level-triggered: for each open operation take the next move, do it, write it down. A restart needs nothing else.

The rules say what is next; this only fetches readings, calls the engine and appends. One thread per operation
that has something to do. It never starts a run whose intent is already in the log; it looks for that run.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial

from audit.model import CannotRead, CannotRecord
from audit.port import Following
from bot.desk.journal import BOT, Journal, UnreadableError
from bot.desk.loop import Loop
from bot.desk.timings import Timings
from bot.desk.who import Who
from bot.desk.workers import Workers
from bot.text import cut, whole_characters
from engine import plan as plans
from engine import readings as learned
from engine import rules, verdict
from engine.events import Event, RunIntended, RunRecorded
from engine.facts import Facts, Pool
from engine.model import Ended, Outcome, Proof, Record
from engine.policy import Policy
from engine.port import Engine, EngineError, EngineUnavailable, SightLost
from engine.readings import Reading
from engine.resolve import pair_of
from engine.rules import Step
from engine.states import Operation, State
from engine.verdict import Look

log = logging.getLogger(__name__)
LONGEST_RECORD = 8_000
"""Characters kept of one line from the engine; a row holds a megabyte, but people read far less."""
MUCH_LATER = 300.0
"""Seconds until an operation that this version cannot read is looked at again."""
UNWRITTEN = 1.0
"""Seconds between two tries to record what an engine has already handed over."""
FLOOR = 0.25
"""Seconds between two looks at one operation, whatever the engine says about its readings."""
SELDOM = 60.0
"""The longest pause between two tries to start; it grows with the time since the last approval."""


class Stopping(Exception):  # not an error: the bot is asked to end
    """Raised into a run when the bot stops: the log keeps the intent, and the next life of the bot looks for it."""


class Runner:
    """`start` makes the loop's thread; `stop` lets runs go without ending them and returns when all are let go."""

    def __init__(
        self,
        journal: Journal,
        following: Following,
        engine: Engine,
        who: Who,
        policy: Policy,
        clock: Callable[[], datetime],
        new_run: Callable[[], str],
        monotonic: Callable[[], float],
        timings: Timings,
        doubted: Callable[[], str],
    ) -> None:
        self._journal = journal
        self._following = following
        self._engine = engine
        self._who = who
        self._policy = policy
        self._clock = clock
        self._new_run = new_run
        self._monotonic = monotonic
        self._timings = timings
        self._doubted = doubted
        self._not_before: dict[str, tuple[State | None, float]] = {}
        self._runs = Workers(16, monotonic)
        self._checks = Workers(4, monotonic)
        self._loop = Loop("the runner", self._turn, self._rest)
        self._head = 0

    def start(self) -> None:
        self._loop.start()

    def stop(self) -> None:
        self._loop.leave()
        self._engine.close()
        self._loop.stop()
        self._checks.wait()
        self._runs.wait()

    # --- the loop --------------------------------------------------------------------------------------------------

    def _turn(self) -> None:
        self._head, _ = self._following.head()
        self._take_moves()

    def _rest(self) -> None:
        self._following.wait(self._head, self._timings.tick)

    def _take_moves(self) -> None:
        doubted = self._doubted()
        for operation in self._following.open_operations():
            if operation == doubted or self._checks.busy(operation) or self._runs.busy(operation):
                continue
            if op := self._due(operation):
                # What-ifs and requests are read by a few threads of their own: they never keep a run waiting.
                workers = self._checks if op.state is State.ASKED else self._runs
                workers.take(operation, partial(self._work, operation))  # where none takes it, it is due again

    def _work(self, operation: str) -> None:
        """Move after move, until this operation waits for a person, a time, or another look later."""
        try:
            while not self._loop.stopping and (op := self._due(operation)):
                self._do(op, rules.next_move(op, self._clock()).step)
        except Stopping:
            pass
        except CannotRecord:
            log.exception("operation %s: the log cannot be written; trying again", operation)
            self._later(operation)
        except Exception:
            log.exception("operation %s hit a bug; trying again", operation)
            self._later(operation)

    def _due(self, operation: str) -> Operation | None:
        """The operation, if there is something to do for it now."""
        state, at = self._not_before.get(operation, (None, 0.0))
        waiting = self._monotonic() < at
        if waiting and state is None:
            return None
        try:
            op = self._journal.current(operation)
        except UnreadableError:
            log.exception("operation %s is left alone", operation)
            self._not_before[operation] = None, self._monotonic() + MUCH_LATER
            return None
        if waiting and state is op.state:
            return None  # and once it has moved on, as after a lead's statement, nothing waits
        return None if rules.next_move(op, self._clock()).step in {Step.WAIT, Step.NOTHING} else op

    def _later(self, operation: str, seconds: float | None = None) -> None:
        """Not before `seconds` are over (None: the usual pause), unless it moves on. On a clock that never steps."""
        at = self._monotonic() + (self._timings.again if seconds is None else seconds)
        self._not_before[operation] = self._journal.current(operation).state, at

    def _do(self, op: Operation, step: Step) -> None:
        match step:
            case Step.INSPECT:
                self._inspect(op)
            case Step.REMIND | Step.EXPIRE:
                self._append(op, lambda now: (learned.waited(now, self._clock()),))
            case Step.START:
                self._start(op)
            case Step.FOLLOW:
                self._follow(op)
            case Step.JUDGE | Step.OBSERVE:
                self._look(op)
            case _:
                pass

    def _not_when_stopping(self) -> None:
        """An error from an engine that was closed under the caller says nothing about the pools. Raises Stopping."""
        if self._loop.stopping:
            raise Stopping

    def _append(self, op: Operation, decide: Callable[[Operation], Sequence[Event]]) -> Operation:
        """Append what `decide` makes of the newest version, unless the operation has left the state it was in."""
        return self._journal.transact(op.id, lambda now: decide(now) if now.state is op.state else (), BOT)[0]

    # --- reading and judging ---------------------------------------------------------------------------------------

    def _inspect(self, op: Operation) -> None:
        try:
            event: Event = learned.inspected(op, self._read(op), self._policy, self._clock())
        except EngineError as error:
            self._not_when_stopping()
            event = learned.unreadable(error.sentence, error.detail)
        except (CannotRecord, Stopping):
            raise
        except Exception as bug:
            self._not_when_stopping()
            log.exception("operation %s: preflight hit a bug", op.id)
            event = learned.bugged(type(bug).__name__)
        self._append(op, lambda _: (event,))

    def _read(self, op: Operation) -> Reading:
        facts = self._engine.facts(op.request.pool)
        supported = self._engine.parameters(plans.CMDLETS[op.request.kind])
        everybody = tuple(self._who.persons().values())
        return Reading(facts, supported, self._last_ended(op), self._held_by_another(op), everybody)

    def _held_by_another(self, op: Operation) -> str:
        pair = pair_of(Pool(op.request.pool, op.request.partner))
        return next((holder for holder in self._following.holders(pair) if holder != op.id), "")

    def _last_ended(self, op: Operation) -> datetime | None:
        """When a run on this pair last ended, among the latest operations."""
        for operation in self._following.last_operations(50):
            with suppress(UnreadableError):
                other = self._journal.current(operation)
                if other.started_at and other.closed_at and _same_pair(op, other):
                    return other.closed_at
        return None

    def _look(self, op: Operation) -> None:
        facts = self._facts_or_none(op)
        look = Look(facts, self._proof_or_none(op) if verdict.needs_proof(op, facts) else None)
        now = self._clock()
        after = self._append(op, lambda newest: verdict.looked(newest, look, now, self._engine.settling))
        if not after.closed:
            self._later(op.id, max(FLOOR, min(self._timings.again, self._engine.settling / 2)))

    def _proof_or_none(self, op: Operation) -> Proof | None:
        assert op.ticket is not None
        try:
            return self._engine.prove_over(op.ticket, stop_asked=bool(op.stop_asked_by))
        except EngineError as error:
            self._not_when_stopping()
            log.warning("operation %s: its run cannot be looked for: %s", op.id, error.say)
        except Exception:
            log.exception("operation %s: looking for its run hit a bug", op.id)
        return None

    def _facts_or_none(self, op: Operation) -> Facts | None:
        try:
            return self._engine.facts(op.request.pool)
        except EngineError as error:
            self._not_when_stopping()
            log.warning("operation %s: the facts cannot be read: %s", op.id, error.say)
        except Exception:
            log.exception("operation %s: reading the facts hit a bug", op.id)
        return None

    # --- running ---------------------------------------------------------------------------------------------------

    def _start(self, op: Operation) -> None:
        try:
            reading = self._read(op)
            ticket = self._engine.ticket(op.request.pool, self._new_run(), self._new_run(), self._new_run())
        except EngineError as error:
            self._not_when_stopping()
            self._cannot_start(op, error)
            return
        except (CannotRecord, Stopping):
            raise
        except Exception:
            self._not_when_stopping()
            log.exception("operation %s: the last reading before its start hit a bug", op.id)
            bug = "The last reading before the start hit a bug in the bot; its process log says more."
            self._cannot_start(op, EngineUnavailable(bug))
            return
        persons = self._who.confirmed({op.request.by, *(a.by for a in op.approvals)})
        event = learned.rechecked(op, reading, persons, ticket, self._policy, self._clock())
        if event is None:
            self._later(op.id)
            return
        after = self._append(op, lambda _: (event,))
        # Only the append that carries our own ticket gives the right to call the engine.
        if isinstance(event, RunIntended) and after.ticket == event.ticket:
            self._carry_out(after, resumed=False)

    def _cannot_start(self, op: Operation, error: EngineError) -> None:
        after = self._append(op, lambda now: learned.put_off(now, error, self._clock()))
        if not after.closed:
            waited = (self._clock() - op.approvals[-1].at).total_seconds() if op.approvals else 0.0
            self._later(op.id, min(SELDOM, max(self._timings.again, waited / 4)))

    def _follow(self, op: Operation) -> None:
        self._carry_out(op, resumed=True)

    def _carry_out(self, op: Operation, *, resumed: bool) -> None:
        assert op.ticket is not None
        assert op.plan is not None
        try:
            if resumed:
                outcome = self._engine.reattach(op.ticket, op.plan, self._sink(op.id), self._cancelled(op.id))
            else:
                outcome = self._engine.invoke(op.ticket, op.plan, self._sink(op.id), self._cancelled(op.id))
        except EngineError as error:
            self._not_when_stopping()
            if not resumed and learned.may_pass(error):
                self._cannot_start(op, error)
                return
            outcome = _unsent(error, resumed)
        except (CannotRecord, Stopping):
            raise  # the run goes on without us, and is found again
        except Exception as bug:
            log.exception("operation %s: following its run hit a bug", op.id)
            outcome = Outcome(Ended.UNKNOWN, f"The bot hit a bug ({type(bug).__name__}) and lost sight of the run.")
        if outcome.ended is Ended.UNKNOWN:
            self._not_when_stopping()
        self._surely(
            lambda: self._append(self._journal.current(op.id), lambda now: (verdict.followed(now, outcome, resumed),))
        )

    def _sink(self, operation: str) -> Callable[[Record], None]:
        def sink(record: Record) -> None:
            # While stopping too: what an engine hands over it has taken from the server, which does not send it again.
            event = RunRecorded(_keepable(record))
            self._surely(lambda: self._journal.transact(operation, lambda _: (event,), BOT))

        return sink

    def _surely(self, write: Callable[[], object]) -> None:
        """Until it is on disk, however long that takes: what was seen of a run is not seen twice. The engine's thread
        waits here, so no more than one record is held. If the bot stops in the meantime, what could not be written
        is lost, and the error of `write` is raised."""
        told = False
        while True:
            try:
                write()
                return
            except (CannotRecord, CannotRead) as error:
                if self._loop.stopping:
                    raise
                if not told:
                    log.error("what an engine reported is held until it can be recorded: %s", error)  # noqa: TRY400
                told = True
                self._loop.wait(UNWRITTEN)

    def _cancelled(self, operation: str) -> Callable[[], bool]:
        def cancelled() -> bool:
            try:
                return bool(self._journal.current(operation).stop_asked_by)
            except CannotRead:
                return False  # asked again soon

        return cancelled


def _keepable(record: Record) -> Record:
    """A record that a row can hold, whatever the other side sends: no half characters, and not too long."""
    return replace(record, text=cut(whole_characters(record.text), LONGEST_RECORD))


def _unsent(error: EngineError, resumed: bool) -> Outcome:
    """By the port's promise nothing was sent by an `invoke` that raises one of the first two; a reattach that
    raises has only seen nothing."""
    proved = not resumed and not isinstance(error, SightLost)
    return Outcome(Ended.NOT_STARTED if proved else Ended.UNKNOWN, f"{error.sentence} {error.detail}".strip())


def _same_pair(one: Operation, other: Operation) -> bool:
    assert other.plan is not None
    return one.request.pool.lower() in {other.plan.pool.lower(), other.plan.partner.lower()}
