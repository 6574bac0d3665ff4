"""What the tests of the remote engine share: settings for a peer, a real engine on it, tickets and plans. No test."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from engine.model import Kind, Options, Outcome, Plan, Record, Ticket
from engine.plan import CMDLETS, parameters
from engine.remote.engine import Remote
from engine.remote.settings import RemoteSettings
from tests.wsman.peer import Peer

P1, P2 = "pool01.contoso.com", "pool02.contoso.com"
FE1, FE2 = "fe1.pool01.contoso.com", "fe1.pool02.contoso.com"
PAIRS = ((P1, P2),)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def settings(peer: Peer, transport: str = "https-negotiate", **more: Any) -> RemoteSettings:
    """The configuration a person would write for this peer. `transport`: http-ntlm or https-negotiate."""
    secure = transport.startswith("https")
    values: dict[str, Any] = {
        "front_ends": {P1: (FE1,), P2: (FE2,)},
        "pairs": PAIRS,
        "addresses": {FE1: peer.host, FE2: peer.host},
        "ssl": secure,
        "allow_http": not secure,
        "port": peer.https if secure else peer.http,
        "ca_file": peer.ca if secure else None,
        "auth": transport.partition("-")[2],
        "username": peer.user,
        "password": peer.password,
        "poll": 1,
        "retries": 0,
        "reattach_every": 0.1,
        "reattach_window": 10,
        "patience": 10,
        "settling": 0,
    }
    return RemoteSettings(**(values | more))


def remote(
    peer: Peer,
    transport: str = "https-negotiate",
    *,
    rereads: Callable[[], SecretStr] | None = None,
    quiet: float = 120,
    **more: Any,
) -> Remote:
    """`rereads` gives the password anew, `quiet`: see Remote; the rest are settings."""
    chosen = settings(peer, transport, **more)
    return Remote(chosen, clock=now, wait=pause, monotonic=time.monotonic, password=rereads, quiet=quiet)


def now() -> datetime:
    return NOON + timedelta(seconds=time.monotonic())


def pause(seconds: float) -> None:
    time.sleep(seconds)  # noqa: TID251  # the engine under test waits for a real peer


def new_id() -> str:
    return str(uuid.uuid4()).upper()  # noqa: TID251  # each test a run of its own


def ticket(engine: Remote, pool: str = P1) -> Ticket:
    return engine.ticket(pool, "run", new_id(), new_id())


def plan(kind: Kind = Kind.FAILOVER, pool: str = P1, options: Options | None = None) -> Plan:
    return Plan(kind, pool, P2 if pool == P1 else P1, CMDLETS[kind], parameters(pool, options or Options()), 1)


class Told(list[Record]):
    """A sink that remembers, and can do something at a record."""

    def __init__(self, at: Callable[[Record], object] | None = None) -> None:
        super().__init__()
        self._at = at

    def __call__(self, record: Record) -> None:
        self.append(record)
        if self._at:
            self._at(record)

    def texts(self, stream: str) -> list[str]:
        return [record.text for record in self if record.stream == stream]


def never() -> bool:
    return False


def go(engine: Remote, told: Told, its: Ticket | None = None, cancelled: Callable[[], bool] = never) -> Outcome:
    """One failover of pool01."""
    return engine.invoke(its or ticket(engine), plan(), told, cancelled)


def sent(peer: Peer, command_id: str) -> int:
    """How many Commands with this id reached the peer."""
    return sum(entry["command"] == command_id for entry in peer.log("Command"))


def kept(peer: Peer, shell_id: str) -> bool:
    """Whether the peer still has this shell."""
    return any(shell["id"] == shell_id for shell in peer.shells())
