"""`make demo-remote`: a page, a bot and a test peer in two processes, that begin and end together."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from bot.standin import Member
from tests.wsman.peer import ROOT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    options = ["--port", "0", "--speed", "3600", "--data", str(tmp_path / "demo")]
    options += ["--trouble", '{"kind": "http", "verb": "Create", "code": 503}', "--server", "done_again=true"]
    command = [sys.executable, "-m", "tests.wsman.demo", *options]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as running:
        yield running
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)


def peer_of(demo: subprocess.Popen[str]) -> int:
    """The one child of the demo."""
    (child,) = Path(f"/proc/{demo.pid}/task/{demo.pid}/children").read_text().split()
    return int(child)


@pytest.mark.parametrize("how", [pytest.param(signal.SIGTERM, marks=pytest.mark.slow), signal.SIGINT])
def test_the_demo_over_the_wire_works_and_ends_with_its_peer(demo: subprocess.Popen[str], how: signal.Signals) -> None:
    """It tells its address, a command gets its card in spite of a passing trouble that was asked for, and asked to end
    it ends in order, the peer with it."""
    assert demo.stdout
    found = re.match(r"(http://127\.0\.0\.1:\d+)/ ", demo.stdout.readline())
    assert found
    alice = Member(found[1], "U0ALICE")
    while "recorded as" not in (said := alice.command("/failover pool01").text):
        assert "Try again" in said or "dispatch_failed" in said  # it takes a second to connect
    card = alice.wait_for("Approve", 30)
    assert "Invoke-CsPoolFailOver -PoolFqdn pool01.contoso.com" in card["rendered"]
    peer = peer_of(demo)
    if how is signal.SIGINT:
        os.killpg(demo.pid, how)  # Ctrl+C of a terminal goes to both
    else:
        demo.send_signal(how)
    _, errors = demo.communicate(timeout=20)
    assert demo.returncode == 0
    assert errors == ""
    assert not Path(f"/proc/{peer}").exists()


def test_troubles_are_options_of_the_demo_and_a_mistaken_one_is_told() -> None:
    """With the kinds that there are; nothing was started."""
    command = [sys.executable, "-m", "tests.wsman.demo", "--trouble", '{"kind": "rain"}']
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert "no such trouble: rain; there are reset, drop" in ended.stderr


def test_a_port_that_is_taken_is_told_with_the_way_out(tmp_path: Path) -> None:
    """A sentence and exit code 1, as `csfailover demo` has it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        command = [sys.executable, "-m", "tests.wsman.demo", "--port", str(held.getsockname()[1])]
        ended = subprocess.run(
            [*command, "--data", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
    assert ended.returncode == 1
    assert ended.stderr.startswith("csfailover: Port ")
    assert ended.stderr.endswith("Choose another: .venv/bin/python -m tests.wsman.demo --port 0\n")
