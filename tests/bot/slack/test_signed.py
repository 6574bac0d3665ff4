"""What a stranger can send to the address that Slack delivers to: over a real socket, byte by byte.

The same answer whatever is wrong, nothing of it in Bolt, and nothing in the log.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult

from bot.slack.link import BODY, HttpLink

SECRET = "0123456789abcdef" * 2
FORM = b"command=%2Ffailover&text=help"
FORGED = "v0=" + "a" * 64


@dataclass
class Address:
    """A real app behind the real server. `reached`: bodies that came as far as a listener."""

    reached: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        known = AuthorizeResult(enterprise_id=None, team_id="T0LAB", bot_token="xoxb-lab")  # Slack is not asked
        app = App(authorize=lambda: known, signing_secret=SECRET)
        app.command("/failover")(self._listener)
        self.link = HttpLink(app, "127.0.0.1", 0, SECRET)
        self.link.start()

    def _listener(self, ack: Any, body: dict[str, Any]) -> None:
        self.reached.append(body)
        ack()

    def post(self, *headers: bytes, body: bytes = FORM, kind: bytes = b"application/x-www-form-urlencoded") -> bytes:
        """The whole answer."""
        head = [b"POST /slack/events HTTP/1.1", b"Host: x", b"Connection: close", b"Content-Type: " + kind, *headers]
        head.append(b"Content-Length: %d" % len(body))
        with socket.create_connection(("127.0.0.1", self.link.port), timeout=10) as wire:
            with suppress(ConnectionResetError, BrokenPipeError):  # it may answer before it has read everything
                wire.sendall(b"\r\n".join(head) + b"\r\n\r\n" + body)
            return _all(wire)


def _all(wire: socket.socket) -> bytes:
    told = b""
    with suppress(ConnectionResetError):
        while part := wire.recv(65_536):
            told += part
    return told


@pytest.fixture
def address() -> Iterator[Address]:
    made = Address()
    yield made
    made.link.stop()


def signature(stamp: str, body: bytes, secret: str = SECRET) -> str:
    return "v0=" + hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()


def headers(stamp: str, signed: str) -> tuple[bytes, bytes]:
    return f"X-Slack-Request-Timestamp: {stamp}".encode(), f"X-Slack-Signature: {signed}".encode()


def now() -> str:
    return str(int(time.time()))


def is_refused(answer: bytes) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 401 "), answer
    assert json.loads(body) == {"error": "invalid request"}


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What went to the log; not that the server's threads were busy for a moment."""
    return [r.getMessage() for r in caplog.records if r.levelno >= logging.INFO and r.name != "waitress.queue"]


def test_what_slack_signed_arrives(address: Address) -> None:
    """Beside all that is refused."""
    stamp = now()
    assert address.post(*headers(stamp, signature(stamp, FORM))).startswith(b"HTTP/1.1 200 ")
    assert [body["text"] for body in address.reached] == ["help"]


@pytest.mark.parametrize(
    "stamp",
    ["abc", "", "-1", "-{now}", "9" * 11, "9" * 400, "9" * 5_000, "1e9", "nan", "{now}.5", "{now}_0", "١٢٣", "+{now}"],
    ids=range(13),
)  # fmt: skip
def test_a_timestamp_that_is_none_is_refused_as_a_forged_signature_is(
    address: Address, stamp: str, caplog: pytest.LogCaptureFixture
) -> None:
    """401, though it is signed with the right secret; the log says nothing."""
    stamp = stamp.format(now=now())
    is_refused(address.post(*headers(stamp, signature(stamp, FORM))))
    assert address.reached == []
    assert said(caplog) == []


@pytest.mark.parametrize(
    "wrong",
    [
        lambda _: "",
        lambda _: "v0=",
        lambda _: FORGED,
        lambda right: "v1" + right[2:],
        lambda right: right[3:],
        lambda right: right.upper(),
        lambda right: right + "0",
        lambda right: "v0=é" + right[4:],
    ],
    ids=["empty", "no digest", "forged", "v1", "no version", "upper case", "longer", "not ASCII"],
)
def test_a_wrong_signature_is_refused(
    address: Address, wrong: Callable[[str], str], caplog: pytest.LogCaptureFixture
) -> None:
    """However near it is to the right one."""
    stamp = now()
    is_refused(address.post(*headers(stamp, wrong(signature(stamp, FORM)))))
    assert address.reached == []
    assert said(caplog) == []


def test_another_secret_and_an_old_signature_are_refused(address: Address) -> None:
    """Five minutes are what Slack asks for."""
    stamp, old = now(), str(int(time.time()) - 301)
    is_refused(address.post(*headers(stamp, signature(stamp, FORM, "f" * 32))))
    is_refused(address.post(*headers(old, signature(old, FORM))))
    assert address.reached == []


@pytest.mark.parametrize(("by", "way"), [(-600, "10 min ahead of"), (600, "10 min behind")])
def test_a_clock_that_is_wrong_is_the_links_trouble_until_a_delivery_counts(
    address: Address, by: int, way: str
) -> None:
    """What Slack signed is refused for its time alone: that is said, as nothing else would show it."""
    stamp = str(int(time.time()) + by)
    is_refused(address.post(*headers(stamp, signature(stamp, FORM))))
    assert f"this host's clock is {way} Slack's" in address.link.trouble
    address.post(*headers(now(), signature(now(), FORM)))
    assert address.link.trouble == ""


def test_a_wrong_secret_is_the_links_trouble_and_a_stranger_is_not(address: Address) -> None:
    """Before Slack was heard, a signature that does not fit may be Slack's own; right after, it is not."""
    is_refused(address.post(*headers(now(), FORGED)))
    assert "does not match the signing secret" in address.link.trouble
    address.post(*headers(now(), signature(now(), FORM)))
    is_refused(address.post(*headers(now(), FORGED)))
    assert address.link.trouble == ""


def test_missing_headers_are_refused(address: Address) -> None:
    """One of the two, and both."""
    stamp = now()
    of_stamp, of_signature = headers(stamp, signature(stamp, FORM))
    for given in ((), (of_stamp,), (of_signature,)):
        is_refused(address.post(*given))
    assert address.reached == []


def test_bytes_that_are_no_ascii_in_a_header_are_refused(address: Address) -> None:
    for stamp, signed in ((b"\xff\xfe", b"v0=" + b"\xe9" * 64), ("１２".encode(), FORGED.encode())):
        is_refused(address.post(b"X-Slack-Request-Timestamp: " + stamp, b"X-Slack-Signature: " + signed))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{not json", b"application/json"),
        (b"payload={", b"application/x-www-form-urlencoded"),
        (b"\xff\xfe\x00", b"application/x-www-form-urlencoded"),
        (b"x" * 200_000, b"multipart/form-data; boundary=x"),
        (b"", b"text/plain"),
    ],
    ids=["json", "payload", "bytes", "long", "nothing"],
)
def test_a_body_that_nobody_signed_is_not_parsed(
    address: Address, body: bytes, kind: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Bolt would answer 500 to some of these before it looks at the signature."""
    is_refused(address.post(*headers(now(), FORGED), body=body, kind=kind))
    assert said(caplog) == []


def test_two_megabytes_are_not_read(address: Address) -> None:
    """Refused by the server itself, before anybody looks who signed it; the next request is answered."""
    long = b"text=" + b"x" * (2 * BODY)
    stamp = now()
    answer = address.post(*headers(stamp, signature(stamp, long)), body=long)
    assert answer.startswith(b"HTTP/1.1 413 ") or answer == b"", answer[:100]
    assert address.reached == []
    test_what_slack_signed_arrives(address)


def test_a_get_finds_nothing(address: Address) -> None:
    """As a load balancer asks: there is nothing, and no error."""
    with socket.create_connection(("127.0.0.1", address.link.port), timeout=10) as wire:
        wire.sendall(b"GET /slack/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert _all(wire).startswith(b"HTTP/1.1 404 ")
