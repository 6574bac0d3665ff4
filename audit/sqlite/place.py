"""Where a log is: its one real name, what beside it shows that there was a log, and whether its files are still there.

Knows names and files, no SQL. The open files keep working when their names are gone, so only a look at the
names shows that rows are written where nobody will find them.
"""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

from audit.model import CannotOpen
from audit.sqlite.lock import SingleInstance

OF_SQLITE = ("", "-wal", "-shm")
Identity = tuple[int, int]


def real(path: Path) -> Path:
    """The path without links: what lies beside a log lies beside its file. Raises CannotOpen for a hard link."""
    found = path.resolve()
    try:
        names = found.stat().st_nlink if found.is_file() else 1
    except OSError:
        names = 1
    if names > 1:
        raise CannotOpen(
            f"The audit log {found} has {names} names (hard links). SQLite keeps the newest rows beside the name, so "
            "two names are two logs. Remove the others; for a copy use `VACUUM INTO`."
        )
    return found


def trace(path: Path, lock: SingleInstance) -> str:
    """What shows that there was a log here, for when there is none; empty when nothing does."""
    ballast = path.with_name(path.name + ".ballast")
    wal = path.with_name(path.name + "-wal")
    if lock.begun:
        return f"{path.name}.lock says so"
    if ballast.is_file():
        return f"{ballast.name} is beside it"
    if _size(path) == 0 and _size(wal) > 0:
        return f"{wal.name} is beside it, perhaps with its rows"
    return ""


def refuse_lost(path: Path, lock: SingleInstance) -> None:
    """Raises CannotOpen where there was a log and now is none: to begin at row 1 would hide what was done."""
    if found := trace(path, lock):
        raise CannotOpen(
            f"There was an audit log here, but it is gone or empty: {path} ({found}). Put it back, or restore the last "
            f"backup. Only when it is lost for good: csfailover log new --log {path}"
        )


def set_aside(path: Path) -> list[Path]:
    """Rename what is left of a log, so that a new one can begin; returns the new names."""
    moved = []
    for suffix in ("", "-wal", "-shm", ".ballast"):
        left = path.with_name(path.name + suffix)
        if left.exists():
            n = 1
            while (kept := left.with_name(f"{left.name}.old{n}")).exists():
                n += 1
            left.rename(kept)
            moved.append(kept)
    return moved


class Whereabouts:
    """Where the files that are open now are."""

    def __init__(self, path: Path, held: Identity) -> None:
        self._files = [path.with_name(path.name + suffix) for suffix in OF_SQLITE]
        self._were = [held, *map(_identity, self._files[1:])]
        # Kept open until SQLite is done with it: it has its locks on this file.
        self._closed = False
        self._index = os.open(path.with_name(path.name + "-shm"), os.O_RDONLY)

    def astray(self) -> str:
        """Which file is no longer the one under its name, as a sentence; empty while all are."""
        if self._closed:
            return ""
        for file, was in zip(self._files, self._were, strict=True):
            if (found := _identity(file)) != was:
                return self._said(file.name, "is gone" if found is None else "is now a different file")
        wal = self._files[1]
        return self._said(wal.name, "was truncated") if _size(wal) < self._in_use() else ""

    def close(self) -> None:
        """After SQLite has closed its files. May be called once."""
        self._closed = True
        os.close(self._index)

    def _in_use(self) -> int:
        """Bytes that the write-ahead log has, going by its index (walformat: 2.1, the WAL-index header)."""
        if sys.platform == "win32":
            return 0  # there, nobody can truncate what another program has open
        head = os.pread(self._index, 20, 0)
        if len(head) < 20:
            return 0
        page, frames = struct.unpack_from("=HI", head, 14)
        return 32 + frames * (24 + (65_536 if page == 1 else page)) if frames else 0

    @staticmethod
    def _said(name: str, what: str) -> str:
        return (
            f"The audit log's file {name} {what}: what is written would not be found again. Put the file back as it "
            "was, and do not restart the bot before that. Until then nothing new is started; what is already running "
            "goes on."
        )


def unreadable(path: Path) -> str:
    """Why the bytes of the files cannot be read now; empty when they can. SQLite calls a file malformed when the
    disk returns nothing of it. Not for the process that writes the log: closing it would give up SQLite's locks."""
    for suffix in ("", "-wal"):
        file = path.with_name(path.name + suffix)
        try:
            with file.open("rb") as bytes_:
                while bytes_.read(1 << 20):
                    pass
        except FileNotFoundError:
            continue
        except OSError as error:
            return f"{file.name}: {error.strerror}"
    return ""


def _identity(path: Path) -> Identity | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
