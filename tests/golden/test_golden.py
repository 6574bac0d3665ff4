"""A log that an older csfailover wrote is whole and says the same to this one. `python -m tests.golden` writes one."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from audit.model import COLUMNS, Columns
from audit.sqlite import connect
from audit.sqlite.rebuild import rebuild_projections
from audit.sqlite.store import Store
from bot.terminal import printout
from engine.events import KINDS
from tests.audit.parts import ticking, whole
from tests.golden.scenario import ROWS_ALONE, states, written

PLACE = Path(__file__).parent
LOGS = sorted(PLACE.glob("*.jsonl"))
JSON_COLUMNS = ("body", "claims", "releases")


def columns(line: str) -> Columns:
    """The row as it stood in the file, from what `csfailover log --json` printed."""
    row = json.loads(line)
    texts = {name: row[name] if row[name] is None else rfc8785.dumps(row[name]).decode() for name in JSON_COLUMNS}
    return tuple((row | texts)[name] for name in COLUMNS)


def restored(golden: Path, path: Path) -> Path:
    """The golden log as a file: its rows with the hashes that they had, and all that follows from them made anew."""
    connect.writable(path).close()
    insert = f"INSERT INTO event VALUES ({', '.join('?' * len(COLUMNS))})"
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:  # the triggers are in force
        for line in golden.read_text(encoding="ascii").splitlines():
            conn.execute(insert, columns(line))
    rebuild_projections(path)
    return path


@pytest.fixture(params=LOGS, ids=lambda golden: golden.stem)
def golden(request: pytest.FixtureRequest) -> Path:
    assert isinstance(request.param, Path)
    return request.param


def test_this_version_has_a_golden_log() -> None:
    """And those of the versions before it stay."""
    assert f"{version('csfailover')}.jsonl" in {golden.name for golden in LOGS}


def test_a_golden_log_is_whole(golden: Path, tmp_path: Path) -> None:
    """Row by row with the hashes as they were, and with operations and claims that follow from it."""
    rows = golden.read_text(encoding="ascii").splitlines()
    path = restored(golden, tmp_path / "log.db")
    assert whole(path) == len(rows)
    with Store.open(path, clock=ticking()) as store:
        assert store.head() == (len(rows), json.loads(rows[-1])["hash"])
        assert [stored.line for stored in store.last_stored(len(rows))] == rows


def test_every_operation_of_a_golden_log_folds_to_what_it_was(golden: Path, tmp_path: Path) -> None:
    """Whatever this version knows besides: all that was known then is there, and the same."""
    recorded = json.loads(golden.with_suffix(".states.json").read_text(encoding="ascii"))
    with Store.open(restored(golden, tmp_path / "log.db"), clock=ticking()) as store:
        folded = dict(states(store))
        still_open = [name for name, op in recorded.items() if op["closed_at"] is None]
        assert store.open_operations() == tuple(still_open)
    assert folded.keys() == recorded.keys()
    assert [name for name, op in recorded.items() if not _holds(folded[name], op)] == []


def test_every_row_of_a_golden_log_can_be_printed(golden: Path, tmp_path: Path) -> None:
    """Those of no operation too: none is raw."""
    with Store.open(restored(golden, tmp_path / "log.db"), clock=ticking()) as store:
        lines = printout.last(store.last_stored(10_000))
        for name in store.last_operations(10_000):
            lines += printout.operation(name, store.stored(name))
    assert not [line for line in lines if "not readable" in line or "not known" in line]


def test_every_kind_of_event_stands_in_the_golden_log_of_this_version() -> None:
    """Also of rows of no operation, and a claim that is shared and one that is released early."""
    newest = PLACE / f"{version('csfailover')}.jsonl"
    rows = [json.loads(line) for line in newest.read_text(encoding="ascii").splitlines()]
    assert {row["kind"] for row in rows} == KINDS.keys() | ROWS_ALONE.keys()
    assert all(row["body"]["v"] >= 1 for row in rows)
    assert [row for row in rows if row["releases"]]
    assert [row for row in rows if row["claims"] and "shared" in row["claims"].values()]


def test_the_scenario_is_the_same_every_time(tmp_path: Path) -> None:
    """No clock, id or path of the machine gets into a golden log."""
    first, second = written(tmp_path / "a.db"), written(tmp_path / "b.db")
    assert first == second
    assert not re.search(r"/tmp|/home|/work|/root", "".join(first))


def test_a_golden_log_that_was_changed_is_not_taken(tmp_path: Path) -> None:
    """The counterpart: one letter, and it is not whole."""
    lines = LOGS[-1].read_text(encoding="ascii").replace("pool01.contoso.com", "pool09.contoso.com", 1)
    (tmp_path / "changed.jsonl").write_text(lines, encoding="ascii")
    path = restored(tmp_path / "changed.jsonl", tmp_path / "log.db")
    with Store.open(path, clock=ticking()) as store:
        assert not store.verify().ok


def _holds(there: Any, recorded: Any) -> bool:
    if isinstance(recorded, dict):
        return isinstance(there, dict) and all(key in there and _holds(there[key], recorded[key]) for key in recorded)
    if isinstance(recorded, list):
        return len(there) == len(recorded) and all(_holds(t, r) for t, r in zip(there, recorded, strict=True))
    return bool(there == recorded)
