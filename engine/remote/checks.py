"""Can it work? What `csfailover check` asks the configured Front Ends, one named answer after another.

Nothing is changed: sessions are opened and closed, read-only cmdlets run, and one pipeline that only sleeps is
released and found again. A check that depends on one that failed is left out. Every no has a cure.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pypsrp.complex_objects import PSInvocationState as State

from engine.guards.case import rights
from engine.guards.command import MANDATORY
from engine.plan import CMDLETS
from engine.port import EngineError
from engine.remote import inside
from engine.remote.connect import Door, Session
from engine.remote.engine import Remote
from engine.remote.errors import ASK_THERE, NETWORK, REMOTE, cannot_reattach, own_words
from engine.remote.facts import get
from engine.remote.reading import RemoteReader
from engine.remote.refusals import NO_SCRIPTS_ID, Answered, Unrecognised

Ids = Callable[[], str]
READS = (
    "Get-CsPool", "Get-CsPoolBackupRelationship", "Get-CsRegistrarConfiguration", "Get-CsBackupServiceStatus",
    "Get-CsManagementStoreReplicationStatus", "Get-CsService", "Get-CsUser", "Get-CsWindowsService",
    "Get-CsPoolFabricState", "Get-CsComputer", "Get-CsAdminRole",
)  # fmt: skip
PLAIN = ("Measure-Object",)
"""PowerShell's own cmdlets that the readings need."""
CULTURES = ("Get-WinSystemLocale", "Get-UICulture")
IN_ENGLISH_ONLY = (
    "its errors are shown as it words them, and judged by type and number; only in English can the bot recognise "
    "routing groups without primaries, find the cures for documented errors, and answer a question with No (otherwise "
    "it stops the cmdlet)"
)
VERSIONED = ("SkipDataVerification", "DatabaseCommandTimeoutInSeconds", "ServicesStopDelayMins")
"""Parameters that not every version of the cmdlets has."""


@dataclass(frozen=True)
class Trial:
    """`ok` None: it works without this, and `say` explains what is lost."""

    name: str
    ok: bool | None
    say: str
    cure: str = ""


def checks(engine: Remote, monotonic: Callable[[], float], new_id: Ids) -> Iterator[Trial]:
    """All of them, each as soon as it is known. `new_id` gives upper-case UUIDs."""
    door = engine.door
    for pool, hosts in engine.settings.front_ends.items():
        for host in hosts:
            yield from _front_end(door, host, f"{host} ({pool})", monotonic, new_id)
    for pair in engine.settings.pairs:
        for pool in pair:
            yield _facts(engine, pool)


def _front_end(door: Door, host: str, title: str, monotonic: Callable[[], float], new_id: Ids) -> Iterator[Trial]:
    connected = _connection(door, host, title)
    yield connected
    if not connected.ok:
        return
    try:
        session = Session(door, host, limit=door.settings.read_limit)
        session.open()
    except EngineError as error:
        yield Trial(f"sign-in and shell: {title}", False, _said(error), error.cure)
        return
    session.close()
    yield Trial(f"sign-in and shell: {title}", True, f"signed in with {door.settings.auth}; a shell opened and closed")
    try:
        with RemoteReader(door, host, monotonic) as reader:
            name = door.settings.module or door.load(reader.session)
            yield Trial(
                f"module: {title}", True, f"{name} is loaded" if name else "the endpoint has its cmdlets loaded"
            )
            yield from _cmdlets(reader, title)
            yield _speaks(reader, title)
            yield _language(reader.session, title, monotonic)
    except EngineError as error:
        install = (
            "Install the management tools there, or name the right module: SkypeForBusiness (2015 on) or Lync (2013)."
        )
        yield Trial(f"module: {title}", False, _said(error), error.cure or install)
        return
    yield _reattach(door, host, title, monotonic, new_id)


def _connection(door: Door, host: str, title: str) -> Trial:
    settings, name = door.settings, f"connection: {title}"
    if settings.proxy:
        return Trial(name, True, "not tried separately: it goes through the proxy")
    address = (settings.reached_at(host), int(settings.address()["port"]))
    try:
        with socket.create_connection(address, timeout=settings.connection_timeout) as plain:
            if not settings.ssl:
                return Trial(name, True, f"port {address[1]} answers; http, messages are encrypted by {settings.auth}")
            context = ssl.create_default_context(cafile=str(settings.ca_file) if settings.ca_file else None)
            with context.wrap_socket(plain, server_hostname=address[0]) as secure:
                return Trial(name, True, f"port {address[1]} answers; {secure.version()}, its certificate is trusted")
    except ssl.SSLCertVerificationError as error:
        cure = "Name the CA's certificate in ca_file, and write the host name as the certificate has it."
        return Trial(name, False, f"its certificate is not trusted: {error.verify_message}", cure)
    except ssl.SSLError:
        cure = f"Check port and ssl: 5986 is for https, 5985 for http. {ASK_THERE}"
        return Trial(name, False, f"port {address[1]} of {address[0]} answers, but does not speak TLS", cure)
    except socket.gaierror as error:
        cure = "Write it as Topology Builder shows it; while name servers are down, use [engine.remote.addresses]."
        return Trial(name, False, f"the name {address[0]} does not resolve here: {error.strerror}", cure)
    except OSError as error:
        cure = f"{NETWORK} To create the listener: winrm quickconfig -transport:https."
        return Trial(name, False, f"port {address[1]} of {address[0]}: {error}", cure)


def _cmdlets(reader: RemoteReader, title: str) -> Iterator[Trial]:
    """A cmdlet that is missing and one that could not be asked about are two things. Raises EngineUnavailable."""
    missing = []
    for cmdlet in (*CMDLETS.values(), *READS, *PLAIN):
        try:
            names = reader.parameters(cmdlet)
        except Unrecognised:
            missing.append(cmdlet)
            continue
        if cmdlet in CMDLETS.values():
            yield _parameters(cmdlet, names, title)
    cure = "Give the account a role or group that includes them: RTCUniversalServerAdmins, or an RBAC role."
    if set(missing) & set(PLAIN):
        cure = f"{cure} On a restricted endpoint they have to be among the visible cmdlets."
    said = f"missing, or hidden from this account: {', '.join(missing)}" if missing else "all are there"
    yield Trial(f"cmdlets: {title}", not missing, said, cure if missing else "")


def _parameters(cmdlet: str, names: frozenset[str], title: str) -> Trial:
    name = f"parameters of {cmdlet}: {title}"
    if MANDATORY not in names:
        cure = "Let the endpoint's role capability list the cmdlet with its Parameters; until then nothing is started."
        return Trial(name, False, "the server does not report them; a restricted endpoint may hide them", cure)
    have = [n for n in VERSIONED if n in names]
    lacks = [n for n in VERSIONED if n not in names]
    said = f"of those that differ by version it has {', '.join(have) or 'none'}"
    return Trial(name, True, said + (f"; it lacks {', '.join(lacks)}" if lacks else ""))


def _speaks(reader: RemoteReader, title: str) -> Trial:
    """The language of the server's messages. A session's own culture is the one that the client asked for, so
    the system's is asked for too."""
    name, told = f"language of the server: {title}", {}
    for cmdlet in CULTURES:
        with suppress(Answered):
            found = reader.ask((cmdlet, {}))
            told[cmdlet] = str(getattr(found[0], "name", "") or get(found[0], "Name") or "") if found else ""
    foreign = sorted({culture for culture in told.values() if culture and culture.partition("-")[0].lower() != "en"})
    if foreign:
        return Trial(name, None, f"{', '.join(foreign)}: {IN_ENGLISH_ONLY}", "Nothing to do.")
    if not any(told.values()):
        return Trial(name, None, f"not shown; if it is not English: {IN_ENGLISH_ONLY}", f"Let it show {CULTURES[0]}.")
    return Trial(name, True, "English")


def _language(session: Session, title: str, monotonic: Callable[[], float]) -> Trial:
    name = f"language mode: {title}"
    ps = session.pipeline()
    ps.add_script("'csfailover'")
    try:
        session.finish(ps, lambda: ps.begin_invoke(remote_stream_options=0), "a script", 10, monotonic)
    except EngineError as error:
        if isinstance(error, Answered) and NO_SCRIPTS_ID in error.id:
            return Trial(name, True, "no scripts, only commands; that is all the bot needs")
        return Trial(name, True, f"scripts do not run, but the bot does not need them: {_said(error)}")
    return Trial(name, True, "scripts are allowed; the bot sends none")


def _reattach(door: Door, host: str, title: str, monotonic: Callable[[], float], new_id: Ids) -> Trial:
    """Start a pipeline that sleeps, release it, and find it again as another client, as after a crash."""
    name, shell_id, command_id = f"reattach: {title}", new_id(), new_id()
    lost = "after a restart in mid-run the bot cannot follow the cmdlet; it watches PoolState until that is clear"
    try:
        first = Session(door, host, limit=door.settings.read_limit)
        first.named(shell_id)
        first.open()
        ps = first.pipeline(command_id)
        ps.add_cmdlet("Start-Sleep").add_parameters({"Milliseconds": 400})
        ps.begin_invoke(remote_stream_options=0)
        first.pool.disconnect()
        first.wsman.close()
        found = _found_again(door, host, shell_id, command_id, monotonic)
    except EngineError as error:
        return Trial(name, None, f"{lost}. {_said(error)}")
    except REMOTE as error:
        _delete(door, host, shell_id)
        why = "the endpoint does not support it" if cannot_reattach(error) else own_words(error)
        cure = "If you need this, use a Front End's own WinRM (route = winrm)."
        return Trial(name, None, f"{why}: {lost}", cure)
    return Trial(name, True, "a pipeline was released and found again" if found else "a shell was found again")


def _found_again(door: Door, host: str, shell_id: str, command_id: str, monotonic: Callable[[], float]) -> bool:
    """Whether we saw the pipeline run to its end; where there is no Start-Sleep it fails, yet is found."""
    second = Session(door, host, limit=door.settings.read_limit)
    second.named(shell_id)
    ps: Any = second.pipeline(command_id)
    try:
        inside.attach(second.pool, ps)
        until = monotonic() + 10
        while ps.state == State.RUNNING and monotonic() < until:
            ps.poll_invoke(door.settings.poll)
        return bool(ps.state == State.COMPLETED)
    finally:
        second.close()


def _delete(door: Door, host: str, shell_id: str) -> None:
    with suppress(EngineError, *REMOTE):
        session = Session(door, host, limit=door.settings.read_limit)
        inside.delete_shell(session.wsman, session.pool.shell.resource_uri, shell_id)


def _facts(engine: Remote, pool: str) -> Trial:
    name = f"facts of {pool}"
    try:
        facts = engine.facts(pool)
    except EngineError as error:
        see = "See the Front Ends of its backup pool above."
        return Trial(name, False, _said(error), f"{error.cure} {see}".strip())
    if facts.unread:
        see_above = "Without these, preflight warns, or blocks what it cannot judge. See the Front Ends above."
        return Trial(name, False, "not read: " + "; ".join(map(str, facts.unread)), rights(facts) or see_above)
    partner = facts.partner.fqdn if facts.partner else "none"
    return Trial(name, True, f"{facts.pool.state}, {facts.pool.health}, backup pool {partner}; everything was read")


def _said(error: EngineError) -> str:
    return error.say if not error.detail or error.detail in error.say else f"{error.say} — {error.detail}"
