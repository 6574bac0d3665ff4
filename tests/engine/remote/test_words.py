"""Errors and documented texts: each of theirs becomes one of ours, once, with PowerShell's words kept."""

from __future__ import annotations

import ssl

import pytest
import requests.exceptions as http
from pypsrp.exceptions import AuthenticationError, FragmentError, WinRMError, WinRMTransportError, WSManFaultError
from urllib3 import HTTPSConnectionPool
from urllib3.exceptions import MaxRetryError

from engine.port import EngineError, EngineUnavailable, StepRefused
from engine.remote.errors import cannot_reattach, is_answer, lost, own_words, translated
from engine.remote.known import DOCUMENTED, explain


def fault(code: object, reason: str = "a reason", provider: str | None = None) -> WSManFaultError:
    return WSManFaultError(code, "fe1", reason, None, None, provider)


def wrapped(cause: Exception) -> MaxRetryError:
    """As requests gets it from urllib3."""
    return MaxRetryError(HTTPSConnectionPool("fe1"), "/wsman", cause)


@pytest.mark.parametrize(
    ("theirs", "ours", "says"),
    [
        (AuthenticationError("no"), StepRefused, "user name, password"),
        (http.SSLError("bad"), EngineUnavailable, "does not speak TLS"),
        (http.SSLError(wrapped(ssl.SSLCertVerificationError("bad"))), EngineUnavailable, "ca_file"),
        (http.ProxyError("bad"), EngineUnavailable, "proxy"),
        (http.ConnectTimeout("slow"), EngineUnavailable, "the port open"),
        (http.ReadTimeout("slow"), EngineUnavailable, "did not answer in time"),
        (http.ConnectionError("cut"), EngineUnavailable, "could not be reached"),
        (fault(5), StepRefused, "access denied"),
        (fault(2150858811), StepRefused, "configuration_name"),
        (fault(2150858793), EngineUnavailable, "in time"),
        (fault(2150858843), EngineUnavailable, "gone"),
        (fault(2152992672, provider="not assigned to any management role"), StepRefused, "refused"),
        (WinRMTransportError("http", 404, ""), StepRefused, "at this path"),
        (WinRMTransportError("http", 503, ""), EngineUnavailable, "cannot serve requests now"),
        (WinRMTransportError("http", 400, ""), EngineUnavailable, "HTTP error"),
        (fault(None), EngineUnavailable, "not PowerShell remoting"),
        (fault("s:Receiver"), StepRefused, "refused"),
        *[(fault(code), EngineUnavailable, "MaxShellsPerUser") for code in (2150859173, 2150859175, 2150859236)],
        (WinRMError("Received related id does not match"), EngineUnavailable, "not PowerShell remoting"),
        (FragmentError("odd"), EngineUnavailable, "session broke"),
        (ImportError("gssapi"), EngineUnavailable, "not installed"),
        (ConnectionResetError("cut"), EngineUnavailable, "connection failed"),
    ],
)
def test_each_error_of_theirs_becomes_one_of_ours(theirs: Exception, ours: type[EngineError], says: str) -> None:
    """The most specific row wins; the step is named, and their words are the detail."""
    error = translated(theirs, "opening a session on fe1")
    assert type(error) is ours
    assert error.say.startswith("opening a session on fe1: ")
    assert says in f"{error.say} {error.cure}"
    assert error.detail
    assert error.cure


def test_the_cure_stands_behind_the_cause_where_people_read_it() -> None:
    """One sentence after the other, whichever of our words meet."""
    assert EngineUnavailable("it is gone", "x", "Ask again.").sentence == "It is gone. Ask again."
    assert EngineUnavailable("it is gone").sentence == "It is gone."


def test_a_page_that_is_well_formed_keeps_its_http_status() -> None:
    """pypsrp looks for a fault in every page that is XML, and raises one without a code where there is none."""
    error = fault(None)
    error.__context__ = WinRMTransportError("http", 404, "<html/>")
    assert "at this path" in translated(error, "opening").say


def test_a_bug_of_ours_is_not_dressed_up_as_theirs() -> None:
    """What is not in the table passes as it is."""
    with pytest.raises(ZeroDivisionError):
        translated(ZeroDivisionError(), "opening")


def test_a_providers_fault_is_told_before_the_general_reason() -> None:
    """RBAC's refusals come so."""
    words = own_words(fault(2152992672, "The WinRM client failed.", "not assigned to any management role"))
    assert words.splitlines() == ["not assigned to any management role", "The WinRM client failed."]


@pytest.mark.parametrize("error", [http.ConnectionError(), http.ReadTimeout(), WinRMTransportError("http", 502, ""),
                                   fault(2150858793), fault("s:Receiver"), fault(None)])  # fmt: skip
def test_silence_and_foreign_pages_prove_nothing(error: Exception) -> None:
    """Only a fault with WinRM's own code is an answer to Command; a timeout or a proxy's page is not."""
    assert not is_answer(error)
    assert lost(error)


def test_a_fault_with_a_code_is_an_answer() -> None:
    assert is_answer(fault(5))
    assert not lost(fault(5))


def test_an_endpoint_that_does_not_know_connect_is_told_from_one_that_is_busy() -> None:
    """Not supported is final, whatever the language; a shell that another client still holds is worth waiting for."""
    assert cannot_reattach(fault(50))
    assert cannot_reattach(fault(2150858771, "Die Aktion wird nicht unterstützt."))
    assert cannot_reattach(fault("wsa:ActionNotSupported"))
    assert not cannot_reattach(fault(1, "The operation is not supported on the remote computer."))
    assert not cannot_reattach(fault(2150859206))
    assert not cannot_reattach(http.ConnectionError())


TEXTS = {
    "E1": 'This Front-end pool "pool1.contoso.com" is specified in topology as the next hop for the Edge server. '
    "Failing over this pool may cause External access/Federation/Split-domain/XMPP features to stop working.",
    "E3": "###50020:XDSForceReplication: This central management store is being moved to another location. No changes "
    "can be made until this move is complete",
    "E4": "Cannot fail over the Central Management Server. The new Central Management Store located at "
    '"sql.contoso.com" is not in Backup mode.',
    "E6": "Event 12314 ... error code is:0x80070005 (Access is denied)",
    "E7": "LS Backup Service 4007: System.NullReferenceException",
    "E8": "data content backup module failed to complete export operation ConfServices.DataConf",
    "E14": "The SSL connection cannot be established. [fe1] ... -2144108102,PSSessionOpenFailed",
}


@pytest.mark.parametrize(("name", "text"), TEXTS.items())
def test_a_documented_text_is_recognised_with_cause_and_cure(name: str, text: str) -> None:
    """Also with the line breaks and blanks that a console puts in."""
    known = explain(text.replace(" is ", "\n   is "))
    assert known is not None
    assert (known.id, bool(known.cause), bool(known.cure), bool(known.source)) == (name, True, True, True)


def test_the_fourteen_are_all_there_and_those_without_a_text_match_nothing() -> None:
    """A symptom whose wording nobody published is never guessed from a text."""
    assert [known.id for known in DOCUMENTED] == [f"E{n}" for n in range(1, 15)]
    assert {known.id for known in DOCUMENTED if known.pattern} == set(TEXTS)


@pytest.mark.parametrize("text", ["", "Lab: there is no backup pool.", "Access is denied.", "12314", "the move failed"])
def test_other_words_are_not_explained(text: str) -> None:
    """The lab's wording above all is not Microsoft's."""
    assert explain(text) is None


def test_the_explanation_reaches_the_sentence() -> None:
    """Whoever reads the channel reads the cure."""
    assert "Set-CsEdgeServer" in translated(fault(1, TEXTS["E1"]), "running").say
