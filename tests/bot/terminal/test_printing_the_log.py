"""`csfailover log` as its auditor meets it: on real files, whole ones and others."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from audit.model import Claim, Entry, JsonValue
from audit.sqlite.reader import Reader
from audit.sqlite.store import Store
from bot.cli import cli
from bot.desk.starts import STARTED
from bot.desk.story import told
from engine.events import (
    ApprovalGranted,
    Event,
    PreflightPassed,
    RequestAsked,
    RequestRefused,
    RequestWithdrawn,
    RunIntended,
    RunRecorded,
    WishRefused,
    to_body,
)
from engine.model import Finding, Kind, Level, Options, Record
from engine.plan import line
from tests.audit.parts import edit, entry, ticking, unlocked, written_anew
from tests.bot.slack.shown import NASTY, events

OPERATION = "7KQ2-M4XA"
ASKED = RequestAsked(
    Kind.FAILOVER,
    "pool01.contoso.com",
    Options(disaster=True),
    "alice",
    "Alice",
    "C0INCIDENT",
    "storage work",
    "/failover pool01 --disaster",
)
FORMS = [(), (OPERATION,), ("--json",), (OPERATION, "--json"), ("verify",), ("ABCD-EFGH",)]


def _entry(event: Event, actor: str = "slack:T0HOME/U0ALICE") -> Entry:
    return Entry(event.kind_of, actor, to_body(event))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Five rows: a read, an operation that was asked for, withdrawn and clicked on since, and a refused command."""
    path = tmp_path / "log.db"
    read: dict[str, JsonValue] = {"v": 1, "command": "/pools", "text": "pool01", "place": "C0INCIDENT"}
    with Store.open(path, clock=ticking()) as store:
        store.append([Entry("command.read", "slack:T0HOME/U0BOB", read)])
        store.append([_entry(ASKED)], operation=OPERATION, expected=0, claims=[Claim("pair")], delivery="d")
        withdrawn = _entry(RequestWithdrawn("alice", "Alice"))
        store.append([withdrawn], operation=OPERATION, expected=1, closes=True)
        late = WishRefused("Bob", "E_LATE", "It is over.")
        store.append([_entry(late, "slack:T0HOME/U0BOB")], operation=OPERATION, expected=2)
        store.append([Entry("command.refused", "slack:T0HOME/U0EVE", {**read, "code": "E_WHO", "say": "Who is it?"})])
    return path


def log(path: Path | None, *arguments: str) -> Result:
    named = ("--log", str(path)) if path else ()
    return CliRunner().invoke(cli, ["log", *arguments, *named], catch_exceptions=False)


def head(path: Path) -> str:
    """As somebody copies it out of what verify prints, to keep it elsewhere."""
    return log(path, "verify").stdout.partition("head ")[2]


# --- what is printed ---------------------------------------------------------------------------------------------


def test_one_operation_is_a_heading_and_a_line_for_each_event(path: Path) -> None:
    """Who asked for what, when and why, how it stands now; then the sentences of the channel; then the verdict."""
    found = log(path, OPERATION)
    assert found.stdout.splitlines() == [
        f"Operation {OPERATION}: failover of pool01.contoso.com (disaster)",
        "typed     /failover pool01 --disaster",
        "asked by  Alice (alice, slack:T0HOME/U0ALICE) in C0INCIDENT, 2026-03-01 12:00:02 UTC",
        "reason    storage work",
        "state     withdrawn since 2026-03-01 12:00:03 UTC",
        "",
        f"2026-03-01 12:00:02  U0ALICE       {told(ASKED)}",
        "2026-03-01 12:00:03  U0ALICE       Alice withdrew it.",
        "2026-03-01 12:00:04  U0BOB         Refused Bob's click on approve: It is over.",
        "",
        f"The log is intact: 5 rows, each chained to the one before; head {head(path)}".rstrip(),
    ]
    assert (found.exit_code, found.stderr) == (0, "")


def test_the_list_has_a_line_for_each_of_the_last_rows(path: Path) -> None:
    """Number, time, operation, who and what; commands that led to no operation among them."""
    lines = log(path, "--last", "2").stdout.splitlines()
    assert lines[:-1] == [
        "4  2026-03-01 12:00:04  7KQ2-M4XA  U0BOB         Refused Bob's click on approve: It is over.",
        "5  2026-03-01 12:00:05  -          U0EVE         Refused (E_WHO): /pools pool01 - Who is it?",
    ]
    assert log(path).stdout.splitlines()[0] == "1  2026-03-01 12:00:01  -          U0BOB         Read: /pools pool01"


def test_an_empty_log_is_whole(tmp_path: Path) -> None:
    """It has no row, and a head that can be kept all the same."""
    Store.open(tmp_path / "log.db", clock=ticking()).close()
    found = log(tmp_path / "log.db")
    assert (found.exit_code, found.stdout[:25]) == (0, "The log is intact: 0 rows")
    assert log(tmp_path / "log.db", "verify", "--expect", head(tmp_path / "log.db")).exit_code == 0


@pytest.mark.parametrize("spelled", [["7kq2-m4xa"], ["7KQ2", "M4XA"], ["7kq2 m4xa"], ["7kq2m4xa"], [" 7KQ2–M4XA "]])
def test_an_operation_is_found_as_it_is_read_out_on_the_phone(path: Path, spelled: list[str]) -> None:
    """In small letters, with a space, with another dash, with none."""
    assert f"Operation {OPERATION}" in log(path, *spelled).stdout


def test_an_operation_that_is_not_there_is_told(path: Path) -> None:
    """With the verdict on the log: it may have been taken out."""
    found = log(path, "abcd-efgh")
    assert found.exit_code == 1
    assert "There is no operation ABCD-EFGH in the log." in found.stderr
    assert "The log is intact" in found.stdout


@pytest.mark.parametrize(("arguments", "seqs"), [((), [1, 2, 3, 4, 5]), ((OPERATION,), [2, 3, 4])])
def test_json_is_one_object_a_row_and_nothing_else(path: Path, arguments: tuple[str, ...], seqs: list[int]) -> None:
    """Stdout is for the machine; the verdict goes to stderr."""
    found = log(path, "--json", *arguments)
    rows = [json.loads(line) for line in found.stdout.splitlines()]
    assert [row["seq"] for row in rows] == seqs
    assert {"operation", "version", "kind", "actor", "at", "rule", "body", "hash", "prev"} < rows[0].keys()
    assert found.stderr.startswith("The log is intact: 5 rows")


def test_every_event_has_its_line_or_is_counted_and_none_is_an_order_to_the_terminal(tmp_path: Path) -> None:
    """Each kind of event with the worst text in it, in both prints and as JSON."""
    path = tmp_path / "log.db"
    said: list[Event] = [RequestWithdrawn("x", NASTY), replace(ASKED, name=NASTY, reason=NASTY, typed=NASTY)]
    every: list[Event] = [*events(), *said, *(RunRecorded(Record(1, stream, NASTY)) for stream in ("output", "error"))]
    body: dict[str, JsonValue] = {"v": 1, "command": NASTY, "text": NASTY, "code": NASTY, "say": NASTY}
    stranger = Entry("command.refused", f"x/{NASTY}", body)
    with Store.open(path, clock=ticking()) as store:
        store.append([stranger])
        store.append([_entry(event, NASTY) for event in every], operation="OP", expected=0)
    told_of = log(path, "op").stdout.splitlines()
    quiet = next(int(line.split()[0]) for line in told_of if "more rows are the run" in line)
    assert sum(line.startswith("2026-03-01") for line in told_of) + quiet == len(every)
    assert quiet
    for found in (told_of, log(path, "--last", "9999").stdout.splitlines()):
        assert all(line.isprintable() for line in found)
        assert not any("not readable" in line for line in found[-len(every) :])
    assert log(path, "--json").stdout.isascii()


def test_what_cannot_be_written_in_the_letters_of_a_file_is_written_as_escapes(path: Path) -> None:
    """A redirected stdout has an old code page on Windows; the log is printed all the same."""
    with Store.open(path, clock=ticking()) as store:
        store.append([Entry("command.read", "x/日本", {"v": 1, "command": "/pools", "text": "日本"})])
    command = [sys.executable, "-c", "from bot.cli import main; main()", "log", "--log", str(path)]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONIOENCODING": "cp1252"}, capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Read: /pools \\u65e5\\u672c" in done.stdout


# --- rows that are not ours --------------------------------------------------------------------------------------


def test_a_row_of_another_version_is_shown_raw(path: Path) -> None:
    """It says so, and the rest of the operation is told; its state is not guessed."""
    with Store.open(path, clock=ticking()) as store:
        store.append([Entry("approval.commented", "bot", {"text": "\x1b[2J"})], operation=OPERATION, expected=3)
        store.append([_entry(RequestRefused("E", "no"))], operation=OPERATION, expected=4)
        store.append([Entry("of.no.operation", "bot", {"text": "later"})])
    found = log(path, OPERATION)
    printed = found.stdout
    assert found.exit_code == 0
    assert "state     not known to this version of csfailover, from row 6 on" in printed
    assert 'row 6 is not readable by this version of csfailover: {"actor":"bot"' in printed
    assert '"body":{"text":"\\u001b[2J"}' in printed
    assert "Alice withdrew it." in printed
    assert "Refused (E): no" in printed
    assert [line for line in log(path).stdout.splitlines() if "not readable" in line and '"later"' in line]


def test_a_row_that_a_newer_version_wrote_says_so(path: Path) -> None:
    """Of an operation or of none; what it says may mean something else by now, so it is shown raw."""
    newer = {**to_body(RequestWithdrawn("alice", "Alice")), "v": 2}
    with Store.open(path, clock=ticking()) as store:
        store.append([Entry("request.withdrawn", "bot", newer)], operation=OPERATION, expected=3)
        store.append([Entry("command.read", "bot", {"v": 2, "command": "/pools", "text": ""})])
    raw = "not readable by this version of csfailover (a newer one wrote it): {"
    assert f"row 6 is {raw}" in log(path, OPERATION).stdout
    assert [raw in line for line in log(path, "--last", "2").stdout.splitlines()[:2]] == [True, True]


@pytest.mark.parametrize(
    ("column", "value"),
    [("body", "'[1]'"), ("body", "'null'"), ("body", "'{}'"), ("at", "'yesterday'"), ("kind", "'x'"), ("body", "'{'")],
)
def test_a_row_that_was_made_unreadable_is_shown_raw_and_the_log_is_not_whole(
    path: Path, column: str, value: str
) -> None:
    """Whatever a forger puts there: no traceback, a raw row, the verdict, exit code 1."""
    unlocked(path, "PRAGMA ignore_check_constraints = 1", f"UPDATE event SET {column} = {value} WHERE seq = 2")
    for form in ((), (OPERATION,)):
        found = log(path, *form)
        assert "not readable by this version of csfailover" in found.stdout
        assert "THE LOG IS NOT INTACT, first at row 2" in found.stdout.splitlines()[-1]
        assert found.exit_code == 1
    assert len(log(path, "--json").stdout.splitlines()) == 5


def test_what_sqlite_cannot_read_is_said(path: Path) -> None:
    """Bytes that are no text: every form ends with the verdict and exit code 1."""
    unlocked(path, "UPDATE event SET actor = CAST(x'ff' AS TEXT) WHERE seq = 3")
    for form in FORMS[:5]:
        found = log(path, *form)
        assert (found.exit_code, "THE LOG IS NOT INTACT" in found.output) == (1, True)
        assert form == ("verify",) or "The rows cannot be read: SQLite says" in found.stderr


# --- is it whole -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS, ids=" ".join)
@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ("UPDATE event SET actor = 'nobody' WHERE seq = 1", "first at row 1"),
        ("DELETE FROM audit_head", "The head is missing"),
        (f"UPDATE operation SET open = 1 WHERE operation = '{OPERATION}'", f"'{OPERATION}' is open since row 2"),
    ],
)
def test_no_form_prints_a_tampered_log_without_a_word(
    path: Path, form: tuple[str, ...], damage: str, named: str
) -> None:
    """Though the rows that are printed may be untouched; with --json on stderr."""
    unlocked(path, damage)
    found = log(path, *form)
    printed = found.stderr if "--json" in form else found.stdout
    verdict = printed.splitlines()[-1]
    assert verdict.startswith("THE LOG IS NOT INTACT")
    assert named in verdict
    assert found.exit_code == 1


def _as_it_is(path: Path) -> str:
    return head(path)


def _short(path: Path) -> str:
    return head(path)[: len("5:") + 16].upper()


def _of_an_earlier_row(path: Path) -> str:
    with Reader(path) as reader:
        return f"2:{reader.hash_at(2)}"


@pytest.mark.parametrize("keep", [_as_it_is, _short, _of_an_earlier_row, lambda path: f"head {head(path)}"])
def test_a_kept_head_is_found_again_in_a_log_that_grew(path: Path, keep: Callable[[Path], str]) -> None:
    """As it was copied, or cut to sixteen digits, or of any earlier row."""
    kept = keep(path)
    with Store.open(path, clock=ticking()) as store:
        store.append([Entry("command.read", "x", {})])
    found = log(path, "verify", "--expect", kept)
    assert (found.exit_code, "The kept head is in the log: row " in found.stdout) == (0, True)


def test_a_log_written_anew_verifies_and_does_not_hold_the_kept_head(path: Path) -> None:
    """Only the kept head tells; rows before the change are still those."""
    kept, before = head(path), _of_an_earlier_row(path)
    assert written_anew(path, 3, "actor", "nobody").ok
    assert log(path, "verify").exit_code == 0
    found = log(path, "verify", "--expect", kept)
    assert found.exit_code == 1
    assert "THE KEPT HEAD IS NOT IN THE LOG: row 5 has the hash" in found.stdout
    assert "rewritten up to that row, or this is a different log" in found.stdout
    assert log(path, "verify", "--expect", before).exit_code == 0


def test_an_end_cut_off_with_its_head_does_not_hold_the_kept_head(path: Path) -> None:
    """The chain is whole as far as it goes; the row that was kept is not there."""
    kept = head(path)
    last = "SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1"
    assert unlocked(path, "DELETE FROM event WHERE seq = 5", f"UPDATE audit_head SET (seq, hash) = ({last})").ok
    found = log(path, "verify", "--expect", kept)
    assert (found.exit_code, "there is no row 5; the log ends at row 4" in found.stdout) == (1, True)


def test_a_kept_head_behind_a_broken_row_proves_nothing(path: Path) -> None:
    """Its row bears the hash, but what came before was changed."""
    kept = head(path)
    unlocked(path, "UPDATE event SET actor = 'nobody' WHERE seq = 3")
    found = log(path, "verify", "--expect", kept)
    assert (found.exit_code, "which proves nothing: the chain breaks at row 3" in found.stdout) == (1, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", "--expect", "5"),
        ("verify", "--expect", ""),
        ("verify", "--expect", "5:"),
        ("verify", "--expect", "5:0123456789abcde"),
        ("verify", "--expect", "5:0123456789abcdeg"),
        ("verify", "--expect", "-5:0123456789abcdef"),
        ("verify", "--expect", f"5:{'a' * 65}"),
        ("verify", "--expect", f"{'9' * 19}:0123456789abcdef"),
        ("--expect", "5:0123456789abcdef"),
        ("verify", OPERATION),
        ("verify", "--json"),
        ("--last", "0"),
    ],
)
def test_what_is_spelled_wrong_is_a_usage_error(path: Path, arguments: tuple[str, ...]) -> None:
    """Exit code 2, and how it is spelled."""
    found = log(path, *arguments)
    assert (found.exit_code, found.stdout) == (2, "")
    assert "Error:" in found.stderr
    assert re.search(r"1234:5d41402abc4b|ROW:HASH|verify|--last", found.stderr)


# --- which file --------------------------------------------------------------------------------------------------


def test_where_there_is_no_log_it_is_said_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither settings nor a demo; then settings whose log is not made yet."""
    monkeypatch.chdir(tmp_path)
    for form in ((), ("verify",), (OPERATION,)):
        found = log(None, *form)
        assert (found.exit_code, found.stdout) == (1, "")
        assert "There is no log here" in found.stderr
        assert "--log FILE" in found.stderr
    people = "".join(f'[people.p{n}]\nname = "P{n}"\nslack = ["U{n}00"]\nroles = ["lead"]\n' for n in range(3))
    Path("csfailover.toml").write_text(f'log.path = "kept.db"\nslack.team = "T0HOME"\n{people}', encoding="utf-8")
    assert "csfailover.toml names kept.db, which is created when the bot first starts" in log(None).stderr
    Store.open(Path("kept.db"), clock=ticking()).close()
    assert log(None).exit_code == 0


def test_what_is_no_log_is_said(tmp_path: Path) -> None:
    """A text, an empty file, a directory, another SQLite file, nothing at all: one sentence with what to do."""
    (tmp_path / "text").write_text("not SQLite, and long enough to have a header " * 100)
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    edit(tmp_path / "other.db", "CREATE TABLE a (b)")
    said = {
        "text": "file is not a database. Keep the file for examination",
        "empty": "is not an audit log of csfailover. Name another file.",
        "folder": "cannot be opened",
        "other.db": "is not an audit log of csfailover. Name another file.",
        "nothing": "cannot be opened",
    }
    for name, sentence in said.items():
        for form in ((), ("verify",), ("--json",)):
            found = log(tmp_path / name, *form)
            assert (found.exit_code, found.stdout) == (1, "")
            assert sentence in found.stderr
            assert found.stderr.count("\n") == 1


def test_the_heading_has_what_was_approved_and_where_it_ran(path: Path) -> None:
    """The exact line, each warning that the leads saw and no note, the Front End; of a request nobody judged, none."""
    of_a_kind = {event.kind_of: event for event in events()}
    passed, intended = of_a_kind["preflight.passed"], of_a_kind["run.intended"]
    assert isinstance(passed, PreflightPassed)
    assert isinstance(intended, RunIntended)
    findings = (Finding("W_ONE", Level.WARN, "It is old."), Finding("N_TWO", Level.NOTE, "By the way."))
    granted = ApprovalGranted("bob", "Bob", passed.digest)
    with Store.open(path, clock=ticking()) as store:
        walk: list[Event] = [replace(passed, findings=findings), granted, replace(granted, by="carol"), intended]
        store.append([_entry(ASKED)], operation="ABCD-EFGH", expected=0, claims=[Claim("other")], delivery="e")
        for n, event in enumerate(walk, 1):
            store.append([_entry(event)], operation="ABCD-EFGH", expected=n)
    heading = log(path, "ABCD-EFGH").stdout.partition("\n\n")[0].splitlines()
    assert heading[-3:] == [
        f"command   {line(passed.plan)}",
        "warned    W_ONE: It is old.",
        f"ran on    {intended.ticket.endpoint}",
    ]
    assert "command " not in log(path, OPERATION).stdout


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (Record(1, "phase", "opening"), "(run: opening)"),
        (Record(2, "debug", "a detail"), "(run, debug: a detail)"),
        (Record(3, "verbose", " "), "(run: an empty line)"),
    ],
)
def test_the_runs_own_bookkeeping_is_told_in_words(path: Path, record: Record, words: str) -> None:
    """A row of the list says what it is."""
    with Store.open(path, clock=ticking()) as store:
        store.append([_entry(RunRecorded(record))], operation=OPERATION, expected=3)
    assert log(path, "--last", "1").stdout.splitlines()[0].endswith(words)


def test_the_start_says_what_needs_more_approvals(path: Path) -> None:
    """Not `risky`, which nobody can look up."""
    body: dict[str, Any] = {
        "v": 1,
        "version": "1",
        "engine": "lab",
        "transport": "socket",
        "people": {"bob": {"roles": ["lead"]}},
        "policy": {"approvals": 1, "risky_approvals": 2},
    }
    with Store.open(path, clock=ticking()) as store:
        store.append([Entry(STARTED, "bot", body)])
    needed = "approvals needed: 1, and 2 for disaster mode, skipped verification and a pool that is in between"
    assert f"{needed}; bob is lead." in log(path).stdout


def test_a_new_log_is_begun_only_where_there_is_none(tmp_path: Path) -> None:
    """`log new` leaves a log alone, keeps what is left of a lost one, and begins at row 1."""
    path = tmp_path / "log.db"
    with Store.open(path, clock=ticking()) as store:
        store.append([entry()])
    refused = CliRunner().invoke(cli, ["log", "new", "--log", str(path)])
    assert (refused.exit_code, "is not overwritten" in refused.output) == (1, True)
    path.write_bytes(b"")
    begun = CliRunner().invoke(cli, ["log", "new", "--log", str(path)])
    assert begun.exit_code == 0, begun.output
    assert f"kept as {path}.old1" in begun.output
    with Store.open(path, clock=ticking()) as store:
        assert store.append([entry()])[0].seq == 1
