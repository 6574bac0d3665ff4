"""One shell of the peer: whose it is, whether it is connected, and the long poll that empties it.

Which shells there are and what the other verbs do is in shells.py. Modelled: that a repeated Receive gets its old
reply again, and the code of "disconnected".
"""

from __future__ import annotations

import base64
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from tests.wsman import soap
from tests.wsman.outbox import Outbox
from tests.wsman.runspace import Pipeline, Runspace
from tests.wsman.settings import Settings, User
from tests.wsman.soap import Fault, Request

KEPT_REPLIES = 8
LOOK = 0.1
"""Seconds between two looks at whether the client of a long poll is still there."""


class Vanished(Exception):
    """The client of this request is gone; nobody reads the reply."""


@dataclass(frozen=True)
class Endpoint:
    """What kind of door the request came through."""

    path: str
    disconnect: bool
    no_language: bool
    modules: bool
    """Whether Import-Module is there; an RBAC endpoint has its cmdlets loaded."""


@dataclass
class Answer:
    """The body of a reply, and how to take it back when it could not be delivered."""

    body: str
    undo: Callable[[], None] = lambda: None


class Shell:
    """One shell. `lock` guards it with everything in it."""

    def __init__(
        self,
        shell_id: str,
        owner: User,
        endpoint: Endpoint,
        session: str,
        settings: Callable[[], Settings],
        clock: Callable[[], float],
    ) -> None:
        self.id = shell_id
        self._settings = settings
        self.clock = clock
        self.owner = owner
        self.endpoint = endpoint
        self.resource = ""
        self.session = session
        self.lock = threading.Condition()
        self.state = "Connected"
        self.born = self.heard = clock()
        self.polling = 0
        self.idle_timeout: float = 0
        self.replies: OrderedDict[str, str] = OrderedDict()
        self.runspace: Runspace

    def disconnect(self) -> None:
        with self.lock:
            self.state = "Disconnected"
            self.lock.notify_all()

    def kill(self) -> None:
        """End all that runs in it, without a word."""
        with self.lock:
            self.state = "Gone"
            for pipeline in list(self.runspace.pipelines.values()):
                self.runspace.kill(pipeline)
            self.lock.notify_all()

    def must_be_connected(self) -> None:
        """Raises Fault."""
        if self.state == "Gone":
            raise Fault("no_shell")
        if self.state != "Connected":
            raise Fault("shell_disconnected")

    def pipeline(self, command_id: str) -> Pipeline:
        """A command of this shell. Raises Fault."""
        pipeline = self.runspace.pipelines.get(command_id)
        if pipeline is None:
            raise Fault("no_command")
        return pipeline

    def unread(self, command_id: str) -> Pipeline:
        """A command whose end no client has been told yet; after that it is mostly only good for Signal."""
        pipeline = self.pipeline(command_id)
        if pipeline.drained and not self._settings().done_again:
            raise Fault("no_command")
        return pipeline

    # The long poll

    def receive(self, request: Request, gone: Callable[[], bool]) -> Answer:
        """Wait for something to take. Raises Fault; Vanished when `gone` says so."""
        with self.lock:
            if request.message_id in self.replies:
                return Answer(self.replies[request.message_id])
            owner = request.session == self.session
            self.polling += owner
            try:
                return self._poll(request, gone)
            finally:
                self.polling -= owner
                if owner:
                    self.heard = self.clock()

    def _poll(self, request: Request, gone: Callable[[], bool]) -> Answer:
        until = self.clock() + request.timeout
        while True:
            self.must_be_connected()
            pipeline = self.unread(request.command_id) if request.command_id else None
            box = pipeline.outbox if pipeline else self.runspace.outbox
            if gone():
                raise Vanished
            if box or (pipeline and pipeline.finished):
                return self._taken(request, pipeline, box)
            if (left := until - self.clock()) <= 0:
                raise Fault("timed_out")
            self.lock.wait(min(left, LOOK))

    def _taken(self, request: Request, pipeline: Pipeline | None, box: Outbox) -> Answer:
        items = box.take(self._settings().reply)
        command = f' CommandId="{pipeline.command_id}"' if pipeline else ""
        body = "".join(
            f'<rsp:Stream Name="stdout"{command}>{base64.b64encode(item.data).decode()}</rsp:Stream>' for item in items
        )
        if pipeline is not None and pipeline.finished and not box:
            pipeline.drained = True
            body += (
                f'<rsp:CommandState{command} State="{soap.SHELL}/CommandState/Done"><rsp:ExitCode>0</rsp:ExitCode>'
                "</rsp:CommandState>"
            )
        body = f"<rsp:ReceiveResponse>{body}</rsp:ReceiveResponse>"
        self.replies[request.message_id] = body
        while len(self.replies) > KEPT_REPLIES:
            self.replies.popitem(last=False)
        self.lock.notify_all()

        def undo() -> None:
            with self.lock:
                if self.replies.pop(request.message_id, None) is not None:
                    box.put_back(items)
                    if pipeline is not None:
                        pipeline.drained = False
                    self.lock.notify_all()

        return Answer(body, undo)
