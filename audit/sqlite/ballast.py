"""A file that is there to be deleted: when the disk is full, its room lets what is already running be recorded.

A file beside the log and not a row in it: pages freed inside the file do not help, because a commit first grows the
write-ahead log, which needs room on the disk itself. The bytes do not compress, so that a compressing file system
gives back as much as was taken.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


class Ballast:
    """`size` bytes at `path`."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self.size = size

    def lay(self) -> None:
        """Take the room, unless it is taken already. Raises OSError when there is none; then nothing is left behind."""
        if self._path.exists() and self._path.stat().st_size == self.size:
            return
        try:
            with self._path.open("wb") as file:
                file.write(hashlib.shake_256(b"ballast").digest(self.size))
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            self.free()
            raise

    def free(self) -> bool:
        """Give the room back. False when it had been given back before."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True
