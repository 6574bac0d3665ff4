"""Whether enough of a pool's Front Ends run for the pool to work. Pure: one table, one question, three answers.

The table is that of "Front End Pool high availability and management" (Plan for high availability). "The first" are
those that started first when the pool was first started, which is the order in which Get-CsComputer lists a pool. The
table assumes that the back end is up; whatever else makes a pool work or not, the engines know themselves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Quorum(StrEnum):
    HELD = "held"
    LOST = "lost"
    UNKNOWN = "unknown"
    """What was read leaves both possible, or Microsoft's table has no such pool. It means neither up nor down."""


@dataclass(frozen=True)
class _Row:
    """In a pool with `least` to `most` Front Ends, `needed` of the first `voters` must run."""

    least: int
    most: int
    needed: int
    voters: int

    def fits(self, front_ends: int) -> bool:
        return self.least <= front_ends <= self.most


_TABLE = (
    _Row(1, 2, 1, 2), _Row(3, 4, 2, 4), _Row(5, 6, 3, 6), _Row(7, 7, 4, 7), _Row(8, 9, 4, 7), _Row(10, 12, 5, 9),
)  # fmt: skip
_SINCE_2019 = (*_TABLE, _Row(12, 16, 7, 12))
"""Skype for Business Server 2019 and the Subscription Edition, which shares its code. 12 is in two rows: both hold."""

ORDERED_FROM = 8
"""From this many Front Ends on, it matters which of them run."""


def quorum(up: Sequence[bool | None], version: str | None, *, ordered: bool) -> Quorum:
    """For Front Ends that are up, down or unknown (None). `ordered`: they are in the order of their first start;
    otherwise the answer is one that holds for every order. `version`: what the engine could read about the product."""
    since_2019 = is_2019_or_later(version)
    if since_2019 is not None:
        return _of(up, _SINCE_2019 if since_2019 else _TABLE, ordered)
    before, after = _of(up, _TABLE, ordered), _of(up, _SINCE_2019, ordered)
    return before if before is after else Quorum.UNKNOWN


def _of(up: Sequence[bool | None], table: tuple[_Row, ...], ordered: bool) -> Quorum:
    answers = {_by(row, up, ordered) for row in table if row.fits(len(up))}
    if Quorum.LOST in answers:
        return Quorum.LOST
    return Quorum.HELD if answers == {Quorum.HELD} else Quorum.UNKNOWN


def _by(row: _Row, up: Sequence[bool | None], ordered: bool) -> Quorum:
    least, most = _running(up, row.voters, ordered)
    if least >= row.needed:
        return Quorum.HELD
    return Quorum.LOST if most < row.needed else Quorum.UNKNOWN


def _running(up: Sequence[bool | None], voters: int, ordered: bool) -> tuple[int, int]:
    """How many of the voters run: at least, and at most."""
    among = up[:voters] if ordered else up
    surely = sum(state is True for state in among)
    perhaps = surely + sum(state is None for state in among)
    others = len(among) - min(voters, len(among))
    return max(0, surely - others), min(voters, perhaps)


def is_2019_or_later(version: str | None) -> bool | None:
    """From the product's name, or its version where that says it: builds 7.0 are 2019's. A bare 7 is not documented,
    as the topology counts in versions of its own, so it proves nothing."""
    text = (version or "").strip()
    if re.search(r"\b(Lync|2010|2013|2015)\b", text):
        return False
    if re.search(r"\b2019\b|Subscription Edition", text):
        return True
    if found := re.fullmatch(r"(\d+)(\.\d+)*", text):
        number = int(found[1])
        return number >= 7 if found[2] or number != 7 else None
    return None
