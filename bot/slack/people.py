"""Slack account -> person with roles, or why not. Fails closed: an account that cannot be checked is refused.

Ids only: names, e-mail addresses and channel membership are never permission. What Slack says about an account
(guest, deactivated, another company's, a bot) is read again when it is older than five minutes, and an account
that Slack says nothing about is nobody.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.desk.who import FRESH
from engine.model import Person, Refusal

UNSURE = "E_ACCOUNT_NOT_CHECKED"
SHARED = "E_SHARED_CHANNEL"
TRY_AGAIN = "Try again in a moment."


@dataclass(frozen=True)
class _Word:
    at: float
    refusal: Refusal | None


class People:
    """bot.desk.who.Who for Slack. Thread-safe.

    `client` is used with its own short time limit, as a click must be acknowledged within 3 s."""

    def __init__(
        self,
        team: str,
        persons: Mapping[str, Person],
        accounts: Mapping[str, str],
        channels: tuple[str, ...],
        client: WebClient,
        monotonic: Callable[[], float],
    ) -> None:
        self._team = team
        self._persons = persons
        self._accounts = accounts
        self._channels = channels
        self._client = client
        self._monotonic = monotonic
        self._words: dict[str, _Word] = {}
        self._lock = threading.Lock()

    def persons(self) -> Mapping[str, Person]:
        """Everybody who has a role now, by person id."""
        return self._persons

    def who(self, proof: str) -> Person | Refusal:
        """The person behind a click or a command; `proof` as `proof_of` makes it."""
        team, _, account = proof.partition("/")
        if team != self._team:
            return Refusal(
                "E_OTHER_WORKSPACE",
                "Your account is in another company's workspace; only people from the home workspace can act here.",
                "Ask somebody on the on-call team.",
            )
        if account not in self._accounts:
            return Refusal(
                "E_UNKNOWN_PERSON",
                "You have no role here. Being in the channel is not permission.",
                "Ask the administrator of the bot to add you under [people] in its configuration. A guest account is "
                "refused even then.",
            )
        if refusal := self._word(account, self._ask_about_account):
            return refusal
        return self._persons[self._accounts[account]]

    def confirmed(self, ids: Iterable[str]) -> dict[str, Person]:
        """Those of these people whom Slack, asked again, still knows as full members by one of their accounts. They
        were checked at their click; where Slack does not answer now, that check stands, so an outage of Slack keeps
        nothing from starting. Takes time: not for a click."""
        found = {}
        for key in ids:
            words = [self._ask_about_account(a) for a, owner in self._accounts.items() if owner == key]
            if key in self._persons and any(w is None or w.code == UNSURE for w in words):
                found[key] = self._persons[key]
        return found

    def place(self, channel: str) -> Refusal | None:
        """Why this channel cannot be used; None when it can."""
        if self._channels and channel not in self._channels:
            return Refusal("E_OTHER_CHANNEL", "Commands are not accepted in this channel.", "Use the incident channel.")
        return self._word(channel, self._ask_about_channel)

    def refresh(self) -> None:
        """Ask Slack about everybody beforehand, so that a click does not have to wait."""
        for account in self._accounts:
            self._words[account] = _Word(self._monotonic(), self._ask_about_account(account))

    def _word(self, key: str, ask: Callable[[str], Refusal | None]) -> Refusal | None:
        now = self._monotonic()
        with self._lock:
            word = self._words.get(key)
        # A yes is kept for a while; a no is asked again, as it may just have been mended.
        if word and not word.refusal and now - word.at < FRESH:
            return None
        refusal = ask(key)
        with self._lock:
            self._words[key] = _Word(now, refusal)
        return refusal

    def _ask_about_account(self, account: str) -> Refusal | None:
        try:
            user: dict[str, Any] = self._client.users_info(user=account)["user"]
        except (SlackClientError, OSError, KeyError):
            return Refusal(UNSURE, f"Slack did not say who {account} is, so nothing was done.", TRY_AGAIN)
        if user.get("team_id", self._team) != self._team or user.get("is_stranger"):
            return Refusal("E_OTHER_COMPANY", "This account belongs to another company.", "Ask the on-call team.")
        if user.get("is_restricted") or user.get("is_ultra_restricted"):
            return Refusal("E_GUEST", "Guest accounts cannot act here.", "Use a full member's account.")
        if user.get("deleted") or user.get("is_bot"):
            return Refusal("E_NO_HUMAN", "This account is deactivated, or is a bot.", "A human has to do it.")
        return None

    def _ask_about_channel(self, channel: str) -> Refusal | None:
        try:
            info: dict[str, Any] = self._client.conversations_info(channel=channel)["channel"]
        except (SlackClientError, OSError, KeyError) as error:
            if "channel_not_found" in str(error):
                return _invite()
            return Refusal(
                "E_CHANNEL_NOT_CHECKED", "Slack did not say what channel this is, so nothing was done.", TRY_AGAIN
            )
        if info.get("is_ext_shared") or info.get("is_org_shared") or info.get("is_pending_ext_shared"):
            return Refusal(
                SHARED,
                "This channel is shared with another company, which would read everything about the pools.",
                "Use an internal incident channel.",
            )
        if info.get("is_im") or info.get("is_mpim"):
            return Refusal(
                "E_DIRECT_MESSAGE", "In a direct message no lead could see the card.", "Use the incident channel."
            )
        return _invite() if info.get("is_member") is False else None


def proof_of(team: str, account: str) -> str:
    """What Slack vouches for with a signed delivery."""
    return f"{team}/{account}"


def _invite() -> Refusal:
    return Refusal("E_NOT_IN_CHANNEL", "I am not in this channel, so I could not show the card.", "/invite me first.")
