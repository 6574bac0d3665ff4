"""The README's pictures, taken of the real page: `make screenshots`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bot.demo import demo
from tests.browser.people import Window, browser
from tests.house.generated import ROOT

DISASTER = "Disaster failover of pool01.contoso.com"


def take(folder: Path, data: Path) -> None:
    with demo.running(data, 0, "socket", demo.lab(data, 240.0)) as running, browser() as opened:
        bob, carol = (Window.open(opened, running.standin.url, f"U0{name}") for name in ("BOB", "CAROL"))
        alice = Window.open(opened, running.standin.url, "U0ALICE", (1180, 930))  # the whole verdict fits
        running.breaks("pool", "pool01")
        alice.page.get_by_text("app connected").wait_for()
        alice.types('/failover pool01 --disaster --reason "storage array lost, no ETA"')
        bob.sees("Waiting: 0 of 2 approvals given")
        bob.sees("1 reply")
        bob.takes(folder / "approval.png")
        bob.approves(DISASTER)
        carol.sees("Waiting: 1 of 2 approvals given")
        carol.approves(DISASTER)
        alice.sees("SUCCEEDED")
        alice.types("/pools")
        alice.sees("Read just now, by the lab engine")
        alice.page.wait_for_timeout(7_000)
        alice.takes(folder / "verdict.png")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        take(ROOT / "docs", Path(scratch))
