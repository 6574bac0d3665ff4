"""How long `csfailover demo` takes from the shell's call to the first answered command, and how much memory it holds.

Every start is the first one: no log and no world are there yet. Baseline: an interpreter that only imports what the
demo stands on; nobody starts faster than that. Memory is what Linux counts as resident, the highest there was.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

from bot.clock import wait
from bot.standin import Member

SECONDS = 3.0
MEGABYTES = 120.0
PATIENCE = 60.0
_LIBRARIES = "import slack_bolt.adapter.socket_mode, sqlite_utils, click, pydantic_settings, cryptography, aiohttp.web"


def run(rounds: int) -> dict[str, float]:
    """Medians and p99 of `start` and `start_baseline` in milliseconds, `start_ratio`, and `memory` in megabytes."""
    took: dict[str, list[float]] = {"start": [], "start_baseline": []}
    memory = []
    for _ in range(rounds):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", _LIBRARIES], check=True)
        took["start_baseline"].append((time.perf_counter() - began) * 1000)
        milliseconds, megabytes = _start()
        took["start"].append(milliseconds)
        memory.append(megabytes)
    found = {f"{name}_median": median(times) for name, times in took.items()}
    found |= {f"{name}_p99": quantiles([*times, times[-1]], n=100)[98] for name, times in took.items()}
    ratio = found["start_median"] / found["start_baseline_median"]
    return found | {"start_ratio": ratio, "memory_median": median(memory), "memory_p99": max(memory)}


def _start() -> tuple[float, float]:
    """Milliseconds and megabytes of one demo, which is ended when it has answered."""
    with tempfile.TemporaryDirectory(prefix="csfailover-bench-") as place:
        command = [sys.executable, "-c", "from bot.cli import main; main()", "demo", "--port", "0", "--data", place]
        began = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo:
            try:
                _answered(_url(demo))
                return (time.perf_counter() - began) * 1000, _memory(demo.pid)
            finally:
                demo.terminate()


def _url(demo: subprocess.Popen[str]) -> str:
    assert demo.stdout
    for line in demo.stdout:
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return found[0]
    raise TimeoutError(f"the demo ended with exit code {demo.wait()} and said no address")


def _answered(url: str) -> None:
    """Ask as Alice until the bot is connected and knows the pools. Raises TimeoutError."""
    alice, deadline = Member(url, "U0ALICE"), time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if "There is no pool" in alice.command("/failover nopool").text:
            return
        wait(0.01)
    raise TimeoutError("the demo did not answer")


def _memory(pid: int) -> float:
    """Megabytes; not a number where the system does not tell."""
    status = Path(f"/proc/{pid}/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) / 1024 if found else float("nan")


if __name__ == "__main__":
    for key, value in run(int(sys.argv[1]) if len(sys.argv) > 1 else 5).items():
        print(f"{key:>24}: {value:.1f}")
