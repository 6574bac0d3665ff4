"""What may be opened, by whom, and what is said when not: every refusal has a cause and a cure."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from audit.model import CannotOpen
from audit.sqlite import connect, schema
from audit.sqlite.reader import Reader
from audit.sqlite.rebuild import rebuild_projections
from audit.sqlite.store import Store
from tests.audit.parts import edit, entry, ticking, whole

HOLDER = """
import sys
from pathlib import Path
from audit.sqlite.store import Store
from tests.audit.parts import entry, ticking
with Store.open(Path(sys.argv[1]), clock=ticking()) as store:
    store.append([entry()])
    print("open", flush=True)
    sys.stdin.read()
"""

OPENER = """
import os, sys
from pathlib import Path
from audit.model import CannotOpen
from audit.sqlite.store import Store
from tests.audit.parts import ticking
os.setuid(65534)
try:
    Store.open(Path(sys.argv[1]), clock=ticking())
except CannotOpen as refused:
    print(refused)
"""


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


def refusal(path: Path) -> str:
    """The sentence with which the log is not opened."""
    with pytest.raises(CannotOpen) as refused:
        Store.open(path, clock=ticking())
    return str(refused.value)


def test_a_new_log_is_durable_and_guarded(path: Path) -> None:
    """WAL and synchronous=FULL are what SQLite itself says, and all triggers are there."""
    with closing(connect.writable(path)) as conn:
        assert conn.execute("PRAGMA query_only").fetchone() == (0,)
        with pytest.raises(sqlite3.DatabaseError):
            conn.execute("PRAGMA synchronous = OFF")
    with closing(connect.unguarded(path)) as conn:
        assert conn.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert conn.execute("PRAGMA synchronous").fetchone() == (2,)
        assert schema.missing_triggers(conn) == []


def test_migrations_keep_the_triggers_and_are_applied_once(store: Store, path: Path) -> None:
    """Opening again changes nothing of the schema."""

    def shape() -> list[tuple[str, ...]]:
        with closing(sqlite3.connect(path)) as conn:
            return conn.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()

    before = shape()
    store.close()
    Store.open(path, clock=ticking()).close()
    assert shape() == before
    assert {row[1] for row in before if row[0] == "trigger"} == set(schema.TRIGGERS)
    with closing(sqlite3.connect(path)) as conn:
        assert {row[0] for row in conn.execute("SELECT name FROM _sqlite_migrations")} == schema.KNOWN


def test_a_second_writing_process_is_refused(path: Path, holder: subprocess.Popen[str]) -> None:
    """It is told which process has the log; reading is allowed to everybody."""
    assert f"pid {holder.pid}" in refusal(path)
    with pytest.raises(CannotOpen, match="Another csfailover process"):
        rebuild_projections(path)
    assert whole(path) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_a_killed_process_leaves_no_lock(path: Path, holder: subprocess.Popen[str]) -> None:
    """After SIGKILL the next process opens at once, with everything that was acknowledged."""
    holder.send_signal(signal.SIGKILL)
    holder.wait(timeout=10)
    with Store.open(path, clock=ticking()) as store:
        assert store.head()[0] == 1


def test_the_same_process_is_refused_too(store: Store, path: Path) -> None:
    """Two stores on one file in one process would be two writers as well; after the close it is free."""
    assert "Another csfailover process" in refusal(path)
    store.close()
    Store.open(path, clock=ticking()).close()


@pytest.mark.parametrize("name", [r"\\server\share\log.db", "//server/share/log.db", r"\\?\UNC\server\share\log.db"])
def test_network_paths_are_refused(name: str) -> None:
    """SQLite is not safe over SMB, whatever the spelling; nothing is created."""
    assert "network path" in refusal(Path(name))
    with pytest.raises(CannotOpen, match="network path"):
        Reader(Path(name))


def test_a_long_local_windows_path_is_no_network_path() -> None:
    r"""\\?\C:\ is a disk of this machine."""
    connect.refuse_network(Path(r"\\?\C:\ProgramData\csfailover\log.db"))


def test_a_directory_or_a_missing_directory_is_refused(tmp_path: Path) -> None:
    """With the path, and what it must be."""
    assert "It must be a file in an existing directory" in refusal(tmp_path)
    assert "The directory must exist" in refusal(tmp_path / "missing" / "log.db")


def test_a_file_of_a_newer_csfailover_is_refused(store: Store, path: Path) -> None:
    """Old programs do not write, and do not read, what they do not understand."""
    store.close()
    edit(path, "INSERT INTO _sqlite_migrations VALUES (99, 'csfailover-audit', 'm099_later', '2030-01-01')")
    assert "newer csfailover (m099_later)" in refusal(path)
    with pytest.raises(CannotOpen, match="newer csfailover"):
        connect.writable(path)
    with pytest.raises(CannotOpen, match="newer csfailover"):
        Reader(path)


def test_another_sqlite_file_is_left_alone(path: Path) -> None:
    """A wrong path in the configuration must not turn somebody's database into a log."""
    edit(path, "CREATE TABLE precious (n)")
    before = path.read_bytes()
    assert "is not an audit log" in refusal(path)
    assert path.read_bytes() == before
    with pytest.raises(CannotOpen, match="is not an audit log"):
        Reader(path)


def test_a_file_that_is_no_database_is_left_alone(path: Path) -> None:
    """Garbage is kept for examination."""
    path.write_bytes(b"not a database, but long enough to have a header" * 100)
    assert "Keep the file for examination" in refusal(path)
    assert path.read_bytes().startswith(b"not a database")


def test_a_log_that_does_not_exist_cannot_be_read(path: Path) -> None:
    """Reading creates nothing."""
    with pytest.raises(CannotOpen):
        Reader(path)
    assert not path.exists()


def test_a_start_that_was_killed_in_its_first_moment_is_repeated(path: Path) -> None:
    """The table of migrations alone is a log half made, and is finished."""
    with closing(sqlite3.connect(path)) as conn:
        schema.MIGRATIONS.ensure_migrations_table(Database(conn))
    Store.open(path, clock=ticking()).close()
    whole(path)


@pytest.mark.parametrize("name", ["a b%20c?mode=memory#x.db", "ünïcode.db", "file:log.db"])
def test_file_names_are_taken_literally(tmp_path: Path, name: str) -> None:
    """Nothing in a name is read as an option."""
    with Store.open(tmp_path / name, clock=ticking()) as store:
        store.append([entry()])
    assert (tmp_path / name).exists()
    assert whole(tmp_path / name) == 1


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="needs to become another user")
def test_a_log_we_may_not_write_is_refused_at_the_start(path: Path) -> None:
    """Not at the first click: a read-only file is told with its cure."""
    with Store.open(path, clock=ticking()) as store:
        store.append([entry()])
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o777)
        copy = Path(shutil.copy(path, place))
        copy.chmod(0o444)
        done = subprocess.run(
            [sys.executable, "-c", OPENER, str(copy)], capture_output=True, text=True, timeout=30, check=False
        )
        assert "Give the service account write permission" in done.stdout, done.stderr
