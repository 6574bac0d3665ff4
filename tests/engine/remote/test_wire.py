"""The bytes of each parameter type, and what becomes of each of PowerShell's records."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest
from pypsrp.complex_objects import Command, CommandParameter, GenericComplexObject, Pipeline, ProgressRecordType
from pypsrp.messages import ErrorRecordMessage, InformationRecord, ProgressRecord, VerboseRecord
from pypsrp.serializer import Serializer

from engine.model import Kind, Options, Parameter, Plan, Stream
from engine.plan import parameters
from engine.port import StepRefused
from engine.remote.streams import LONGEST, Tap, mapped, report_path
from engine.remote.wire import arguments
from tests.wsman.words import CULTURES, said

GOLDEN = (
    '<Obj RefId="5"><MS><S N="N">PoolFqdn</S><S N="V">pool01.contoso.com</S></MS></Obj>'
    '<Obj RefId="6"><MS><S N="N">DisasterMode</S><B N="V">true</B></MS></Obj>'
    '<Obj RefId="7"><MS><S N="N">WaitTime</S><S N="V">00:05:00</S></MS></Obj>'
    '<Obj RefId="8"><MS><S N="N">DatabaseCommandTimeoutInSeconds</S><I32 N="V">90</I32></MS></Obj>'
    '<Obj RefId="9"><MS><S N="N">Confirm</S><B N="V">false</B></MS></Obj>'
    '<Obj RefId="10"><MS><S N="N">Verbose</S><B N="V">true</B></MS></Obj>'
)


def a_plan(*given: Parameter) -> Plan:
    return Plan(Kind.FAILOVER, "pool01.contoso.com", "", "Invoke-CsPoolFailOver", given, 1)


def test_each_parameter_type_has_its_bytes() -> None:
    """Golden: Fqdn and TimeSpan as text, switches and booleans as booleans, Int32 as Int32."""
    options = Options(disaster=True, wait=300, database_timeout=90)
    command = Command("Invoke-CsPoolFailOver", protocol_version="2.3", is_script=False)
    for name, value in arguments(a_plan(*parameters("pool01.contoso.com", options))).items():
        command.args.append(CommandParameter(name=name, value=value))
    element = Serializer().serialize(Pipeline(is_nested=False, cmds=[command], history=None, redirect_err_to_out=False))
    assert element is not None
    found = next(e for e in element.iter() if e.get("N") == "Args").find("LST")
    assert found is not None
    numbers = iter(range(5, 20))
    for item in found:
        item.set("RefId", str(next(numbers)))
    assert "".join(ET.tostring(item, encoding="unicode") for item in found) == GOLDEN


@pytest.mark.parametrize(
    ("parameter", "sent"),
    [
        (Parameter("WaitTime", "TimeSpan", 15), "00:00:15"),
        (Parameter("WaitTime", "TimeSpan", 5400), "01:30:00"),
        (Parameter("WaitTime", "TimeSpan", 90_000), "1.01:00:00"),
        (Parameter("ServicesStopDelayMins", "Int32", 0), 0),
        (Parameter("Force", "Switch", True), True),
    ],
)
def test_a_time_is_never_a_bare_number(parameter: Parameter, sent: object) -> None:
    """15 would be 15 ticks, "15" fifteen days."""
    (value,) = arguments(a_plan(parameter)).values()
    assert (value, type(value)) == (sent, type(sent))


@pytest.mark.parametrize(
    "parameter",
    [
        Parameter("WaitTime", "TimeSpan", -1),
        Parameter("WaitTime", "TimeSpan", "300"),
        Parameter("ServicesStopDelayMins", "Int32", 2**31),
        Parameter("ServicesStopDelayMins", "Int32", True),
        Parameter("Force", "Switch", "yes"),
        Parameter("PoolFqdn", "Fqdn", ""),
    ],
)
def test_a_value_that_its_type_cannot_carry_is_refused_by_name(parameter: Parameter) -> None:
    """Before anything is sent."""
    with pytest.raises(StepRefused, match=parameter.name):
        arguments(a_plan(parameter))


def test_force_with_whatif_never_gets_a_wire_form() -> None:
    with pytest.raises(StepRefused, match="Force and WhatIf"):
        arguments(a_plan(Parameter("Force", "Switch", True), Parameter("WhatIf", "Switch", True)))


def progress(activity: str, description: str = "", percent: int = -1, done: bool = False) -> ProgressRecord:
    kind = ProgressRecordType(value=ProgressRecordType.COMPLETED if done else ProgressRecordType.PROCESSING)
    return ProgressRecord(activity=activity, description=description, percent_complete=percent, progress_type=kind)


@pytest.mark.parametrize(
    ("stream", "item", "text", "percent"),
    [
        ("verbose", VerboseRecord(message="moving users"), "moving users", None),
        ("information", InformationRecord(message_data="a note"), "a note", None),
        ("progress", progress("Failing over", "draining", 40), "Failing over: draining", 40),
        ("progress", progress("Failing over"), "Failing over", None),
        ("output", 5, "5", None),
        ("output", ["a", 1], "a, 1", None),
        ("output", None, "", None),
        ("host", "said", "said", None),
    ],
)
def test_each_record_keeps_its_words(stream: Stream, item: Any, text: str, percent: int | None) -> None:
    """Percent -1 means: cannot tell."""
    assert mapped(stream, item) == (stream, text, percent)


@pytest.mark.parametrize("language", list(CULTURES))
def test_the_noise_of_every_session_is_left_out(language: str) -> None:
    """By its type and by saying nothing, as its words are the server's; a cmdlet's last progress is kept."""
    assert mapped("progress", progress(said("noise", language), " ", done=True)) is None
    assert mapped("progress", progress("Failing over", "done", done=True)) is not None
    assert mapped("progress", progress("Failing over", percent=100, done=True)) is not None


def test_an_error_keeps_text_id_category_and_stack() -> None:
    """`message` of pypsrp is the category line, not the message."""
    error = ErrorRecordMessage(fq_error="PoolBusy,Invoke-CsPoolFailOver", message="NotSpecified: (:) [], Exception")
    setattr(error, "_to_string", "the pool is busy")  # noqa: B010  # as it is when read from the wire
    setattr(error, "script_stacktrace", "at <ScriptBlock>")  # noqa: B010
    told = mapped("error", error)
    assert told is not None
    assert told[1].splitlines() == [
        "the pool is busy",
        "    + CategoryInfo : NotSpecified: (:) [], Exception",
        "    + FullyQualifiedErrorId : PoolBusy,Invoke-CsPoolFailOver",
        "    + ScriptStackTrace : at <ScriptBlock>",
    ]


def test_an_object_without_a_text_is_told_by_its_properties() -> None:
    thing = GenericComplexObject()
    thing.adapted_properties = {"Name": "pool01", "Users": 5}
    assert mapped("output", thing) == ("output", "Name=pool01; Users=5", None)


def test_a_huge_record_is_cut_and_says_so() -> None:
    told = mapped("verbose", VerboseRecord(message="x" * (LONGEST + 7)))
    assert told is not None
    assert told[1].endswith("(7 more characters)")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (r"Detailed results can be found at C:\Users\svc\AppData\Local\Temp\Invoke-CsPoolFailOver-[2026_03_16]"
         r"[15_15_56].html", r"C:\Users\svc\AppData\Local\Temp\Invoke-CsPoolFailOver-[2026_03_16][15_15_56].html"),
        ('WARNING: Detailed results can be found at\n"C:\\Temp\\a b.html".', r"C:\Temp\a b.html"),
        (r"Ausführliche Ergebnisse finden Sie unter \\fs01\logs\Ergebnis.html.", r"\\fs01\logs\Ergebnis.html"),
        ("see https://example.com/help.html", ""),
        (r"C:\Temp\a.html could not be written, and 5 users were not moved", ""),
        ("all is well", ""),
    ],
)  # fmt: skip
def test_the_servers_report_is_found_in_its_text(text: str, path: str) -> None:
    """The form is that of the deployment cmdlets, as Microsoft's support page shows it; the sentence round the path is
    in the server's language."""
    assert report_path(text) == path


def test_a_tap_keeps_the_order_of_all_streams_and_holds_nothing() -> None:
    """pypsrp keeps a list for each stream, which loses the order and grows for as long as the run lasts."""
    inbox: list[tuple[Stream, Any]] = []
    verbose, warning = Tap("verbose", inbox), Tap("warning", inbox)
    for tap, item in ((verbose, 1), (warning, 2), (verbose, 3)):
        tap.append(item)
    assert inbox == [("verbose", 1), ("warning", 2), ("verbose", 3)]
    assert (len(verbose), len(warning)) == (0, 0)
