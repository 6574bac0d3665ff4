"""Everything that uses private parts of pypsrp 0.9.1, and WSMan requests it has no method for: the reason for the pin.

Everything else uses pypsrp's public names only. No retrying, no meaning: that is `run`.
"""

from __future__ import annotations

import base64
import binascii
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from pypsrp.complex_objects import PSInvocationState, RunspacePoolState
from pypsrp.exceptions import AuthenticationError, WinRMError, WinRMTransportError, WSManFaultError
from pypsrp.messages import GetCommandMetadata, MessageType
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.shell import CommandState
from pypsrp.wsman import NAMESPACES, OptionSet, SelectorSet, WSMan

from engine.remote import decoding
from engine.remote.decoding import Reassembly, Unreadable
from engine.remote.errors import TIMED_OUT
from engine.remote.gate import Wire

SHELLS = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
COMMANDS = f"{SHELLS}/Command"


ENDS = frozenset({PSInvocationState.STOPPED, PSInvocationState.COMPLETED, PSInvocationState.FAILED})
SENDING = (OSError, AuthenticationError, WinRMTransportError, WSManFaultError)
"""What pypsrp raises where a request could not be sent or was refused; OSError is requests' own base too."""
CTRL_C = "powershell/signal/crtl_c"
"""Spelled like this in [MS-PSRP] 3.1.5.3.9 and in the server; with any other code, pypsrp's own among them, it silently
closes the command."""


class Found(NamedTuple):
    """Whether the server has the shell, and in it the command."""

    session: bool
    command: bool


def name_shell(pool: RunspacePool, shell_id: str) -> None:
    """Give the pool an id of our choice before it is opened: WinRM accepts the client's, so we can record it first."""
    pool.id = pool.shell.id = shell_id


def let_go(wsman: WSMan) -> None:
    """Close its connections now. urllib3 2 leaves those of a closed session to the garbage collector, which over TLS,
    where pypsrp ties them into a cycle, may be much later."""
    for adapter in wsman.transport.session.adapters.values() if wsman.transport.session else ():
        pools = adapter.poolmanager.pools  # type: ignore[attr-defined]  # pypsrp mounts HTTPAdapters only
        for key in pools.keys():  # noqa: SIM118  # not a dict: it cannot be iterated
            pools[key].close()
    wsman.close()


def reset(wsman: WSMan) -> None:
    """Start again on a new connection. After a cut connection the message encryption of the old one would make the
    server answer HTTP 400 for ever (pypsrp issue 21), and pypsrp renews neither on its own."""
    let_go(wsman)
    wsman.transport.encryption = None  # the wrap state belongs to the dead connection
    wsman.transport.session = None  # so does its authentication
    if isinstance(wsman, Wire):
        wsman.signed_in = False


def attach(pool: RunspacePool, ps: PowerShell) -> None:
    """Connect to a shell and a pipeline that another process started: two Connect requests with their ids."""
    pool.shell.opened = True
    pool._new_client = True  # else pypsrp sends Reconnect, which only the first client's session may
    pool.state = RunspacePoolState.DISCONNECTED
    try:
        pool.connect()
    except WSManFaultError as fault:
        if fault.code != TIMED_OUT:  # connected; only the message about the pool's state was not there yet
            raise
    ps._command_id = ps.id  # what Receive asks for; pypsrp learns it only from its own Command
    ps.state = PSInvocationState.DISCONNECTED
    pool.pipelines[ps.id] = ps
    ps.connect_async()
    pool.state = RunspacePoolState.OPENED  # a real server may leave it Disconnected; disconnect() needs Opened


def adopt(pool: RunspacePool, ps: PowerShell) -> None:
    """Treat the pipeline as running although the answer to Command was lost."""
    ps._command_id = ps.id
    ps.state = PSInvocationState.RUNNING
    pool.pipelines[ps.id] = ps


def reconnect(pool: RunspacePool) -> None:
    """After the server disconnected the shell under us: same session, so a plain Reconnect."""
    pool.state = RunspacePoolState.DISCONNECTED
    pool._new_client = False
    pool.connect()


class Reply(NamedTuple):
    """What one Receive brought. `done`: the server says that the command has ended; it may or may not have said how.
    `read` and `odd`: how many messages could be read, and how many could not."""

    done: bool = False
    read: int = 0
    odd: int = 0


def receive(
    pool: RunspacePool, ps: PowerShell, parts: Reassembly, timeout: int, odd: Callable[[Unreadable], object]
) -> Reply | None:
    """Take what the pipeline has to report; None when it had nothing within `timeout` seconds. Replaces poll_invoke,
    which does not report Done, and in which one odd record takes the rest of its reply with it: here each message is
    decoded on its own, and `odd` gets those that cannot be. Raises what pypsrp raises, which after an odd answer
    may be anything."""
    want = ET.Element(f"{{{NAMESPACES['rsp']}}}Receive")
    ET.SubElement(want, f"{{{NAMESPACES['rsp']}}}DesiredStream", CommandId=ps._command_id or ps.id).text = "stdout"
    options = OptionSet()
    options.add_option("WSMAN_CMDSHELL_OPTION_KEEPALIVE", "True")
    shell = pool.shell
    try:
        body: ET.Element | None = pool.connection.receive(
            shell.resource_uri, want, options, shell._selector_set, timeout
        )
    except WSManFaultError as fault:
        if fault.code == TIMED_OUT:
            return None
        raise
    if body is None:
        return Reply()
    return Reply(_says_done(body), *_take(pool, ps, _messages(body, parts), odd))


def _says_done(body: ET.Element) -> bool:
    state = body.find("rsp:ReceiveResponse/rsp:CommandState", NAMESPACES)
    return state is not None and state.get("State") == CommandState.DONE


def _messages(body: ET.Element, parts: Reassembly) -> Iterator[bytes | Unreadable]:
    for element in body.findall("rsp:ReceiveResponse/rsp:Stream", NAMESPACES):
        try:
            data = base64.b64decode(element.text or "")
        except (binascii.Error, ValueError):
            yield Unreadable("host", "a part of a reply was not base64")
        else:
            yield from parts.feed(data)


def _take(
    pool: RunspacePool, ps: PowerShell, messages: Iterable[bytes | Unreadable], odd: Callable[[Unreadable], object]
) -> tuple[int, int]:
    """Pass on every message; returns how many could be read, and how many could not. Raises, after the last, what kept
    an answer to the server's host call from being sent."""
    counts = [0, 0]
    unsent = None
    for message in messages:
        try:
            strange = message if isinstance(message, Unreadable) else _dispatch(pool, ps, message)
        except SENDING as error:
            strange, unsent = None, error
        if strange:
            odd(strange)
        counts[bool(strange)] += 1
        if ps.state not in ENDS:
            ps.state = PSInvocationState.RUNNING  # a state that is not an end is not one to act on
    if unsent:
        raise unsent
    return counts[0], counts[1]


def _dispatch(pool: RunspacePool, ps: PowerShell, message: bytes) -> Unreadable | None:
    """Let pypsrp decode and file one message; where it cannot, try again with what it stumbled over replaced."""
    try:
        _decode(pool, ps, message)
    except SENDING:
        raise
    except Exception:  # noqa: BLE001  # what an odd document does to a decoder has no bounds
        try:
            _decode(pool, ps, decoding.mended(message))
        except SENDING:
            raise
        except Exception as error:  # noqa: BLE001  # as above
            if (state := decoding.state_in(message)) is not None:
                ps.state = state
            return decoding.unreadable(message, error)
    return None


def _decode(pool: RunspacePool, ps: PowerShell, message: bytes) -> None:
    ET.fromstring(decoding.document(message))  # noqa: S314  # as pypsrp reads it next; what is not XML pypsrp would pass on as a string
    for kind, value in pool._parse_responses(decoding.packed(message), ps):
        if kind == MessageType.PIPELINE_OUTPUT:
            ps.output.append(value.data.data)


def ask_metadata(ps: PowerShell, names: list[str]) -> None:
    """Send the protocol's own Get-Command without waiting; the public method would wait without a limit."""
    ps._invoke(GetCommandMetadata(names, ALL_COMMANDS))


ALL_COMMANDS = 0x01FF
"""CommandType.ALL of [MS-PSRP] 2.2.3.19."""


def find(wsman: WSMan, shell_id: str, command_id: str) -> Found:
    """Ask the server whether it has this shell, and in it this command. Raises what pypsrp raises."""
    shells = _listed(wsman, SHELLS, "rsp:Shell/rsp:ShellId", None)
    if shell_id.upper() not in shells:
        return Found(session=False, command=False)
    commands = _listed(wsman, COMMANDS, "rsp:Command/rsp:CommandId", shell_id)
    return Found(session=True, command=command_id.upper() in commands)


def _listed(wsman: WSMan, resource: str, path: str, shell_id: str | None) -> set[str]:
    """Ids as the server lists them. It lists by pages; pypsrp reads only the first, so 32,000 are asked for."""
    enum = ET.Element(f"{{{NAMESPACES['wsen']}}}Enumerate")
    ET.SubElement(enum, f"{{{NAMESPACES['wsman']}}}OptimizeEnumeration")
    ET.SubElement(enum, f"{{{NAMESPACES['wsman']}}}MaxElements").text = "32000"
    if shell_id:
        dialect = "http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter"
        ET.SubElement(enum, f"{{{NAMESPACES['wsman']}}}Filter", Dialect=dialect).append(_selector(shell_id).pack())
    reply: ET.Element | None = wsman.enumerate(resource, enum)
    listing = reply.find("wsen:EnumerateResponse", NAMESPACES) if reply is not None else None
    if listing is None or listing.find("wsman:EndOfSequence", NAMESPACES) is None:
        raise WinRMError("the server did not answer with a whole list")  # what is not in it may still be there
    return {(element.text or "").upper() for element in listing.findall(f"wsman:Items/{path}", NAMESPACES)}


def delete_shell(wsman: WSMan, resource_uri: str, shell_id: str) -> None:
    """Delete a shell by its id, whichever process opened it. What runs in it ends too: only for shells proved empty."""
    wsman.delete(resource_uri, selector_set=_selector(shell_id))


def _selector(shell_id: str) -> Any:
    selectors = SelectorSet()
    selectors.add_option("ShellId", shell_id)
    return selectors
