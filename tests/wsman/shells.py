"""The shell table of the peer: what each WS-Management verb does to a shell and its commands.

No HTTP and no PowerShell. Copied from recordings of real Windows: bodies of the replies, Connect by a new
session, MemoryUsed in Get, Done with the last data. Modelled and so unproved: auto-disconnect after silence of
the owning session, the codes of "disconnected" (2150859204) and "already connected" (2150859206), and that
an IIS endpoint refuses Disconnect, Connect and Reconnect.
"""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Callable
from xml.sax.saxutils import escape

from tests.wsman import soap
from tests.wsman.runspace import BadData, Run, Runspace
from tests.wsman.settings import Settings, User
from tests.wsman.shell import Answer, Endpoint, Shell
from tests.wsman.soap import Fault, Request

CTRL_C = "powershell/signal/crtl_c"
"""Spelled like this in [MS-PSRP] and in PowerShell's own server; seen there: any other code closes the command."""


class Shells:
    """All shells of a server. `run_for` gives what runs the pipelines of a shell."""

    def __init__(
        self, settings: Callable[[], Settings], clock: Callable[[], float], run_for: Callable[[Shell], Run]
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._run_for = run_for
        self._lock = threading.Lock()
        self.table: dict[str, Shell] = {}

    # Life

    def sweep(self) -> None:
        """Disconnect and delete what was silent for too long."""
        now = self._clock()
        for shell in list(self.table.values()):
            silent = 0.0 if shell.polling else now - shell.heard
            if shell.state == "Connected" and silent > self._settings().auto_disconnect:
                shell.disconnect()
            if silent > shell.idle_timeout:
                self.reap(shell.id)

    def reap(self, shell_id: str) -> None:
        """Delete a shell with all that runs in it."""
        with self._lock:
            shell = self.table.pop(shell_id, None)
        if shell is not None:
            shell.kill()

    def _find(self, request: Request, user: User) -> Shell:
        shell = self.table.get(request.shell_id)
        if shell is None:
            raise Fault("no_shell")
        if shell.owner != user:
            raise Fault("access_denied")
        return shell

    # Verbs

    def handle(self, request: Request, user: User, endpoint: Endpoint, gone: Callable[[], bool]) -> Answer:
        """Do what the request asks. Raises Fault; Vanished when `gone` says so during a long poll."""
        if request.verb in ("Create", "Enumerate"):
            return self._create(request, user, endpoint) if request.verb == "Create" else self._enumerate(request, user)
        if request.verb in ("Disconnect", "Connect", "Reconnect") and not endpoint.disconnect:
            raise Fault("not_supported")
        shell = self._find(request, user)
        if request.session == shell.session:
            shell.heard = self._clock()
        try:
            return self._do(request, shell, gone)
        except BadData:
            raise Fault("bad_clixml") from None

    def _do(self, request: Request, shell: Shell, gone: Callable[[], bool]) -> Answer:
        body = ""
        match request.verb:
            case "Receive":
                return shell.receive(request, gone)
            case "Command":
                body = _command(request, shell)
            case "Send":
                body = _send(request, shell)
            case "Signal":
                body = _signal(request, shell)
            case "Connect":
                body = self._connect(request, shell)
            case "Reconnect":
                self._adopt(request, shell)
            case "Disconnect":
                shell.disconnect()
            case "Get":
                body = self._described(shell)
            case "Delete":
                self.reap(shell.id)
            case _:
                raise Fault("not_supported")
        return Answer(body)

    def _create(self, request: Request, user: User, endpoint: Endpoint) -> Answer:
        known = [f"{soap.POWERSHELL}{name}".lower() for name in self._settings().configurations]
        if request.resource.lower() not in known:
            raise Fault("unknown_resource")
        if not user.may_connect:
            raise Fault("access_denied")
        element, content = request.element("rsp:Shell"), request.element("rsp:Shell/pwsh:creationXml")
        if element is None or content is None:
            raise Fault("bad_clixml")
        shell = Shell(element.get("ShellId", "").upper(), user, endpoint, request.session, self._settings, self._clock)
        shell.idle_timeout = (
            soap.duration(request.element("rsp:Shell/rsp:IdleTimeOut")) or self._settings().idle_timeout
        )
        shell.runspace = Runspace(shell.lock, self._settings, self._run_for(shell))
        try:
            shell.runspace.feed(_decode(content.text))
        except BadData:
            raise Fault("bad_clixml") from None
        with self._lock:
            if sum(1 for other in self.table.values() if other.owner == user) >= self._settings().shells:
                raise Fault("quota")
            if shell.id in self.table:
                raise Fault("already_connected")
            self.table[shell.id] = shell
        reference = (
            f"<x:ResourceCreated><a:Address>{escape(request.to)}</a:Address><a:ReferenceParameters><w:ResourceURI>"
            f'{escape(shell.resource)}</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">{shell.id}</w:Selector>'
            "</w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>"
        )
        return Answer(reference + self._described(shell, memory=False))

    def _described(self, shell: Shell, memory: bool = True) -> str:
        now = self._clock()
        used = "<rsp:MemoryUsed>57MB</rsp:MemoryUsed><rsp:ChildProcesses>0</rsp:ChildProcesses>" if memory else ""
        return (
            f"<rsp:Shell><rsp:ShellId>{shell.id}</rsp:ShellId><rsp:ResourceUri>{escape(shell.resource)}</rsp:ResourceUri>"
            f"<rsp:Owner>{escape(shell.owner.name)}</rsp:Owner><rsp:ClientIP>127.0.0.1</rsp:ClientIP>"
            f"<rsp:ProcessId>2792</rsp:ProcessId><rsp:IdleTimeOut>PT{shell.idle_timeout:.3f}S</rsp:IdleTimeOut>"
            "<rsp:InputStreams>stdin pr</rsp:InputStreams><rsp:OutputStreams>stdout</rsp:OutputStreams>"
            "<rsp:MaxIdleTimeOut>PT2147483.647S</rsp:MaxIdleTimeOut><rsp:Locale>en-US</rsp:Locale>"
            "<rsp:DataLocale>en-US</rsp:DataLocale><rsp:CompressionMode>NoCompression</rsp:CompressionMode>"
            "<rsp:ProfileLoaded>Yes</rsp:ProfileLoaded><rsp:Encoding>UTF8</rsp:Encoding><rsp:BufferMode>Block"
            f"</rsp:BufferMode><rsp:State>{shell.state}</rsp:State>"
            f"<rsp:ShellRunTime>P0DT0H0M{int(now - shell.born)}S</rsp:ShellRunTime>"
            f"<rsp:ShellInactivity>P0DT0H0M{int(now - shell.heard)}S</rsp:ShellInactivity>{used}</rsp:Shell>"
        )

    def _enumerate(self, request: Request, user: User) -> Answer:
        items = ""
        if request.resource.endswith("/shell/Command"):
            shell = self.table.get(soap.filtered_shell(request.body))
            if shell is None:
                raise Fault("no_shell")
            if shell.owner != user:
                raise Fault("access_denied")
            kept = self._settings().done_again
            for pipeline in [p for p in list(shell.runspace.pipelines.values()) if kept or not p.drained]:
                items += (
                    f"<rsp:Command><rsp:CommandId>{pipeline.command_id}</rsp:CommandId><rsp:CommandLine>"
                    "</rsp:CommandLine><rsp:CommandState>Running</rsp:CommandState></rsp:Command>"
                )
        else:
            items = "".join(self._described(s) for s in list(self.table.values()) if s.owner == user)
        held = f"<w:Items>{items}</w:Items>" if items else ""
        return Answer(
            f"<n:EnumerateResponse><n:EnumerationContext></n:EnumerationContext>{held}<w:EndOfSequence/>"
            "</n:EnumerateResponse>"
        )

    def _connect(self, request: Request, shell: Shell) -> str:
        if request.command_id:
            shell.must_be_connected()
            shell.unread(request.command_id)
            return "<rsp:ConnectResponse/>"
        content = request.element("rsp:Connect/pwsh:connectXml")
        if shell.state == "Connected":
            raise Fault("already_connected")
        if content is None:
            raise Fault("bad_clixml")
        data = base64.b64encode(shell.runspace.connect(_decode(content.text))).decode()
        self._adopt(request, shell)
        return (
            "<rsp:ConnectResponse><rsp:InputStreams>stdin pr</rsp:InputStreams><rsp:OutputStreams>stdout"
            '</rsp:OutputStreams><connectResponseXml xmlns="http://schemas.microsoft.com/powershell">'
            f"{data}</connectResponseXml></rsp:ConnectResponse>"
        )

    def _adopt(self, request: Request, shell: Shell) -> None:
        with shell.lock:
            shell.session, shell.state, shell.heard = request.session, "Connected", self._clock()


def _decode(text: str | None) -> bytes:
    try:
        return base64.b64decode(text or "", validate=True)
    except binascii.Error:
        raise BadData("not base64") from None


def _command(request: Request, shell: Shell) -> str:
    shell.must_be_connected()
    line, argument = request.element("rsp:CommandLine"), request.element("rsp:CommandLine/rsp:Arguments")
    if line is None or argument is None:
        raise Fault("bad_clixml")
    command_id = line.get("CommandId", "").upper()
    if command_id in shell.runspace.pipelines:
        raise Fault("internal")
    shell.runspace.start(command_id, _decode(argument.text))
    return f"<rsp:CommandResponse><rsp:CommandId>{command_id}</rsp:CommandId></rsp:CommandResponse>"


def _send(request: Request, shell: Shell) -> str:
    shell.must_be_connected()
    stream = request.element("rsp:Send/rsp:Stream")
    if request.command_id:
        shell.pipeline(request.command_id)
    shell.runspace.feed(_decode(stream.text if stream is not None else ""))
    return "<rsp:SendResponse/>"


def _signal(request: Request, shell: Shell) -> str:
    shell.must_be_connected()
    code = request.element("rsp:Signal/rsp:Code")
    pipeline = shell.pipeline(request.command_id)
    if code is not None and code.text == CTRL_C:
        shell.runspace.stop(pipeline)
    else:
        shell.runspace.kill(pipeline)
    return "<rsp:SignalResponse/>"
