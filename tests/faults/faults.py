"""Faults of the machine, built into one process from outside: a preloaded library that lets its calls fail. No test."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Literal, get_args

SOURCE = Path(__file__).with_name("shim.c")
MUST = "CSFAILOVER_FAULTS"
"""Set in the environment where a missing compiler is a failure and no skip."""
What = Literal["writes", "syncs", "reads", "opens", "threads"]
ORDER: tuple[str, ...] = get_args(What)


def cannot() -> str:
    """Why the faults cannot be built here; empty where they can."""
    if not sys.platform.startswith("linux"):
        return "the preloaded library is for Linux"
    return "" if shutil.which("cc") else "there is no C compiler (cc)"


def built(place: Path) -> Path:
    """The library, made in this directory."""
    library = place / "faults.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return library


class Faults:
    """Which calls of a process fail now. `environment` is what the process is started with."""

    def __init__(self, library: Path, armed: Path, part: str) -> None:
        self._armed = armed
        self.mended()
        self.environment = {"LD_PRELOAD": str(library), "FAULTS": str(armed), "FAULTS_ON": part}

    def arm(self, **errors: int) -> None:
        """By kind of call (`What`) the errno it fails with, until `mended`."""
        assert set(errors) <= set(ORDER)
        self._write([errors.get(what, 0) for what in ORDER])

    def mended(self) -> None:
        self._write([0] * len(ORDER))

    def _write(self, numbers: list[int]) -> None:
        handle = os.open(self._armed, os.O_WRONLY | os.O_CREAT, 0o600)  # in place: the process has it mapped
        try:
            os.write(handle, struct.pack(f"={len(numbers)}i", *numbers))
        finally:
            os.close(handle)
