"""CLIXML as a Windows server writes it: values, .NET-like objects, and the records of each stream.

Text in, text out: no protocol, no pipeline. Written by hand in the exact shapes of pypsrp's recordings of real
Windows, because psrpcore's serializer loses zeros of TimeSpans and leaves ToString out of informational records.
Objects are flattened as serialization depth 1 does: a property that is an object or an enum arrives as its
string, a list of objects as a list of strings (recorded: Get-Service).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from xml.sax.saxutils import escape, quoteattr

BOM = b"\xef\xbb\xbf"
ARRAY = ("System.Collections.ArrayList", "System.Object")
_ESCAPED = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]|_(?=x[0-9A-Fa-f]{4}_)")


@dataclass(frozen=True)
class Enum:
    """A .NET enumeration value."""

    type: str
    name: str
    number: int


@dataclass(frozen=True)
class Version:
    text: str


@dataclass(frozen=True)
class Raw:
    """A whole document that is CLIXML already."""

    xml: str


@dataclass(frozen=True)
class NetObject:
    """A .NET object: its type names, its adapted properties, what ToString() gives, its note properties."""

    types: tuple[str, ...]
    properties: Mapping[str, object] = field(default_factory=dict)
    text: str = ""
    notes: Mapping[str, object] = field(default_factory=dict)

    def get(self, name: str) -> object:
        """A property by its name, whatever the case. Raises KeyError."""
        for held in (self.properties, self.notes):
            for key, value in held.items():
                if key.lower() == name.lower():
                    return value
        raise KeyError(name)


@dataclass(eq=False)
class ErrorRecord(Exception):
    """A PowerShell error. Raised by a cmdlet it is a terminating one."""

    text: str
    error_id: str
    category: int = 0
    """Number of the ErrorCategory; 0 is NotSpecified."""
    category_name: str = "NotSpecified"
    activity: str = ""
    reason: str = "RuntimeException"
    target: str = ""
    exception: str = "System.Management.Automation.RuntimeException"
    hresult: str = "0x80131501"
    """Of the exception, in hexadecimal; COR_E_SYSTEM where nothing better is known."""


def string(text: str) -> str:
    """A string as CLIXML text: control characters as `_x000A_`, characters beyond 16 bits as they are."""
    return escape(_ESCAPED.sub(lambda m: f"_x{ord(m[0]):04X}_", text))


class Document:
    """One CLIXML document; hands out its RefIds."""

    def __init__(self) -> None:
        self._refs = count()
        self._types = count()

    def value(self, value: object, name: str = "", depth: int = 1) -> str:
        """Any value as one element. `depth` is how many levels of properties are kept."""
        n = f" N={quoteattr(name)}" if name else ""
        match value:
            case None:
                return f"<Nil{n} />"
            case bool():
                return f"<B{n}>{str(value).lower()}</B>"
            case int():
                tag = "I32" if -(2**31) <= value < 2**31 else "I64"
                return f"<{tag}{n}>{value}</{tag}>"
            case float():
                return f"<Db{n}>{value}</Db>"
            case str():
                return f"<S{n}>{string(value)}</S>"
            case uuid.UUID():
                return f"<G{n}>{value}</G>"
            case datetime():
                return f"<DT{n}>{value.isoformat()}</DT>"
            case timedelta():
                return f"<TS{n}>{_iso(value)}</TS>"
            case Version(text):
                return f"<Version{n}>{text}</Version>"
            case Mapping():
                return self.dictionary(name, ((str(k), self.value(v, "Value", 0)) for k, v in value.items()))
            case Enum() | NetObject() | Sequence():
                return self._complex(value, name, depth)
            case _:
                raise TypeError(f"no CLIXML for {type(value).__name__}")

    def _complex(self, value: Enum | NetObject | Sequence[object], name: str, depth: int) -> str:
        if isinstance(value, Enum):
            if depth < 1:
                return self.value(value.name, name)
            return self.object(name, (value.type, "System.Enum", "System.ValueType", "System.Object"), value.name,
                               f"<I32>{value.number}</I32>")  # fmt: skip
        if isinstance(value, NetObject):
            if depth < 1:
                return self.value(value.text, name)
            return self._net(value, name, depth)
        return self.array(name, (self.value(item, "", 0) for item in value))

    def _net(self, value: NetObject, name: str, depth: int) -> str:
        inner = "".join(self.value(v, k, depth - 1) for k, v in value.properties.items())
        notes = "".join(self.value(v, k, depth - 1) for k, v in value.notes.items())
        body = (f"<Props>{inner}</Props>" if inner else "") + (f"<MS>{notes}</MS>" if notes else "")
        return self.object(name, value.types, value.text, body)

    def array(self, name: str, items: Iterable[str], types: Sequence[str] = ARRAY) -> str:
        """A list of elements that are XML already."""
        return self.object(name, types, "", f"<LST>{''.join(items)}</LST>")

    def dictionary(self, name: str, items: Iterable[tuple[str, str]]) -> str:
        """A dictionary of string keys; each value is XML with N="Value" already."""
        entries = "".join(f"<En>{self.value(key, 'Key')}{value}</En>" for key, value in items)
        return self.object(name, ("System.Collections.Hashtable", "System.Object"), "", f"<DCT>{entries}</DCT>")

    def object(self, name: str, types: Sequence[str], text: str, body: str) -> str:
        """`<Obj>` with its type names, its ToString where there is one, and a body that is XML already."""
        n = f"N={quoteattr(name)} " if name else ""
        names = "".join(f"<T>{escape(t)}</T>" for t in types)
        tn = f'<TN RefId="{next(self._types)}">{names}</TN>' if types else ""
        shown = f"<ToString>{string(text)}</ToString>" if text else ""
        return f'<Obj {n}RefId="{next(self._refs)}">{tn}{shown}{body}</Obj>'

    def error(self, error: ErrorRecord, name: str = "", from_stream: bool = False) -> str:
        """An ErrorRecord as recorded: flat note properties beside the serialized exception."""
        where = f" [{error.activity}], {error.reason}"
        message = f"{error.category_name}: ({error.target}:{'String' if error.target else ''}){where}"
        exception = self.object(
            "Exception",
            (error.exception, "System.Management.Automation.RuntimeException", "System.SystemException",
             "System.Exception", "System.Object"),
            f"{error.exception}: {error.text}",
            f'<Props><S N="Message">{string(error.text)}</S><Nil N="InnerException" /><Nil N="StackTrace" />'
            f'<I32 N="HResult">{int(error.hresult, 16) - 2**32}</I32></Props>',
        )  # fmt: skip
        flat = {
            "FullyQualifiedErrorId": error.error_id,
            "InvocationInfo": None,
            "ErrorCategory_Category": error.category,
            "ErrorCategory_Activity": error.activity,
            "ErrorCategory_Reason": error.reason,
            "ErrorCategory_TargetName": error.target,
            "ErrorCategory_TargetType": "String" if error.target else "",
            "ErrorCategory_Message": message,
            "SerializeExtendedInfo": False,
        }
        head = self.value(True, "writeErrorStream") if from_stream else ""
        notes = head + exception + self.value(error.target or None, "TargetObject")
        notes += "".join(self.value(v, k) for k, v in flat.items())
        types = ("System.Management.Automation.ErrorRecord", "System.Object")
        return self.object(name, types, error.text, f"<MS>{notes}</MS>")


def _iso(span: timedelta) -> str:
    """xs:duration. psrpcore's own would make PT3S of 30 seconds."""
    seconds = span.total_seconds()
    whole = f"{seconds:.7f}".rstrip("0").rstrip(".") if seconds % 1 else f"{int(seconds)}"
    return f"PT{whole}S" if seconds >= 0 else f"-PT{whole[1:]}S"


def output(value: object) -> str:
    """One object of the output stream."""
    if isinstance(value, Raw):
        return value.xml
    return Document().value(value)


def informational(kind: str, text: str) -> str:
    """A VerboseRecord, WarningRecord or DebugRecord without invocation info."""
    types = (f"System.Management.Automation.{kind}Record", "System.Management.Automation.InformationalRecord",
             "System.Object")  # fmt: skip
    body = f'<MS><S N="InformationalRecord_Message">{string(text)}</S>'
    body += '<B N="InformationalRecord_SerializeInvocationInfo">false</B></MS>'
    return Document().object("", types, text, body)


def progress(activity: str, status: str, percent: int, activity_id: int = 0, done: bool = False) -> str:
    """A progress record; percent -1 means that none is known."""
    document = Document()
    kind = Enum("System.Management.Automation.ProgressRecordType", "Completed" if done else "Processing", int(done))
    parts: Mapping[str, object] = {
        "Activity": activity,
        "ActivityId": activity_id,
        "StatusDescription": status,
        "CurrentOperation": None,
        "ParentActivityId": -1,
        "PercentComplete": percent,
        "Type": kind,
        "SecondsRemaining": -1,
    }
    return document.object("", (), "", f"<MS>{''.join(document.value(v, k) for k, v in parts.items())}</MS>")


def information(text: str, source: str, user: str, at: datetime) -> str:
    """An information record, as of Write-Information."""
    document = Document()
    parts: Mapping[str, object] = {"MessageData": text, "Source": source, "TimeGenerated": at, "Tags": [],
                                   "User": user, "Computer": "PEER"}  # fmt: skip
    numbers = "".join(f'<U32 N="{n}">1</U32>' for n in ("ProcessId", "NativeThreadId", "ManagedThreadId"))
    fields = "".join(document.value(v, k) for k, v in parts.items())
    return document.object("", (), "", f"<MS>{fields}{numbers}</MS>")


def error(record: ErrorRecord) -> str:
    """A record of the error stream."""
    return Document().error(record, from_stream=True)


def state(number: int, record: ErrorRecord | None = None) -> str:
    """PipelineState: 3 stopped, 4 completed, 5 failed; the last with its error."""
    document = Document()
    why = document.error(record, "ExceptionAsErrorRecord") if record else ""
    return document.object("", (), "", f'<MS><I32 N="PipelineState">{number}</I32>{why}</MS>')


def host_line(text: str) -> str:
    """A host call of WriteLine, which nobody answers (-100)."""
    document = Document()
    method = Enum("System.Management.Automation.Remoting.RemoteHostMethodId", "WriteLine2", 16)
    arguments = document.array("mp", [document.value(text)])
    return document.object("", (), "", f'<MS><I64 N="ci">-100</I64>{document.value(method, "mi")}{arguments}</MS>')


def prompt(call: int, caption: str, message: str, choices: Iterable[str], default: int) -> str:
    """A host call of PromptForChoice."""
    document = Document()
    method = Enum("System.Management.Automation.Remoting.RemoteHostMethodId", "PromptForChoice", 26)
    labels = [
        document.object("", (), "", f'<MS><S N="label">{string(label)}</S><S N="helpMessage"></S></MS>')
        for label in choices
    ]
    arguments = [document.value(caption), document.value(message), document.array("", labels), document.value(default)]
    return document.object("", (), "", f'<MS><I64 N="ci">{call}</I64>{document.value(method, "mi")}'
                           f"{document.array('mp', arguments)}</MS>")  # fmt: skip


def metadata_count(number: int) -> str:
    """The first answer to GetCommandMetadata: how many commands follow."""
    types = ("Selected.Microsoft.PowerShell.Commands.GenericMeasureInfo", "System.Management.Automation.PSCustomObject",
             "System.Object")  # fmt: skip
    return Document().object("", types, "", f'<MS><I32 N="Count">{number}</I32></MS>')


def metadata(command: str, module: str, parameters: Mapping[str, str]) -> str:
    """One command of GetCommandMetadata. `parameters`: name to .NET type."""
    document = Document()
    entries = []
    for name, kind in parameters.items():
        switch = document.value(kind.endswith("SwitchParameter"), "SwitchParameter")
        inner = f"{document.value(name, 'Name')}{document.value(kind, 'ParameterType')}"
        inner += f'{document.array("Aliases", ())}<B N="IsDynamic">false</B>{switch}'
        meta = "System.Management.Automation.ParameterMetadata"
        entries.append((name, document.object("Value", (meta, "System.Object"), meta, f"<Props>{inner}</Props>")))
    kind8 = Enum("System.Management.Automation.CommandTypes", "Cmdlet", 8)
    types = ("Selected.System.Management.Automation.CmdletInfo", "System.Management.Automation.PSCustomObject",
             "System.Object")  # fmt: skip
    body = "".join([
        document.value(command, "Name"), document.value(module, "Namespace"), document.value("", "HelpUri"),
        document.value(kind8, "CommandType"), '<Nil N="ResolvedCommandName" />', document.array("OutputType", ()),
        document.dictionary("Parameters", entries),
    ])  # fmt: skip
    return document.object("", types, "", f"<MS>{body}</MS>")
