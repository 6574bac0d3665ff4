"""`csfailover demo --play`: the first conversation, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_demo_plays_a_failover_and_proves_its_log(tmp_path: Path) -> None:
    """It prints the card, the cmdlet's line, approvals, progress, verdict and the verified log, and exits 0."""
    command = [sys.executable, "-c", "from bot.cli import main; main()", "demo", "--play", "--data", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=100, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    parts = [
        "Waiting: 0 of 2 approvals given",
        "Invoke-CsPoolFailOver -PoolFqdn pool01.contoso.com -DisasterMode",
        "nobody approves their own request",
        "SUCCEEDED.",
        "Bob approved plan",
        "Carol approved plan",
        "redirecting 80,000 users to pool02.contoso.com (40 %)",
        "The log is whole",
    ]
    places = [done.stdout.find(part) for part in parts]
    assert -1 not in places, done.stdout
