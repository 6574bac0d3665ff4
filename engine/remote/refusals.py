"""From PowerShell's ErrorRecord to the port's error: what it is about, and what it proves. Pure.

Nothing here reads a sentence, as those come in the server's language. Judged are the category, the exception's type,
its HResult and the FullyQualifiedErrorId, which are the same on every server. An error that proves nothing is kept.
Categories: System.Management.Automation.ErrorCategory; codes: winerror.h.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from engine.facts import Why
from engine.port import StepRefused
from engine.remote.streams import error_id, error_message

NO_RIGHTS = frozenset({18, 25, 28})
"""PermissionDenied, SecurityError, AuthenticationError."""
NO_ANSWER = frozenset({15, 27})
"""OperationTimeout, ConnectionError."""
DENIED_TYPES = frozenset({"UnauthorizedAccessException", "SecurityException", "SecurityAccessDeniedException"})
SILENT_TYPES = frozenset({"TimeoutException", "SocketException", "EndpointNotFoundException"})
DENIED_CODES = frozenset({5, 0x80070005})
"""ERROR_ACCESS_DENIED, and the same as an HResult."""
SILENT_CODES = frozenset({53, 1460, 1722, 10060, 0x80070035, 0x800705B4, 0x800706BA, 0x8007274C})
"""No network path, time-out, no RPC server, no answer to a connection; and the same as HResults."""
DENIED_IDS = ("UnauthorizedAccess", "AccessDenied", "PermissionDenied")
NOT_THERE_IDS = ("CommandNotFoundException", "NamedParameterNotFound")
NO_SCRIPTS_ID = "ScriptsNotAllowed"
"""The session is in no-language mode."""
_TYPE = re.compile(r"^\s*((?:\w+\.)+\w+Exception)\b")


class Answered(StepRefused):
    """The server ran the pipeline and answered with an error."""

    def __init__(self, say: str, detail: str, *, why: Why, id: str, host: str, account: str) -> None:  # noqa: A002
        super().__init__(say, detail)
        self.why = why
        self.id = id
        """PowerShell's FullyQualifiedErrorId."""
        self.host = host
        self.account = account


class Unrecognised(Answered):
    """The endpoint does not know a cmdlet of the pipeline, or hides it from the account."""


def refusal(what: str, host: str, account: str, errors: list[Any]) -> StepRefused:
    """The error of a pipeline that did not complete. `what` names its cmdlets."""
    if not errors:
        return StepRefused(f"{what} on {host} was stopped by the server")
    first = errors[0]
    words, found = error_message(first), why(first)
    if "CommandNotFoundException" in error_id(first):
        say = f"{_missing(first) or what} is not there on {host}, or this account may not run it"
        return Unrecognised(say, words, why=found, id=error_id(first), host=host, account=account)
    say = f"{what} on {host} failed: {words}"
    return Answered(say, words, why=found, id=error_id(first), host=host, account=account)


def why(record: Any) -> Why:
    """What this ErrorRecord proves."""
    own, category = error_id(record), getattr(record, "category", None)
    kinds, codes = set(_types(record)), set(_codes(record))
    if any(one in own for one in NOT_THERE_IDS):
        return Why.NOT_THERE
    if category in NO_RIGHTS or kinds & DENIED_TYPES or codes & DENIED_CODES or any(one in own for one in DENIED_IDS):
        return Why.NO_RIGHTS
    if category in NO_ANSWER or kinds & SILENT_TYPES or codes & SILENT_CODES:
        return Why.NO_ANSWER
    return Why.FAILED


def _missing(record: Any) -> str:
    """The command that was not found, as the record names it: it may be any one in the pipeline."""
    target = getattr(record, "target_object", None)
    return target if isinstance(target, str) and target else str(getattr(record, "target_name", None) or "")


def _types(record: Any) -> Iterable[str]:
    """Short names of the exception's types: its own, its reason, and that of the exception inside it, which comes as
    text that begins with its type."""
    exception = getattr(record, "exception", None)
    inside = _TYPE.match(str(_property(exception, "InnerException") or ""))
    full = [*(getattr(exception, "types", None) or []), getattr(record, "reason", None) or ""]
    return (name.rpartition(".")[2] for name in [*map(str, full), *(inside.groups() if inside else ())])


def _codes(record: Any) -> Iterable[int]:
    exception = getattr(record, "exception", None)
    for name in ("HResult", "NativeErrorCode", "ErrorCode"):
        value = _property(exception, name)
        if isinstance(value, int):
            yield value & 0xFFFFFFFF  # HResults come as negative numbers


def _property(item: Any, name: str) -> Any:
    own = getattr(item, "adapted_properties", None) or {}
    return own.get(name)
