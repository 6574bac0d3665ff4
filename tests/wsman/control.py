"""The control port of the peer: a test reads the log, arms trouble, changes settings. JSON over HTTP, loopback only.

It is not part of what is imitated. Every call is a POST of one JSON object to /<what>; the answer is JSON.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.wsman.scripted import Scripted
from tests.wsman.server import World

Action = Callable[[Mapping[str, Any]], Any]


def actions(world: World, backend: object, stop: threading.Event) -> dict[str, Action]:
    """What can be asked, by path."""

    def settings(values: Mapping[str, Any]) -> None:
        world.settings = world.settings.changed(values)

    def script(values: Mapping[str, Any]) -> list[str]:
        if not isinstance(backend, Scripted):
            raise TypeError("this peer runs on a lab world, not on the scripted backend")
        backend.change(values)
        return backend.runs

    def shells(values: Mapping[str, Any]) -> list[dict[str, Any]]:
        for shell_id in [values["reap"]] if "reap" in values else []:
            world.shells.reap(shell_id.upper())
        for shell_id in [values["disconnect"]] if "disconnect" in values else []:
            world.shells.table[shell_id.upper()].disconnect()
        return [
            {
                "id": s.id, "state": s.state, "owner": s.owner.name, "waiting": s.runspace.waiting(),
                "idle_timeout": s.idle_timeout,
                "commands": {i: "finished" if p.finished else "running" for i, p in s.runspace.pipelines.items()},
            }
            for s in list(world.shells.table.values())
        ]  # fmt: skip

    def trouble(values: Mapping[str, Any]) -> None:
        if values:
            world.troubles.arm(values)
        else:
            world.troubles.clear()

    return {
        "/log": lambda values: world.log.since(int(values.get("since", 0))),
        "/trouble": trouble,
        "/settings": settings,
        "/script": script,
        "/shells": shells,
        "/stop": lambda _: stop.set(),
    }


def serve(table: Mapping[str, Action]) -> ThreadingHTTPServer:
    """Start it in a thread of its own on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

        def do_POST(self) -> None:
            given = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
            try:
                status, answer = 200, table[self.path](given)
            except (KeyError, ValueError, TypeError) as error:
                status, answer = 400, {"error": f"{type(error).__name__}: {error}"}
            data = json.dumps(answer).encode()
            head = f"HTTP/1.1 {status} -\r\nContent-Length: {len(data)}\r\n\r\n".encode()
            self.wfile.write(head + data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server
