"""What the remote engine costs over bare pypsrp making the same calls, interleaved, against a peer in its own process.

`first byte` is the arrival of the changing Command at the peer, counted from the approval: two commits of ours before
the engine (approval, intent), the phases that the engine commits, session, module, Command. Bare pypsrp makes the same
calls and commits nothing; four bare commits are added to it. `whole` is an operation to its end with every record
committed. `preflight` is a reading of all facts while the user counts take two seconds, against one such count alone.
No Windows is in any figure: there a session takes seconds to open, which makes every ratio smaller.
"""

from __future__ import annotations

import gc
import platform
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from engine.model import Record
from engine.remote.reading import RemoteReader
from engine.remote.wire import arguments
from tests.bench.audit_append import committer, raw
from tests.engine.remote.rig import FE2, P1, go, new_id, plan, remote, ticket
from tests.wsman.peer import Peer

TARGETS = {"first_byte": 1.3, "whole_20ms": 1.5, "whole_2s": 1.02, "preflight": 1.2}
MEMORY = 5.0
"""MB that a run of 800 records may grow."""
SLOW = 2.0
"""Seconds that the slowest reading takes."""

Commit = Callable[[], object]


def run(rounds: int) -> dict[str, float]:
    """Medians in milliseconds, ratios by the names of TARGETS, and `memory` in MB. `rounds` of each short measure; the
    long ones take their share."""
    with (
        Peer.start() as peer,
        tempfile.TemporaryDirectory(prefix="csfailover-bench-") as place,
        closing(raw(Path(place) / "raw.db")) as conn,
    ):
        commit = committer(conn)
        found = _first_byte(peer, commit, rounds)
        found |= _whole(peer, commit, rounds, 0.02, "20ms")
        found |= _whole(peer, commit, max(3, rounds // 10), 2.0, "2s")
        found |= _preflight(peer, max(3, rounds // 10))
        found["memory"] = _memory(peer)
    return found


def _first_byte(peer: Peer, commit: Commit, rounds: int) -> dict[str, float]:
    peer.script(seconds=0.01, records=1)
    engine, ours, bare, commits = remote(peer), [], [], []
    for _ in range(rounds + 1):
        its, start = ticket(engine), time.time()
        commit()
        commit()
        go(engine, _sink(commit), its)
        ours.append(_arrived(peer, its.command_id) - start)
        start = time.time()
        bare.append(_arrived(peer, _bare(peer)) - start)
        start = time.perf_counter()
        for _ in range(4):
            commit()
        commits.append(time.perf_counter() - start)
    return _told("first_byte", ours[1:], [b + c for b, c in zip(bare[1:], commits[1:], strict=True)])


def _whole(peer: Peer, commit: Commit, rounds: int, seconds: float, name: str) -> dict[str, float]:
    peer.script(seconds=seconds, records=5)
    engine, ours, bare = remote(peer), [], []
    for _ in range(rounds + 1):
        ours.append(_timed(lambda: go(engine, _sink(commit))))
        bare.append(_timed(lambda: _bare(peer)))
    return _told(f"whole_{name}", ours[1:], bare[1:])


def _preflight(peer: Peer, rounds: int) -> dict[str, float]:
    engine = remote(peer)
    door = engine.door
    ours, bare = [], []

    def count() -> None:
        with RemoteReader(door, FE2, time.monotonic) as reader:
            reader.ask(("Get-CsUser", {"Filter": f'RegistrarPool -eq "{P1}"'}), ("Measure-Object", {}))

    engine.topology()
    for _ in range(rounds):
        peer.trouble("hang", verb="Command", cmdlet="Get-CsUser", seconds=SLOW, times=2)
        ours.append(_timed(lambda: engine.facts(P1)))
        peer.clear_trouble()
        peer.trouble("hang", verb="Command", cmdlet="Get-CsUser", seconds=SLOW)
        bare.append(_timed(count))
        peer.clear_trouble()
    return _told("preflight", ours, bare)


def _memory(peer: Peer) -> float:
    """MB between the least and the most that is held while 800 records come and are let go."""
    engine = remote(peer)
    go(engine, _sink(lambda: None))
    peer.script(seconds=1.0, records=800)
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    go(engine, _sink(lambda: None))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (most - before) / 1_000_000


def _bare(peer: Peer) -> str:
    """The same calls with pypsrp alone, as its documentation shows them. Returns the command's id."""
    pool = RunspacePool(WSMan(**peer.wsman()))
    pool.open()
    module = {"Name": "SkypeForBusiness"}
    PowerShell(pool).add_cmdlet("Import-Module").add_parameters(module).invoke(remote_stream_options=0)
    ps = PowerShell(pool)
    ps.id = new_id()
    wanted: dict[str, Any] = dict(arguments(plan()))
    ps.add_cmdlet("Invoke-CsPoolFailOver").add_parameters(wanted).invoke(remote_stream_options=0)
    ps.close()
    pool.close()
    pool.connection.close()
    return str(ps.id)


def _sink(commit: Commit) -> Any:
    def sink(_: Record) -> None:
        commit()

    return sink


def _arrived(peer: Peer, command_id: str) -> float:
    return next(float(entry["at"]) for entry in reversed(peer.log("Command")) if entry["command"] == command_id)


def _timed(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def _told(name: str, ours: list[float], bare: list[float]) -> dict[str, float]:
    """The ratio is of the medians."""
    return {
        f"{name}_ours": median(ours) * 1000,
        f"{name}_bare": median(bare) * 1000,
        name: median(ours) / median(bare),
    }


if __name__ == "__main__":
    result = run(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
    print(f"{platform.platform()}, Python {platform.python_version()}")
    for name, target in TARGETS.items():
        line = f"{result[name + '_ours']:.1f} ms against {result[name + '_bare']:.1f} ms"
        print(f"{name:>11}: {line}, ratio {result[name]:.2f} (target: at most {target})")
    print(f"     memory: {result['memory']:.2f} MB over 800 records (target: under {MEMORY})")
