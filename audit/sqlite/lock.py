"""One writing process per log: locks that the operating system releases, also after SIGKILL.

Two of them: a lock file beside the log, which records who has it, and the log's own file, which no other name and no
deleted lock file gets around. flock and the locks of SQLite (fcntl) do not see each other; but closing any
descriptor of a file gives up all fcntl locks that the process has on it, so the second one is closed last of all.

Knows files and nothing else. The lock file itself stays: removing it would let two processes lock two files of one
name. It also records whether a log was begun here.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from audit.model import CannotOpen

BEGUN = b"begun"
"""The second line of the lock file, once there is a log beside it."""

if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> None:
        # Windows locks are mandatory: a byte far behind the text is locked, so that the holder stays readable.
        os.lseek(handle, 1 << 30, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

    def _take_log(_handle: int) -> None:
        """Nothing: a mandatory lock would be in SQLite's way, and a file that is open cannot be removed there."""

else:
    import fcntl

    def _take(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    _take_log = _take


class SingleInstance:
    """Holds the log at `path` from construction to `release`. Raises CannotOpen when another process holds it.

    `begun`: whether the lock file says that there was a log here before."""

    def __init__(self, path: Path) -> None:
        self._log: int | None = None
        self._path = path.with_name(path.name + ".lock")
        try:
            self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise CannotOpen(
                f"The lock file {self._path} cannot be created: {error.strerror}. "
                "The directory must exist and the service account must be allowed to write in it."
            ) from error
        said = os.read(self._handle, 64)
        self.begun = BEGUN in said
        try:
            _take(self._handle)
        except OSError as error:
            os.close(self._handle)
            raise CannotOpen(_held(f"it holds {self._path}", said)) from error
        self._says(b"")

    def hold(self, path: Path) -> None:
        """Lock the log's file too, which is created if there is none. Raises CannotOpen."""
        try:
            self._log = os.open(path, os.O_RDONLY | os.O_CREAT, 0o644)
        except OSError as error:
            raise CannotOpen(
                f"The audit log {path} cannot be opened: {error.strerror}. "
                "It must be a file in an existing directory which the service account may read and write."
            ) from error
        try:
            _take_log(self._log)
        except OSError as error:
            # Left open: if this very process writes the log, closing it would give up SQLite's locks.
            self._log = None
            raise CannotOpen(_held(f"it holds {path} under this or another name", b"")) from error

    def mark(self) -> None:
        """There is a log here from now on."""
        self._says(BEGUN)

    def identity(self) -> tuple[int, int]:
        """Which file is held, whatever its name is now."""
        assert self._log is not None
        found = os.fstat(self._log)
        return found.st_dev, found.st_ino

    def release(self) -> None:
        """Give the locks back, after SQLite has closed its files. May be called once."""
        if self._log is not None:
            os.close(self._log)
        os.close(self._handle)

    def _says(self, more: bytes) -> None:
        with suppress(OSError):  # a courtesy; a full disk must not keep the bot from coming back
            if not more and self.begun:
                more = BEGUN
            os.ftruncate(self._handle, 0)
            os.lseek(self._handle, 0, os.SEEK_SET)
            os.write(self._handle, b"%d\n%s\n" % (os.getpid(), more))


def _held(how: str, said: bytes) -> str:
    holder = said.partition(b"\n")[0].decode("ascii", "replace")
    return (
        f"Another csfailover process{f' (pid {holder})' if holder else ''} is writing this audit log, {how}. "
        "Stop that one first; two writers are never allowed."
    )
