"""A good log whose disk cannot be read is not called damaged, and nothing is said of it that is not known."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from audit.sqlite.store import Store
from tests.audit.parts import entry, ticking, whole
from tests.faults.faults import Faults
from tests.wsman.peer import ROOT

READER = """
import sys
from pathlib import Path
from audit.sqlite.reader import Reader
from bot.desk.story import whole
with Reader(Path(sys.argv[1])) as reader:
    print("open", flush=True)
    sys.stdin.readline()
    print(whole(reader.verify()))
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Longer than what is read when it is opened."""
    path = tmp_path / "log.db"
    with Store.open(path, clock=ticking()) as store:
        for n in range(200):
            store.append([entry(n=n, text="x" * 2_000)])
    return path


def test_what_cannot_be_read_is_not_known_to_be_whole_or_not(log: Path, library: Path, tmp_path: Path) -> None:
    """SQLite itself says "malformed" where the disk says EIO; verify tries the bytes before it says so."""
    faults = Faults(library, tmp_path / "armed", "log.db")
    command = [sys.executable, "-c", READER, str(log)]
    environment = {"PYTHONPATH": str(ROOT), **faults.environment}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as reader:
        assert reader.stdout
        assert reader.stdin
        assert reader.stdout.readline() == "open\n"
        faults.arm(reads=errno.EIO)
        told, _ = reader.communicate("\n", timeout=30)
    assert told == (
        "WHETHER THE LOG IS INTACT IS NOT KNOWN: it cannot be read now (log.db: Input/output error). "
        "Look at its disk.\n"
    )
    assert whole(log) == 200


def test_a_log_that_cannot_be_read_at_the_start_is_not_called_damaged(log: Path, library: Path, tmp_path: Path) -> None:
    """The cure is the disk, and no backup is restored over a good log."""
    faults = Faults(library, tmp_path / "armed", "log.db")
    faults.arm(reads=errno.EIO)
    command = [sys.executable, "-c", "from bot.cli import main; main()", "log", "verify", "--log", str(log)]
    done = subprocess.run(
        command, env={"PYTHONPATH": str(ROOT), **faults.environment}, capture_output=True, encoding="utf-8", check=False
    )
    assert "the file itself may be intact" in done.stderr
    assert "restore the last backup" not in done.stderr
