"""The architecture is a test: contracts, sizes, no mocks, nothing of one machine in the tree."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.house.generated import ROOT

PACKAGES = ("bot", "commands", "engine", "audit")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
LONGEST = 400
# Written apart, so that this file does not find itself.
MOCKS = re.compile("|".join(("unittest" + r"\.mock", "Magic" + "Mock", "@" + r"patch\b", r"monkeypatch\." + "setattr")))
HOSTS = re.compile(r"https?://[^\s\"')>]*\.(?:whl|tar\.gz)|" + "index" + "-url|extra-" + "index")


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_import_contracts_hold() -> None:
    """bot -> commands -> (engine | audit), pure rules, independent commands, pypsrp and Slack each in one place."""
    code = "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-cache'])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_every_module_says_at_its_door_what_it_is_for() -> None:
    """The first statement of a file that holds anything is a docstring."""
    written = [path for path in SOURCES if path.name != "__init__.py" or path.stat().st_size]

    assert [named(path) for path in written if not path.read_text(encoding="utf-8").startswith('"""')] == []


def test_no_module_is_a_hall() -> None:
    assert [named(path) for path in SOURCES if path.read_text(encoding="utf-8").count("\n") > LONGEST] == []


def test_importing_does_nothing() -> None:
    """Every module can be imported without a socket, a thread, or a line of output."""
    names = [".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for p in SOURCES]
    code = f"""
import importlib, socket, sys, threading
class Refused(socket.socket):
    def connect(self, *a): raise AssertionError("a socket was used")
    bind = connect
socket.socket = Refused
for name in {names!r}:
    if not name.endswith("__main__"):
        importlib.import_module(name)
assert threading.active_count() == 1, threading.enumerate()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_nothing_is_mocked() -> None:
    """Fakes are written by hand, at the outer edge."""
    assert [named(path) for path in TESTS + SOURCES if MOCKS.search(path.read_text(encoding="utf-8"))] == []


def test_no_file_names_a_download_host() -> None:
    """The locks pin hashes, not places."""
    texts = [p.name for p in ROOT.glob("*") if p.is_file() and p.suffix in {".lock", ".toml", ".md"}]
    found = [name for name in texts if HOSTS.search((ROOT / name).read_text(encoding="utf-8"))]

    assert found == []


ROLE = re.compile(r"""["'](?:oncall|lead|auditor)["']|\brole (?:oncall|lead|auditor)\b""")
WORLDS = ("bot/demo/", "bot/standin/")
"""They make up people, each with a role."""


def test_a_role_has_its_name_in_one_place() -> None:
    """Who may do what is asked of engine/policy.py, so nothing else needs to spell a role."""
    spelled = {named(p) for p in SOURCES if ROLE.search(p.read_text(encoding="utf-8"))}

    assert {name for name in spelled if not name.startswith(WORLDS)} == {"engine/policy.py"}
