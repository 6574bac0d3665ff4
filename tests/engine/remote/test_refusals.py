"""What an ErrorRecord proves: by its category, its types, its codes and its id, and never by its sentence."""

from __future__ import annotations

from typing import Any

import pytest
from pypsrp.complex_objects import GenericComplexObject
from pypsrp.messages import ErrorRecordMessage

from engine.facts import Why
from engine.remote.refusals import Answered, Unrecognised, refusal, why


def record(text: str = "ein Fehler", types: tuple[str, ...] = (), **more: Any) -> ErrorRecordMessage:
    """As it is when read from the wire; `inner`, `hresult` and `native` are properties of the exception."""
    exception = GenericComplexObject()
    exception.types = ["System.Exception", *types]
    names = {"inner": "InnerException", "hresult": "HResult", "native": "NativeErrorCode"}
    exception.adapted_properties = {name: more.pop(short) for short, name in names.items() if short in more}
    made = ErrorRecordMessage(**{"category": 0, "fq_error": "Failed,Get-CsPool", **more})
    made.exception = exception
    setattr(made, "_to_string", text)  # noqa: B010  # as it is when read from the wire
    return made


@pytest.mark.parametrize(
    ("error", "proves"),
    [
        (record(category=18), Why.NO_RIGHTS),
        (record(category=25), Why.NO_RIGHTS),
        (record(reason="UnauthorizedAccessException"), Why.NO_RIGHTS),
        (record(types=("System.UnauthorizedAccessException",)), Why.NO_RIGHTS),
        (record(inner="System.UnauthorizedAccessException: Zugriff verweigert"), Why.NO_RIGHTS),
        (record(hresult=-2147024891), Why.NO_RIGHTS),
        (record(native=5), Why.NO_RIGHTS),
        (record(fq_error="AccessDenied,Get-CsPool"), Why.NO_RIGHTS),
        (record(category=27), Why.NO_ANSWER),
        (record(hresult=-2147023174), Why.NO_ANSWER),
        (record(native=1722), Why.NO_ANSWER),
        (record(types=("System.TimeoutException",)), Why.NO_ANSWER),
        (record(inner="System.Net.Sockets.SocketException: ..."), Why.NO_ANSWER),
        (record(fq_error="CommandNotFoundException", category=13), Why.NOT_THERE),
        (record(fq_error="NamedParameterNotFound,Get-CsPool", category=5), Why.NOT_THERE),
        (record("Access is denied. The RPC server is unavailable."), Why.FAILED),
        (record("access denied", category=7), Why.FAILED),
        (record(hresult=-2146233087), Why.FAILED),
        (ErrorRecordMessage(), Why.FAILED),
    ],
)
def test_an_error_proves_what_its_numbers_and_types_say(error: ErrorRecordMessage, proves: Why) -> None:
    """English words that anybody may write prove nothing; a record without anything proves nothing either."""
    assert why(error) is proves


def test_a_missing_command_is_named_as_the_error_names_it() -> None:
    """Not the first of the pipe; where the error names none, the whole pipe."""
    told = refusal("A | B", "fe1", "bot", [record(fq_error="CommandNotFoundException", target_name="B")])
    assert isinstance(told, Unrecognised)
    assert told.say == "B is not there on fe1, or this account may not run it"
    assert refusal("A | B", "fe1", "bot", [record(fq_error="CommandNotFoundException")]).say.startswith("A | B is")


def test_an_answer_keeps_who_was_refused_where_and_in_which_words() -> None:
    """So that the cure can name the account and the host."""
    told = refusal("Get-CsPool", "fe1", "CONTOSO\\bot", [record("Accès refusé.", category=18)])
    assert isinstance(told, Answered)
    assert (told.why, told.host, told.account, told.detail) == (Why.NO_RIGHTS, "fe1", "CONTOSO\\bot", "Accès refusé.")
