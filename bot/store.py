"""Which store the product uses: besides `compose`, the one place that names it. Everything else knows audit.port only.

Apart from `compose`, so that printing the log does not load all of Slack.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from audit.model import CannotOpen
from audit.port import Printable
from audit.sqlite.lock import SingleInstance
from audit.sqlite.place import real, set_aside
from audit.sqlite.reader import Reader
from audit.sqlite.store import Store
from bot import clock


def open_log(path: Path) -> Printable:
    """The log at `path`, for reading, also while the bot writes. Raises audit.model.CannotOpen. To be closed."""
    return Reader(path)


def begin_log(path: Path) -> list[Path]:
    """Begin a log where the earlier one is lost. What is left of that is kept, and its new paths are returned. Raises
    CannotOpen where there is a log, or a bot that writes one."""
    path = real(path)
    lock = SingleInstance(path)
    try:
        if _has_rows(path):
            raise CannotOpen(
                f"{path} is an audit log and is not overwritten. Move it away yourself, or name another file."
            )
        kept = set_aside(path)
    finally:
        lock.release()
    Store.open(path, clock=clock.now, new=True).close()
    return kept


def _has_rows(path: Path) -> bool:
    """Or is anything else that must not be touched."""
    if not path.exists() or not path.stat().st_size:
        return False
    try:
        with closing(Reader(path)) as reader:
            return reader.head()[0] > 0
    except CannotOpen:
        return True
