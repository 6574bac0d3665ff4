"""One runspace pool inside a shell: psrpcore reads what the client sends, a thread runs each pipeline.

Not PowerShell: what a pipeline runs is decided by the function given at construction. No HTTP and no SOAP.
Copied from recordings: one fragment per stream element, a BOM before each document, the two-step open, no Running
state, capability and counted-on object ids at Connect. Modelled: a full buffer blocks the cmdlet.
"""

from __future__ import annotations

import threading
import traceback
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psrpcore
from psrpcore import types as ps

from tests.wsman import calls, clixml
from tests.wsman.outbox import Item, Outbox, everything, fragments
from tests.wsman.settings import Settings

NO_PIPELINE = uuid.UUID(int=0)


class Killed(BaseException):
    """The shell or the command was deleted under a running cmdlet. Not an Exception, as no cmdlet may catch it."""


class Stopped(Exception):
    """The pipeline was stopped by ctrl_c."""


class BadData(Exception):
    """The client's remoting data cannot be read."""


class _Pool(psrpcore.ServerRunspacePool):
    """psrpcore's pool, which reads `ci` where pypsrp writes `CI` (PowerShell does not mind), and keeps the last
    CreatePipeline as it came."""

    created = b""

    def _process_message(self, message: Any) -> Any:
        if message.message_type in (ps.PSRPMessageType.SetMaxRunspaces, ps.PSRPMessageType.SetMinRunspaces):
            message._data = message._data.replace(b'N="CI"', b'N="ci"')
        if message.message_type == ps.PSRPMessageType.CreatePipeline:
            self.created = bytes(message._data)
        return super()._process_message(message)


class Pipeline:
    """One command of a shell. Its methods may be called from the thread that runs it."""

    def __init__(self, runspace: Runspace, command_id: str, pid: uuid.UUID) -> None:
        self.runspace = runspace
        self.command_id = command_id
        self.pid = pid
        self.calls: tuple[calls.Call, ...] = ()
        self.metadata_for: tuple[str, ...] = ()
        self.outbox = Outbox()
        self.finished = False
        self.drained = False
        self.stopping = threading.Event()
        self.killed = threading.Event()
        self.answers: dict[int, Any] = {}
        self.has_host = False

    def emit(self, kind: ps.PSRPMessageType, document: str) -> None:
        """Send one document to the client. Blocks while the buffer is full. Raises Killed."""
        self.runspace.emit(kind, document, self)

    def cancelled(self) -> bool:
        """Whether ctrl_c was sent. Raises Killed."""
        if self.killed.is_set():
            raise Killed
        return self.stopping.is_set()

    def wait(self, seconds: float) -> None:
        """Pass time as a cmdlet does. Raises Stopped, Killed."""
        if self.stopping.wait(seconds):
            self.cancelled()
            raise Stopped

    def ask(self, caption: str, message: str, choices: tuple[str, ...], default: int) -> int:
        """PromptForChoice at the client's host; waits for as long as it takes. Raises Stopped, Killed."""
        return self.runspace.ask(self, caption, message, choices, default)


Run = Callable[[Pipeline], None]


class Runspace:
    """The pool of one shell. Everything is guarded by `lock`, which is the shell's."""

    def __init__(self, lock: threading.Condition, settings: Callable[[], Settings], run: Run) -> None:
        self._lock = lock
        self._settings = settings
        self._run = run
        self._pool = _Pool({"PSVersionTable": {"PSVersion": ps.PSVersion("5.1.14393.2248"), "PSEdition": "Desktop"}})
        self.outbox = Outbox()
        self.pipelines: dict[str, Pipeline] = {}
        self._calls = 0
        self._busy = 0

    # From the client

    def feed(self, data: bytes) -> None:
        """Data for the pool, or the rest of a pipeline's. Raises BadData."""
        with self._lock:
            try:
                self._pool.receive_data(psrpcore.PSRPPayload(data, psrpcore.StreamType.default, None))
                while (event := self._pool.next_event()) is not None:
                    self._happened(event)
            except (psrpcore.PSRPCoreError, ET.ParseError, ValueError, KeyError, AttributeError, TypeError) as error:
                self._pool._receive_buffer = bytearray()
                raise BadData(str(error)) from error
            self._collect()

    def start(self, command_id: str, data: bytes) -> None:
        """The first data of a new command. Its id need not be the pipeline's own. Raises BadData."""
        if len(data) < 21 + 40:
            raise BadData("too short for a message")
        pid = uuid.UUID(bytes_le=bytes(data[21 + 24 : 21 + 40]))
        with self._lock:
            psrpcore.ServerPipeline(self._pool, pid)
            self.pipelines[command_id] = Pipeline(self, command_id, pid)
            try:
                self.feed(data)
            except BadData:
                del self.pipelines[command_id]
                raise

    def connect(self, data: bytes) -> bytes:
        """A new client: its capability and ConnectRunspacePool. Returns what the reply carries. Raises BadData."""
        with self._lock:
            waiting, self.outbox = self.outbox, Outbox()
            self._pool._incoming_fragments.clear()
            self._pool.state = ps.RunspacePoolState.Connecting
            capability = self._packed(ps.PSRPMessageType.SessionCapability, _CAPABILITY, NO_PIPELINE)
            try:
                self.feed(data)
            finally:
                self._pool.state = ps.RunspacePoolState.Opened
            now = [i.data for i in everything(self.outbox) if not i.alone]
            self.outbox = Outbox()
            reply = b"".join(i.data for i in capability) + now[0]
            self.outbox.put(Item(d) for d in now[1:])
            self.outbox.put(i for i in everything(waiting) if not i.alone)
            return reply

    def _happened(self, event: Any) -> None:
        pipeline = next((p for p in self.pipelines.values() if p.pid == event.pipeline_id), None)
        match event:
            case psrpcore.CreatePipelineEvent() if pipeline:
                pipeline.calls = calls.read(self._pool.created)
                host = event.pipeline.host
                host = self._pool.host if host.UseRunspaceHost and self._pool.host else host
                pipeline.has_host = not host.IsHostNull
                self._launch(pipeline)
            case psrpcore.GetCommandMetadataEvent() if pipeline:
                pipeline.metadata_for = tuple(str(name) for name in event.pipeline.name)
                self._launch(pipeline)
            case psrpcore.PipelineHostResponseEvent() if pipeline:
                pipeline.answers[int(event.ci)] = event.result
                self._lock.notify_all()
            case psrpcore.SetMaxRunspacesEvent() | psrpcore.SetMinRunspacesEvent() | psrpcore.ResetRunspaceStateEvent():
                self._pool.runspace_availability_response(event.ci, True)
            case psrpcore.GetAvailableRunspacesEvent():
                self._pool.runspace_availability_response(event.ci, self._pool.max_runspaces)
            case _:
                pass

    def _launch(self, pipeline: Pipeline) -> None:
        threading.Thread(target=self._body, args=(pipeline,), name=pipeline.command_id, daemon=True).start()

    def _body(self, pipeline: Pipeline) -> None:
        stopped = clixml.ErrorRecord(
            "The pipeline has been stopped.", "PipelineStopped", 14, "OperationStopped",
            reason="PipelineStoppedException", exception="System.Management.Automation.PipelineStoppedException",
        )  # fmt: skip
        end: tuple[int, clixml.ErrorRecord | None] = (4, None)
        try:
            with self._runspace_for(pipeline):
                self._run(pipeline)
            if pipeline.stopping.is_set():
                end = (3, stopped)
        except Stopped:
            end = (3, stopped)
        except clixml.ErrorRecord as error:
            end = (5, error)
        except Killed:
            return
        except Exception as bug:  # noqa: BLE001 - a client must not wait for ever for a bug of the peer
            traceback.print_exc()
            end = (5, clixml.ErrorRecord(f"Bug of the peer: {bug!r}", "PeerBug"))
        if pipeline.finished:
            return
        try:
            self.emit(ps.PSRPMessageType.PipelineState, clixml.state(*end), pipeline, last=True)
        except Killed:
            return

    @contextmanager
    def _runspace_for(self, pipeline: Pipeline) -> Iterator[None]:
        """One of the pool's runspaces; a pool of one runs its pipelines one after the other. Raises Stopped, Killed."""
        with self._lock:
            while self._busy >= max(1, self._pool.max_runspaces):
                if pipeline.cancelled():
                    raise Stopped
                self._lock.wait()
            self._busy += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy -= 1
                self._lock.notify_all()

    # To the client

    def emit(self, kind: ps.PSRPMessageType, document: str, pipeline: Pipeline, last: bool = False) -> None:
        """Queue one document. Blocks while the shell's buffer is full and nobody stops the pipeline. Raises Killed."""
        with self._lock:
            while self.waiting() >= self._settings().buffer and not (pipeline.stopping.is_set() or last):
                if pipeline.killed.is_set():
                    break
                self._lock.wait()
            if pipeline.killed.is_set():
                raise Killed
            pipeline.outbox.put(self._packed(kind, document.encode(), pipeline.pid))
            pipeline.finished = pipeline.finished or last
            self._lock.notify_all()

    def waiting(self) -> int:
        """Bytes that no Receive has taken yet."""
        return self.outbox.size + sum(pipeline.outbox.size for pipeline in self.pipelines.values())

    def ask(self, pipeline: Pipeline, caption: str, message: str, choices: tuple[str, ...], default: int) -> int:
        """See Pipeline.ask."""
        with self._lock:
            self._calls += 1
            call = self._calls
            document = clixml.prompt(call, caption, message, choices, default)
            self.emit(ps.PSRPMessageType.PipelineHostCall, document, pipeline)
            while call not in pipeline.answers:
                if pipeline.cancelled():
                    raise Stopped
                self._lock.wait()
            return int(pipeline.answers.pop(call))

    def stop(self, pipeline: Pipeline) -> None:
        """ctrl_c."""
        with self._lock:
            if self._settings().obeys:
                pipeline.stopping.set()
            self._lock.notify_all()

    def kill(self, pipeline: Pipeline) -> None:
        """End it without a word: its command is gone."""
        with self._lock:
            pipeline.killed.set()
            pipeline.stopping.set()
            self.pipelines.pop(pipeline.command_id, None)
            self._pool.pipeline_table.pop(pipeline.pid, None)
            self._lock.notify_all()

    def _collect(self) -> None:
        """Take what psrpcore has made for the pool itself."""
        for message in self._pool._send_buffer:
            alone = message.message_type == ps.PSRPMessageType.RunspacePoolState
            body = bytes(message._data)
            data = body[:40] + clixml.BOM + body[40:]
            self.outbox.put(Item(d, alone) for d in fragments(message.object_id, data))
        self._pool._send_buffer.clear()
        self._lock.notify_all()

    def _packed(self, kind: ps.PSRPMessageType, document: bytes, pid: uuid.UUID) -> list[Item]:
        rpid = self._pool.runspace_pool_id
        head = (1).to_bytes(4, "little") + kind.value.to_bytes(4, "little") + rpid.bytes_le + pid.bytes_le
        return [Item(d) for d in fragments(self._pool._fragment_counter, head + clixml.BOM + document)]


_CAPABILITY = (
    b'<Obj RefId="0"><MS><Version N="protocolversion">2.3</Version><Version N="PSVersion">2.0</Version>'
    b'<Version N="SerializationVersion">1.1.0.1</Version></MS></Obj>'
)
