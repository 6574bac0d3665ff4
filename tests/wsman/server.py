"""The HTTP side of the peer: connections, authentication, trouble on the wire, the log of what came.

No shells and no cmdlets; those are behind `Shells`. Each answer is one write to the socket. A message that cannot
be decrypted is HTTP 400, a fault HTTP 500, as with WinRM.
"""

from __future__ import annotations

import base64
import os
import re
import select
import socket
import socketserver
import ssl
import struct
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.wsman import calls, soap
from tests.wsman.auth import ENCRYPTED, Login, Undecipherable
from tests.wsman.settings import Settings, User
from tests.wsman.shell import Answer, Endpoint, Vanished
from tests.wsman.shells import Shells
from tests.wsman.trouble import Trouble, Troubles

SOAP = "application/soap+xml;charset=UTF-8"
PAGE = b"<!DOCTYPE html><html><head><title>Sorry</title></head><body>Please sign in.<br></body></html>"
STREAM = re.compile(r"<rsp:Stream\b.*?</rsp:Stream>", re.DOTALL)
LINGER = "hh" if sys.platform == "win32" else "ii"
LINGER_SIZE = struct.calcsize(LINGER)


class Log:
    """What the peer received, in order."""

    def __init__(self, wall_clock: Callable[[], float]) -> None:
        self._lock = threading.Lock()
        self._clock = wall_clock
        self._entries: list[dict[str, Any]] = []

    def add(self, **entry: Any) -> dict[str, Any]:
        with self._lock:
            told = {"n": len(self._entries) + 1, "at": self._clock(), **entry, "outcome": ""}
            self._entries.append(told)
        return told

    def since(self, n: int) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(entry) for entry in self._entries[n:]]


@dataclass
class World:
    """All that the connections share."""

    settings: Settings
    shells: Shells
    troubles: Troubles
    log: Log
    numbers: Callable[[], int]
    binding: bytes | None = None
    waiting: threading.Event = field(default_factory=threading.Event)

    def endpoint(self, path: str) -> Endpoint | None:
        """The door of this path; /OcsPowershell is modelled after what is inferred of IIS-hosted remoting."""
        match path.lower().partition("?")[0]:
            case "/wsman":
                return Endpoint("/wsman", self.settings.disconnect, self.settings.no_language, modules=True)
            case "/ocspowershell":
                return Endpoint("/OcsPowershell", disconnect=False, no_language=True, modules=False)
            case _:
                return None


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """One listening port on the loopback; TLS when given a context."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, world: World, tls: ssl.SSLContext | None) -> None:
        self.world = world
        self.tls = tls
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Runs in the connection's thread: the TLS handshake must not hold up the others."""
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls is None:
            super().finish_request(request, client_address)
            return
        try:
            wrapped = self.tls.wrap_socket(request, server_side=True)
        except (ssl.SSLError, OSError):
            return
        try:
            super().finish_request(wrapped, client_address)
        finally:
            wrapped.close()

    def shutdown_request(self, request: Any) -> None:
        """Without the polite FIN where a handler asked for a reset, so that closing sends RST."""
        try:
            on, _ = struct.unpack(LINGER, request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_SIZE))
        except OSError:
            on = True
        if on:
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is nothing to report; the rest is a bug of the peer and shown."""
        if not isinstance(sys.exc_info()[1], (OSError, ssl.SSLError)):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: Server

    def setup(self) -> None:
        super().setup()
        self.connection.settimeout(self.server.world.settings.auto_disconnect)
        self.login = Login(self.server.world.settings.users, self.server.world.binding if self.server.tls else None)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Says nothing: the log is World.log."""

    def do_POST(self) -> None:
        """One WS-Management message, or a step of authentication."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        encrypted = self.headers.get("Content-Type", "").startswith(ENCRYPTED)
        endpoint = self.server.world.endpoint(self.path)
        if endpoint is None:
            self._send(404, b"")
            return
        user, token = self._authenticate()
        if user is None:
            self._refuse(token, encrypted)
            return
        if encrypted:
            try:
                body = self.login.unwrap(body)
            except Undecipherable:
                self._send(400, b"")
                return
        if not body:
            self._send(200, b"", token=token)
            return
        if not (encrypted or self.server.tls or self.server.world.settings.plain_http):
            self._send(400, b"")
            return
        self._message(body, user, endpoint, encrypted, token)

    # Authentication

    def _authenticate(self) -> tuple[User | None, str | None]:
        scheme, _, value = self.headers.get("Authorization", "").partition(" ")
        match scheme.lower():
            case "basic":
                return self.login.basic(value), None
            case "negotiate" | "ntlm":
                token = self.login.step(value)
                if token is None:
                    self.server.world.log.add(
                        verb="SignIn", path=self.path, user="", tls=self.server.tls is not None, shell="", command="",
                        message="", session="", cmdlets=[],
                    )["outcome"] = "refused"  # fmt: skip
                return self.login.user, token
            case _:
                return self.login.user, None

    def _refuse(self, token: str | None, encrypted: bool) -> None:
        if encrypted:
            self._send(400, b"")
            return
        offered = [f"Negotiate {token}"] if token else ["Negotiate", 'Basic realm="WSMAN"']
        self._send(401, b"", offered=offered)

    # Messages

    def _message(self, body: bytes, user: User, endpoint: Endpoint, encrypted: bool, token: str | None) -> None:
        world = self.server.world
        try:
            request = soap.parse(body)
        except soap.Malformed:
            self._send(400, b"")
            return
        told = _commands(request)
        entry = world.log.add(
            verb=request.verb, path=endpoint.path, user=user.name, tls=self.server.tls is not None,
            shell=request.shell_id or _created(request), command=request.command_id, message=request.message_id,
            session=request.session, cmdlets=[call.told() for call in told],
        )  # fmt: skip
        idle = soap.duration(request.element("rsp:Shell/rsp:IdleTimeOut")) or 0.0
        trouble = world.troubles.at_request(request.verb, tuple(call.name for call in told), idle)
        if trouble is not None:
            entry["outcome"] = f"trouble {trouble.kind}"
            if self._befalls(trouble, request):
                return

        def send(status: int, data: bytes) -> None:
            content, payload = self.login.wrap(data) if encrypted else (SOAP, data)
            self._send(status, payload, content, token)

        try:
            answer = self._answer(request, user, endpoint, trouble)
        except soap.Fault as fault:
            entry["outcome"] = entry["outcome"] or f"fault {fault.name}"
            if not (trouble and trouble.kind == "drop"):
                send(500, soap.fault_reply(request, fault.name, world.numbers()))
            self.close_connection = self.close_connection or bool(trouble and trouble.kind == "drop")
            return
        except Vanished:
            entry["outcome"] = entry["outcome"] or "client vanished"
            self.close_connection = True
            return
        if trouble is not None and trouble.kind == "drop":
            self.close_connection = True
            return
        entry["outcome"] = entry["outcome"] or "answered"
        try:
            send(200, soap.reply(request, answer.body, world.numbers()))
            self.wfile.flush()
        except OSError:
            answer.undo()
            entry["outcome"] = "client vanished"
            self.close_connection = True

    def _answer(self, request: soap.Request, user: User, endpoint: Endpoint, trouble: Trouble | None) -> Answer:
        if trouble is not None and trouble.kind == "fault":
            raise soap.Fault(trouble.name)
        if trouble is not None and trouble.kind == "empty":
            return Answer(f"<rsp:{request.verb}Response/>")
        answer = self.server.world.shells.handle(request, user, endpoint, self._gone)
        match trouble:
            case Trouble(kind="untold"):
                return Answer(STREAM.sub("", answer.body), answer.undo)
            case Trouble(kind="garble", name=data):
                garbled = base64.b64encode(bytes.fromhex(data)).decode()
                return Answer(STREAM.sub(f'<rsp:Stream Name="stdout">{garbled}</rsp:Stream>', answer.body), answer.undo)
        return answer

    def _befalls(self, trouble: Trouble, request: soap.Request) -> bool:
        """Do what the trouble does before the request is looked at; whether that was all."""
        match trouble.kind:
            case "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(LINGER, 1, 0))
                self.close_connection = True
                return True
            case "http":
                self._send(trouble.code, trouble.body.encode(), "text/html")
                return True
            case "page":
                self._send(200, PAGE, "text/html")
                return True
            case "hang":
                self.server.world.waiting.wait(trouble.seconds)
            case "exit":
                os._exit(3)
            case "reap_shell":
                self.server.world.shells.reap(request.shell_id)
            case "disconnect_shell":
                if shell := self.server.world.shells.table.get(request.shell_id):
                    shell.disconnect()
        return False

    def _gone(self) -> bool:
        """Whether the client has closed the connection while it waits for an answer."""
        try:
            if not select.select([self.connection], [], [], 0)[0]:
                return False
            # On TLS anything readable now is the alert that comes before the end: nobody pipelines here.
            return isinstance(self.connection, ssl.SSLSocket) or not self.connection.recv(1, socket.MSG_PEEK)
        except (OSError, ValueError):
            return True

    def _send(
        self,
        status: int,
        body: bytes,
        content: str = SOAP,
        token: str | None = None,
        offered: list[str] | None = None,
    ) -> None:
        lines = [f"HTTP/1.1 {status} {self.responses[status][0] if status in self.responses else 'Status'}"]
        lines += [f"Content-Type: {content}"] if body else []
        lines += [f"WWW-Authenticate: {one}" for one in offered or ([f"Negotiate {token}"] if token else [])]
        lines += ["Server: Microsoft-HTTPAPI/2.0", f"Content-Length: {len(body)}", "", ""]
        self.wfile.write("\r\n".join(lines).encode() + body)
        self.wfile.flush()


def _commands(request: soap.Request) -> tuple[calls.Call, ...]:
    argument = request.element("rsp:CommandLine/rsp:Arguments")
    if request.verb != "Command" or argument is None:
        return ()
    try:
        return calls.peek(base64.b64decode(argument.text or ""))
    except ValueError:
        return ()


def _created(request: soap.Request) -> str:
    shell = request.element("rsp:Shell")
    return shell.get("ShellId", "").upper() if shell is not None else ""
