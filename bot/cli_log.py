"""`csfailover log`: the audit log as its auditor reads it. Reads only, also while the bot runs."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from audit.reader import Reader
from audit.timeline import lines
from bot.answers import whole
from bot.cli_errors import FAILED, fail, sentences
from bot.cli_lab import DATA
from bot.config import Secrets, load


@click.command()
@click.argument("operation", required=False, metavar="[OPERATION | verify]")
@click.option("--log", "path", type=click.Path(path_type=Path), help="its file; else that of the settings, or the demo")
@click.option("--last", type=click.IntRange(1), default=50, show_default=True, help="rows, where no operation is named")
def log(operation: str | None, path: Path | None, last: int) -> None:
    """Print the audit log: the last rows, or one operation; or prove that it is whole."""
    with sentences(), Reader(_log_path(path)) as reader:
        if operation == "verify":
            found = reader.verify()
            click.echo(whole(found))
            sys.exit(0 if found.ok else FAILED)
        head, _ = reader.head()
        rows = reader.read(operation.upper()) if operation else reader.tail(max(0, head - last), last)
        if operation and not rows:
            fail(f"There is no operation {operation}. `csfailover log` shows the last rows.")
        click.echo("\n".join(lines(rows)) or "The log is empty.")


def _log_path(path: Path | None) -> Path:
    if path:
        return path
    settings = Path("csfailover.toml")
    return load(settings, Secrets()).log.path if settings.exists() else DATA / "csfailover.db"
