"""Slack's secrets by their looks: what is certainly in the wrong place, and what only looks odd."""

from __future__ import annotations

import pytest

from bot.config import Secrets
from bot.slack.tokens import LOOKS, mistakes, odd, wrong

GOOD = {"bot_token": "xoxb-1-2-AbC", "app_token": "xapp-1-A0-1-abc", "signing_secret": "0123456789abcdef" * 2}


@pytest.mark.parametrize("name", LOOKS)
def test_each_secret_is_right_in_its_own_place_only(name: str) -> None:
    """In another's it is told where it belongs."""
    for other, value in GOOD.items():
        told = wrong(name, value)
        assert told == odd(name, value)
        if other == name:
            assert told == ""
        else:
            assert told.endswith(f"belongs in CSFAILOVER_{other.upper()}.")


@pytest.mark.parametrize(
    ("name", "value", "certain"),
    [
        ("bot_token", "xoxp-1-hush", "holds a user's token"),
        ("app_token", "xoxe-1-hush", "holds a refresh token"),
        ("bot_token", "xoxb-1-2-hush ", "has spaces"),
        ("bot_token", "xoxb-1-2\r\nhush", "has spaces"),
        ("app_token", "“xapp-1-hush”", "characters that no Slack secret has"),
        ("bot_token", "hush", ""),
        ("bot_token", '"xoxb-1-2-hush"', ""),
        ("signing_secret", "hush", ""),
        ("signing_secret", "f" * 31, ""),
    ],
)
def test_what_is_certainly_wrong_and_what_only_looks_so(name: str, value: str, certain: str) -> None:
    """`run` refuses the first kind only, `check` tells both; neither repeats the value."""
    assert certain in wrong(name, value)
    assert bool(wrong(name, value)) is bool(certain)
    assert f"CSFAILOVER_{name.upper()} " in odd(name, value)
    assert value not in odd(name, value)


def test_only_what_the_transport_needs_is_missed() -> None:
    """All of it at once."""
    none = Secrets(bot_token="", app_token=None)  # type: ignore[arg-type]
    told = {transport: [s.split()[0] for s in mistakes(none, transport)] for transport in ("socket", "http")}
    assert told == {
        "socket": ["CSFAILOVER_BOT_TOKEN", "CSFAILOVER_APP_TOKEN"],
        "http": ["CSFAILOVER_BOT_TOKEN", "CSFAILOVER_SIGNING_SECRET"],
    }
    assert mistakes(Secrets(**GOOD), "socket") == mistakes(Secrets(**GOOD), "http") == []  # type: ignore[arg-type]
