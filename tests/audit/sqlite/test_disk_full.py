"""When the log cannot be written: nothing new starts, what runs can be ended, and one failure latches.

The errors are SQLite's own: PRAGMA max_page_count, PRAGMA query_only, a small file system that is really full, a
limit on the size of files, a lock held by another program.
"""

from __future__ import annotations

import itertools
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from audit.model import BODY_LIMIT, AlreadyDelivered, CannotRecord, Claim
from audit.sqlite.ballast import Ballast
from audit.sqlite.store import Store
from tests.audit.parts import entry, ticking, whole

PAGES = 60
BALLAST = 200 * 1024
FAT = entry(text="x" * 8000)


@pytest.fixture
def small(path: Path) -> Iterator[Store]:
    """A log that may have 60 pages, and 50 more when its ballast is given."""
    with Store.open(path, clock=ticking(), ballast=BALLAST, max_pages=PAGES) as store:
        yield store


def fill(store: Store) -> int:
    """Append until the log refuses; the number of acknowledged rows."""
    for n in itertools.count():
        try:
            store.append([FAT], operation="filler", expected=n)
        except CannotRecord:
            return n
    raise AssertionError


def is_degraded(store: Store) -> bool:
    return store.degraded is not None


def test_a_full_disk_refuses_with_cause_and_cure_and_latches(small: Store, path: Path) -> None:
    """After the first failure even a row that would fit is refused, and nothing of the failed one is there."""
    rows = fill(small)
    assert rows > 5
    with pytest.raises(CannotRecord) as refused:
        small.append([entry()])
    assert str(refused.value) == small.degraded
    assert "the disk is full. Free space" in str(refused.value)
    assert small.head()[0] == rows == len(small.tail())
    assert whole(path) == rows


def test_what_already_runs_is_recorded_on_a_full_disk(small: Store, path: Path) -> None:
    """The ballast is given for essential rows; the log stays degraded, and whole."""
    rows = fill(small)
    ballast = path.with_name("log.db.ballast")
    assert ballast.stat().st_size == BALLAST
    small.append([FAT], operation="filler", expected=rows, closes=True, essential=True)
    assert not ballast.exists()
    assert small.degraded
    small.note("filler", "card", {"ts": "1.0"})
    with pytest.raises(CannotRecord):
        small.append([entry()])
    assert small.open_operations() == ()
    assert whole(path) == rows + 1


def test_the_ballast_is_not_endless(small: Store, path: Path) -> None:
    """An essential row is refused when it truly cannot be written, and the log is intact."""
    rows = fill(small)
    for n in itertools.count(rows):
        try:
            small.append([FAT], operation="filler", expected=n, essential=True)
        except CannotRecord:
            break
    assert n > rows + 5
    assert whole(path) == n


def test_a_refusal_by_the_rules_is_still_told_on_a_full_disk(small: Store) -> None:
    """A replayed delivery of something essential is a replay, not a disk error."""
    small.append([entry()], delivery="d1")
    fill(small)
    with pytest.raises(AlreadyDelivered):
        small.append([entry()], delivery="d1", essential=True)


def test_the_latch_opens_only_by_a_probe_that_passes(small: Store, path: Path) -> None:
    """While the disk is full the probe fails too; with room it passes, and the ballast is back."""
    rows = fill(small)
    with pytest.raises(CannotRecord, match="disk is full"):
        small.probe()
    small.append([FAT], operation="filler", expected=rows, essential=True)
    with pytest.raises(CannotRecord, match="disk is full"):
        small.probe()
    assert is_degraded(small)
    small.drill(max_pages=10_000)
    assert is_degraded(small)
    small.probe()
    assert not is_degraded(small)
    assert path.with_name("log.db.ballast").stat().st_size == BALLAST
    small.append([FAT], operation="filler", expected=rows + 1)
    assert whole(path) == rows + 2


def test_a_probe_leaves_nothing_behind(store: Store, path: Path) -> None:
    """It writes and erases: no event, no filler."""
    store.probe()
    store.probe()
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("SELECT count(*) FROM probe").fetchone() == (0,)
    assert store.head()[0] == 0


def test_a_read_only_file_refuses_and_recovers(store: Store, path: Path) -> None:
    """Also what is essential cannot be written then; the ballast is kept, it would not help."""
    store.append([entry()], operation="op1", expected=0)
    store.drill(read_only=True)
    for essential in (False, True):
        with pytest.raises(CannotRecord, match="the file is read-only"):
            store.append([entry()], operation="op1", expected=1, essential=essential)
    with pytest.raises(CannotRecord):
        store.note("op1", "card", {})
    with pytest.raises(CannotRecord):
        store.probe()
    assert path.with_name("log.db.ballast").exists()
    store.drill(read_only=False)
    store.probe()
    store.append([entry()], operation="op1", expected=1)
    assert whole(path) == 2


def test_a_log_locked_by_another_program_refuses_in_time(store: Store, path: Path) -> None:
    """Somebody's shell holds a write transaction: a sentence within Slack's three seconds, not a hanging bot."""
    with closing(sqlite3.connect(path, isolation_level=None)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        with pytest.raises(CannotRecord, match="another program has locked the file"):
            store.append([entry()])
        shell.execute("ROLLBACK")
    store.probe()
    store.append([entry()])


def test_a_log_is_opened_on_a_disk_that_is_full_already(path: Path) -> None:
    """A restart on a full disk comes up degraded: what runs can be seen and ended, nothing new begins."""
    blocked = path.with_name("log.db.ballast")
    blocked.mkdir()  # the ballast cannot be laid, as when there is no room
    with Store.open(path, clock=ticking()) as store:
        assert store.degraded
        with pytest.raises(CannotRecord):
            store.append([entry()])
        store.append([entry()], essential=True)
        with pytest.raises(CannotRecord):
            store.probe()
        blocked.rmdir()
        store.probe()
        store.append([entry()])


def test_a_ballast_that_does_not_fit_leaves_nothing(tmp_path: Path) -> None:
    """Giving it twice gives it once; laying it twice costs nothing."""
    ballast = Ballast(tmp_path / "b", 1000)
    ballast.lay()
    ballast.lay()
    assert (tmp_path / "b").stat().st_size == 1000
    assert ballast.free()
    assert not ballast.free()


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 8 MiB, where this account may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=8m", "csfailover-test", str(place)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small file system can be mounted by root on Linux only")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def occupy(path: Path) -> None:
    """Take all the room there is."""
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            pass


def test_a_disk_that_is_really_full(tiny_disk: Path) -> None:
    """Filled to the last byte by others: new things refused, the running one ended, and well again with room."""
    path, other = tiny_disk / "log.db", tiny_disk / "somebody else's"
    with Store.open(path, clock=ticking(), ballast=2 * 1024 * 1024) as store:
        store.append([FAT], operation="runs", expected=0, claims=[Claim("pair")])
        occupy(other)
        rows = fill(store)
        assert "the disk is full" in str(store.degraded)
        store.append([FAT] * 8, operation="runs", expected=1, closes=True, essential=True)
        assert store.holders("pair") == ()
        with pytest.raises(CannotRecord):
            store.probe()
    with Store.open(path, clock=ticking(), ballast=2 * 1024 * 1024) as store:
        assert is_degraded(store)
        store.append([entry()], essential=True)
        other.unlink()
        store.probe()
        store.append([entry()])
        assert not is_degraded(store)
    assert whole(path) == 1 + rows + 8 + 2


def test_the_largest_rows_fit_into_the_ballast(tiny_disk: Path) -> None:
    """On a disk without a free byte the end of what runs may have three bodies of the largest size."""
    largest = entry(text="x" * (BODY_LIMIT - len('{"text":""}')))
    with Store.open(tiny_disk / "log.db", clock=ticking()) as store:
        store.append([entry()], operation="runs", expected=0)
        occupy(tiny_disk / "somebody else's")
        with pytest.raises(CannotRecord):
            store.append([largest] * 3, operation="runs", expected=1)
        for n in range(3):
            store.append([largest], operation="runs", expected=1 + n, essential=True)
        assert is_degraded(store)
    assert whole(tiny_disk / "log.db") == 4


LIMITED = """
import resource, sys
from pathlib import Path
from audit.model import CannotRecord
from audit.sqlite.store import Store
from tests.audit.parts import entry, ticking
with Store.open(Path(sys.argv[1]), clock=ticking(), ballast=1000) as store:
    resource.setrlimit(resource.RLIMIT_FSIZE, (3 << 20, 3 << 20))
    try:
        for n in range(100000):
            store.append([entry(text="x" * 60000)], essential=True)
    except CannotRecord as refused:
        print(n, refused)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits on file size are POSIX")
def test_an_error_of_the_disk_is_told_and_loses_nothing(path: Path) -> None:
    """A write that the system refuses in the middle of a commit: every acknowledged row is there, not one more."""
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, timeout=60, check=True
    )
    rows, sentence = done.stdout.split(" ", 1)
    assert "cannot be written" in sentence
    assert int(rows) > 5
    assert whole(path) == int(rows)
