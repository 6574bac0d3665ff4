"""Reading the log: the queries, on connections that cannot write.

Used by the Store for its own reads and by the command line while the bot runs. No writing, no formatting.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from audit import chain
from audit.model import COLUMNS, CannotOpen, CannotRead, Row, Stored, Verification
from audit.sqlite import connect, place, verify
from audit.timeline import stored, visible

_ROWS = f"SELECT {', '.join(COLUMNS)} FROM event"  # noqa: S608  # names of our own columns
OPEN_OPERATIONS = "SELECT operation FROM operation WHERE open = 1 ORDER BY first_seq"
"""By the partial index `operation_open`, which SQLite uses only where the query has exactly its condition."""

HOLDERS = "SELECT operation FROM claim WHERE claim = ? ORDER BY operation"


class Reader:
    """A read-only view of the log at `path`: audit.port.Printable, and what a store reads. Any thread may call; every
    query has a connection of its own.

    Raises CannotOpen when there is no log at `path`, or one of a newer csfailover.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle = [connect.read_only(path)]

    def read(self, operation: str) -> tuple[Row, ...]:
        """All rows of the operation, in version order; empty when it is unknown."""
        return self._rows(f"{_ROWS} WHERE operation = ? ORDER BY version", operation)

    def tail(self, after: int = 0, limit: int = 1000) -> tuple[Row, ...]:
        """At most `limit` rows with a seq greater than `after`, in seq order."""
        return self._rows(f"{_ROWS} WHERE seq > ? ORDER BY seq LIMIT ?", after, limit)

    def stored(self, operation: str) -> tuple[Stored, ...]:
        """The rows of the operation in seq order, including those that are not ours."""
        return tuple(stored(columns) for columns in self._all(f"{_ROWS} WHERE operation = ? ORDER BY seq", operation))

    def last_stored(self, limit: int) -> tuple[Stored, ...]:
        """The last `limit` rows of the log, oldest first, including those that are not ours."""
        last = self._all(f"{_ROWS} ORDER BY seq DESC LIMIT ?", limit)
        return tuple(stored(columns) for columns in reversed(last))

    def open_operations(self) -> tuple[str, ...]:
        """Oldest first."""
        return self._words(OPEN_OPERATIONS)

    def last_operations(self, limit: int = 10) -> tuple[str, ...]:
        """Newest first."""
        return self._words("SELECT operation FROM operation ORDER BY first_seq DESC LIMIT ?", limit)

    def holders(self, claim: str) -> tuple[str, ...]:
        """The open operations that hold the claim: one that holds it exclusively, or all that share it."""
        return self._words(HOLDERS, claim)

    def head(self) -> tuple[int, str]:
        """Seq and hash of the last row; (0, 64 zeros) in an empty log."""
        seq, last = self._all("SELECT seq, hash FROM audit_head")[0]
        return seq, last

    def notes(self, operation: str) -> dict[str, dict[str, Any]]:
        """What is noted for the operation, by slot."""
        found = self._all("SELECT slot, value FROM shown WHERE operation = ?", operation)
        return {slot: json.loads(value) for slot, value in found}

    def verify(self) -> Verification:
        """Walk the whole log; see audit.sqlite.verify."""
        with self._connection() as conn:
            found = verify.verify(conn)
        if not found.ok and (why := self._unreadable()):
            return replace(found, first_bad=None, why=why, known=False)
        return found

    def hash_at(self, seq: int) -> str | None:
        """The hash of row `seq`; see audit.sqlite.verify."""
        with self._connection() as conn:
            return verify.hash_at(conn, seq)

    def close(self) -> None:
        """Close the idle connections. May be called again."""
        while self._idle:
            self._idle.pop().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            conn = self._idle.pop()
        except IndexError:
            conn = self._connected()
        try:
            yield conn
        except sqlite3.Error as error:  # what it says may repeat bytes of a row
            raise CannotRead(f"SQLite says {visible(str(error))}.") from error
        finally:
            self._idle.append(conn)

    def _unreadable(self) -> str:
        return place.unreadable(self._path)

    def _connected(self) -> sqlite3.Connection:
        """One more connection. Raises CannotRead."""
        try:
            return connect.read_only(self._path)
        except CannotOpen as error:
            raise CannotRead(str(error)) from error

    def _all(self, sql: str, *values: object) -> Sequence[tuple[Any, ...]]:
        with self._connection() as conn:
            return conn.execute(sql, values).fetchall()

    def _rows(self, sql: str, *values: object) -> tuple[Row, ...]:
        return tuple(chain.row(columns) for columns in self._all(sql, *values))

    def _words(self, sql: str, *values: object) -> tuple[str, ...]:
        return tuple(word for (word,) in self._all(sql, *values))
