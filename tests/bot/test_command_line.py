"""What the command line answers without a bot: the lab's pools, the manifest, the hints of the demo."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import SOME_URL, cli
from bot.terminal.lab import WORLD_FILE, option_for


def typed(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, catch_exceptions=False)


@pytest.fixture
def world(tmp_path: Path) -> str:
    path = str(tmp_path / "lab.db")
    assert typed("lab", "reset", "--tiny", "--world", path).exit_code == 0
    return path


def test_show_tells_of_one_pool_or_one_user(world: str) -> None:
    """A word with an @ is a user, any other a pool; what does not exist is named as what it would be."""
    one = typed("lab", "show", "pool01", "--world", world)
    assert one.exit_code == 0
    assert [line.split()[0] for line in one.stdout.splitlines()] == ["POOL", "pool01.contoso.com"]
    user = typed("lab", "show", "User0000001@contoso.com", "--world", world)
    assert user.stdout == "User0000001@contoso.com: pool01.contoso.com, full\n"
    nobody = typed("lab", "show", "x@contoso.com", "--world", world)
    assert (nobody.exit_code, "there is no user x@contoso.com" in nobody.stderr) == (2, True)
    assert "there is no pool pool9;" in typed("lab", "show", "pool9", "--world", world).stderr


def test_an_address_that_nobody_gave_is_told() -> None:
    """The manifest is printed all the same, whole and alone on stdout; a given address is not doubted."""
    found = typed("manifest", "--transport", "http")
    assert found.exit_code == 0
    assert SOME_URL in json.dumps(json.loads(found.stdout))
    assert f"{SOME_URL} is only an example" in found.stderr
    assert "--url" in found.stderr
    assert typed("manifest", "--transport", "http", "--url", "https://bot.contoso.com/slack/events").stderr == ""
    assert typed("manifest").stderr == ""


def test_a_hint_names_the_world_that_it_is_about() -> None:
    """Where it is not the one that `csfailover lab` takes; in quotes when it has spaces."""
    assert option_for(WORLD_FILE) == ""
    assert option_for(Path("else/lab.db")) == f" --world {Path('else/lab.db')}"
    assert option_for(Path("my demo/lab.db")) == f' --world "{Path("my demo/lab.db")}"'


def test_the_help_of_the_demo_tells_its_speed() -> None:
    """Both of them."""
    assert "default: 60; 600 with --play" in " ".join(typed("demo", "--help").stdout.split())
