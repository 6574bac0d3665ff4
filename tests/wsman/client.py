"""What the peer's own tests do as a client: unmodified pypsrp, with ids chosen beforehand.

Also a program, `python -m tests.wsman.client JSON`, that runs one cmdlet and prints its verbose records: the one
that gets killed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from pypsrp.complex_objects import PSInvocationState, RunspacePoolState
from pypsrp.exceptions import WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

SHELL, COMMAND = "0A000000-0000-4000-8000-00000000000A", "0C000000-0000-4000-8000-00000000000C"


def opened(arguments: Mapping[str, Any], shell_id: str = "", **more: Any) -> RunspacePool:
    """An open pool, with this shell id if one is given."""
    pool = RunspacePool(WSMan(**arguments), **more)
    if shell_id:
        pool.id = pool.shell.id = shell_id
    pool.open()
    return pool


def begun(pool: RunspacePool, cmdlet: str, command_id: str = "", /, **parameters: Any) -> PowerShell:
    """A pipeline of one cmdlet, running. Parameters that are None are switches."""
    shell = PowerShell(pool).add_cmdlet(cmdlet).add_parameters(parameters)
    if command_id:
        shell.id = command_id
    shell.begin_invoke(remote_stream_options=0)
    return shell


def ran(pool: RunspacePool, cmdlet: str, /, **parameters: Any) -> PowerShell:
    """A pipeline of one cmdlet, ended."""
    shell = begun(pool, cmdlet, "", **parameters)
    shell.end_invoke()
    return shell


def attached(arguments: Mapping[str, Any], shell_id: str, command_id: str) -> PowerShell:
    """The running pipeline of another process, by its ids. Raises WSManFaultError."""
    pool = RunspacePool(WSMan(**arguments))
    pool.id = pool.shell.id = shell_id
    pool.shell.opened = pool._new_client = True
    pool.state = RunspacePoolState.DISCONNECTED
    pool.connect()
    shell = PowerShell(pool)
    shell.id = shell._command_id = command_id
    shell.state = PSInvocationState.DISCONNECTED
    pool.pipelines[shell.id] = shell
    shell.connect_async()
    return shell


def verbose(shell: PowerShell) -> list[str]:
    """Its verbose lines so far."""
    return [str(record.message).strip() for record in shell.streams.verbose]


def fault_of(error: WSManFaultError) -> int:
    return int(error.code)


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    running = begun(opened(given["wsman"], SHELL), given["cmdlet"], COMMAND, **given["parameters"])
    print("running", flush=True)
    while running.state == PSInvocationState.RUNNING:
        running.poll_invoke(1)
        for line in verbose(running):
            print(line, flush=True)
        running.clear_streams()
