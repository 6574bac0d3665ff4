"""One writing process per log: a lock file that the operating system releases, also after SIGKILL.

Knows files and nothing else. The file itself stays: removing it would let two processes lock two files of one name.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from audit.model import CannotOpen

if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> None:
        # Windows locks are mandatory: a byte far behind the text is locked, so that the holder stays readable.
        os.lseek(handle, 1 << 30, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


class SingleInstance:
    """Holds the lock file at `path` from construction to `release`. Raises CannotOpen when another one holds it."""

    def __init__(self, path: Path) -> None:
        try:
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise CannotOpen(
                f"The lock file {path} cannot be made: {error.strerror}. "
                "The directory must exist and the service account must be allowed to write in it."
            ) from error
        try:
            _take(self._handle)
        except OSError as error:
            os.lseek(self._handle, 0, os.SEEK_SET)
            holder = os.read(self._handle, 32).decode("ascii", "replace")
            os.close(self._handle)
            raise CannotOpen(
                f"Another csfailover process{f' (pid {holder})' if holder else ''} is writing this audit log, "
                f"it holds {path}. Stop that one first; two writers are never allowed."
            ) from error
        with suppress(OSError):  # the pid is a courtesy; a full disk must not keep the bot from coming back
            os.ftruncate(self._handle, 0)
            os.lseek(self._handle, 0, os.SEEK_SET)
            os.write(self._handle, str(os.getpid()).encode())

    def release(self) -> None:
        """Give the lock back. May be called once."""
        os.close(self._handle)
