"""An incident as in tests/crash, with the real engine: the bot's lives are processes, the server another one.

People do one thing more: where the bot is in doubt, and the server shows that nothing is at work there, two leads state
what they may.
"""

from __future__ import annotations

import multiprocessing
import signal
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from multiprocessing import context
from pathlib import Path
from typing import Any

from audit.model import Row
from audit.sqlite.reader import Reader
from bot.clock import wait as pause
from engine.events import Event, RunIntended, from_body
from engine.model import Word
from engine.rules import words
from engine.states import Operation, State, evolve
from tests.crash import incident as crash
from tests.crash.child import Bullet
from tests.remote.child import AtPhase, live
from tests.remote.wire import section
from tests.wsman.peer import Peer

Shot = Bullet | AtPhase | float
"""Kills at a commit of the log, or so many seconds after a run was intended."""


def warm() -> context.ForkServerContext:
    """Where lives come from: a process that has imported the bot and pypsrp, has no thread, and forks."""
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(["tests.remote.child", "engine.remote.engine", "tests.crash.child", "pytest"])
    return made


@dataclass
class RemoteIncident(crash.Incident):
    peer: Peer = field(kw_only=True)
    engine: dict[str, Any] = field(default_factory=dict, kw_only=True)
    """More settings of [engine.remote]."""
    wire: str = field(default="https-negotiate", kw_only=True)
    kills: int = field(default=0, init=False)

    def __enter__(self) -> RemoteIncident:
        super().__enter__()
        return self

    def live(self, bullet: Bullet | AtPhase | None = None) -> crash.Life:
        """A new life of the bot on the same files."""
        ours, its = multiprocessing.Pipe(duplex=False)
        engine = section(self.peer, self.wire, **self.engine)
        arguments = (self.place, self.standin.api_url, engine, self.peer.password, bullet, its)
        with crash.GATE:
            process = warm().Process(target=live, args=arguments)
            process.start()
        its.close()
        self._life = crash.Life(process, ours)
        up, url = self._life.is_up()
        assert up or self._life.ended() == -signal.SIGKILL, "the bot did not come up"
        if up:
            self.standin.deliver_to = url
        return self._life

    def stormed(self, shots: Sequence[Shot]) -> None:
        """From the command to the last message. Each of the first lives is killed, the last one is left alone."""
        for shot in shots:
            life = self._shot_at(shot)
            if self.settled() and not life.gone and life.end() == 0:
                return  # else its bullet hit at the commit of its own end
            assert life.end(signal.SIGKILL) == -signal.SIGKILL
            self.kills += 1
        assert self.follow(self.live()) == 0

    def _shot_at(self, shot: Shot) -> crash.Life:
        """A life up to the moment in which it is, or was, killed, or to the end of the incident."""
        if not isinstance(shot, float):
            life = self.live(shot)
            self.act_until(lambda: life.gone or self.settled())
            return life
        life = self.live()
        self.act_until(lambda: self.settled() or bool(self.intents()))
        pause(shot)
        return life

    def _people_act(self) -> None:
        super()._people_act()
        op = self.operation()
        if op is None or op.state is not State.IN_DOUBT or not self.silent():
            return
        for name in ("bob", "carol"):
            for word in words(op):
                self._state(name, op, word)

    def _state(self, name: str, op: Operation, word: Word) -> None:
        lead = self.person(name)
        if word is Word.HAPPENED or any(s.by == lead.user and s.word is word for s in op.statements):
            return
        with suppress(LookupError):
            lead.click("Settle")
            lead.submit({"choice": word.value, "reason": "nothing is at work on the server"})

    # --- what can be seen ------------------------------------------------------------------------------------------

    def rows(self) -> tuple[Row, ...]:
        operations = self.operations()
        if not operations:
            return ()
        with Reader(self.log) as reader:
            return reader.read(operations[0])

    def events(self) -> list[Event]:
        return [from_body(row.kind, row.body) for row in self.rows()]

    def operation(self) -> Operation | None:
        rows = self.rows()
        op = Operation(self.operations()[0]) if rows else None
        for row in rows:
            assert op
            op = evolve(op, from_body(row.kind, row.body), row.at)
        return op

    def intents(self) -> list[RunIntended]:
        return [event for event in self.events() if isinstance(event, RunIntended)]

    def started(self) -> list[str]:
        """Command ids of every run that the world has begun."""
        with closing(sqlite3.connect(self.world)) as db:
            return [run for (run,) in db.execute("SELECT id FROM run ORDER BY rowid")]

    def silent(self) -> bool:
        """Whether the server is at no command at this moment."""
        return not any("running" in shell["commands"].values() for shell in self.peer.shells())


def place_of(parent: Path, number: int) -> Path:
    made = parent / str(number)
    made.mkdir(parents=True)
    return made
