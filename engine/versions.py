"""The version of a row's body: written with the body, and an older one lifted to the newest when it is read. Pure.

A kind begins at version 1. A field may be added with a default and needs no new version. For any other change the kind
gets one more function in its table: it takes a body as it was, and returns it as the next version has it. An old row is
read through all functions since its version; no row is ever written again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

KEY = "v"
"""The key of the version in the body. No body may have a field of this name."""

Body = Mapping[str, Any]
Lift = Callable[[Body], Body]
Lifts = Mapping[str, Sequence[Lift]]
"""By kind: the first function lifts a body of version 1 to version 2, the next one that to version 3, and so on."""


class NewerError(ValueError):
    """A newer csfailover wrote the row."""

    def __init__(self, kind: str, version: int, known: int) -> None:
        super().__init__(f"a newer csfailover wrote it: {kind} in version {version}, known here up to {known}")


def newest(kind: str, lifts: Lifts) -> int:
    """The version in which a body of this kind is written."""
    return 1 + len(lifts.get(kind, ()))


def stamped(kind: str, body: Body, lifts: Lifts) -> dict[str, Any]:
    """The body as it is stored in its row."""
    return {KEY: newest(kind, lifts), **body}


def lifted(kind: str, body: Body, lifts: Lifts) -> Body:
    """The body of a row, without its version, as the newest version has it.

    Raises NewerError, KeyError for a body without version, ValueError for one whose version is not one.
    """
    version = body[KEY]
    if type(version) is not int or version < 1:
        raise ValueError(f"{version!r} is no version of a body")
    if version > newest(kind, lifts):
        raise NewerError(kind, version, newest(kind, lifts))
    content: Body = {name: value for name, value in body.items() if name != KEY}
    for lift in lifts.get(kind, ())[version - 1 :]:
        content = lift(content)
    return content
