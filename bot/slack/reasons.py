"""Why a call to Slack failed, in words for whoever set the bot up. Pure.

No address is repeated (a proxy's may hold a password, that of a websocket is a key), and no answer's text.
"""

from __future__ import annotations

import re
import socket
import ssl
from http.client import HTTPException
from urllib.error import URLError

from slack_sdk.errors import SlackApiError, SlackClientError

UNREACHED = (SlackClientError, OSError, HTTPException)
"""What slack_sdk raises where Slack says no, or where it cannot be reached."""
REJECTED = {
    "invalid_auth": "it does not know the token, or does not accept it from this address",
    "not_authed": "no token arrived",
    "account_inactive": "the app was removed from the workspace, or the workspace is gone",
    "token_revoked": "the token was revoked",
    "token_expired": "the token has expired",
    "not_allowed_token_type": "it is the wrong kind of token",
}
"""Answers that no later try changes. docs.slack.dev, auth.test and apps.connections.open, Errors."""
_CODE = re.compile(r"[a-z_]{1,60}")


def code(error: BaseException) -> str:
    """Slack's own word for it; empty where it was not Slack that answered."""
    told = error.response.get("error") if isinstance(error, SlackApiError) else None
    return told if isinstance(told, str) and _CODE.fullmatch(told) else ""


def rejected(error: BaseException | None) -> bool:
    """Whether Slack refuses the token itself."""
    return error is not None and code(error) in REJECTED


def reason(error: BaseException) -> str:
    """In words that stand inside a sentence."""
    if isinstance(error, SlackApiError):
        return _answered(error)
    cause = error.reason if isinstance(error, URLError) and isinstance(error.reason, BaseException) else error
    for kinds, say in _NETWORK:
        if isinstance(cause, kinds):
            return say
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {cause.verify_message}"
    if isinstance(cause, ssl.SSLError):
        return f"TLS failed: {cause.reason or 'the other side does not speak it'}"
    if found := re.search(r"Tunnel connection failed: (\d{3})", str(cause)):
        return f"the proxy refused to connect, HTTP {found.group(1)}"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return type(cause).__name__


def _answered(error: SlackApiError) -> str:
    if told := code(error):
        return f"Slack says {told}" + (f": {REJECTED[told]}" if told in REJECTED else "")
    return f"HTTP {error.response.status_code} from something that is not Slack; is a proxy in between?"


_NETWORK: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (socket.gaierror, "its host name cannot be resolved"),
    (ConnectionRefusedError, "the connection was refused"),
    (TimeoutError, "no answer in time"),
    (ConnectionError, "the connection was cut"),  # http.client.RemoteDisconnected too
    (HTTPException, "what answered is not Slack"),
)
