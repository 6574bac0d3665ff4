"""A stand-in for a Windows server's remoting endpoint: `python -m tests.wsman [--config FILE|-] [--world PATH]`.

**It is not PowerShell and it is not Windows.** It lets an unmodified pypsrp open runspace pools, run a handful of
cmdlets and read their streams over the real wire, so that the remote engine and whoever wants to try the bot can
do without a Lync pool.

Copied from the recordings of real Windows servers in pypsrp's sdist: SOAP bodies, the two-step open, one fragment
per stream element with a BOM, record shapes, flattened objects, the answers to Connect, Enumerate and Get, the
texts of the recorded faults. Modelled, and so unproved: auto-disconnect, lost replies, the buffer's size and that
it blocks, fault codes 2150859204 and 2150859206, the IIS-hosted /OcsPowershell endpoint, RBAC, quota.

When it listens it prints one line of JSON: http, https and control ports, the path of the CA, its pid. It ends on
end-of-file of its standard input (`--detached` for not), on SIGTERM, or by its control port.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import json
import os
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from tests.wsman import control, tls
from tests.wsman.cmdlets import Backend, Host
from tests.wsman.scripted import Scripted
from tests.wsman.server import Log, Server, World
from tests.wsman.settings import Settings
from tests.wsman.shells import Shells
from tests.wsman.trouble import Troubles

SWEEP = 0.1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.wsman")
    parser.add_argument("--config", default="", help="JSON file of settings; - is standard input")
    parser.add_argument("--world", type=Path, help="lab world file; without it a small scripted backend is used")
    parser.add_argument("--size", default="tiny", help="tiny, default or forest, where the world is made")
    parser.add_argument("--product", default="2015", help="2013 or 2015, where the world is made")
    parser.add_argument("--speed", type=float, help="virtual seconds of the world in a second; else instant")
    parser.add_argument("--tapes", type=Path, help="pypsrp's sdist, for Play-Tape")
    parser.add_argument("--detached", action="store_true", help="do not end with standard input")
    given = parser.parse_args()
    settings = Settings().changed(_config(given.config))
    with tempfile.TemporaryDirectory(prefix="wsman-peer-") as directory:
        return run(settings, _backend(given), given.tapes, Path(directory), given.detached)


def _config(source: str) -> dict[str, Any]:
    if not source:
        return {}
    text = sys.stdin.readline() if source == "-" else Path(source).read_text()
    values: dict[str, Any] = json.loads(text)
    return values


def _backend(given: argparse.Namespace) -> Backend:
    if given.world is None:
        return Scripted(time.time)
    from tests.wsman.lab import open_lab

    return open_lab(given.world, given.size, given.product, given.speed)


def run(settings: Settings, backend: Backend, tapes: Path | None, directory: Path, detached: bool) -> int:
    """Serve until told to stop."""
    for module in ("basics", "lync", "failover", "probes"):
        importlib.import_module(f"tests.wsman.{module}")
    accounts = directory / "accounts"
    accounts.touch(mode=0o600)
    accounts.write_text("".join(f"{u.name.replace(chr(92), ':', 1)}:{u.password}\n" for u in settings.users))
    os.environ["NTLM_USER_FILE"] = str(accounts)
    context, ca, binding = tls.make(directory, time.time())
    troubles, stop = Troubles(), threading.Event()
    host = Host(backend, lambda: world.settings, troubles, time.time, _tapes(tapes))
    shells = Shells(lambda: world.settings, time.monotonic, host.run_for)
    world = World(settings, shells, troubles, Log(time.time), itertools.count(1).__next__, binding)
    servers = [Server(world, None), Server(world, context)]
    for server in servers:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    controls = control.serve(control.actions(world, backend, stop))
    listening = {"http": servers[0].port, "https": servers[1].port, "control": controls.server_address[1],
                 "ca": str(ca), "pid": os.getpid()}  # fmt: skip
    print(json.dumps(listening), flush=True)
    if not detached:
        threading.Thread(target=_until_end_of_input, args=(stop,), daemon=True).start()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal is meant for whoever holds our input
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    while not stop.wait(SWEEP):
        shells.sweep()
    return 0


def _tapes(sdist: Path | None) -> dict[str, list[tuple[int, str]]]:
    if sdist is None:
        return {}
    from tests.wsman.tapes import recorded

    return {tape.name: list(tape.messages) for tape in recorded(sdist)}


def _until_end_of_input(stop: threading.Event) -> None:
    while sys.stdin.read(1):
        pass
    stop.set()


if __name__ == "__main__":
    sys.exit(main())
