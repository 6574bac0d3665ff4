"""The only place that reads the clock, waits, and draws ids by chance. Everything else takes them as arguments."""

from __future__ import annotations

import secrets
import time
import uuid
from datetime import UTC, datetime

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No 0/O, 1/I/L or U: an operation's id is read out on the phone."""


def now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251  # this is the place


def unix() -> float:
    """Seconds since 1970."""
    return time.time()


def monotonic() -> float:
    """Seconds that never go back, for intervals."""
    return time.monotonic()


def wait(seconds: float) -> None:
    time.sleep(seconds)  # noqa: TID251  # this is the place


def operation_id() -> str:
    """Eight characters of chance, as `7KQ2-M4XA`: opaque, and short enough to be read aloud."""
    drawn = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"{drawn[:4]}-{drawn[4:]}"


def run_id() -> str:
    """An upper-case UUID, as WSMan wants them."""
    return str(uuid.uuid4()).upper()  # noqa: TID251  # this is the place
