"""What a typed command becomes: a request to change something, or a question.

`View` is all that a question may see. It is answered by the bot from the log and by the engine from its
readings; a command only turns what it sees into an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from engine.facts import Facts, Topology
from engine.model import Kind, Options
from engine.port import EngineError
from engine.states import Operation


@dataclass(frozen=True)
class Line:
    """One row of the log, as people read it."""

    seq: int
    at: datetime
    kind: str
    actor: str
    text: str


class View(Protocol):
    """What a question may look at. Readings of the engine may take seconds; topology and roles may raise
    engine.port's errors."""

    @property
    def now(self) -> datetime: ...
    @property
    def engine(self) -> str: ...
    @property
    def health(self) -> Sequence[str]:
        """What is wrong with the bot itself, one sentence each; empty when nothing is."""

    def topology(self) -> Topology: ...
    def facts(self, pools: Sequence[str]) -> Mapping[str, Facts | EngineError]:
        """One reading for each pool, made side by side; in place of one that failed, why."""

    def roles(self, cmdlet: str) -> tuple[str, ...]: ...
    def open_operations(self) -> Sequence[Operation]: ...
    def last_operations(self, limit: int) -> Sequence[Operation]: ...
    def operation(self, operation: str) -> Operation | None: ...
    def timeline(self, operation: str) -> Sequence[Line]: ...
    def verified(self) -> str:
        """One sentence on whether the log's chain is intact."""


@dataclass(frozen=True)
class Answer:
    """Lines of plain text under a heading; `items` pair what may be typed with its meaning; a `table` is shown in
    fixed width."""

    title: str
    lines: tuple[str, ...] = ()
    table: tuple[str, ...] = ()
    foot: str = ""
    items: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Ask:
    """A request to fail a pool over or back. `pool` is the name as it was typed: which pool it means is looked up."""

    kind: Kind
    pool: str
    options: Options
    reason: str = ""


@dataclass(frozen=True)
class Look:
    """A question. It changes nothing and takes no lock."""

    what: str
    answer: Callable[[View], Answer]
    details: Mapping[str, str] | None = None


Wish = Ask | Look
