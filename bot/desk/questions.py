"""What a question may look at: the log as operations, the engine's readings, the bot's own troubles. Reads only.

Knows no door: whoever asked lays the answer out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime

from audit.port import Operations, Proof
from bot.desk.journal import Journal, UnreadableError
from bot.desk.story import told, whole
from commands.grammar.wish import Line
from engine.facts import Facts, Topology
from engine.port import Engine, EngineError
from engine.states import Operation

READERS = 4
"""Pools that are read side by side for one question."""


class LiveView:
    """commands.grammar.wish.View on the running bot."""

    def __init__(
        self,
        journal: Journal,
        operations: Operations,
        proof: Proof,
        engine: Engine,
        clock: Callable[[], datetime],
        troubles: Callable[[], Sequence[str]],
    ) -> None:
        self._journal = journal
        self._operations = operations
        self._proof = proof
        self._engine = engine
        self._clock = clock
        self._troubles = troubles

    @property
    def now(self) -> datetime:
        return self._clock()

    @property
    def engine(self) -> str:
        return self._engine.name

    @property
    def health(self) -> Sequence[str]:
        return [*self._troubles(), *self._unreadable()]

    def _unreadable(self) -> list[str]:
        told = []
        for operation in self._operations.open_operations():
            try:
                self._journal.current(operation)
            except UnreadableError as error:
                told.append(f"{error} Its pools stay locked.")
        return told

    def topology(self) -> Topology:
        return self._engine.topology()

    def facts(self, pools: Sequence[str]) -> Mapping[str, Facts | EngineError]:
        with ThreadPoolExecutor(max_workers=READERS, thread_name_prefix="facts") as pool:
            return dict(zip(pools, pool.map(self._read, pools), strict=True))

    def _read(self, pool: str) -> Facts | EngineError:
        try:
            return self._engine.facts(pool)
        except EngineError as error:
            return error

    def roles(self, cmdlet: str) -> tuple[str, ...]:
        return self._engine.roles(cmdlet)

    def open_operations(self) -> Sequence[Operation]:
        return self._readable(self._operations.open_operations())

    def last_operations(self, limit: int) -> Sequence[Operation]:
        return self._readable(self._operations.last_operations(limit))

    def _readable(self, operations: Sequence[str]) -> list[Operation]:
        """Those that this version can read; /pools names the others."""
        found = []
        for operation in operations:
            with suppress(UnreadableError):
                found.append(self._journal.current(operation))
        return found

    def operation(self, operation: str) -> Operation | None:
        op = self._journal.current(operation)
        return op if op.version else None

    def timeline(self, operation: str) -> Sequence[Line]:
        return [
            Line(row.seq, row.at, row.kind, row.actor.rpartition("/")[2], told(event))
            for row, event in self._journal.history(operation)[1]
        ]

    def verified(self) -> str:
        return whole(self._proof.verify())
