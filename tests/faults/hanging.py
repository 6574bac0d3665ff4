"""A bot whose engine hangs when it is closed, in a process of its own, which ends all the same. No test."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from bot import clock
from bot.compose import assemble
from bot.demo import demo
from bot.terminal.ending import Ending
from engine.facts import Facts
from engine.lab.engine import Lab

SECONDS = 1.0


class Hanging(Lab):
    """Answers for ever."""

    def facts(self, pool: str) -> Facts:
        threading.Event().wait()
        return super().facts(pool)

    def close(self) -> None:
        threading.Event().wait()


def main(place: Path, api_url: str) -> None:
    ending = Ending(SECONDS)
    config = demo.configuration(api_url, place, "socket", demo.lab(place, None))
    bot = assemble(config, demo.secrets(), Hanging(config.engine.lab.world, clock=clock.unix, wait=clock.wait))
    bot.start()
    bot.contact.first(10.0, ending.asked)
    print("up", flush=True)
    ending.wait()
    bot.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
