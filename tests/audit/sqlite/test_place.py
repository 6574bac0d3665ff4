"""One log is one file, whatever it is called; it is watched while it is open, and never begun twice."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from audit.model import CannotOpen, CannotRead, CannotRecord
from audit.sqlite import connect
from audit.sqlite.store import Store
from tests.audit.parts import entry, ticking, whole
from tests.audit.sqlite.test_disk_full import is_degraded
from tests.audit.sqlite.test_opening import HOLDER, refusal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be removed there")


@pytest.fixture
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the log open for writing."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "open\n"
        yield process
        process.kill()


def symlink(path: Path) -> Path:
    other = path.with_name("other.db")
    other.symlink_to(path)
    return other


def directory_link(path: Path) -> Path:
    (path.parent.parent / "elsewhere").unlink(missing_ok=True)
    (path.parent.parent / "elsewhere").symlink_to(path.parent, target_is_directory=True)
    return path.parent.parent / "elsewhere" / path.name


def without_lock_file(path: Path) -> Path:
    path.with_name("log.db.lock").unlink()
    return path


@pytest.mark.parametrize("another", [symlink, directory_link, without_lock_file])
def test_a_second_writer_is_refused_by_whatever_name(
    path: Path, holder: subprocess.Popen[str], another: Callable[[Path], Path]
) -> None:
    """A symbolic link, a linked directory, a lock file that somebody deleted: it is the same file."""
    assert "Another csfailover process" in refusal(another(path))


def test_a_log_with_two_names_is_refused(path: Path, holder: subprocess.Popen[str]) -> None:
    """A hard link would have a write-ahead log of its own, so that one of the two misses rows."""
    other = path.with_name("other.db")
    os.link(path, other)
    assert "2 names (hard links)" in refusal(other)
    other.unlink()
    assert f"pid {holder.pid}" in refusal(path)


def test_the_lock_on_the_file_is_not_in_sqlites_way(store: Store, path: Path) -> None:
    """Others read while it is held, and who is refused takes nothing from the holder: SQLite's own locks stay."""
    store.append([entry()])
    path.with_name("log.db.lock").unlink()
    assert "Another csfailover process" in refusal(path)
    assert whole(path) == 1
    store.append([entry()])
    held = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('PRAGMA journal_mode = DELETE')"
    done = subprocess.run([sys.executable, "-c", held, str(path)], capture_output=True, text=True, check=False)
    assert "database is locked" in done.stderr
    assert whole(path) == 2


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
@pytest.mark.parametrize("replaced", [False, True], ids=["removed", "replaced"])
def test_a_file_that_goes_astray_stops_what_is_new(store: Store, path: Path, suffix: str, replaced: bool) -> None:
    """Noticed before the next row and without one; what runs is still written; put back, the log works again."""
    store.append([entry()])
    file, kept = path.with_name(path.name + suffix), path.with_name("kept")
    file.rename(kept)
    if replaced:
        file.write_bytes(kept.read_bytes())
    with pytest.raises(CannotRecord, match="would not be found again"):
        store.append([entry()])
    assert f"{file.name} {'is now a different file' if replaced else 'is gone'}" in (store.degraded or "")
    with pytest.raises(CannotRecord):
        store.probe()
    store.append([entry()], essential=True)
    kept.replace(file)
    assert is_degraded(store)
    store.probe()
    assert not is_degraded(store)
    store.append([entry()])
    assert whole(path) == 3


def test_a_store_whose_file_was_replaced_reads_nothing_of_the_other(store: Store, path: Path) -> None:
    """A new connection would open the file that has the name now."""
    store.append([entry()])
    with store._connection():  # the one that is idle is in use
        path.rename(path.with_name("kept"))
        with closing(connect.writable(path)), pytest.raises(CannotRead, match="a different file"):
            store.tail()


def gone(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def gone_without_lock(path: Path) -> None:
    gone(path)
    path.with_name("log.db.lock").unlink()


def gone_without_ballast(path: Path) -> None:
    gone(path)
    path.with_name("log.db.ballast").unlink()


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def without_its_rows(path: Path) -> None:
    """A file of SQLite without tables, as is left of a young log when its write-ahead log is cut."""
    gone(path)
    with closing(connect._connect(path, "rwc")) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("PRAGMA user_version = 0")


@pytest.mark.parametrize("lost", [gone, gone_without_lock, gone_without_ballast, emptied, without_its_rows])
def test_a_log_is_not_begun_where_there_was_one(path: Path, lost: Callable[[Path], None]) -> None:
    """The lock file and the ballast remember it. `new` begins one all the same, at row 1."""
    with Store.open(path, clock=ticking()) as store:
        store.append([entry()])
    lost(path)
    for _ in range(2):  # the first try leaves nothing that lets in the second
        assert "There was an audit log here" in refusal(path)
    with Store.open(path, clock=ticking(), new=True) as store:
        assert store.head()[0] == 0


def test_the_lock_files_own_process_is_told_after_a_start(store: Store, path: Path) -> None:
    """The second line is for the next start; the first one is the process."""
    assert path.with_name("log.db.lock").read_text() == f"{os.getpid()}\nbegun\n"


def test_a_refused_second_start_changes_nothing_of_the_first(path: Path, holder: subprocess.Popen[str]) -> None:
    """The lock file still names the holder."""
    with pytest.raises(CannotOpen):
        Store.open(path, clock=ticking())
    assert path.with_name("log.db.lock").read_text().startswith(f"{holder.pid}\n")


def test_a_write_ahead_log_that_is_cut_stops_what_is_new_and_is_not_written_into_the_file(path: Path) -> None:
    """SQLite notices nothing, answers yes to each commit, and at the end would copy nonsense over the log."""
    store = Store.open(path, clock=ticking())
    store.append([entry()])
    store.probe()
    os.truncate(path.with_name("log.db-wal"), 0)
    assert "log.db-wal was truncated" in (store.degraded or "")
    with pytest.raises(CannotRecord):
        store.append([entry()])
    before = path.read_bytes()
    store.close()
    assert path.read_bytes() == before
