"""An answer -> blocks, and what a question may look at: the log, and the engine's readings. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime

from audit.model import Verification
from bot.desk.journal import Journal, UnreadableError
from bot.desk.story import told
from bot.slack.blocks import Block, Card, bold, bullets, code, context, line, literal, preformatted, rich
from commands.grammar.wish import Answer, Line
from engine.model import Facts, Topology
from engine.port import Engine, EngineError
from engine.states import Operation

CHUNK = 2_800
READERS = 4
"""Pools that are read side by side for one question."""
MAX_CHUNKS = 12
"""Of a table; a message has at most 50 blocks, and nobody reads more in a private answer."""


def shown(answer: Answer) -> Card:
    """The answer as a message; a table that is too long says where the rest is."""
    blocks: list[Block] = [rich(line(bold(answer.title)), *(line(text) for text in answer.lines if text))]
    if answer.items:
        blocks.append(rich(bullets(line(code(typed), f"  {say}") for typed, say in answer.items)))
    blocks += [rich(preformatted(chunk)) for chunk in _chunks(answer.table)]
    if answer.foot:
        blocks.append(context(answer.foot))
    items = [f"{typed}  {say}" for typed, say in answer.items]
    text = "\n".join([answer.title, *answer.lines, *items, *answer.table, answer.foot]).strip()
    return Card(literal(text, 3_500), tuple(blocks))


def _chunks(rows: Sequence[str]) -> list[str]:
    chunks: list[str] = []
    current = ""
    for row in rows:
        if current and len(current) + len(row) + 1 > CHUNK:
            chunks.append(current)
            current = ""
        current = f"{current}\n{row}" if current else row[:CHUNK]
    chunks += [current] if current else []
    if len(chunks) > MAX_CHUNKS:
        return [*chunks[: MAX_CHUNKS - 1], "… more than fits here: `csfailover log` on the bot's host shows it all."]
    return chunks


def failed(error: EngineError) -> Answer:
    return Answer("The engine could not be read.", (error.sentence, error.detail), (), "Nothing was changed.")


def whole(found: Verification) -> str:
    """One sentence on whether the log can be trusted. The head is given as `log verify --expect` takes it."""
    if found.ok:
        rows = "1 row" if found.rows == 1 else f"{found.rows:,} rows"
        return f"The log is whole: {rows}, each chained to the one before; head {found.rows}:{found.head}."
    where = f"first at row {found.first_bad}" if found.first_bad else "no single row is to blame"
    return f"THE LOG IS NOT WHOLE, {where}: {found.why}"


class LiveView:
    """commands.grammar.wish.View on the running bot."""

    def __init__(
        self,
        journal: Journal,
        engine: Engine,
        clock: Callable[[], datetime],
        troubles: Callable[[], Sequence[str]],
    ) -> None:
        self._journal = journal
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
        for operation in self._journal.store.open_operations():
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
        return self._readable(self._journal.store.open_operations())

    def last_operations(self, limit: int) -> Sequence[Operation]:
        return self._readable(self._journal.store.last_operations(limit))

    def _readable(self, operations: Sequence[str]) -> list[Operation]:
        """Those that this version can read; /pools tells of the others."""
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
        return whole(self._journal.store.verify())
