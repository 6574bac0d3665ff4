"""The guard before Bolt on signed HTTP: what Slack did not sign is answered 401, and nothing else looks at it.

Bolt parses a body before it verifies it, and slack_sdk's verifier raises on a timestamp that is not a number or far
from any time, on a signature or a body that is not text: a stranger could make it answer 500 and fill the log. Bolt
verifies once more what comes through. No listener, no rule.
"""

from __future__ import annotations

import hmac
import io
import re
from collections.abc import Callable, Iterable
from typing import Any

from slack_sdk.signature import SignatureVerifier

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]
STAMP = re.compile(r"[0-9]{1,12}")
"""Seconds since 1970, as Slack writes them."""
SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")
AGE = 300
"""Seconds that a delivery may be old, or early: as Slack advises, so that nothing is played again later."""
OF_LATE = 600.0
NOT_OURS = (
    "Deliveries are refused: their signature does not match the signing secret. If Slack sent them, copy the secret "
    "from the app's page again."
)
REFUSED = b'{"error": "invalid request"}'
"""What Bolt itself answers to a forged signature."""


class Signed:
    """A WSGI application before another one. The server bounds the body; here it is read whole."""

    def __init__(
        self, then: Wsgi, signing_secret: str, wall: Callable[[], float], monotonic: Callable[[], float]
    ) -> None:
        self._then = then
        self._verifier = SignatureVerifier(signing_secret)
        self._wall = wall
        self._monotonic = monotonic
        self._heard_at = float("-inf")
        self._refused = ""

    @property
    def trouble(self) -> str:
        """Why the deliveries are refused; empty when the last one was not, or may have been a stranger's."""
        return self._refused

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST":
            return self._then(environ, start_response)  # a 404: Slack only posts
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if not self._by_slack(environ, body):
            start_response("401 Unauthorized", [("content-type", "application/json;charset=utf-8")])
            return [REFUSED]
        return self._then({**environ, "wsgi.input": io.BytesIO(body)}, start_response)

    def _by_slack(self, environ: dict[str, Any], body: bytes) -> bool:
        stamp = environ.get("HTTP_X_SLACK_REQUEST_TIMESTAMP", "")
        signature = environ.get("HTTP_X_SLACK_SIGNATURE", "")
        if not STAMP.fullmatch(stamp) or not SIGNATURE.fullmatch(signature):
            return False
        try:
            due = self._verifier.generate_signature(timestamp=stamp, body=body.decode("utf-8"))
        except UnicodeDecodeError:
            return False
        if not due or not hmac.compare_digest(due, signature):
            # Where Slack was heard recently, the secret is right and this was a stranger.
            if self._monotonic() - self._heard_at > OF_LATE:
                self._refused = NOT_OURS
            return False
        if off := self._off(int(stamp)):
            self._refused = off
            return False
        self._heard_at = self._monotonic()
        self._refused = ""
        return True

    def _off(self, stamp: int) -> str:
        """That this host's clock is too far from Slack's, by which it was signed; or that it comes too late."""
        ahead = self._wall() - stamp
        if abs(ahead) <= AGE:
            return ""
        return (
            f"Every delivery from Slack is refused: this host's clock is {abs(ahead) / 60:.0f} min "
            f"{'ahead of' if ahead > 0 else 'behind'} Slack's. Set it right."
        )
