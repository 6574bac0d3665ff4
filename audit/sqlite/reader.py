"""Reading the log: the queries, on connections that cannot write.

Used by the Store for its own reads and by the command line while the bot runs. No writing, no formatting.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from audit import chain
from audit.model import COLUMNS, Columns, Row, Verification
from audit.sqlite import connect, verify

_ROWS = f"SELECT {', '.join(COLUMNS)} FROM event"  # noqa: S608  # names of our own columns


class Reader:
    """A read-only view of the log at `path`. Any thread may call; every query has a connection for itself.

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

    def raw(self, operation: str) -> tuple[Columns, ...]:
        """As `read`, but the columns as they stand in the file: also those of a row that is none of ours."""
        return tuple(self._all(f"{_ROWS} WHERE operation = ? ORDER BY seq", operation))

    def raw_last(self, limit: int) -> tuple[Columns, ...]:
        """The last `limit` rows of the file, oldest first, as they stand in it."""
        return tuple(reversed(self._all(f"{_ROWS} ORDER BY seq DESC LIMIT ?", limit)))

    def open_operations(self) -> tuple[str, ...]:
        """Oldest first."""
        return self._words("SELECT operation FROM operation WHERE open = 1 ORDER BY first_seq")

    def last_operations(self, limit: int = 10) -> tuple[str, ...]:
        """Newest first."""
        return self._words("SELECT operation FROM operation ORDER BY first_seq DESC LIMIT ?", limit)

    def holder(self, claim: str) -> str | None:
        """The open operation that has the claim."""
        held = self._words("SELECT operation FROM operation WHERE claim = ? AND open = 1", claim)
        return held[0] if held else None

    def head(self) -> tuple[int, str]:
        """Seq and hash of the last row; (0, 64 zeros) in an empty log."""
        seq, last = self._all("SELECT seq, hash FROM audit_head")[0]
        return seq, last

    def notes(self, operation: str) -> dict[str, dict[str, Any]]:
        """What is noted for the operation, by slot."""
        return self._noted("SELECT slot, value FROM shown WHERE operation = ?", operation)

    def noted(self, slot: str) -> dict[str, dict[str, Any]]:
        """What is noted in the slot, by operation."""
        return self._noted("SELECT operation, value FROM shown WHERE slot = ?", slot)

    def verify(self) -> Verification:
        """Walk the whole log; see audit.sqlite.verify."""
        with self._connection() as conn:
            return verify.verify(conn)

    def hash_at(self, seq: int) -> str | None:
        """The hash that row `seq` bears; see audit.sqlite.verify."""
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
            conn = connect.read_only(self._path)
        try:
            yield conn
        finally:
            self._idle.append(conn)

    def _all(self, sql: str, *values: object) -> Sequence[tuple[Any, ...]]:
        with self._connection() as conn:
            return conn.execute(sql, values).fetchall()

    def _rows(self, sql: str, *values: object) -> tuple[Row, ...]:
        return tuple(chain.row(columns) for columns in self._all(sql, *values))

    def _words(self, sql: str, *values: object) -> tuple[str, ...]:
        return tuple(word for (word,) in self._all(sql, *values))

    def _noted(self, sql: str, *values: object) -> dict[str, dict[str, Any]]:
        return {name: json.loads(value) for name, value in self._all(sql, *values)}
