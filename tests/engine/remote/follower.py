"""A process that follows one run and commits every record to a file, so that a test can kill it: not a test.

Run as `python -m tests.engine.remote.follower` with one JSON object on standard input: settings (as the
configuration would have them, the password in the clear as it is the peer's), ticket, records (a path).
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

from engine.model import Record, Ticket
from engine.remote.engine import Remote
from engine.remote.settings import RemoteSettings
from tests.engine.remote.rig import NOON, never, pause, plan


def main() -> None:
    given = json.loads(sys.stdin.read())
    engine = Remote(RemoteSettings(**given["settings"]), clock=lambda: NOON, wait=pause, monotonic=time.monotonic)
    with Path(given["records"]).open("a", encoding="utf-8") as log:

        def commit(record: Record) -> None:
            log.write(json.dumps(asdict(record)) + "\n")
            log.flush()
            os.fsync(log.fileno())

        engine.invoke(Ticket(**given["ticket"]), plan(), commit, never)


if __name__ == "__main__":
    main()
