"""What can go wrong on the command line, as a sentence on stderr and an exit code. No command enters here.

Exit codes: 0 done, 1 refused or failed, 2 usage.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

from audit.model import CannotOpen, CannotRead, CannotRecord
from bot.config import ConfigError
from engine.port import EngineError

FAILED = 1


@contextmanager
def sentences() -> Iterator[None]:
    """What can go wrong, as sentences and exit code 1; a bug keeps its traceback."""
    try:
        yield
    except ConfigError as error:
        for mistake in error.mistakes:
            click.echo(f"csfailover: {mistake}", err=True)
        sys.exit(FAILED)
    except (CannotOpen, CannotRead, CannotRecord) as error:
        fail(str(error))
    except EngineError as error:
        fail(f"{error.say} {error.detail}".strip())


def fail(say: str, code: int = FAILED) -> NoReturn:
    """End with this sentence."""
    click.echo(f"csfailover: {say}", err=True)
    sys.exit(code)
