"""Proving the log: walk the chain, name the first bad row and explain in a sentence what is wrong with it.

Pure: rows come in, as a store returns them, and a finding goes out. What surrounds the rows (head, triggers, tables
made from them) is for the store to check.

What the chain shows: a row edited, inserted, taken out or reordered; and, by its head, that the end was cut off.

What it cannot show: that somebody with write access to the store rewrote the whole chain, or cut its end together with
the head. Everything needed for that is in there. Only a checkpoint that left the machine before helps against it:
 the head that `csfailover log verify` prints, kept elsewhere and compared with `hash_at`.
"""

from __future__ import annotations

from collections.abc import Iterable

from audit import chain, standing
from audit.model import GENESIS, Columns, Verification
from audit.timeline import visible


class Walk:
    """One walk over the rows. `seq` and `head` are those of the last good row, `standings` what follows from all."""

    def __init__(self) -> None:
        self.seq = 0
        self.head = GENESIS
        self.standings: standing.Standings = {}

    def through(self, rows: Iterable[Columns]) -> Verification | None:
        """None when each row follows the one before. Raises what reading the next row raises."""
        for row in rows:
            if fault := _fault(self.seq, self.head, row):
                return self.broken(self.seq + 1, fault)
            try:
                standing.take(self.standings, row)
            except (AttributeError, TypeError, ValueError, RecursionError):
                return self.broken(row[0], f"Row {row[0]} holds claims that are not ours; its hash was recomputed.")
            self.seq, self.head = row[0], row[-1]
        return None

    def ends_at(self, head: tuple[int, str] | None) -> Verification | None:
        """None when the head that the store keeps is that of the last row."""
        if head is None:
            return self.broken(None, "The head is missing: the store has none, so nothing would show a cut end.")
        if head[0] > self.seq:
            why = f"The end is missing: the head says {head[0]} rows, the log ends at row {self.seq}."
            return self.broken(self.seq + 1, why)
        if head != (self.seq, self.head):
            why = f"The log goes past its head: the head is at row {head[0]}, the log ends at row {self.seq}."
            return self.broken(head[0] + 1, why)
        return None

    def unreadable(self, why: Exception) -> Verification:
        """The store could not give the next row. The reason may repeat bytes of the row, so it is made harmless."""
        return self.broken(self.seq + 1, f"Row {self.seq + 1} cannot be read: {visible(str(why))}.")

    def broken(self, first_bad: int | None, why: str) -> Verification:
        return Verification(False, self.seq, self.head, first_bad, why)

    def whole(self) -> Verification:
        why = f"{self.seq} rows, each follows the one before; the head is {self.head}."
        return Verification(True, self.seq, self.head, None, why)


def _fault(last: int, last_hash: str, row: Columns) -> str:
    seq, prev, given = row[0], row[-2], row[-1]
    if seq != last + 1:
        return f"Row {last + 1} is missing: after row {last} comes row {seq}. Rows were removed."
    if prev != last_hash:
        return f"Row {seq} does not follow row {last}: its prev is not that row's hash. One of the two was replaced."
    if _digest(row) != given:
        return f"Row {seq} was changed after it was written: its content does not match its hash."
    return ""


def _digest(row: Columns) -> str:
    try:
        return chain.digest(row)
    except (AttributeError, TypeError, ValueError):  # bytes, or a number where text belongs: not a row of ours
        return ""
