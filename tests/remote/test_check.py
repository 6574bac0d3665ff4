"""`csfailover check` as a person runs it: a settings file, an environment, an exit code, and sentences.

Against a peer, and against the stand-in for Slack. The password is in the environment, and in no line of the output.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.demo import demo
from bot.standin import StandIn
from tests.bot.service import checked, environment
from tests.remote.wire import FRONT_ENDS, PAIRS, section, sent
from tests.wsman import tls
from tests.wsman.peer import ROOT, Peer

WRONG = "Wrong-Horse-9"
FE = "pool02-fe01.contoso.com (pool02.contoso.com)"
HERE: dict[str, Any] = {"pairs": [list(PAIRS[0])], "front_ends": {pool: FRONT_ENDS[pool][:1] for pool in PAIRS[0]}}


@dataclass(frozen=True)
class Place:
    """Where a settings file is tried."""

    path: Path
    peer: Peer
    standin: StandIn

    def check(self, wire: str = "https-negotiate", password: str = "", **remote: Any) -> tuple[int, str]:
        """Exit code and all output of `csfailover check` with these settings of [engine.remote]."""
        return checked(self._file(wire, **remote), self._environment(password))

    def run(self, wire: str = "https-negotiate", password: str = "", **remote: Any) -> subprocess.CompletedProcess[str]:
        """The same, in a process of its own."""
        command = [sys.executable, "-c", "from bot.cli import main; main()", "check", "--config"]
        file, own = self._file(wire, **remote), self._environment(password)
        return subprocess.run(
            [*command, str(file)], env=own, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )

    def _file(self, wire: str, **remote: Any) -> Path:
        file = self.path / "csfailover.toml"
        file.write_text(self._settings(section(self.peer, wire, **(HERE | remote))["remote"]), encoding="utf-8")
        return file

    def _environment(self, password: str) -> dict[str, str]:
        given = {"BOT_TOKEN": StandIn.BOT_TOKEN, "APP_TOKEN": StandIn.APP_TOKEN}
        return environment(given | {"PASSWORD": password or self.peer.password})

    def _settings(self, remote: dict[str, Any]) -> str:
        tables: dict[str, dict[str, Any]] = {
            "slack": {"team": StandIn.TEAM, "api_url": self.standin.api_url},
            "log": {"path": str(self.path / demo.LOG)},
            "policy": {"risky_approvals": 1},
            **{f"people.{key}": person for key, person in demo.PEOPLE.items()},
            "engine": {"kind": "remote"},
            "engine.remote": {k: v for k, v in remote.items() if not isinstance(v, dict) and v is not None},
            **{f"engine.remote.{k}": v for k, v in remote.items() if isinstance(v, dict)},
        }
        return "\n".join(f"[{name}]\n{_lines(values)}" for name, values in tables.items())


def _lines(values: dict[str, Any]) -> str:
    """Strings, numbers, booleans and lists are written in TOML as in JSON."""
    return "".join(f"{json.dumps(key)} = {json.dumps(value)}\n" for key, value in values.items())


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    path = tmp_path_factory.mktemp("check")
    standin = StandIn()
    standin.start()
    with Peer.start(world=path / demo.WORLD) as peer:
        yield Place(path, peer, standin)
    standin.stop()


@pytest.fixture
def place(running: Place) -> Place:
    running.peer.settings(disconnect=True, no_language=True, module="SkypeForBusiness")
    return running


@pytest.mark.parametrize("wire", [pytest.param("http-ntlm", marks=pytest.mark.slow), "https-negotiate"])
def test_with_good_settings_all_is_well(place: Place, wire: str) -> None:
    """Exit code 0, no BAD and no note; of the server everything is told that the bot builds on; nothing is changed."""
    code, told = place.check(wire)
    assert code == 0, told
    assert "BAD" not in told
    assert "note" not in told
    for name in (
        "connection",
        "sign-in and shell",
        "module",
        "cmdlets",
        "language of the server",
        "language mode",
        "reattach",
    ):
        assert f"ok   {name}: {FE}" in told
    assert f"ok   language of the server: {FE}: English" in told
    assert f"ok   parameters of Invoke-CsPoolFailOver: {FE}: of those that differ by version it has SkipData" in told
    assert "ok   facts of pool01.contoso.com: Active, up, backup pool pool02.contoso.com" in told
    assert "ok   clock: pool02-fe01.contoso.com: this host and pool02-fe01.contoso.com agree on the time" in told
    assert sent(place.peer) == []
    assert not (place.path / demo.LOG).exists()


@pytest.mark.parametrize(
    ("broken", "says", "cure"),
    [
        ({"password": WRONG}, "did not accept the account", "password"),
        ({"port": 1}, "Connection refused", "Is the server up"),
        ({"module": "Lync"}, "'Lync' was not loaded", "SkypeForBusiness (2015 on) or Lync"),
        (
            {"username": "CONTOSO\\reader", "password": "Correct-Horse-2"},
            "hidden from this account: Invoke-CsPoolFailOver, Invoke-CsPoolFailBack",
            "RBAC role",
        ),
        (
            {"username": "CONTOSO\\outsider", "password": "Correct-Horse-3"},
            "access denied",
            "session configuration",
        ),
    ],
    ids=["password", "port", "module", "hidden", "may-not-connect"],
)
def test_what_is_broken_is_told_with_its_cure(place: Place, broken: dict[str, Any], says: str, cure: str) -> None:
    """Exit code 1; the line is BAD, the next one says what to do."""
    code, told = place.check(**broken)
    assert code == 1
    lines = told.splitlines()
    bad = next(n for n, line in enumerate(lines) if line.startswith("BAD ") and says in line)
    assert lines[bad + 1].startswith("     -> ")
    assert cure in lines[bad + 1]


def test_another_ca_is_not_trusted(place: Place, tmp_path: Path) -> None:
    """A CA file that is there, and is not the one that signed."""
    _, other, _ = tls.make(tmp_path, time.time())
    code, told = place.check(ca_file=str(other))
    assert code == 1
    assert "its certificate is not trusted" in told


def test_a_pool_that_the_server_does_not_know_is_told(place: Place) -> None:
    """A typing mistake in the pair: nothing of it can be read."""
    typo = {"pairs": [["pool01.contoso.com", "pool20.contoso.com"]],
            "front_ends": HERE["front_ends"] | {"pool20.contoso.com": ["pool02-fe01.contoso.com"]}}  # fmt: skip
    code, told = place.check(**typo)
    assert code == 1
    assert "BAD  facts of pool20.contoso.com" in told


def test_where_nothing_can_be_found_again_there_is_a_note(place: Place) -> None:
    """An endpoint under IIS works: exit code 0, and what is lost is said."""
    place.peer.settings(disconnect=False)
    code, told = place.check()
    assert code == 0, told
    assert f"note reattach: {FE}" in told
    assert "it watches PoolState until that is clear" in told


@pytest.mark.parametrize(
    ("code", "body"),
    [
        (404, "<html><p>gone<br></html>"),
        pytest.param(503, "<html><body>soon</body></html>", marks=pytest.mark.slow),
        pytest.param(200, "<html>", marks=pytest.mark.slow),
    ],
)
def test_no_words_of_a_library_reach_standard_error(place: Place, code: int, body: str) -> None:
    """Whatever answers in the server's place: the cause stands in a line of ours, and nothing beside it."""
    place.peer.trouble("http", verb="Create", code=code, body=body, times=99)
    try:
        done = place.run()
    finally:
        place.peer.clear_trouble()
    assert done.returncode == 1
    assert f"BAD  sign-in and shell: {FE}" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("mistake", "says"),
    [
        ({"ssl": False, "allow_http": False}, "set allow_http = true too if that is intended"),
        ({"pairs": [["pool01.contoso.com", "pool09.contoso.com"]]}, "pool09.contoso.com is in a pair but has no Front"),
        ({"ca_file": "no-such-file.pem"}, "engine.remote.ca_file"),
    ],
    ids=["http", "pair", "file"],
)
def test_settings_that_cannot_be_meant_are_refused_unread(place: Place, mistake: dict[str, Any], says: str) -> None:
    """Exit code 1 and a sentence; no server is asked."""
    before = len(place.peer.log())
    code, told = place.check(**mistake)
    assert code == 1
    assert says in told
    assert len(place.peer.log()) == before
