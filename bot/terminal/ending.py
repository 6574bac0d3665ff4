"""How a process ends: in a bounded time once it is asked to, whatever hangs; and how it prints when stdout is gone.

SIGTERM, Ctrl+C and Ctrl+Break ask. A hang-up (a closed terminal, a log rotation) does not: a bot that follows a run
must not end by accident. No log, no engine, no Slack.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from typing import TextIO

import click

from bot import clock
from bot.terminal.errors import FAILED

LONGEST = 30.0
"""Seconds from being asked to end to the end by force. Below the 90 that systemd waits before it kills."""
LOOK = 0.2


class Ending:
    """Made once, on the main thread, before anything that may hang. `hang_up`: whether a hang-up asks too."""

    def __init__(self, seconds: float = LONGEST, *, hang_up: bool = False) -> None:
        self._seconds = seconds
        self._asked = False  # no Event: its lock may be held by the very thread that a signal interrupts
        for name in ("SIGINT", "SIGTERM", "SIGBREAK"):  # SIGBREAK: Windows only
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._ask)
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, self._ask if hang_up else signal.SIG_IGN)
        # Begun now, as there may be no thread to be had when it is needed.
        threading.Thread(target=self._force, name="the end", daemon=True).start()

    def asked(self) -> bool:
        return self._asked

    def wait(self) -> None:
        """Until somebody asks. In short waits, or Windows would not see Ctrl+C."""
        while not self._asked:
            clock.wait(LOOK)

    def _ask(self, *_: object) -> None:
        self._asked = True

    def _force(self) -> None:
        self.wait()
        clock.wait(self._seconds)
        with suppress(OSError):
            told = f"csfailover: did not end within {self._seconds:.0f} s; ended by force, as by a kill.\n"
            os.write(2, told.encode())
        os._exit(FAILED)


def say(text: str) -> None:
    """Print for whoever started the process; where stdout cannot be written, as on a full disk, print nothing."""
    try:
        click.echo(text)
    except OSError:
        _let_go(sys.stdout)


def let_go() -> None:
    """At the end: what stdout and stderr could not write is forgotten, or the interpreter would fail at it."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _let_go(stream)


def _let_go(stream: TextIO) -> None:
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        stream.flush()
