"""What a pipeline of the peer runs: the registry of its cmdlets, their binding, their streams.

Not PowerShell: no scripts, no expressions, only commands with parameters. Errors of the binder and of an unknown
command carry PowerShell's own texts (command-not-found as recorded; the rest from PowerShell's resources as
public transcripts show them). The Lync cmdlets are in lync.py, what they act on is a `Backend`.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from psrpcore.types import PSRPMessageType as Kind

from engine.facts import Facts, Topology
from engine.model import Outcome, Plan, Ticket
from engine.port import Cancelled, Sink
from tests.wsman import clixml
from tests.wsman.calls import Call
from tests.wsman.clixml import ErrorRecord
from tests.wsman.runspace import Pipeline, Run
from tests.wsman.settings import Settings, User
from tests.wsman.shell import Shell
from tests.wsman.trouble import Troubles
from tests.wsman.words import said

SWITCH = "System.Management.Automation.SwitchParameter"
COMMON = {
    "Verbose": SWITCH,
    "Debug": SWITCH,
    "ErrorAction": "System.Management.Automation.ActionPreference",
    "WarningAction": "System.Management.Automation.ActionPreference",
    "InformationAction": "System.Management.Automation.ActionPreference",
    "ErrorVariable": "System.String",
    "OutVariable": "System.String",
}
SHOULD_PROCESS = {"WhatIf": SWITCH, "Confirm": SWITCH}


class Backend(Protocol):
    """What the Lync cmdlets act on: the part of engine.port.Engine that a lab has."""

    def topology(self) -> Topology: ...
    def facts(self, pool: str) -> Facts: ...
    def running(self, pool: str) -> frozenset[str]: ...
    def parameters(self, cmdlet: str) -> frozenset[str]: ...
    def roles(self, cmdlet: str) -> tuple[str, ...]: ...
    def invoke(self, ticket: Ticket, plan: Plan, sink: Sink, cancelled: Cancelled) -> Outcome: ...


class Streams:
    """The streams of a running pipeline. `verbose` and the rest as its cmdlet would write them."""

    def __init__(self, pipeline: Pipeline, user: User, clock: Callable[[], float]) -> None:
        self._pipeline = pipeline
        self._user = user
        self._clock = clock

    def output(self, value: object) -> None:
        self._pipeline.emit(Kind.PipelineOutput, clixml.output(value))

    def verbose(self, text: str) -> None:
        self._pipeline.emit(Kind.VerboseRecord, clixml.informational("Verbose", text))

    def warning(self, text: str) -> None:
        self._pipeline.emit(Kind.WarningRecord, clixml.informational("Warning", text))

    def debug(self, text: str) -> None:
        self._pipeline.emit(Kind.DebugRecord, clixml.informational("Debug", text))

    def error(self, record: ErrorRecord) -> None:
        self._pipeline.emit(Kind.ErrorRecord, clixml.error(record))

    def information(self, text: str, source: str = "Write-Information") -> None:
        at = datetime.fromtimestamp(self._clock(), UTC)
        self._pipeline.emit(Kind.InformationRecord, clixml.information(text, source, self._user.name, at))

    def progress(self, activity: str, status: str, percent: int = -1, done: bool = False) -> None:
        self._pipeline.emit(Kind.ProgressRecord, clixml.progress(activity, status, percent, done=done))

    def host_line(self, text: str) -> None:
        """A line for the client's host, as of -WhatIf; gone where there is none (modelled)."""
        if self._pipeline.has_host:
            self._pipeline.emit(Kind.PipelineHostCall, clixml.host_line(text))

    def raw(self, kind: int, document: str) -> None:
        """A message as it was recorded; a PipelineState ends the pipeline."""
        last = Kind(kind) == Kind.PipelineState
        self._pipeline.runspace.emit(Kind(kind), document, self._pipeline, last=last)


@dataclass
class Context:
    """What a cmdlet is given. `input` are the objects that the command before it wrote."""

    call: Call
    out: Streams
    pipeline: Pipeline
    host: Host
    shell: Shell
    input: Iterable[object] = ()

    def get(self, name: str, default: Any = None) -> Any:
        return self.call.get(name, default)

    @property
    def backend(self) -> Backend:
        return self.host.backend

    def fail(self, text: str, error_id: str, category: int = 0, name: str = "NotSpecified", **more: str) -> ErrorRecord:
        """An ErrorRecord of this cmdlet; raise it, or write it to the error stream."""
        return ErrorRecord(text, error_id, category, name, activity=self.call.name, **more)


Body = Callable[[Context], Iterable[object]]


@dataclass(frozen=True)
class Cmdlet:
    name: str
    body: Body
    parameters: Mapping[str, str]
    mandatory: tuple[str, ...] = ()
    module: str = "Microsoft.PowerShell.Core"
    from_backend: bool = False
    """Whether the backend says which of the parameters this server has."""


CMDLETS: dict[str, Cmdlet] = {}


def cmdlet(
    name: str,
    parameters: Mapping[str, str],
    mandatory: tuple[str, ...] = (),
    module: str = "Microsoft.PowerShell.Core",
    from_backend: bool = False,
) -> Callable[[Body], Body]:
    """Put a function into the registry. `parameters`: name to .NET type, without the common ones."""

    def register(body: Body) -> Body:
        CMDLETS[name.lower()] = Cmdlet(name, body, parameters, mandatory, module, from_backend)
        return body

    return register


@dataclass
class Host:
    """Runs pipelines: one for the whole server."""

    backend: Backend
    settings: Callable[[], Settings]
    troubles: Troubles
    wall_clock: Callable[[], float]
    tapes: Mapping[str, list[tuple[int, str]]] = field(default_factory=dict)

    def run_for(self, shell: Shell) -> Run:
        """What runs the pipelines of one shell."""
        return lambda pipeline: self._run(shell, pipeline)

    def _run(self, shell: Shell, pipeline: Pipeline) -> None:
        out = Streams(pipeline, shell.owner, self.wall_clock)
        if pipeline.metadata_for:
            self._metadata(shell, pipeline)
            return
        playing = pipeline.calls[0].name == "Play-Tape" if pipeline.calls else False
        if self.settings().noise and not playing:
            out.progress(said("noise", self.settings().language), " ", done=True)
        statement: list[Call] = []
        for call in pipeline.calls:
            statement.append(call)
            if call.last:
                for value in self._statement(shell, pipeline, out, statement):
                    out.output(value)
                statement = []

    def _statement(self, shell: Shell, pipeline: Pipeline, out: Streams, calls: list[Call]) -> Iterable[object]:
        values: Iterable[object] = ()
        for call in calls:
            context = Context(call, out, pipeline, self, shell, values)
            values = self._script(context) if call.is_script else self._command(context)
        return values

    def _command(self, context: Context) -> Iterable[object]:
        found = self.find(context.call.name, context.shell)
        if found is None:
            raise not_found(context.call.name, self.settings().language)
        self._bind(found, context)
        if found.name in self.settings().no_rights:
            raise denied(context)
        for trouble in self.troubles.in_cmdlet(found.name):
            if trouble.kind == "chatter":
                for number in range(1, trouble.count + 1):
                    context.out.verbose(f"chatter {number} of {trouble.count} " + "." * 200)
            elif trouble.kind == "odd":
                for _ in range(trouble.count):
                    context.out.raw(*_odd(trouble.name))
            elif not confirm(context, "The cmdlet asks."):
                return ()
        return found.body(context)

    def find(self, name: str, shell: Shell) -> Cmdlet | None:
        """The cmdlet, where this shell's user may see it."""
        found = CMDLETS.get(name.lower())
        hidden = found is not None and (
            found.name.lower() in (d.lower() for d in (*shell.owner.denied, *self.settings().hidden))
            or (found.name == "Import-Module" and not shell.endpoint.modules)
        )
        return None if hidden else found

    def parameters(self, found: Cmdlet) -> dict[str, str]:
        """Its parameters on this server, with their types."""
        own = dict(found.parameters)
        if found.from_backend:
            there = {p.lower() for p in self.backend.parameters(found.name)}
            own = {name: kind for name, kind in own.items() if name.lower() in there or name in SHOULD_PROCESS}
        return {**own, **COMMON}

    def _bind(self, found: Cmdlet, context: Context) -> None:
        known = {name.lower() for name in self.parameters(found)}
        for argument in context.call.arguments:
            if argument.name and argument.name.lower() not in known:
                raise context.fail(
                    f"A parameter cannot be found that matches parameter name '{argument.name}'.",
                    f"NamedParameterNotFound,{found.name}", 5, "InvalidArgument",
                    reason="ParameterBindingException",
                    exception="System.Management.Automation.ParameterBindingException",
                )  # fmt: skip
        missing = [name for name in found.mandatory if context.get(name) is None]
        if missing:
            raise context.fail(
                f"Cannot process command because of one or more missing mandatory parameters: {' '.join(missing)}.",
                f"MissingMandatoryParameter,{found.name}", 5, "InvalidArgument", reason="ParameterBindingException",
                exception="System.Management.Automation.ParameterBindingException",
            )  # fmt: skip

    def _script(self, context: Context) -> Iterable[object]:
        text = context.call.name.strip()
        if context.shell.endpoint.no_language:
            raise ErrorRecord(
                said("no_language", self.settings().language),
                "ScriptsNotAllowed", reason="PSInvalidOperationException",
                exception="System.Management.Automation.PSInvalidOperationException",
            )  # fmt: skip
        if text == "$ExecutionContext.SessionState.LanguageMode":
            return ["FullLanguage"]
        if literal := re.fullmatch(r"'([^']*)'|(\d+)", text):
            return [literal[1] if literal[1] is not None else int(literal[2])]
        raise ErrorRecord("This peer has no PowerShell language.", "NoLanguageHere", reason="ParseException")

    def _metadata(self, shell: Shell, pipeline: Pipeline) -> None:
        found = [c for name in pipeline.metadata_for for c in self.matching(name, shell)]
        pipeline.emit(Kind.PipelineOutput, clixml.metadata_count(len(found)))
        for one in found:
            told = self.parameters(one) if self.settings().parameters_told else {}
            pipeline.emit(Kind.PipelineOutput, clixml.metadata(one.name, one.module, told))

    def matching(self, pattern: str, shell: Shell) -> list[Cmdlet]:
        """The visible cmdlets whose name matches the wildcard."""
        names = fnmatch.filter(CMDLETS, pattern.lower())
        return [c for name in sorted(names) if (c := self.find(name, shell)) is not None]


def not_found(name: str, language: str = "en") -> ErrorRecord:
    """Text, id and category as recorded."""
    return ErrorRecord(
        said("not_found", language, name),
        "CommandNotFoundException", 13, "ObjectNotFound", reason="CommandNotFoundException", target=name,
        exception="System.Management.Automation.CommandNotFoundException",
    )  # fmt: skip


def denied(context: Context) -> ErrorRecord:
    """Access denied, as an account meets it that may run the cmdlet and not read what it reads. Id modelled."""
    return context.fail(
        said("denied", context.host.settings().language), f"System.UnauthorizedAccessException,{context.call.name}",
        18, "PermissionDenied", reason="UnauthorizedAccessException", exception="System.UnauthorizedAccessException",
    )  # fmt: skip


def silent(context: Context, machine: str) -> ErrorRecord:
    """A machine that does not answer the server. Id and category modelled, the code is RPC_S_SERVER_UNAVAILABLE."""
    return context.fail(
        said("silent", context.host.settings().language),
        f"System.Runtime.InteropServices.COMException,{context.call.name}", 0, "NotSpecified", target=machine,
        reason="COMException", exception="System.Runtime.InteropServices.COMException", hresult="0x800706BA",
    )  # fmt: skip


def confirm(context: Context, message: str) -> bool:
    """ShouldProcess at the client's host. The text of a host-less session is PowerShell's, its id modelled."""
    if not context.pipeline.has_host:
        raise context.fail(
            "A command that prompts the user failed because the host program or the command type does not support "
            "user interaction. The host was attempting to request confirmation with the following message: " + message,
            "InvalidOperation", 7, "InvalidOperation", reason="HostException",
            exception="System.Management.Automation.Host.HostException",
        )  # fmt: skip
    choices = ("&Yes", "Yes to &All", "&No", "No to A&ll")
    return context.pipeline.ask("Confirm", message, choices, 0) in (0, 1)


def report(context: Context, record: ErrorRecord) -> None:
    """Write a non-terminating error; ErrorAction makes it a terminating one (Stop) or silent."""
    match str(context.get("ErrorAction", "Continue")).lower():
        case "stop" | "1":
            raise record
        case "silentlycontinue" | "0" | "ignore" | "4":
            return
        case _:
            context.out.error(record)


def _odd(name: str) -> tuple[int, str]:
    """A record that a client finds hard to read: half a surrogate pair and U+FFFE as a real PowerShell was seen to
    write them, a reference to nothing, a document that is cut off."""
    verbose = clixml.informational("Verbose", "odd TEXT record")
    match name:
        case "half":
            return Kind.VerboseRecord, verbose.replace("TEXT", "_xD800_")
        case "noncharacter":
            return Kind.VerboseRecord, verbose.replace("TEXT", "&#xFFFE;")
        case "reference":
            return Kind.PipelineOutput, '<Ref RefId="77" />'
        case "cut":
            return Kind.VerboseRecord, verbose[: len(verbose) // 2]
    raise ValueError(f"no such odd record: {name}")
