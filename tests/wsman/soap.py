"""SOAP of WS-Management as WinRM speaks it: a request read, a reply written, the faults by name.

No sockets, no shells, no PowerShell. Element names, namespaces and the texts of the faults marked `recorded`
come from the recordings of real Windows servers in pypsrp's sdist; the ones marked `modelled` are built from
[MS-WSMV], winerror.h names or issue threads, and are unproved.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

NS: Mapping[str, str] = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "p": "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
    "n": "http://schemas.xmlsoap.org/ws/2004/09/enumeration",
    "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "rsp": "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
    "pwsh": "http://schemas.microsoft.com/powershell",
}
SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
POWERSHELL = "http://schemas.microsoft.com/powershell/"
ANONYMOUS = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
DETAIL = "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/"
FAULT_ACTION = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"


class Malformed(Exception):
    """Not a WS-Management message."""


@dataclass(frozen=True)
class Request:
    """One message of a client. `timeout` in seconds; ids in upper case, as they compare without regard to case."""

    verb: str
    action: str
    resource: str
    message_id: str
    session: str
    timeout: float
    to: str
    shell_id: str
    body: ET.Element
    options: Mapping[str, str] = field(default_factory=dict)

    def element(self, path: str) -> ET.Element | None:
        """An element of the body by its path, with the prefixes of `NS`."""
        return self.body.find(path, dict(NS))

    @property
    def command_id(self) -> str:
        """The command this message is about; empty for one about the shell."""
        for path in ("rsp:CommandLine", "rsp:Receive/rsp:DesiredStream", "rsp:Send/rsp:Stream", "rsp:Signal", "."):
            element = self.element(path)
            if element is not None and (found := element.get("CommandId")):
                return found.upper()
        connect = self.element("rsp:Connect")
        return connect.get("CommandId", "").upper() if connect is not None else ""


def parse(data: bytes) -> Request:
    """Read one request. Raises Malformed."""
    try:
        envelope = ET.fromstring(data)
    except ET.ParseError as error:
        raise Malformed(str(error)) from None
    header, body = envelope.find("s:Header", dict(NS)), envelope.find("s:Body", dict(NS))
    if header is None or body is None:
        raise Malformed("no Header or no Body")
    action = _text(header, "a:Action")
    return Request(
        verb=action.rpartition("/")[2],
        action=action,
        resource=_text(header, "w:ResourceURI"),
        message_id=_text(header, "a:MessageID"),
        session=_text(header, "p:SessionId").upper(),
        timeout=_seconds(_text(header, "w:OperationTimeout")),
        to=_text(header, "a:To"),
        shell_id=_selector(header),
        body=body,
        options={o.get("Name", ""): o.text or "" for o in header.iterfind("w:OptionSet/w:Option", dict(NS))},
    )


def _text(parent: ET.Element, path: str) -> str:
    return (parent.findtext(path, "", dict(NS)) or "").strip()


def _selector(parent: ET.Element) -> str:
    for selector in parent.iterfind("w:SelectorSet/w:Selector", dict(NS)):
        if selector.get("Name") == "ShellId":
            return (selector.text or "").upper()
    return ""


def filtered_shell(body: ET.Element) -> str:
    """The shell that an Enumerate of commands asks for."""
    found = body.find("n:Enumerate/w:Filter", dict(NS))
    return _selector(found) if found is not None else ""


def _seconds(duration: str) -> float:
    found = re.fullmatch(r"PT(\d+(?:\.\d+)?)S", duration)
    return float(found[1]) if found else 60.0


def duration(element: ET.Element | None) -> float | None:
    """An xs:duration in seconds (`PT7200S`); None where there is none."""
    found = re.fullmatch(r"PT(\d+(?:\.\d+)?)S", (element.text or "") if element is not None else "")
    return float(found[1]) if found else None


def reply(request: Request, body: str, number: int) -> bytes:
    """The answer to a request: `<Action>Response`, its RelatesTo, and the body given as XML text."""
    return _envelope(f"{request.action}Response", request.message_id, body, number)


def _envelope(action: str, relates_to: str, body: str, number: int) -> bytes:
    spaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NS.items() if prefix != "pwsh")
    message_id = f"uuid:00000000-0000-4000-8000-{number:012X}"
    return (
        f'<s:Envelope xml:lang="en-US" {spaces}><s:Header><a:Action>{action}</a:Action>'
        f"<a:MessageID>{message_id}</a:MessageID><a:To>{ANONYMOUS}</a:To>"
        f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


@dataclass(frozen=True)
class FaultKind:
    code: int
    sender: bool
    subcode: str
    text: str
    provider: str = ""
    """Path of the DLL where the text comes as a ProviderFault."""
    detail: str = ""
    """Last part of the FaultDetail URI."""


_NO_COMMAND = (
    "The Windows Remote Shell received a request to perform an operation on a command identifier that does not "
    "exist. Either the command has completed execution or the client specified an invalid command identifier. "
)
_BAD_SELECTORS = (
    "The WS-Management service cannot process the request because the request contained invalid selectors for the "
    "resource. "
)
_PLUGIN = "%systemroot%\\system32\\pwrshplugin.dll"

FAULTS: Mapping[str, FaultKind] = {
    # recorded
    "timed_out": FaultKind(
        2150858793,
        False,
        "w:TimedOut",
        "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  ",
    ),
    "no_command": FaultKind(2150858843, True, "w:InvalidSelectors", _NO_COMMAND, detail="UnexpectedSelectors"),
    "no_shell": FaultKind(
        2150858843,
        True,
        "w:InvalidSelectors",
        _BAD_SELECTORS,
        "%systemroot%\\system32\\WsmSvc.dll",
        "UnexpectedSelectors",
    ),
    # modelled: code and name of winerror.h, text ours or quoted from issue threads
    "access_denied": FaultKind(5, True, "w:AccessDenied", "Access is denied. "),
    "shell_disconnected": FaultKind(
        2150859204, True, "w:InternalError", "The Windows Remote Shell is disconnected; reconnect it first. "
    ),
    "already_connected": FaultKind(
        2150859206, True, "w:InternalError", "The Windows Remote Shell is connected to another client. "
    ),
    "unknown_resource": FaultKind(
        2150858811,
        True,
        "a:DestinationUnreachable",
        "The WS-Management service cannot process the request. The resource URI is missing or unknown. ",
    ),
    "quota": FaultKind(
        2150859173,
        True,
        "w:QuotaLimit",
        "The WS-Management service cannot process the request. This user is allowed a maximum number of concurrent "
        "shells, which has been exceeded. Close existing shells or raise the quota for this user. ",
    ),
    "not_supported": FaultKind(
        50, True, "a:ActionNotSupported", "The WS-Management service does not support this action here. "
    ),
    "rbac": FaultKind(
        2152992672,
        True,
        "w:InternalError",
        "The user is not assigned to any management role that allows this session. ",
        _PLUGIN,
    ),
    "bad_clixml": FaultKind(
        2152992672, True, "w:InternalError", "The remoting data received from the client is malformed. ", _PLUGIN
    ),
    "internal": FaultKind(2147942402, False, "w:InternalError", "The system cannot find the file specified. "),
}


class Fault(Exception):
    """A SOAP fault of this name; `FAULTS` knows its code and text."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name
        self.kind = FAULTS[name]


def fault_reply(request: Request, name: str, number: int) -> bytes:
    """The fault as WinRM writes it; sent with HTTP 500."""
    kind = FAULTS[name]
    text = escape(kind.text)
    detail = f"<w:FaultDetail>{DETAIL}{kind.detail}</w:FaultDetail>" if kind.detail else ""
    message = f'<f:ProviderFault provider="peer" path="{kind.provider}">{text}</f:ProviderFault>'
    return _envelope(
        FAULT_ACTION,
        request.message_id,
        f"<s:Fault><s:Code><s:Value>s:{'Sender' if kind.sender else 'Receiver'}</s:Value><s:Subcode>"
        f'<s:Value>{kind.subcode}</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en-US">{text}</s:Text>'
        f'</s:Reason><s:Detail>{detail}<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" '
        f'Code="{kind.code}" Machine="127.0.0.1"><f:Message>{message if kind.provider else text}</f:Message>'
        "</f:WSManFault></s:Detail></s:Fault>",
        number,
    )
