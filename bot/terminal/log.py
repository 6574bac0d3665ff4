"""`csfailover log`: the audit log as an auditor sees it. Reads only, also while the bot runs.

However the log is printed, a last line says whether it is intact (with --json on stderr); what is shown is worth no
more than that.
"""

from __future__ import annotations

import io
import re
import sys
from contextlib import closing
from pathlib import Path

import click

from audit.model import CannotRead, Stored, Verification
from audit.port import Printable
from audit.timeline import visible
from bot.config import Secrets, load
from bot.desk.story import whole
from bot.store import begin_log, open_log
from bot.terminal import printout
from bot.terminal.errors import FAILED, fail, sentences
from bot.terminal.lab import DATA
from commands.grammar.values import operation_id

SETTINGS = Path("csfailover.toml")
_HEAD = re.compile(r"\s*(?:head\s+)?([0-9]{1,18}):([0-9a-f]{16,64})[.…]?\s*", re.IGNORECASE)
Head = tuple[int, str]
"""A row's number, and its hash or the beginning of it."""


def _head(_context: click.Context, _option: click.Parameter, typed: str | None) -> Head | None:
    if typed is None:
        return None
    found = _HEAD.fullmatch(typed)
    if not found:
        raise click.BadParameter(
            f"{typed!r} is not a head. Give it as `csfailover log verify` printed it: the row's number, a colon, and "
            "the first 16 to 64 digits of its hash, as in 1234:5d41402abc4b2a76."
        )
    return int(found[1]), found[2].lower()


@click.command()
@click.argument("operation", nargs=-1, metavar="[OPERATION | verify | new]")
@click.option(
    "--log",
    "path",
    type=click.Path(path_type=Path),
    help="the log's file, if not the one in the settings or the demo's",
)
@click.option(
    "--last", type=click.IntRange(1), default=50, show_default=True, help="how many rows, when no operation is named"
)
@click.option("--json", "as_json", is_flag=True, help="one JSON object per row, for machines")
@click.option("--expect", metavar="ROW:HASH", callback=_head, help="with verify: a head that it printed earlier")
def log(operation: tuple[str, ...], path: Path | None, last: int, as_json: bool, expect: Head | None) -> None:
    """Print the audit log, prove that it is intact, or begin a new one where the old one is lost."""
    if [word.lower() for word in operation] == ["new"]:
        _begin(path or _named())
        return
    proving = bool(operation) and operation[0].lower() == "verify"
    if proving and len(operation) > 1:
        raise click.UsageError("verify checks the whole log and takes no operation.")
    if proving and as_json:
        raise click.UsageError("verify prints one sentence and no rows; leave out --json.")
    if expect and not proving:
        raise click.UsageError("--expect goes with verify: csfailover log verify --expect ROW:HASH")
    if isinstance(sys.stdout, io.TextIOWrapper):  # a file on Windows may not take all letters
        sys.stdout.reconfigure(errors="backslashreplace")
    with sentences(), closing(open_log(_log_path(path))) as reader:
        good = proving or _print(reader, operation_id(" ".join(operation)), last, as_json)
        found = reader.verify()
        click.echo(whole(found), err=as_json)
        if expect:
            good = _holds(reader, found, *expect)
    sys.exit(0 if good and found.ok else FAILED)


def _print(reader: Printable, operation: str, last: int, as_json: bool) -> bool:
    try:
        rows = reader.stored(operation) if operation else reader.last_stored(last)
    except CannotRead as error:
        click.echo(f"csfailover: The rows cannot be read: {error}", err=True)
        return False
    if operation and not rows:
        say = f"There is no operation {visible(operation)} in the log. `csfailover log` shows the last rows."
        click.echo(f"csfailover: {say}", err=True)
        return False
    for line in _lines(operation, rows, as_json):
        click.echo(line)
    return True


def _lines(operation: str, rows: tuple[Stored, ...], as_json: bool) -> list[str]:
    if as_json:
        return [stored.line for stored in rows]
    return printout.operation(operation, rows) if operation else printout.last(rows)


def _holds(reader: Printable, found: Verification, seq: int, kept: str) -> bool:
    """Say whether the log still holds a head that was kept elsewhere."""
    lost = "THE KEPT HEAD IS NOT IN THE LOG"
    try:
        there = reader.hash_at(seq)
    except CannotRead as error:
        click.echo(f"{lost}: row {seq} cannot be read. {error}")
        return False
    if there is None:
        click.echo(
            f"{lost}: there is no row {seq}; the log ends at row {found.rows}. Its end was cut off, or this is an "
            "older copy, or a different log."
        )
    elif not there.startswith(kept):
        click.echo(
            f"{lost}: row {seq} has the hash {visible(there[: len(kept)])}, not {kept}. The log was rewritten up to "
            "that row, or this is a different log."
        )
    elif found.first_bad is not None and found.first_bad <= seq:
        click.echo(f"Row {seq} has the kept hash, which proves nothing: the chain breaks at row {found.first_bad}.")
    else:
        click.echo(f"The kept head is in the log: row {seq} ({kept[:16]}…) and all rows before it are unchanged.")
        return True
    return False


def _begin(path: Path) -> None:
    with sentences():
        kept = begin_log(path)
    click.echo(f"A new audit log was begun: {path}.")
    for left in kept:
        click.echo(f"What was left of the earlier one is kept as {left}.")


def _named() -> Path:
    """The file that the settings name, whether or not it is there; else the demo's."""
    return load(SETTINGS, Secrets()).log.path if SETTINGS.exists() else DATA / "csfailover.db"


def _log_path(path: Path | None) -> Path:
    """The file to read. Ends the program with a sentence when there is none."""
    if path:
        return path
    demo = DATA / "csfailover.db"
    if SETTINGS.exists():
        named = load(SETTINGS, Secrets()).log.path
        if not named.exists():
            fail(f"There is no log yet: {SETTINGS} names {named}, which is created when the bot first starts.")
        return named
    if not demo.exists():
        fail(
            f"There is no log here: neither settings ({SETTINGS}) nor a demo's log ({demo}). Run this where the bot's "
            "settings are, or name the file: csfailover log --log FILE"
        )
    return demo
