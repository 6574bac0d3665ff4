"""What waits in a shell for the client's next Receive: PSRP fragments in order, with their size. Nothing else."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

FRAGMENT = 32_768
"""Most bytes in one fragment."""


@dataclass(frozen=True)
class Item:
    """One fragment on its way to the client. `alone`: it starts a reply of its own."""

    data: bytes
    alone: bool = False


class Outbox:
    """What waits for a Receive, in order. Not thread-safe: the shell's lock guards it."""

    def __init__(self) -> None:
        self._items: deque[Item] = deque()
        self.size = 0

    def __bool__(self) -> bool:
        return bool(self._items)

    def put(self, items: Iterable[Item]) -> None:
        for item in items:
            self._items.append(item)
            self.size += len(item.data)

    def take(self, most: int) -> list[Item]:
        """At least one, then as many as `most` bytes allow, up to one that starts a reply of its own."""
        taken: list[Item] = []
        size = 0
        while self._items and (not taken or (size + len(self._items[0].data) <= most and not self._items[0].alone)):
            taken.append(self._items.popleft())
            size += len(taken[-1].data)
        self.size -= size
        return taken

    def put_back(self, items: Iterable[Item]) -> None:
        """Undo a take."""
        items = list(items)
        self._items.extendleft(reversed(items))
        self.size += sum(len(item.data) for item in items)


def everything(box: Outbox) -> list[Item]:
    """Take all there is."""
    items: list[Item] = []
    while box:
        items += box.take(box.size)
    return items


def fragments(object_id: int, data: bytes) -> Iterator[bytes]:
    """[MS-PSRP] 2.2.4: object id, fragment id, start and end bits, length, all big-endian."""
    pieces = [data[i : i + FRAGMENT] for i in range(0, len(data), FRAGMENT)]
    for number, piece in enumerate(pieces):
        flags = (1 if number == 0 else 0) | (2 if number == len(pieces) - 1 else 0)
        head = object_id.to_bytes(8, "big") + number.to_bytes(8, "big") + bytes([flags])
        yield head + len(piece).to_bytes(4, "big") + piece
