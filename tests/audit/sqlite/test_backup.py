"""The ways of docs/operate.md to back the log up while the bot writes it, and the one that looks like one."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from audit.sqlite.store import Store
from tests.audit.parts import entry, ticking, whole
from tests.house.generated import ROOT

Copying = Callable[[Path, Path], None]


def documented() -> str:
    """The program of docs/operate.md, as it stands there."""
    text = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
    return text.partition("```python\n")[2].partition("```")[0]


def by_the_documented_program(log: Path, copy: Path) -> None:
    subprocess.run([sys.executable, "-c", documented(), str(log), str(copy)], check=True, timeout=60)


def vacuum_into(log: Path, copy: Path) -> None:
    with closing(sqlite3.connect(f"{log.as_uri()}?mode=ro", uri=True)) as conn:
        conn.execute("VACUUM INTO ?", (str(copy),))


def backup(log: Path, copy: Path) -> None:
    with closing(sqlite3.connect(f"{log.as_uri()}?mode=ro", uri=True)) as source, closing(sqlite3.connect(copy)) as to:
        source.backup(to)


@pytest.mark.parametrize("copying", [by_the_documented_program, vacuum_into, backup])
def test_a_copy_that_sqlite_makes_while_the_log_is_written_is_whole(
    store: Store, path: Path, tmp_path: Path, copying: Copying
) -> None:
    """It has every row that was acknowledged before it began, holds the chain, and can be opened and gone on with."""
    copy, done = tmp_path / "copy.db", threading.Event()

    def write() -> None:
        while not done.is_set():
            store.append([entry()])

    writer = threading.Thread(target=write)
    store.append([entry() for _ in range(200)])
    writer.start()
    try:
        copying(path, copy)
    finally:
        done.set()
        writer.join()
    rows = whole(copy)
    assert rows >= 200
    with Store.open(copy, clock=ticking()) as restored:
        restored.append([entry()])
    assert whole(copy) == rows + 1


def test_the_file_alone_is_an_older_log_that_looks_whole(store: Store, path: Path, tmp_path: Path) -> None:
    """The newest rows are still in the write-ahead log beside it. The chain cannot show that they are missing."""
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = whole(path)
    store.append([entry()])
    shutil.copy(path, tmp_path / "copy.db")
    assert whole(path) == before + 1
    assert whole(tmp_path / "copy.db") == before


def test_after_a_clean_stop_the_file_alone_is_the_log(path: Path, tmp_path: Path) -> None:
    """SQLite folds the write-ahead log in and removes it, so there is one file to move to another host."""
    with Store.open(path, clock=ticking()) as store:
        store.append([entry() for _ in range(3)])
    assert not path.with_name(f"{path.name}-wal").exists()
    shutil.copy(path, tmp_path / "copy.db")
    assert whole(tmp_path / "copy.db") == 3
