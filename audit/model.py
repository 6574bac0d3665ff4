"""The nouns of the log: what a caller wants recorded, what is in the log, and the ways of saying no.

Frozen data and errors only. No SQL, no clock, no thread; nothing of Slack, engines or failovers may enter:
an operation is an opaque id, a kind and an actor are words, a body is JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

JsonValue = bool | int | float | str | None | Sequence["JsonValue"] | Mapping[str, "JsonValue"]

GENESIS = "0" * 64
"""What the first row has as `prev`."""

COLUMNS = (
    "seq",
    "operation",
    "version",
    "kind",
    "actor",
    "at",
    "rule",
    "body",
    "delivery",
    "claims",
    "releases",
    "closes",
    "prev",
    "hash",
)
"""What a row consists of, in order. All but `seq`, `prev` and `hash` are the record that the hash covers."""

Columns = tuple[Any, ...]
"""A row as a store returns it, in the order of COLUMNS: perhaps not one of ours."""

BODY_LIMIT = 1024 * 1024
"""Bytes a body may take as canonical JSON: a plan of many steps, with the facts it was judged on, fits."""

WORD_LIMIT = 1024
"""Characters a kind, actor, rule, operation, delivery or claim may have."""


@dataclass(frozen=True)
class Claim:
    """What an operation holds while it is open. Shared ones can coexist; an exclusive one stands alone."""

    name: str
    shared: bool = False

    @property
    def mode(self) -> str:
        return "shared" if self.shared else "exclusive"


@dataclass(frozen=True)
class Entry:
    """One thing that happened. `rule` names the rule that let it happen."""

    kind: str
    actor: str
    body: Mapping[str, JsonValue]
    rule: str = ""


@dataclass(frozen=True)
class Row:
    """One row of the log. `delivery` and `claims` are on the first row of their append, `releases` and `closes` on
    the last. `claims` come in the order of their names."""

    seq: int
    operation: str | None
    version: int | None
    kind: str
    actor: str
    at: datetime
    rule: str
    body: dict[str, Any]
    prev: str
    hash: str
    delivery: str | None = None
    claims: tuple[Claim, ...] = ()
    releases: tuple[str, ...] = ()
    closes: bool = False


@dataclass(frozen=True)
class Stored:
    """A row as it is in the store, perhaps not one of ours: then `row` is None, and `line` shows what is there."""

    seq: int
    row: Row | None
    line: str
    """All of it as one JSON object, whatever it holds."""


@dataclass(frozen=True)
class Verification:
    """What a walk over the whole log found. `first_bad` is a seq; None when no single row is to blame. `known` is false
    where it could not be read now, which says nothing about the log."""

    ok: bool
    rows: int
    head: str
    first_bad: int | None
    why: str
    known: bool = True


class CannotOpen(Exception):
    """The log cannot be opened. The message says why and what to do."""


class CannotRead(Exception):
    """What is in the log cannot be read. The message says why."""


class CannotRecord(Exception):
    """The log cannot be written, so nothing may be started. The message says why and what to do."""


class FateUnknown(CannotRecord):
    """The commit itself failed: whether it is on disk is known only after the next start, or the next commit."""


class Conflict(Exception):
    """Somebody else was faster: the operation is at version `current`. Read it again and decide again."""

    def __init__(self, current: int) -> None:
        super().__init__(f"the operation is already at version {current}")
        self.current = current


class AlreadyDelivered(Exception):
    """The delivery key is already in the log, first at row `seq`. Nothing was written."""

    def __init__(self, seq: int) -> None:
        super().__init__(f"this delivery is already recorded, at row {seq}")
        self.seq = seq


class ClaimHeld(Exception):
    """The open operation `operation` holds `claim`. Nothing was written."""

    def __init__(self, operation: str, claim: str) -> None:
        super().__init__(f"the claim {claim} is held by the open operation {operation}")
        self.operation = operation
        self.claim = claim
