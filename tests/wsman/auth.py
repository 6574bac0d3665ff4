"""Who is at the other end of a connection: Basic per request, NTLM and Negotiate per connection, and the message
encryption that comes with them over plain HTTP.

No shells. NTLM proves the connection, so one `Login` belongs to one socket and its keys do too. pyspnego's
acceptor reads the accounts from the file that the environment variable NTLM_USER_FILE names, which is
process-wide: the peer is its own process for that.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Iterable

import spnego
import spnego.channel_bindings
import spnego.exceptions

from tests.wsman.settings import User

ENCRYPTED = "multipart/encrypted"
BOUNDARY = b"--Encrypted Boundary"
SPNEGO = "application/HTTP-SPNEGO-session-encrypted"


class Undecipherable(Exception):
    """The message is not encrypted with this connection's keys."""


class Login:
    """The state of one connection. `binding` is the channel binding's application data on TLS."""

    def __init__(self, users: Iterable[User], binding: bytes | None) -> None:
        self._users = tuple(users)
        self._binding = binding
        self._context: spnego.ContextProxy | None = None
        self.user: User | None = None

    def basic(self, value: str) -> User | None:
        """The account of an `Authorization: Basic` value."""
        try:
            name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return next((u for u in self._users if u.is_called(name) and u.password == password), None)

    def step(self, value: str) -> str | None:
        """One token of Negotiate. Returns the token to answer with (may be empty); None when refused."""
        try:
            token = base64.b64decode(value, validate=True)
            if self._context is None or self._context.complete:
                self._context = self._acceptor(token)
            answer = self._context.step(token)
        except (binascii.Error, spnego.exceptions.SpnegoError, ValueError, struct.error):
            self._context = None
            return None
        if self._context.complete:
            name = self._context.client_principal or ""
            self.user = next((u for u in self._users if u.is_called(name)), None)
        return base64.b64encode(answer or b"").decode()

    def _acceptor(self, token: bytes) -> spnego.ContextProxy:
        self.user = None
        bindings = spnego.channel_bindings.GssChannelBindings(application_data=self._binding) if self._binding else None
        protocol = "ntlm" if token.startswith(b"NTLMSSP\x00") else "negotiate"
        return spnego.server(protocol=protocol, channel_bindings=bindings, options=spnego.NegotiateOptions.use_negotiate
                             if protocol == "negotiate" else spnego.NegotiateOptions.use_ntlm)  # fmt: skip

    def unwrap(self, body: bytes) -> bytes:
        """The message inside multipart/encrypted. Raises Undecipherable."""
        if self._context is None or not self._context.complete:
            raise Undecipherable("no security context on this connection")
        match = re.search(rb"Content-Type: application/octet-stream\r\n", body)
        if match is None or not body.endswith(BOUNDARY + b"--\r\n"):
            raise Undecipherable("not the parts of an encrypted message")
        sealed = body[match.end() : -len(BOUNDARY + b"--\r\n")]
        try:
            (size,) = struct.unpack("<i", sealed[:4])
            return self._context.unwrap_winrm(sealed[4 : 4 + size], sealed[4 + size :])
        except (spnego.exceptions.SpnegoError, struct.error) as error:
            raise Undecipherable(str(error)) from error

    def wrap(self, message: bytes) -> tuple[str, bytes]:
        """The content type and the body of an encrypted reply."""
        assert self._context is not None, "a reply is only wrapped after its request was unwrapped"
        header, data, padding = self._context.wrap_winrm(message)
        head = (
            f"--Encrypted Boundary\r\n\tContent-Type: {SPNEGO}\r\n\tOriginalContent: type=application/soap+xml;"
            f"charset=UTF-8;Length={len(message) + padding}\r\n--Encrypted Boundary\r\n"
            "\tContent-Type: application/octet-stream\r\n"
        ).encode()
        body = head + struct.pack("<i", len(header)) + header + data + BOUNDARY + b"--\r\n"
        return f'multipart/encrypted;protocol="{SPNEGO}";boundary="Encrypted Boundary"', body
