"""The border: what pypsrp, requests and the network raise becomes one of the port's three errors, once, here.

One table, the most specific row first. PowerShell's own words are kept in `detail`. Nothing is retried and nothing
is decided here. Fault codes: pypsrp's recordings of real servers, and winerror.h / wsmerror.h by name.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass

import requests.exceptions as http
from pypsrp.exceptions import AuthenticationError, WinRMError, WinRMTransportError, WSManFaultError
from spnego.exceptions import SpnegoError
from urllib3.exceptions import ProtocolError

from engine.port import EngineError, EngineUnavailable, StepRefused
from engine.remote.known import explain

ACCESS_DENIED = 5
NOT_SUPPORTED = 50
TIMED_OUT = 2150858793
"""The server had no news within the operation timeout."""
NOT_FOUND = 2150858843
"""Shell *or* command not found; only the text tells which, and it is translated."""
DISCONNECTED = 2150859204
"""The shell is disconnected (ERROR_WINRS_SHELL_DISCONNECTED)."""
NO_SUCH_CONFIGURATION = 2150858811
NO_SCRIPTS = "The syntax is not supported by this runspace"
"""PowerShell's words where the session is in no-language mode."""


@dataclass(frozen=True)
class Means:
    error: type[Exception]
    to: type[EngineError]
    say: str
    applies: Callable[[Exception], bool] = lambda _: True


def _code(*codes: int) -> Callable[[Exception], bool]:
    return lambda error: getattr(error, "code", None) in codes


TABLE = (
    Means(AuthenticationError, StepRefused,
        "the server did not accept the account; check user name, password and that the account may use remoting"),
    Means(http.SSLError, EngineUnavailable,
        "the server's certificate is not trusted; name its CA in ca_file, and the host as the certificate does"),
    Means(http.ProxyError, EngineUnavailable, "the proxy did not let the connection through"),
    Means(http.ConnectTimeout, EngineUnavailable, "the server did not answer in time; is it up, is the port open?"),
    Means(http.ReadTimeout, EngineUnavailable, "the server took the request and did not answer in time"),
    Means(http.ConnectionError, EngineUnavailable, "the server could not be reached, or cut the connection"),
    Means(http.RequestException, EngineUnavailable, "the request could not be sent"),
    Means(WSManFaultError, StepRefused,
        "access denied: the account may not use this session configuration", _code(ACCESS_DENIED)),
    Means(WSManFaultError, StepRefused,
        "the server has no such session configuration; check configuration_name", _code(NO_SUCH_CONFIGURATION)),
    Means(WSManFaultError, EngineUnavailable, "the server did not answer in time", _code(TIMED_OUT)),
    Means(WSManFaultError, EngineUnavailable, "the session is gone from the server", _code(NOT_FOUND, DISCONNECTED)),
    Means(WSManFaultError, StepRefused, "the server refused"),
    Means(WinRMTransportError, StepRefused, "the server has no PowerShell remoting at this path", _code(404, 405)),
    Means(WinRMTransportError, StepRefused, "the server forbids remoting for this account", _code(403)),
    Means(
        WinRMTransportError, EngineUnavailable, "the server is there and cannot serve now", _code(500, 502, 503, 504)
    ),
    Means(WinRMTransportError, EngineUnavailable, "the server answered with an HTTP error"),
    Means(WinRMError, EngineUnavailable, "the session broke"),
    Means(SpnegoError, EngineUnavailable, "signing in could not be prepared on this machine; check auth and username"),
    Means(ET.ParseError, EngineUnavailable, "what answered is not PowerShell remoting; check port and path"),
    Means(ImportError, EngineUnavailable, "a library for this auth is not installed on this machine"),
    Means(ValueError, EngineUnavailable, "the connection settings do not fit together"),
    Means(OSError, EngineUnavailable, "the connection failed"),
)  # fmt: skip

REMOTE = tuple(dict.fromkeys(row.error for row in TABLE))
"""What a call into pypsrp may raise for the other side's reasons. Everything else is a bug of ours."""


def translated(error: Exception, doing: str) -> EngineError:
    """The port's error for one of theirs. `doing` names the step and the server: `signing in to fe01`."""
    row = next((r for r in TABLE if isinstance(error, r.error) and r.applies(error)), None)
    if row is None:
        raise error
    words = own_words(error)
    known = explain(words)
    say = f"{doing}: {row.say}" + (f". {known.cause} {known.cure}" if known else "")
    return row.to(say, words)


def own_words(error: Exception) -> str:
    """The other side's words: the provider's fault where there is one (a refusal by RBAC comes so), else the reason."""
    if isinstance(error, WSManFaultError):
        told = [str(part) for part in (error.provider_fault, error.reason) if part]
        return "\n".join(dict.fromkeys(told)) or f"WSMan fault {error.code}"
    if isinstance(error, WinRMTransportError):
        return f"HTTP {error.code} {str(error.response_text)[:500]}".strip()
    return f"{type(error).__name__}: {error}"[:2000]


def is_answer(error: Exception) -> bool:
    """True when the server itself answered with a fault: it looked at the request and said no. A timeout, an HTTP
    error or a page of some proxy proves nothing about what became of the request."""
    return isinstance(error, WSManFaultError) and isinstance(error.code, int) and error.code != TIMED_OUT


def lost(error: Exception) -> bool:
    """True for trouble on the way, worth another try on a new connection."""
    if isinstance(error, WSManFaultError):
        return not is_answer(error)
    return isinstance(error, (http.RequestException, WinRMTransportError, ET.ParseError, OSError))


def cannot_reattach(error: Exception) -> bool:
    """True where the endpoint does not know Disconnect and Connect at all: IIS hosts it. The code of a shell that is
    still connected to another client is in no recording, so everything else is worth another try."""
    if not isinstance(error, WSManFaultError):
        return False
    words = f"{error.code} {error.reason} {error.provider_fault}".lower()
    return error.code == NOT_SUPPORTED or "actionnotsupported" in words or "not supported" in words


def may_have_arrived(error: BaseException | None) -> bool:
    """True where the request may have reached the server although no answer came."""
    if isinstance(error, http.ReadTimeout):
        return True
    cause = error.args[0] if isinstance(error, http.ConnectionError) and error.args else None
    return isinstance(cause, ProtocolError)
