"""Makes sessions: one WSMan, one runspace pool of one runspace, one host, for one thread and one operation.

No pool of warm sessions: after two minutes without a request WinRM disconnects a shell. Nothing here follows a run
or reads a fact. The pools are never used as context managers, as leaving the block would delete the shell and with
it the cmdlet that is running there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pypsrp.complex_objects import PSInvocationState
from pypsrp.powershell import PowerShell, RunspacePool

from engine.port import AccountRefused, EngineError, EngineUnavailable, StepRefused
from engine.remote import inside
from engine.remote.account import Account, AccountPaused, refuses
from engine.remote.decoding import Reassembly, Unreadable
from engine.remote.errors import REMOTE, translated
from engine.remote.gate import Wire
from engine.remote.host import SaysNo
from engine.remote.pace import Pace
from engine.remote.refusals import Unrecognised, refusal
from engine.remote.settings import RemoteSettings
from engine.remote.streams import Raw, Tap

MODULES = ("SkypeForBusiness", "Lync")
READERS_IDLE = 240
"""Seconds that the server keeps the shell of an unused reader; the shortest that WinRM accepts is 60."""
BACKOFF = 0.5
"""Seconds before the second attempt to connect; doubled for each further one."""


def quiet_loggers() -> None:
    """pypsrp logs whole envelopes at DEBUG, parameters and all: never let it. What the libraries warn about, some of it
    with tracebacks, is raised as well, and then reported once in our own words."""
    for name in ("pypsrp", "spnego", "requests_credssp", "urllib3"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


class Session:
    """One connection and one shell. `inbox` fills with raw records while one of its pipelines is polled."""

    def __init__(self, door: Door, endpoint: str, *, limit: int | None = None) -> None:
        """`limit` in seconds shortens the timeouts and drops the retries: for reads, which have others to ask. The
        server removes their shells after READERS_IDLE seconds, should the bot be killed before it deletes them."""
        self.settings = settings = door.settings
        self._idle_timeout = READERS_IDLE if limit else settings.idle_timeout
        self._parts = Reassembly()
        self.endpoint = endpoint
        self.inbox: list[Raw] = []
        self.host = SaysNo(lambda stream, words: self.inbox.append((stream, words)))
        try:
            self.wsman = Wire(door.account, door.pace, endpoint, **_arguments(settings, endpoint, limit))
        except REMOTE as error:
            raise translated(error, f"preparing the connection to {endpoint}") from error
        self.pool = self._pool()

    def _pool(self) -> Any:
        return RunspacePool(
            self.wsman,
            host=self.host,
            configuration_name=self.settings.configuration_name,
            idle_timeout=self._idle_timeout,
        )

    def named(self, shell_id: str) -> None:
        """A fresh pool with this shell id, on a fresh connection."""
        inside.reset(self.wsman)
        self.pool, self._parts = self._pool(), Reassembly()
        inside.name_shell(self.pool, shell_id)

    def pipeline(self, command_id: str = "") -> Any:
        """A pipeline whose records all go to the inbox, in the order in which they come."""
        ps = PowerShell(self.pool)
        if command_id:
            ps.id = command_id
        ps.output = Tap("output", self.inbox)
        for stream in ("error", "warning", "verbose", "debug", "progress", "information"):
            setattr(ps.streams, stream, Tap(stream, self.inbox))
        return ps

    def open(self) -> None:
        """Create the shell. Raises EngineUnavailable, StepRefused, AccountRefused."""
        try:
            with self.wsman.within(self.settings.opening):
                self.pool.open()
        except Exception as error:
            raise met(error, f"opening a session on {self.endpoint}") from error

    def poll(self, ps: Any) -> inside.Reply | None:
        """Take what a pipeline has to report into the inbox, even what cannot be read; None when it had nothing. Raises
        whatever an odd answer makes pypsrp raise."""
        return inside.receive(
            self.pool, ps, self._parts, self.settings.poll, lambda odd: self.inbox.append((odd.stream, odd))
        )

    def run(
        self, commands: list[tuple[str, dict[str, Any]]], limit: float, monotonic: Callable[[], float]
    ) -> list[Any]:
        """Run a short, read-only pipeline to its end and return its output. Raises StepRefused where PowerShell
        reported an error, EngineUnavailable where it did not end within `limit` seconds."""
        ps = self.pipeline()
        for name, parameters in commands:
            ps.add_cmdlet(name).add_parameters(parameters)
        what = " | ".join(name for name, _ in commands)
        return self.finish(ps, lambda: ps.begin_invoke(remote_stream_options=0), what, limit, monotonic)

    def finish(
        self, ps: Any, begin: Callable[[], object], what: str, limit: float, monotonic: Callable[[], float]
    ) -> list[Any]:
        """Begin, poll to the end, and return the output; anything else that came is dropped."""
        self.inbox.clear()
        until = monotonic() + limit
        over = False
        try:
            begin()
            while ps.state == PSInvocationState.RUNNING and not (over or self.host.stuck or monotonic() > until):
                reply = self.poll(ps)
                over = bool(reply and reply.done)
        except Exception as error:
            raise met(error, f"{what} on {self.endpoint}") from error
        if ps.state == PSInvocationState.RUNNING:
            missing = "ended, but the server did not say how" if over else f"did not answer within {limit:g} s"
            raise EngineUnavailable(f"{what} on {self.endpoint} {missing}")
        if odd := next((item for _, item in self.inbox if isinstance(item, Unreadable)), None):
            raise EngineUnavailable(f"{what} on {self.endpoint}: {odd}")
        errors = [item for stream, item in self.inbox if stream == "error"]
        output = [item for stream, item in self.inbox if stream == "output"]
        self.inbox.clear()
        if errors or ps.state != PSInvocationState.COMPLETED:
            raise refusal(what, self.endpoint, self.settings.username, errors)
        return output

    def close(self) -> None:
        """Delete the shell if it was opened, and let go of the connection. Best effort, as the server deletes it after
        its idle timeout anyway; only where nothing runs."""
        try:
            with suppress(Exception), self.wsman.within(self.settings.opening):
                self.pool.close()
        finally:
            inside.let_go(self.wsman)


def met(error: Exception, doing: str) -> EngineError:
    """The port's error for whatever pypsrp raised. Only around calls of pypsrp: what is in no table came from an odd
    answer, such as a KeyError for a reference to nothing."""
    if not isinstance(error, REMOTE):
        return EngineUnavailable(f"{doing}: the answer could not be read", f"{type(error).__name__}: {error}"[:2000])
    told = translated(error, doing)
    if not refuses(error):
        return told
    paused = str(error) if isinstance(error, AccountPaused) else next(iter(getattr(error, "__notes__", ())), "")
    return AccountRefused(f"{doing}: {paused}" if paused else told.say, told.detail, told.cure)


class Door:
    """Opens sessions and loads the module of the pools in them; remembers which module a server has. Thread-safe."""

    def __init__(self, settings: RemoteSettings, monotonic: Callable[[], float], account: Account, pace: Pace) -> None:
        self.settings = settings
        self.account = account
        self.pace = pace
        self._monotonic = monotonic
        self._module: dict[str, str] = {}

    def changed(self, settings: RemoteSettings) -> Door:
        """Another one with these settings, of the same account and at the same pace."""
        return Door(settings, self._monotonic, self.account, self.pace)

    def load(self, session: Session) -> str:
        """Import the module; returns its name, or empty where the endpoint has its cmdlets loaded. Raises StepRefused
        with PowerShell's words when the server has none of them."""
        if self.settings.route == "ocspowershell":
            return ""
        known = self.settings.module or self._module.get(session.endpoint)
        refused: StepRefused | None = None
        for name in (known,) if known else MODULES:
            try:
                session.run([("Import-Module", {"Name": name})], self.settings.read_limit, self._monotonic)
            except Unrecognised:
                return ""  # a constrained endpoint without Import-Module comes with its cmdlets loaded
            except StepRefused as error:
                refused = refused or error
            else:
                self._module[session.endpoint] = name
                return name
        assert refused is not None
        raise refused


def _arguments(settings: RemoteSettings, endpoint: str, limit: int | None) -> dict[str, Any]:
    operation = min(settings.operation_timeout, limit) if limit else settings.operation_timeout
    read = min(settings.read_timeout, max(limit, operation + 1)) if limit else settings.read_timeout
    arguments: dict[str, Any] = {
        "server": settings.reached_at(endpoint),
        **settings.address(),
        "ssl": settings.ssl,
        "auth": settings.auth,
        "username": settings.username or None,
        "password": settings.password.get_secret_value() if settings.password else None,
        "cert_validation": str(settings.ca_file) if settings.ca_file else True,
        "proxy": settings.proxy,
        "no_proxy": settings.proxy is None,  # else HTTPS_PROXY would silently carry an administrator's session
        "operation_timeout": operation,
        "read_timeout": read,
        "connection_timeout": min(settings.connection_timeout, 5) if limit else settings.connection_timeout,
        "reconnection_retries": 0 if limit else settings.retries,
        "reconnection_backoff": BACKOFF,
    }
    if settings.auth == "certificate":
        arguments |= {
            "certificate_pem": str(settings.certificate),
            "certificate_key_pem": str(settings.certificate_key),
        }
    if endpoint in settings.addresses:
        arguments["negotiate_hostname_override"] = endpoint  # Kerberos knows the machine by its name
    if settings.delegate:
        arguments["negotiate_delegate"] = True
    return arguments
