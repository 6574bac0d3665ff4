"""Which store the product has: the one place beside `compose` that names it. Everybody else knows audit.port only.

Apart from `compose`, so that printing the log does not load all of Slack.
"""

from __future__ import annotations

from pathlib import Path

from audit.port import Printable
from audit.sqlite.reader import Reader


def open_log(path: Path) -> Printable:
    """The log at `path`, for reading, also while the bot writes. Raises audit.model.CannotOpen. To be closed."""
    return Reader(path)
