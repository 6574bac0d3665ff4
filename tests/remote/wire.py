"""A house whose bot works over the wire: the real engine, PowerShell remoting, and a test peer with a lab world.

What the channel reads is asked of the stand-in for Slack, what really happened of the peer's own log and of the
world's file. Nothing here knows what a test claims.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from bot import clock
from bot.compose import assemble, engine_of
from bot.demo import demo
from bot.slack.link import HttpLink
from engine.lab.world import World
from tests.conversations.house import SOON, House, Hurried
from tests.wsman import demo as over
from tests.wsman.peer import Peer

CHANGING = ("Invoke-CsPoolFailOver", "Invoke-CsPoolFailBack")
PAIRS = tuple((f"pool0{n}.contoso.com", f"pool0{n + 1}.contoso.com") for n in (1, 3))
FRONT_ENDS = {pool: [f"{pool.partition('.')[0]}-fe0{n}.contoso.com" for n in (1, 2)] for pair in PAIRS for pool in pair}
HASTE = {"poll": 1, "reattach_every": 0.2, "reattach_window": 20, "patience": 10, "retries": 0, "readers": 4}
"""Seconds: the minutes of a real pool made short. Fewer readers, as all Front Ends are one small process."""


def section(peer: Peer, wire: str = "https-negotiate", **more: Any) -> dict[str, Any]:
    """The section `engine` of a configuration with both pairs of the tiny world, whose Front Ends are this peer."""
    addresses = {name: peer.host for names in FRONT_ENDS.values() for name in names}
    ours = {"front_ends": FRONT_ENDS, "addresses": addresses, "pairs": PAIRS} | HASTE
    return over.engine(peer, wire, **(ours | more))


def sent(peer: Peer, since: int = 0) -> list[dict[str, Any]]:
    """Every Command that reached the peer with a changing cmdlet in it, a what-if too, in order."""
    return [entry for entry in peer.log("Command", since) if any(c["name"] in CHANGING for c in entry["cmdlets"])]


@dataclass
class WireHouse(House):
    """`wire`: http-ntlm or https-negotiate. The peer works on the house's world."""

    peer: Peer = field(kw_only=True)
    wire: str = field(default="https-negotiate", kw_only=True)

    def moves_in(self, password: str = "", **remote: Any) -> None:
        """A life of the bot with the remote engine; `remote` are settings of [engine.remote]."""
        key = SecretStr(password or self.peer.password)
        self.password_is(key.get_secret_value())
        secrets = demo.secrets(key).model_copy(update={"password": None, "password_file": self.place / "password"})
        engine = section(self.peer, self.wire, **remote)
        config = demo.configuration(self.standin.api_url, self.place, self.transport, engine, key)
        self.bot = bot = assemble(config, secrets, engine_of(config, secrets), pace=Hurried(), timings=SOON)
        self.standin.deliver_to = bot.link.url if isinstance(bot.link, HttpLink) else None
        bot.start()
        self.until(lambda: bool(bot.watch.topology() or bot.watch.trouble) and not bot.link.trouble)

    def password_is(self, password: str) -> None:
        """Write the file in which the bot finds the account's password."""
        (self.place / "password").write_text(password)

    def sign_ins(self, since: int = 0) -> int:
        """How many sign-ins the peer has refused."""
        return len(self.peer.log("SignIn", since))

    def sent(self) -> list[dict[str, Any]]:
        """What reached the peer that changes something."""
        return sent(self.peer)

    def verbs(self, operation: str) -> list[str]:
        """The verbs that the shell of this operation's run has seen."""
        ticket = self.operation(operation).ticket
        assert ticket
        return [entry["verb"] for entry in self.peer.log() if entry["shell"] == ticket.shell_id]

    def takes(self, seconds: float) -> None:
        """From now on a planned failover in the peer's world takes about this long."""
        with closing(World(self.world, clock=clock.unix)) as world:
            world.go(0.56 / seconds)

    def at_work(self) -> bool:
        """Whether a run is on its way in the peer's world."""
        with closing(World(self.world, clock=clock.unix)) as world:
            return bool(world.all("SELECT 1 FROM run WHERE ended IS NULL"))
