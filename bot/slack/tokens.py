"""Slack's secrets by their looks: which one is in the wrong place, and which is missing. Pure, but for the reading.

What is certainly wrong keeps the bot from starting; what only looks wrong is for `csfailover check`, as Slack may
change its tokens. No sentence here holds any part of a secret.
"""

from __future__ import annotations

import re

from bot.config import ConfigError, Secrets, variable_of

LOOKS = {
    "bot_token": (re.compile(r"xoxb-[\w-]+|xoxe\.xoxb-[\w-]+", re.ASCII), "a bot token (xoxb-…)"),
    "app_token": (re.compile(r"xapp-[\w-]+", re.ASCII), "an app token (xapp-…)"),
    "signing_secret": (re.compile(r"[0-9a-fA-F]{32}"), "a signing secret (32 hex digits)"),
}
WHERE = {
    "bot_token": "The app's page on api.slack.com, OAuth & Permissions, Bot User OAuth Token.",
    "app_token": "The app's page on api.slack.com, Basic Information, App-Level Tokens.",
    "signing_secret": "The app's page on api.slack.com, Basic Information, App Credentials.",
}
"""Where Slack shows each one."""
_OTHERS = ((re.compile(r"xoxp-"), "a user's token (xoxp-…)"), (re.compile(r"xoxe-"), "a refresh token (xoxe-…)"))
_SENDABLE = re.compile(r"[!-~]+")
"""What a token is sent in is a header: a line end in it would be an error that shows the whole token."""


def needed(transport: str) -> tuple[str, str]:
    """The names of the secrets that this transport cannot do without."""
    return "bot_token", "app_token" if transport == "socket" else "signing_secret"


def missing(secrets: Secrets, name: str) -> str:
    """Why there is none, as a sentence; empty when there is one. Raises ConfigError for a file that holds none."""
    if secrets.get(name):
        return ""
    variable = variable_of(name)
    empty = "is set but empty" if secrets.is_blank(name) else f"(or {variable}_FILE) is not set"
    return f"{variable} {empty}: {LOOKS[name][1]} is needed. {WHERE[name]}"


def wrong(name: str, value: str) -> str:
    """What this certainly is instead; empty when it may be right."""
    variable = variable_of(name)
    for other, (looks, what) in LOOKS.items():
        if other != name and looks.fullmatch(value):
            return f"{variable} holds {what}, which belongs in {variable_of(other)}."
    for begins, what in _OTHERS:
        if begins.match(value):
            return f"{variable} holds {what}; {LOOKS[name][1]} is needed. {WHERE[name]}"
    if not _SENDABLE.fullmatch(value):
        return f"{variable} has spaces, line breaks or characters that no Slack secret has. Copy it again."
    return ""


def odd(name: str, value: str) -> str:
    """Why this does not look right; empty when it does."""
    looks, what = LOOKS[name]
    if told := wrong(name, value):
        return told
    return "" if looks.fullmatch(value) else f"{variable_of(name)} does not look like {what}. {WHERE[name]}"


def mistakes(secrets: Secrets, transport: str) -> list[str]:
    """Everything that keeps the bot from starting, as sentences: what is missing, unreadable, or in another's place."""
    told = []
    for name in needed(transport):
        try:
            value = secrets.get(name)
            told.append(wrong(name, value.get_secret_value()) if value else missing(secrets, name))
        except ConfigError as error:
            told += error.mistakes
    return [sentence for sentence in told if sentence]
