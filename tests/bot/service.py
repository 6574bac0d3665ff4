"""`csfailover` as a service manager runs it: a settings file, an environment, and a process. No test.

`check` runs in the test's own process, as starting Python takes longer than what it looks at; that it works as a
process too is shown by one test of its own.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from click.testing import CliRunner

from bot import clock
from bot.cli import ARRIVAL, cli
from bot.demo import demo
from bot.slack.contact import BRIEF, LONGEST_PAUSE
from bot.standin import StandIn
from tests.wsman.peer import ROOT

TOKENS = {"BOT_TOKEN": StandIn.BOT_TOKEN, "APP_TOKEN": StandIn.APP_TOKEN, "SIGNING_SECRET": "0123456789abcdef" * 2}
PATIENCE = 30.0 + ARRIVAL + BRIEF + LONGEST_PAUSE
"""Seconds, besides those that the product itself waits before it says something."""


@dataclass
class Place:
    """A directory with a settings file. `slack` are more settings of that section."""

    path: Path
    api_url: str = ""
    transport: str = "socket"
    people: Mapping[str, object] = field(default_factory=lambda: demo.PEOPLE)
    slack: Mapping[str, object] = field(default_factory=dict)
    policy: Mapping[str, object] = field(default_factory=dict)
    speed: float | None = None

    @property
    def file(self) -> Path:
        return self.path / "csfailover.toml"

    @property
    def log(self) -> Path:
        return self.path / demo.LOG

    def write(self) -> None:
        of_slack = {"team": StandIn.TEAM, "transport": self.transport, "port": 0, "api_url": self.api_url}
        sections: dict[str, Mapping[str, object]] = {
            "slack": {**of_slack, **self.slack},
            "log": {"path": str(self.log)},
            "policy": self.policy,
            "engine.lab": {"world": str(self.path / demo.WORLD)} | ({"speed": self.speed} if self.speed else {}),
            **{f"people.{key}": dict(person) for key, person in self.people.items()},  # type: ignore[call-overload]
        }
        lines = [
            [f"[{name}]", *(f"{k} = {json.dumps(v)}" for k, v in values.items())] for name, values in sections.items()
        ]
        self.file.write_text("\n".join(line for section in lines for line in section), encoding="utf-8")

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-c", "from bot.cli import main; main()", *words]

    def environment(self, secrets: Mapping[str, str]) -> dict[str, str]:
        return environment(secrets)

    def check(self, secrets: Mapping[str, str] = TOKENS) -> tuple[int, str]:
        """Exit code and all output of `csfailover check`."""
        self.write()
        return checked(self.file, self.environment(secrets))

    def refused(self, secrets: Mapping[str, str] = TOKENS) -> tuple[int, str]:
        """The same of a `csfailover run` that ends by itself."""
        return self.ends("run", secrets)

    def ends(self, command: str, secrets: Mapping[str, str] = TOKENS) -> tuple[int, str]:
        """The same of any command, as a process."""
        self.write()
        done = subprocess.run(
            self.command(command, "--config", str(self.file)),
            env=self.environment(secrets),
            cwd=self.path,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        told = done.stdout + done.stderr
        assert "Traceback" not in told, told
        _assert_hushed(told, self.environment(secrets))
        return done.returncode, told

    def run(self, secrets: Mapping[str, str] = TOKENS) -> Service:
        self.write()
        return Service(self.command("run", "--config", str(self.file)), self.environment(secrets), self.path)


def environment(secrets: Mapping[str, str]) -> dict[str, str]:
    """This process's own, without proxies, and with these secrets and no others."""
    proxies = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}
    own = {k: v for k, v in os.environ.items() if k.upper() not in proxies and not k.startswith("CSFAILOVER_")}
    own |= {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
    return own | {f"CSFAILOVER_{name}": value for name, value in secrets.items()}


def checked(file: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Exit code and all output of `csfailover check` in this environment and no other. A bug raises."""
    others: dict[str, str | None] = {name: None for name in os.environ if name not in environment}
    typed = ["check", "--config", str(file)]
    told = CliRunner().invoke(cli, typed, env=others | dict(environment), catch_exceptions=False)
    output = told.stdout + told.stderr
    _assert_hushed(output, environment)
    return told.exit_code, output


def _assert_hushed(output: str, environment: Mapping[str, str]) -> None:
    """No secret is in it."""
    for name, value in environment.items():
        secret = name.startswith("CSFAILOVER_") and not name.endswith("_FILE") and value.strip()
        assert not secret or value not in output


class Service:
    """A process and what it says, line by line, as it says it. Use with `with`: it is killed where it still is."""

    def __init__(self, command: list[str], environment: Mapping[str, str], cwd: Path) -> None:
        self.out: list[str] = []
        self.err: list[str] = []
        self._process = subprocess.Popen(
            command, env=environment, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
        )
        assert self._process.stdout
        assert self._process.stderr
        pipes = ((self._process.stdout, self.out), (self._process.stderr, self.err))
        self._threads = [threading.Thread(target=_keep, args=pipe, daemon=True) for pipe in pipes]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self.ended()

    def says(self, wanted: str, patience: float = PATIENCE) -> str:
        """The first line with this in it, once it is there; `patience` in seconds."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if found := [line for line in self.out + self.err if wanted in line]:
                return found[0]
            clock.wait(0.02)
        raise TimeoutError(f"{wanted!r} is not in {self.out + self.err}")

    def stops(self) -> int:
        """SIGTERM; the exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self.ended()

    def kill(self) -> int:
        """SIGKILL; the exit code."""
        self._process.kill()
        return self.ended()

    def signals(self, number: int) -> None:
        self._process.send_signal(number)

    def ended(self) -> int:
        code = self._process.wait(PATIENCE)
        for thread in self._threads:
            thread.join(PATIENCE)
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe:
                pipe.close()
        return code


def _keep(pipe: IO[str], lines: list[str]) -> None:
    for line in pipe:
        lines.append(line.rstrip("\n"))  # as they come
