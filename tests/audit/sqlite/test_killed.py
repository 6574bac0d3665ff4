"""SIGKILL at any moment: what was acknowledged is there, the chain is whole, the projections follow from it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from audit.sqlite.rebuild import rebuild_projections
from audit.sqlite.store import Store
from tests.audit.parts import entry, projections, ticking, whole

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")

WRITER = """
import itertools, sys
from pathlib import Path
from audit.sqlite.store import Store
from audit.model import Claim
from tests.audit.parts import entry, ticking
with Store.open(Path(sys.argv[1]), clock=ticking(), ballast=4096) as store:
    life = store.head()[0]
    for n in itertools.count():
        name = f"op{life}-{n}"
        for version in range(3):
            claims = [Claim(f"pair{life}-{n % 5}"), Claim(f"lane{n % 3}")] if version == 0 and n % 2 else []
            releases = [f"lane{n % 3}"] if version == 1 and n % 2 else []
            row = store.append(
                [entry(n=n), entry(n=n)], operation=name, expected=version * 2,
                delivery=f"{name}-{version}", claims=claims, releases=releases, closes=version == 2,
            )[-1]
            print(row.seq, row.hash, flush=True)
        store.note(name, "card", {"seq": row.seq})
"""


def kill_after(path: Path, seconds: float) -> list[tuple[int, str]]:
    """Let a process append for so long and kill it: what it had acknowledged."""
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        first = writer.stdout.readline()
        time.sleep(seconds)  # noqa: TID251  # the moment of the kill is the test
        writer.send_signal(signal.SIGKILL)
        rest = writer.stdout.read()
    lines = (first + rest).split("\n")[:-1]  # a line cut by the kill was not acknowledged
    return [(int(seq), given) for seq, given in (line.split() for line in lines)]


def survive(path: Path, kills: int) -> None:
    acknowledged: list[tuple[int, str]] = []
    for n in range(kills):
        acknowledged += kill_after(path, seconds=0.005 + 0.013 * (n % 10))
        with Store.open(path, clock=ticking()) as store:
            there = {row.seq: row.hash for row in store.tail(limit=1_000_000)}
            assert all(there.get(seq) == given for seq, given in acknowledged)
            assert len(there) - acknowledged[-1][0] in {0, 2}  # at most the one append that was under way
            store.append([entry()], delivery=f"life {n}")
            acknowledged.append(store.head())
    whole(path)
    live = projections(path)
    rebuild_projections(path)
    assert projections(path) == live
    assert len(live[0]) > kills


def test_what_was_acknowledged_survives_sigkill(path: Path) -> None:
    """Ten lives of one log, each killed while it appends."""
    survive(path, 10)


@pytest.mark.slow
def test_what_was_acknowledged_survives_a_hundred_kills(path: Path) -> None:
    """The same, a hundred times."""
    survive(path, 100)
