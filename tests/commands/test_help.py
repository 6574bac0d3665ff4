"""Every command is found because its file is there, and its help is made from what it takes."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

import commands
from commands import load
from commands.grammar.reading import HELP_WORDS

COMMANDS = load()
every_command = pytest.mark.parametrize("name", sorted(COMMANDS))


def test_each_file_is_a_command_and_each_command_a_file() -> None:
    """Adding one touches nothing else: whatever does not begin with _ is found."""
    files = {path.stem for folder in commands.__path__ for path in Path(folder).glob("[!_]*.py")}
    assert {name.replace("-", "_") for name in COMMANDS} == files
    assert set(COMMANDS) >= {"failover", "failback", "pools", "failover-log", "failover-roles"}


@every_command
def test_every_example_can_be_typed(name: str) -> None:
    """Word for word as the help shows it."""
    assert COMMANDS[name].examples
    for typed, meaning in COMMANDS[name].examples:
        called, _, rest = typed.partition(" ")
        assert called == f"/{name}"
        assert meaning
        assert COMMANDS[name].parse(rest).wish is not None, typed


@every_command
def test_the_help_lists_every_switch_and_example(name: str) -> None:
    """In both spellings, each with what it does."""
    answer = COMMANDS[name].parse("help").help
    assert answer is not None
    shown = dict(answer.items)
    for option in COMMANDS[name].parser.params:
        if isinstance(option, click.Option):
            assert any(typed.startswith(option.opts[0]) for typed in shown), option.opts
    assert set(COMMANDS[name].examples) <= set(answer.items)
    assert all(shown.values())
    assert COMMANDS[name].summary


def test_the_help_of_failover_names_the_cmdlets_parameters() -> None:
    """Who knows the reference page finds its words."""
    answer = COMMANDS["failover"].help()
    text = " ".join(typed for typed, _ in answer.items)
    for parameter in ("PoolFqdn", "DisasterMode", "FlushStorageService", "Force", "SkipDataVerification", "WaitTime"):
        assert f"-{parameter}" in text


@every_command
def test_help_can_be_asked_for_in_every_usual_way(name: str) -> None:
    """And it is never taken for the name of a pool."""
    for word in (*HELP_WORDS, "HELP", "—help"):
        assert COMMANDS[name].parse(word).help is not None, word


@pytest.mark.parametrize("word", ["help", "-?", "--help", "?", "/?", "-h", "HELP!", "-Help"])
def test_help_can_be_asked_for_behind_the_pool(word: str) -> None:
    """Whatever else is typed, also what is not understood; but a value is a value."""
    for before in ("pool01", "pool01 --disaster", "pool01 --nonsense", "pool01 --wait 5m", "pool01 pool02"):
        assert COMMANDS["failover"].parse(f"{before} {word}").help is not None
    assert COMMANDS["failover"].parse(f'pool01 --reason "{word}"').wish is not None
    if not word.startswith("-"):
        assert COMMANDS["failover"].parse(f"pool01 --reason {word}").wish is not None
