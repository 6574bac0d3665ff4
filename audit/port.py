"""What the product needs from a store: small ports, of which a caller names the ones it uses, and all of them together.

Pure: Protocols only. A caller knows no file and no SQL; a store keeps the promises of
`tests/audit/contract.py`. The errors are those of `audit.model`: CannotRecord where a write is not on disk when the
call returns (FateUnknown where it may still be), CannotRead where what is there cannot be read. Any thread may
call any method.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from audit.model import Claim, Entry, Row, Stored, Verification


class Ledger(Protocol):
    """The events of operations, as the journal writes and reads them."""

    def append(
        self,
        entries: Sequence[Entry],
        *,
        operation: str | None = None,
        expected: int | None = None,
        delivery: str | None = None,
        claims: Sequence[Claim] = (),
        releases: Sequence[str] = (),
        closes: bool = False,
        essential: bool = False,
    ) -> tuple[Row, ...]:
        """Record all entries or none, in one transaction; on disk when this returns.

        operation, expected: the entries become the versions after `expected`, which is the one the caller decided
          on, 0 for a new operation. Raises Conflict when the operation has moved on.
        delivery: one-time key. Raises AlreadyDelivered when it is in the log.
        claims: only with the first append of an operation, all or none; held until it releases them or closes. An
          exclusive one stands alone, shared ones can coexist. Raises ClaimHeld.
        releases: names of claims that the operation holds and no longer needs.
        closes: the operation is no longer open and its claims are free. Rows may still follow (a late click).
        essential: the record of something already begun: tried when degraded too, and the ballast is freed for it.

        Raises CannotRecord when it is not on disk, its subclass FateUnknown when nobody knows that, ValueError for what
        JSON cannot express or a row cannot hold.
        """
        ...

    def read(self, operation: str) -> tuple[Row, ...]:
        """All rows of the operation, in version order; empty when it is unknown."""
        ...


class Operations(Protocol):
    """Which operations there are, and what they hold. No cost here grows with the log."""

    def open_operations(self) -> tuple[str, ...]:
        """Oldest first."""
        ...

    def last_operations(self, limit: int = 10) -> tuple[str, ...]:
        """Newest first, open or not."""
        ...

    def holders(self, claim: str) -> tuple[str, ...]:
        """The open operations that hold the claim: one that holds it exclusively, or all that share it."""
        ...


class Following(Operations, Protocol):
    """Being woken by what is appended."""

    def head(self) -> tuple[int, str]:
        """Seq and hash of the last row; (0, 64 zeros) in an empty log."""
        ...

    def tail(self, after: int = 0, limit: int = 1000) -> tuple[Row, ...]:
        """At most `limit` rows with a seq greater than `after`, in seq order."""
        ...

    def wait(self, after: int, timeout: float) -> int:
        """Block until there is a row with a seq greater than `after`, at most `timeout` seconds; the head's seq.

        Returns at once when the store is closed.
        """
        ...


class Shown(Protocol):
    """What is kept for a restart about messages that are shown elsewhere. No event, not chained, proves nothing."""

    def notes(self, operation: str) -> dict[str, dict[str, Any]]:
        """What is noted for the operation, by slot."""
        ...

    def note(self, operation: str, slot: str, value: Mapping[str, Any] | None) -> None:
        """Remember (with None: forget) what is shown for the operation in the slot.

        It is the record of something already done, so it is tried when degraded too. Raises CannotRecord, ValueError.
        """
        ...


class Writable(Protocol):
    """Whether something new may be started."""

    @property
    def degraded(self) -> str | None:
        """The sentence why nothing may be started, while that is so. Only a `probe` that passes ends it."""
        ...

    def probe(self) -> None:
        """Try whether the log can be written again. Ends `degraded`, or raises CannotRecord."""
        ...


class Proof(Protocol):
    """Whether the log is whole."""

    def verify(self) -> Verification:
        """Walk the whole log; what it finds is never an exception."""
        ...

    def hash_at(self, seq: int) -> str | None:
        """The hash of row `seq`, that of an empty log for 0; None when there is no such row."""
        ...


class Printable(Proof, Protocol):
    """The log as its auditor reads it, whatever is in it."""

    def stored(self, operation: str) -> tuple[Stored, ...]:
        """The rows of the operation in seq order, including those that are not ours."""
        ...

    def last_stored(self, limit: int) -> tuple[Stored, ...]:
        """The last `limit` rows of the log, oldest first, including those that are not ours."""
        ...

    def close(self) -> None:
        """Let go of it. May be called again."""
        ...


class Store(Ledger, Following, Shown, Writable, Printable, Protocol):
    """All of it, for the one process that writes."""
