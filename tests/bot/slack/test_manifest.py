"""The manifest: what Slack is told of the app, made from what the bot really has and calls."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import bot
from bot.slack.manifest import SCOPES, manifest
from commands import load

# Web API methods and what they need (docs.slack.dev, "Scopes"); empty: no bot scope.
NEEDS: dict[str, set[str]] = {
    "chat_postMessage": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_history": {"channels:history", "groups:history"},
    "conversations_replies": {"channels:history", "groups:history"},
    "conversations_info": {"channels:read", "groups:read"},
    "users_info": {"users:read"},
    "views_open": set(),
    "auth_test": set(),
    "apps_connections_open": set(),  # the app token's own scope, connections:write
}


def test_the_scopes_are_those_that_the_calls_need_and_no_more() -> None:
    """Every method that the bot calls is known here; a new one needs its scope in the manifest."""
    sources = [path.read_text(encoding="utf-8") for folder in bot.__path__ for path in Path(folder).rglob("*.py")]
    called = {name for source in sources for name in re.findall(r"client\.([a-z]+(?:_[a-zA-Z]+)+)[(,]", source)}
    called -= {"is_connected", "base_url"}
    assert called <= set(NEEDS)
    assert set(SCOPES) == {"commands"}.union(*(NEEDS[name] for name in called))


def test_every_scope_says_what_it_is_for() -> None:
    """Who installs the app can judge each one."""
    assert all(len(reason) > 10 for reason in SCOPES.values())


@pytest.mark.parametrize("transport", ["socket", "http"])
def test_every_command_is_there_within_slacks_limits(transport: str) -> None:
    """Names, hints and descriptions that Slack takes; a hint that is empty is left out."""
    made = manifest(transport)
    commands = made["features"]["slash_commands"]
    assert {c["command"] for c in commands} == {f"/{name}" for name in load()}
    for command in commands:
        assert re.fullmatch(r"/[a-z0-9_-]{1,31}", command["command"])
        assert 1 <= len(command["description"]) <= 2_000
        assert 1 <= len(command.get("usage_hint", "-")) <= 1_000
        assert command["should_escape"] is False
        assert ("url" in command) is (transport == "http")
    assert len(made["display_information"]["name"]) <= 35
    assert len(made["display_information"]["description"]) <= 140


def test_the_transport_decides_where_slack_sends() -> None:
    """Socket Mode needs no address; HTTP needs it for commands and for clicks."""
    socket, http = manifest("socket")["settings"], manifest("http", "https://bot.contoso.com/slack/events")["settings"]
    assert socket["socket_mode_enabled"]
    assert "request_url" not in socket["interactivity"]
    assert not http["socket_mode_enabled"]
    assert http["interactivity"]["request_url"] == "https://bot.contoso.com/slack/events"
    assert socket["interactivity"]["is_enabled"]
