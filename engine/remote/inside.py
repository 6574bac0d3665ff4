"""What is done with private parts of pypsrp 0.9.1, and WSMan requests it has no method for. The reason for the pin.

Everything else uses pypsrp's public names only. No waiting, no retrying, no meaning: that is `run`.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any, NamedTuple

from pypsrp.complex_objects import PSInvocationState, RunspacePoolState
from pypsrp.exceptions import WSManFaultError
from pypsrp.messages import GetCommandMetadata
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import NAMESPACES, SelectorSet, WSMan

from engine.remote.errors import TIMED_OUT

SHELLS = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
COMMANDS = f"{SHELLS}/Command"


class Found(NamedTuple):
    """Whether the server has the shell, and in it the command."""

    session: bool
    command: bool


def name_shell(pool: RunspacePool, shell_id: str) -> None:
    """Give the pool an id of ours before it is opened: WinRM takes the client's, so it can be written down first."""
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
    server answer HTTP 400 for ever (pypsrp issue 21), and pypsrp renews neither by itself."""
    let_go(wsman)
    wsman.transport.encryption = None  # the wrap state belongs to the dead connection
    wsman.transport.session = None  # so does its authentication


def attach(pool: RunspacePool, ps: PowerShell) -> None:
    """Connect to a shell and a pipeline that another process started: two Connect requests with their ids."""
    pool.shell.opened = True
    pool._new_client = True  # else pypsrp sends Reconnect, which only the first client's session may
    pool.state = RunspacePoolState.DISCONNECTED
    try:
        pool.connect()
    except WSManFaultError as fault:
        if fault.code != TIMED_OUT:  # connected; only the word about the pool's state was not yet there
            raise
    ps._command_id = ps.id  # what Receive asks for; pypsrp learns it only from its own Command
    ps.state = PSInvocationState.DISCONNECTED
    pool.pipelines[ps.id] = ps
    ps.connect_async()
    pool.state = RunspacePoolState.OPENED  # a real server may leave it Disconnected; disconnect() needs Opened


def adopt(pool: RunspacePool, ps: PowerShell) -> None:
    """Take the pipeline for running although the answer to Command was lost."""
    ps._command_id = ps.id
    ps.state = PSInvocationState.RUNNING
    pool.pipelines[ps.id] = ps


def reconnect(pool: RunspacePool) -> None:
    """After the server disconnected the shell under us: same session, so a plain Reconnect."""
    pool.state = RunspacePoolState.DISCONNECTED
    pool._new_client = False
    pool.connect()


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
    reply = wsman.enumerate(resource, enum)
    found = reply.findall(f"wsen:EnumerateResponse/wsman:Items/{path}", NAMESPACES)
    return {(element.text or "").upper() for element in found}


def delete_shell(wsman: WSMan, resource_uri: str, shell_id: str) -> None:
    """Delete a shell by its id, opened by whichever process. What runs in it is ended: only for shells proved empty."""
    wsman.delete(resource_uri, selector_set=_selector(shell_id))


def _selector(shell_id: str) -> Any:
    selectors = SelectorSet()
    selectors.add_option("ShellId", shell_id)
    return selectors
