"""The border: whatever pypsrp, requests and the network raise becomes one of the port's errors here, and only here.

One table, the most specific row first. PowerShell's own words are kept in `detail`. Nothing is retried and nothing
is decided here. Fault codes: pypsrp's recordings of real servers, and winerror.h / wsmerror.h by name.
"""

from __future__ import annotations

import ssl
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
NOT_SUPPORTED = frozenset({50, 2150858771, 2150858818})
"""ERROR_NOT_SUPPORTED, ERROR_WSMAN_ACTION_NOT_SUPPORTED, ERROR_WSMAN_UNSUPPORTED_FEATURE."""
TIMED_OUT = 2150858793
"""The server had no news within the operation timeout."""
NOT_FOUND = 2150858843
"""Shell *or* command not found; only the text shows which, and it is translated."""
DISCONNECTED = 2150859204
"""The shell is disconnected (ERROR_WINRS_SHELL_DISCONNECTED)."""
NO_SUCH_CONFIGURATION = 2150858811
QUOTA = frozenset({2150858815, *range(2150859173, 2150859177), 2150859179, *range(2150859236, 2150859243)})
"""ERROR_WSMAN_QUOTA_*: of shells, users, commands and operations, by the account, the plug-in and the whole server."""


@dataclass(frozen=True)
class Means:
    error: type[Exception]
    to: type[EngineError]
    say: str
    cure: str
    applies: Callable[[Exception], bool] = lambda _: True


def _code(*codes: int) -> Callable[[Exception], bool]:
    return lambda error: getattr(error, "code", None) in codes


def _untrusted(error: Exception) -> bool:
    """Whether the certificate was looked at and refused: anything else is not TLS at all. What went wrong is some
    levels down, in the arguments or as the reason of what wraps it."""
    inner: object = error
    while isinstance(inner, BaseException):
        if isinstance(inner, ssl.SSLCertVerificationError):
            return True
        inner = getattr(inner, "reason", None) if hasattr(inner, "pool") else next(iter(inner.args), None)
    return False


def _foreign(error: Exception) -> bool:
    """XML that is not WS-Management: a fault without a code, or an answer to nothing that was asked."""
    return getattr(error, "code", None) is None if isinstance(error, WSManFaultError) else type(error) is WinRMError


ASK_THERE = "On the server, winrm enumerate winrm/config/listener shows which ports and paths it serves."
NOT_REMOTING = (
    "Check port, route and path: 5986 and /wsman for route = winrm, 443 and /OcsPowershell for route = ocspowershell. "
    "Check that no proxy or load balancer answers in the server's place."
)
WHO_MAY = "Get-PSSessionConfiguration there lists the session configurations and who may use each of them."
NETWORK = "Is the server up, is WinRM running (Get-Service WinRM), is the port open in every firewall on the way?"

TABLE = (
    Means(AuthenticationError, StepRefused, "the server did not accept the account",
        "Check user name, password and auth. Is the account locked or expired, or must its password be changed? It has "
        "to be in Remote Management Users or Administrators on that server."),
    Means(http.SSLError, EngineUnavailable, "the server's certificate is not trusted",
        "Name its CA in ca_file, and write the host name as the certificate has it.", _untrusted),
    Means(http.SSLError, EngineUnavailable, "what answers on this port does not speak TLS",
        f"Check port and ssl: 5986 is for https, 5985 for http. {ASK_THERE}"),
    Means(http.ProxyError, EngineUnavailable, "the proxy did not let the connection through",
        "Check proxy, and have the proxy allow this server and port; or leave proxy out."),
    Means(http.ConnectTimeout, EngineUnavailable, "the server did not answer in time", NETWORK),
    Means(http.ReadTimeout, EngineUnavailable, "the server accepted the request but did not answer in time",
        "Is it overloaded? Ask again; a longer read_timeout waits longer."),
    Means(http.ConnectionError, EngineUnavailable, "the server could not be reached, or cut the connection", NETWORK),
    Means(http.RequestException, EngineUnavailable, "the request could not be sent", NOT_REMOTING),
    Means(WSManFaultError, StepRefused, "access denied: the account may not use this session configuration",
        f"Let the account use it: Set-PSSessionConfiguration -ShowSecurityDescriptorUI. {WHO_MAY}",
        _code(ACCESS_DENIED)),
    Means(WSManFaultError, StepRefused, "the server has no such session configuration",
        f"Check configuration_name. {WHO_MAY}", _code(NO_SUCH_CONFIGURATION)),
    Means(WSManFaultError, EngineUnavailable, "the account has reached its limit of open sessions there (quota)",
        "Get-WSManInstance -ResourceURI Shell -Enumerate lists them there, Remove-WSManInstance ends one that nobody "
        "needs. Or raise MaxShellsPerUser under WSMan:\\localhost\\Shell.", _code(*QUOTA)),
    Means(WSManFaultError, EngineUnavailable, "the server did not answer in time",
        "Is it overloaded? Ask again.", _code(TIMED_OUT)),
    Means(WSManFaultError, EngineUnavailable, "the session is gone from the server", "Ask again.",
        _code(NOT_FOUND, DISCONNECTED)),
    Means(WSManFaultError, EngineUnavailable, "what answered is not PowerShell remoting", NOT_REMOTING, _foreign),
    Means(WSManFaultError, StepRefused, "the server refused the request", "See the server's own message."),
    Means(WinRMTransportError, StepRefused, "the server has no PowerShell remoting at this path",
        f"{NOT_REMOTING} {ASK_THERE}", _code(404, 405)),
    Means(WinRMTransportError, StepRefused, "the server forbids remoting for this account",
        f"Add it to Remote Management Users or Administrators there. {WHO_MAY}", _code(403)),
    Means(WinRMTransportError, EngineUnavailable, "the server answered, but cannot serve requests now",
        "Start WinRM there (Start-Service WinRM), or for OcsPowershell the application pool in IIS; name the Front End "
        "itself if a load balancer answered. Then ask again.", _code(500, 502, 503, 504)),
    Means(WinRMTransportError, EngineUnavailable, "the server answered with an HTTP error", NOT_REMOTING),
    Means(WinRMError, EngineUnavailable, "what answered is not PowerShell remoting", NOT_REMOTING, _foreign),
    Means(WinRMError, EngineUnavailable, "the session broke off", "Ask again."),
    Means(SpnegoError, EngineUnavailable, "signing in could not be prepared on this machine",
        "Check auth and username; for Kerberos get a ticket first (kinit, klist)."),
    Means(ET.ParseError, EngineUnavailable, "what answered is not PowerShell remoting", NOT_REMOTING),
    Means(ImportError, EngineUnavailable, "a library for this auth is not installed on this machine",
        "Install csfailover with the extra that brings it, or choose another auth."),
    Means(ValueError, EngineUnavailable, "the connection settings do not fit together",
        "The message names the setting."),
    Means(OSError, EngineUnavailable, "the connection failed", NETWORK),
)  # fmt: skip

REMOTE = tuple(dict.fromkeys(row.error for row in TABLE))
"""What a call into pypsrp may raise for reasons on the other side. Everything else is a bug of our own."""


def translated(error: Exception, doing: str) -> EngineError:
    """The port's error for one of the other side's. `doing` names the step and the server: `signing in to fe01`."""
    error = _of_a_page(error)
    row = next((r for r in TABLE if isinstance(error, r.error) and r.applies(error)), None)
    if row is None:
        raise error
    words = own_words(error)
    known = explain(words)
    say = f"{doing}: {row.say}" + (f". {known.cause} {known.cure}" if known else "")
    return row.to(say, words, row.cure)


def _of_a_page(error: Exception) -> Exception:
    """The HTTP error behind a page of well-formed XML, as IIS writes it, which pypsrp took for a fault."""
    page = error.__context__
    foreign = isinstance(error, WSManFaultError) and error.code is None
    return page if foreign and isinstance(page, WinRMTransportError) else error


def own_words(error: Exception) -> str:
    """The other side's words: the provider's fault if there is one (RBAC refuses this way), else the reason."""
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
    """True for trouble on the way that is worth another try on a new connection."""
    if isinstance(error, WSManFaultError):
        return not is_answer(error)
    return isinstance(error, (http.RequestException, WinRMTransportError, ET.ParseError, OSError))


def cannot_reattach(error: Exception) -> bool:
    """True where the endpoint does not know Disconnect and Connect at all: IIS hosts it. The code of a shell that is
    still connected to another client is in no recording, so everything else is worth another try. The code is a number,
    or the fault's subcode where there is no number; the reason comes in the server's language and is not read."""
    if not isinstance(error, WSManFaultError):
        return False
    return error.code in NOT_SUPPORTED or str(error.code).rpartition(":")[2] == "ActionNotSupported"


def may_have_arrived(error: BaseException | None) -> bool:
    """True where the request may have reached the server although no answer came."""
    if isinstance(error, http.ReadTimeout):
        return True
    cause = error.args[0] if isinstance(error, http.ConnectionError) and error.args else None
    return isinstance(cause, ProtocolError)
