"""A test's hold on a running peer: start it as its own process, read its log, arm trouble, end it.

Uses nothing of the peer but its command line and its control port. It ends only the process that it started.
"""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from tests.wsman.settings import DEFAULT_USERS

ROOT = Path(__file__).resolve().parents[2]
START = 30.0
"""Seconds that a peer may take to listen."""


class Peer:
    """A running peer. A context manager: leaving it ends the process."""

    host = "127.0.0.1"

    def __init__(self, process: subprocess.Popen[str], listening: Mapping[str, Any]) -> None:
        self.process = process
        self.http: int = listening["http"]
        """Port of plain HTTP (Basic, or NTLM and Negotiate with message encryption)."""
        self.https: int = listening["https"]
        """Port of HTTPS (Basic, NTLM, Negotiate with channel binding)."""
        self.control: int = listening["control"]
        self.ca: str = listening["ca"]
        """Path of the PEM to trust."""
        self.user, self.password = DEFAULT_USERS[0].name, DEFAULT_USERS[0].password
        """The account that may do everything, where the settings name no other users."""

    @classmethod
    def start(
        cls,
        settings: Mapping[str, Any] | None = None,
        *,
        world: Path | None = None,
        size: str = "tiny",
        product: str = "2015",
        speed: float | None = None,
        tapes: Path | None = None,
    ) -> Peer:
        """Start a peer on free loopback ports. With `world` its cmdlets run on the lab world in that file (made
        with this size and product where there is none; `speed` None is instant), else on the scripted backend.
        Raises RuntimeError when it does not start; its words are on standard error."""
        command = [sys.executable, "-m", "tests.wsman", "--config", "-"]
        command += ["--world", str(world), "--size", size, "--product", product] if world else []
        command += ["--speed", str(speed)] if world and speed is not None else []
        command += ["--tapes", str(tapes)] if tapes else []
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(dict(settings or {})) + "\n")
        process.stdin.flush()
        watch = threading.Timer(START, process.kill)
        watch.start()
        line = process.stdout.readline()
        watch.cancel()
        if not line:
            process.communicate()
            raise RuntimeError("the peer did not start; its words are on standard error")
        return cls(process, json.loads(line))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # What a client needs

    def wsman(self, transport: str = "https", **more: Any) -> dict[str, Any]:
        """Keyword arguments for pypsrp's WSMan. `transport`: http or https, with `-basic`, `-ntlm`, `-negotiate`
        behind it; without, NTLM over HTTP and Negotiate over HTTPS."""
        scheme, _, auth = transport.partition("-")
        auth = auth or ("ntlm" if scheme == "http" else "negotiate")
        secure: dict[str, Any] = {"ssl": True, "port": self.https, "cert_validation": self.ca}
        plain: dict[str, Any] = {"ssl": False, "port": self.http}
        if auth == "basic":
            plain["encryption"] = "never"
        return {
            "server": self.host, "auth": auth, "username": self.user, "password": self.password, "no_proxy": True,
            **(secure if scheme == "https" else plain), **more,
        }  # fmt: skip

    # What a test asks of the peer

    def log(self, verb: str = "", since: int = 0) -> list[dict[str, Any]]:
        """What it received, in order. Each entry: n, at (seconds since the epoch), verb, path, user, tls, shell,
        command, message, session, cmdlets (of a Command: name, script, parameters with name, wire, value) and
        outcome: answered, `fault NAME`, `trouble KIND`, client vanished, or empty while it is being answered."""
        return [entry for entry in self._ask("/log", {"since": since}) if verb in ("", entry["verb"])]

    def trouble(self, kind: str, **values: Any) -> None:
        """Arm trouble (trouble.KINDS): verb, cmdlet, nth, times, seconds, code, name, count."""
        self._ask("/trouble", {"kind": kind, **values})

    def clear_trouble(self) -> None:
        self._ask("/trouble", {})

    def settings(self, **values: Any) -> None:
        """Change settings while it runs (not the users: their accounts are read at the start)."""
        self._ask("/settings", values)

    def script(self, **values: Any) -> list[str]:
        """Change the scripted backend (scripted.Script); returns the command ids of all its invocations."""
        runs: list[str] = self._ask("/script", values)
        return runs

    def shells(self) -> list[dict[str, Any]]:
        """The shells: id, state, owner, waiting (bytes), idle_timeout, commands (id to running or finished)."""
        shells: list[dict[str, Any]] = self._ask("/shells", {})
        return shells

    def reap_shell(self, shell_id: str) -> None:
        """Delete a shell as the server would, with what runs in it."""
        self._ask("/shells", {"reap": shell_id})

    def disconnect_shell(self, shell_id: str) -> None:
        """Disconnect a shell as the server would."""
        self._ask("/shells", {"disconnect": shell_id})

    def until(self, holds: Callable[[], bool], seconds: float = 10) -> None:
        """Wait until something holds, looking every 20 ms. Raises TimeoutError."""
        pause = threading.Event()
        for _ in range(int(seconds / 0.02)):
            if holds():
                return
            pause.wait(0.02)
        raise TimeoutError("it never came true")

    # Its end

    def stop(self) -> None:
        """End it in order; kill it if it does not listen."""
        if self.process.poll() is None and self.process.stdin is not None:
            self.process.stdin.close()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self._reaped()

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.process.kill()
        self._reaped()

    def _reaped(self) -> None:
        self.process.wait(5)
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        shutil.rmtree(Path(self.ca).parent, ignore_errors=True)  # one that was killed leaves it

    def _ask(self, path: str, values: Mapping[str, Any]) -> Any:
        connection = http.client.HTTPConnection(self.host, self.control, timeout=10)
        try:
            connection.request("POST", path, json.dumps(dict(values)))
            response = connection.getresponse()
            answer = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise ValueError(answer["error"])
        return answer
