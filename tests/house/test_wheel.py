"""What people install: the built wheel, in an environment without development tools (`make test` makes it)."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.house.conversation import WHEEL, run
from tests.house.generated import ROOT

pytestmark = pytest.mark.skipif(not WHEEL.exists(), reason="`make .venv-wheel/ready` builds and installs the wheel")


def test_the_wheel_holds_exactly_the_four_packages() -> None:
    """No tests, no caches; the stand-in's page and the licence are in it."""
    (wheel,) = (ROOT / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names if ".dist-info" not in name}

    assert tops == {"audit", "bot", "commands", "engine"}
    assert "bot/standin/page/index.html" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_is_installed_without_development_tools(tmp_path: Path) -> None:
    """So what the installed tool plays in test_first_conversation.py, it plays without them."""
    assert run(str(WHEEL / "python"), "-c", "import bot, pytest", cwd=tmp_path).stderr.endswith("'pytest'\n")
