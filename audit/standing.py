"""What follows from the rows: which operations are open, and what each holds.

Pure. A store keeps the same in tables of its own, so that opening an operation does not fold the whole log; `verify`
compares the two, and a rebuild writes these.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from audit.model import COLUMNS, Columns

_SEQ, _OPERATION, _CLAIMS, _RELEASES, _CLOSES = (
    COLUMNS.index(name) for name in ("seq", "operation", "claims", "releases", "closes")
)


@dataclass
class Standing:
    """One operation: its first row, whether it is open, and its claims, each with its mode. 0: there is no row."""

    first_seq: int = 0
    open: bool = False
    claims: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        since = f"{'open' if self.open else 'closed'} since row {self.first_seq}" if self.first_seq else "missing"
        locks = [f"{name!r}{' (shared)' if mode == 'shared' else ''}" for name, mode in sorted(self.claims.items())]
        if not locks:
            return f"{since} with no lock" if self.first_seq else since
        return f"{since} with the lock{'s' if len(locks) > 1 else ''} {', '.join(locks)}"


Standings = dict[str, Standing]
"""By operation."""


def take(standings: Standings, row: Columns) -> None:
    """Let one more row, as a store returns it, change how things stand.

    Raises ValueError, TypeError or AttributeError for claims that are not ours.
    """
    operation = row[_OPERATION]
    if operation is None:
        return
    if operation not in standings:
        standings[operation] = Standing(row[_SEQ], True)
    standing = standings[operation]
    if row[_CLAIMS] is not None:
        standing.claims.update(json.loads(row[_CLAIMS]))
    if row[_RELEASES] is not None:
        for name in json.loads(row[_RELEASES]):
            standing.claims.pop(name, None)
    if row[_CLOSES]:
        standing.open = False
        standing.claims.clear()


def standings(rows: Iterable[Columns]) -> Standings:
    """How things stand after these rows."""
    found: Standings = {}
    for row in rows:
        take(found, row)
    return found


def difference(kept: Mapping[str, Standing], told: Mapping[str, Standing]) -> str:
    """In words, the first operation that a store keeps differently from what its rows show; empty if there is none."""
    for name in sorted(kept.keys() | told.keys()):
        there, by_rows = kept.get(name, Standing()), told.get(name, Standing())
        if there != by_rows:
            return (
                "Its rows are untouched, but the list of operations and locks made from them was changed: "
                f"there {name!r} is {there}, but by its rows it is {by_rows}."
            )
    return ""
