"""What people install: the built wheel, in an environment without development tools (`make test` makes it)."""

from __future__ import annotations

import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.house.generated import ROOT

SCRIPTS = ROOT / ".venv-wheel" / ("Scripts" if os.name == "nt" else "bin")
pytestmark = pytest.mark.skipif(not SCRIPTS.exists(), reason="`make .venv-wheel/ready` builds and installs the wheel")


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", timeout=100, check=False, env=_bare()
    )


def _bare() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}


def test_the_wheel_holds_exactly_the_four_packages() -> None:
    """No tests, no caches; the stand-in's page and the licence are in it."""
    (wheel,) = (ROOT / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names if ".dist-info" not in name}

    assert tops == {"audit", "bot", "commands", "engine"}
    assert "bot/standin/page/index.html" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_installed_tool_plays_the_main_job_without_development_tools(tmp_path: Path) -> None:
    """In a folder of its own, from the wheel: the demo is played, the log verifies, the lab can be looked at."""
    tool = str(SCRIPTS / "csfailover")
    played = run(tool, "demo", "--play", cwd=tmp_path)
    verified = run(tool, "log", "verify", cwd=tmp_path)
    shown = run(tool, "lab", "show", cwd=tmp_path)
    developed = run(str(SCRIPTS / "python"), "-c", "import pytest", cwd=tmp_path)

    assert (played.returncode, verified.returncode, shown.returncode) == (0, 0, 0), played.stderr
    assert "SUCCEEDED" in played.stdout
    assert "The log is whole" in verified.stdout
    assert "pool01.contoso.com" in shown.stdout
    assert developed.returncode != 0
