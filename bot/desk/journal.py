"""The log seen as operations: the fold of their events, and the only door through which they move.

Nothing here decides; `transact` fetches the operation, lets a rule decide, and appends the result in one
transaction. It starts over when somebody else was faster. A refusal is recorded too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from audit.model import Claim, Conflict, Entry, JsonValue, Row
from audit.port import Ledger
from engine.events import Event, WishRefused, from_body, to_body
from engine.model import Refusal
from engine.states import BEGUN, IllegalEventError, Operation, evolve, rule_for
from engine.versions import Lifts, NewerError, stamped

Decide = Callable[[Operation], Sequence[Event] | Refusal]
BOT = "bot"


KEPT = 500
"""Operations remembered in memory; the log has them all."""


NOTES: Lifts = {}
"""How to read an older body of a row that belongs to no operation; every kind is at version 1 today."""


class UnreadableError(Exception):
    """The rows of this operation were not written by this version of csfailover, or not by csfailover at all."""

    def __init__(self, operation: str, newer: bool = False) -> None:
        super().__init__(
            f"Operation {operation} cannot be read by this version of csfailover: "
            f"{'a newer' if newer else 'another'} version wrote to the log. It is left alone."
        )
        self.operation = operation


class Journal:
    """Thread-safe. Raises audit.model's errors, CannotRecord above all, untouched, and UnreadableError."""

    def __init__(self, store: Ledger, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[str, Operation] = {}
        self._lock = threading.Lock()

    def current(self, operation: str) -> Operation:
        """The operation as the log has it; version 0 when there is none with this id."""
        with self._lock:
            known = self._known.get(operation)
        if known:
            return known
        return self.history(operation)[0]

    def history(self, operation: str) -> tuple[Operation, list[tuple[Row, Event]]]:
        """The operation and its events, from one reading of the log. For a caller that a new row woke: `current`
        may still be the version before it."""
        folded, events = Operation(operation), []
        try:
            for row in self._store.read(operation):
                event = from_body(row.kind, row.body)
                folded = evolve(folded, event, row.at)
                events.append((row, event))
        except (KeyError, ValueError, AssertionError, IllegalEventError) as error:
            raise UnreadableError(operation, isinstance(error, NewerError)) from error
        self._remember(folded)
        return folded, events

    def _remember(self, op: Operation) -> None:
        # Closed ones too: a slow reader must not put an older version in the place of one that was let go.
        with self._lock:
            known = self._known.pop(op.id, op)
            if op.version:
                self._known[op.id] = max(known, op, key=lambda each: each.version)
            while len(self._known) > KEPT:
                del self._known[next(iter(self._known))]

    def append(
        self,
        op: Operation,
        events: Sequence[Event],
        actor: str,
        *,
        delivery: str | None = None,
        claims: Sequence[Claim] = (),
    ) -> Operation:
        """These events, on top of exactly this version. Raises Conflict when it is not the current one any more."""
        now = self._clock()
        after, entries = op, []
        for event in events:
            entries.append(Entry(event.kind_of, actor, to_body(event), rule_for(after, event).name))
            after = evolve(after, event, now)
        rows = self._store.append(
            entries,
            operation=op.id,
            expected=op.version,
            delivery=delivery,
            claims=claims,
            closes=after.closed and not op.closed,
            # A refused click is no part of what was begun, and must not use up the space reserved for its end.
            essential=op.state in BEGUN and not all(isinstance(event, WishRefused) for event in events),
        )
        settled = op
        for row, event in zip(rows, events, strict=True):
            settled = evolve(settled, event, row.at)
        self._remember(settled)
        return settled

    def transact(
        self,
        operation: str,
        decide: Decide,
        actor: str,
        *,
        delivery: str | None = None,
        refused: Callable[[Refusal], Event] | None = None,
    ) -> tuple[Operation, Refusal | None]:
        """Decide on the newest version until the append holds. A refusal is returned, and recorded as the event
        that `refused` makes of it."""
        while True:
            op = self.current(operation)
            decided = decide(op)
            refusal = decided if isinstance(decided, Refusal) else None
            events: Sequence[Event] = () if isinstance(decided, Refusal) else decided
            if refusal and refused:
                events = (refused(refusal),)
            if not events:
                return op, refusal
            try:
                return self.append(op, events, actor, delivery=delivery), refusal
            except Conflict:
                self._forget(operation)

    def _forget(self, operation: str) -> None:
        with self._lock:
            self._known.pop(operation, None)

    def note(self, kind: str, actor: str, body: Mapping[str, JsonValue], delivery: str | None = None) -> None:
        """Something that belongs to no operation: a bad command, a read, a refused stranger, a start of the bot."""
        self._store.append([Entry(kind, actor, stamped(kind, body, NOTES))], delivery=delivery)
