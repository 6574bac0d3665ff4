"""`make demo-remote`: the demo page over the real wire. Browser -> Bolt -> pypsrp -> this peer -> lab world.

The remote engine is the product's own; what answers it is the test peer, which is not PowerShell and not Windows.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.cli import until_stopped
from bot.demo import demo
from bot.terminal.errors import fail
from bot.terminal.lab import option_for
from tests.wsman.peer import Peer
from tests.wsman.trouble import KINDS, Troubles

PAIRS = (("pool01.contoso.com", "pool02.contoso.com"), ("pool03.contoso.com", "pool04.contoso.com"))
"""Every pair of a tiny and of a default world."""


def engine(peer: Peer, transport: str = "https-negotiate", **more: Any) -> dict[str, Any]:
    """The section `engine` of a configuration whose Front Ends are all this peer."""
    secure = transport.startswith("https")
    front_ends = {pool: [f"{pool.partition('.')[0]}-fe01.contoso.com"] for pair in PAIRS for pool in pair}
    remote = {
        "front_ends": front_ends,
        "pairs": PAIRS,
        "addresses": {name: peer.host for names in front_ends.values() for name in names},
        "ssl": secure,
        "allow_http": not secure,
        "port": peer.https if secure else peer.http,
        "ca_file": peer.ca if secure else None,
        "auth": transport.partition("-")[2],
        "username": peer.user,
        "poll": 1,
        "reattach_every": 0.5,
        "settling": 1,
    }
    return {"kind": "remote", "remote": remote | more}


@contextmanager
def running(
    data: Path, peer: Peer, port: int = 0, transport: str = "socket", wire: str = "https-negotiate", **more: Any
) -> Iterator[demo.Demo]:
    """The demo with the remote engine on this peer, which must have been started on `data / demo.WORLD`."""
    with demo.running(data, port, transport, engine(peer, wire, **more), SecretStr(peer.password)) as made:
        yield made


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, default=8065, help="0: any free one")
    parser.add_argument("--speed", type=float, default=60.0)
    parser.add_argument("--server", action="append", default=[], metavar="NAME=JSON",
                        help="a setting of the peer (settings.Settings), for example --server 'language=\"de\"' or "
                        "--server 'no_rights=[\"Get-CsWindowsService\"]'")  # fmt: skip
    parser.add_argument("--data", type=Path, default=Path("csfailover-demo") / "remote")
    parser.add_argument(
        "--trouble", action="append", type=_trouble, default=[], metavar="JSON",
        help='trouble on the wire, more than once too: {"kind": "http", "verb": "Create", "code": 503, "times": 3}; '
        f"kinds: {', '.join(KINDS)}",
    )  # fmt: skip
    asked = parser.parse_args()
    asked.data.mkdir(parents=True, exist_ok=True)
    try:
        _serve(asked)
    except demo.PortTakenError as error:
        again = ".venv/bin/python -m tests.wsman.demo --port 0"
        fail(f"Port {asked.port} on 127.0.0.1 cannot be used ({error}). Choose another: {again}")


def _server(settings: list[str]) -> dict[str, Any]:
    """`NAME=JSON` of each; the peer refuses a name that it does not know."""
    return {name: json.loads(value) for name, _, value in (setting.partition("=") for setting in settings)}


def _trouble(text: str) -> dict[str, Any]:
    """One trouble of tests.wsman.trouble, as JSON. Raises what argparse reports as a mistake in the option."""
    try:
        values: dict[str, Any] = json.loads(text)
        Troubles().arm(values)
    except (ValueError, TypeError) as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return values


def _serve(asked: argparse.Namespace) -> None:
    with (
        Peer.start(_server(asked.server), world=asked.data / demo.WORLD, size="default", speed=asked.speed) as peer,
        running(asked.data, peer, asked.port) as made,
    ):
        for trouble in asked.trouble:
            peer.trouble(**trouble)
        sys.stdout.write(
            f"{made.standin.url}/  is a local stand-in for Slack; the engine speaks PowerShell remoting with a test\n"
            f"peer at 127.0.0.1:{peer.https}, which is not Windows. Break a pool:\n"
            f"csfailover lab break pool pool01{option_for(made.world)}\nCtrl+C ends it.\n"
        )
        sys.stdout.flush()
        until_stopped()


if __name__ == "__main__":
    main()
