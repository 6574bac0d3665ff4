"""A house for conversations: a local Slack, a small world of pools, a log, people, and the real bot beside them.

What people type and click goes through the stand-in as it would through Slack; what must be true is read from the
log's file and from the world's file, from outside. Only the pace towards Slack and the pauses between two looks are
not the product's own.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audit.model import Row
from audit.sqlite.reader import Reader
from audit.sqlite.store import Store
from audit.sqlite.verify import verify
from bot import clock
from bot.compose import Bot, assemble
from bot.config import Config
from bot.demo import demo
from bot.desk.starts import STARTED, STOPPED
from bot.desk.timings import Timings
from bot.slack.link import HttpLink
from bot.slack.manifest import commands
from bot.slack.pace import Pace
from bot.standin import Member, StandIn
from bot.standin.people import INCIDENT, Json, deliveries, workspace
from engine.events import from_body
from engine.facts import Facts
from engine.lab.engine import Lab
from engine.lab.reading import facts, who_serves
from engine.lab.trouble import break_, repair
from engine.lab.world import World
from engine.states import Operation, State, evolve

PATIENCE = 30.0
"""Seconds for any one thing to come about; most take a few hundredths, and much longer on a busy machine."""
SOON = Timings(tick=0.1, again=0.5, retry=0.5)
"""The bot looks again soon, so that PATIENCE is long, whatever the product calls soon."""
SETTLING = 0.1
"""Seconds for which a reading must hold; two looks apart."""
USER_OF_POOL01 = "user0000001@contoso.com"


class Hurried(Pace):
    """Slack's rates are kept in tests/bot; here nobody waits, except where Slack itself says how long."""

    def post_at(self, *_: object) -> float:
        return self._held

    def reply_at(self, *_: object, **__: object) -> float:
        return self._held

    def update_at(self, *_: object) -> float:
        return self._held

    def again_at(self, now: float, failures: int) -> float:
        return now + 0.05 * failures


@dataclass
class House:
    """`transport` is how Slack delivers. The bot may live in it several times, one life after the other."""

    place: Path
    transport: str
    standin: StandIn = field(default_factory=StandIn)
    bot: Bot | None = None
    lost: bool = False
    """Whether this test makes deliveries go wrong on purpose."""

    # --- lives of the bot ------------------------------------------------------------------------------------------

    def live(
        self,
        people: Mapping[str, Any] = demo.PEOPLE,
        policy: Mapping[str, int] | None = None,
        speed: float | None = None,
        pace: Pace | None = None,
        channels: tuple[str, ...] = (),
        log: type[Store] = Store,
        engine: type[Lab] = Lab,
        steady: clock.Steady | None = None,
    ) -> None:
        """A new life of the bot on the same files; returns when it hears Slack and knows the pools."""
        config = Config.model_validate(
            {
                "slack": {
                    "team": StandIn.TEAM,
                    "transport": self.transport,
                    "api_url": self.standin.api_url,
                    "port": 0,
                    "channels": channels,
                },
                "log": {"path": self.log},
                "engine": {"kind": "lab", "lab": {"world": self.world, "speed": speed}},
                "people": people,
                "policy": policy or {},
            }
        )
        lab = engine(self.world, clock=clock.unix, wait=clock.wait, speed=speed, settling=SETTLING)
        self.bot = bot = assemble(config, demo.secrets(), lab, log, pace or Hurried(), SOON, steady)
        self.standin.deliver_to = bot.link.url if isinstance(bot.link, HttpLink) else None
        bot.start()
        self.until(lambda: bot.watch.topology() is not None and not bot.link.trouble)

    def dies(self) -> None:
        if self.bot:
            self.bot.stop()
            self.bot = None

    @property
    def alive(self) -> Bot:
        assert self.bot is not None
        return self.bot

    @property
    def url(self) -> str:
        """Where Slack delivers to, over HTTP."""
        assert isinstance(self.alive.link, HttpLink)
        return self.alive.link.url

    # --- people ----------------------------------------------------------------------------------------------------

    def person(self, name: str, channel: str = INCIDENT) -> Member:
        return Member(self.standin.url, f"U0{name.upper()}", channel)

    @property
    def alice(self) -> Member:
        """On call."""
        return self.person("alice")

    @property
    def bob(self) -> Member:
        """A lead, as Carol."""
        return self.person("bob")

    @property
    def carol(self) -> Member:
        return self.person("carol")

    def newcomer(self, name: str, channel: str = INCIDENT, **slack: Any) -> Member:
        """One more account in the workspace and in the channel; `slack` as users.info shows it."""
        user = f"U0{name.upper()}"
        members = [*self.standin.world.channels[channel]["members"], user]
        workspace(
            self.standin.url, users={user: {"name": name, "real_name": name, **slack}}, members={channel: members}
        )
        return self.person(name, channel)

    # --- what people do --------------------------------------------------------------------------------------------

    def ask(self, line: str, by: Member | None = None) -> str:
        """Alice types it; the id of the operation that was recorded."""
        answer = (by or self.alice).command(line)
        found = re.search(r"recorded as (\S{4}-\S{4})\.", answer.text)
        assert found, answer.text
        return found.group(1)

    def asked(self, line: str = "/failover pool01", by: Member | None = None) -> tuple[str, str]:
        """Asked for, checked, and its card is in the channel with Approve on it: (operation, ts of the card)."""
        operation = self.ask(line, by)
        return operation, str(self.sees(operation, "[ Approve ]")["ts"])

    def approved(self, line: str = "/failover pool01", by: tuple[str, ...] = ("bob",)) -> tuple[str, str]:
        operation, card = self.asked(line)
        for name in by:
            assert self.person(name).click("Approve", ts=card).ok
        return operation, card

    def done(self, line: str = "/failover pool01", by: tuple[str, ...] = ("bob",)) -> Operation:
        """The whole of it, to the verdict in the log."""
        return self.closed(self.approved(line, by)[0])

    # --- what Slack shows ------------------------------------------------------------------------------------------

    def cards(self, operation: str, channel: str = INCIDENT) -> list[Json]:
        return [m for m in self.person("alice", channel).messages() if _slot(m) == (operation, "card")]

    def sees(self, operation: str, wanted: str) -> Json:
        """The card, once these words are on it."""
        shown: list[Json] = []

        def there() -> bool:
            shown[:] = [m for m in self.cards(operation) if wanted in m["rendered"]]
            return bool(shown)

        self.until(there, lambda: f"{wanted!r} is not on {[m['rendered'] for m in self.cards(operation)]}")
        return shown[-1]

    def thread(self, operation: str) -> list[str]:
        """The timeline under the card, line by line, without the times."""
        every = self.alice.messages()
        replies = [m for m in every if (_slot(m) or ("", ""))[0] == operation and _slot(m) != (operation, "card")]
        return [
            line[10:] for m in replies for line in m["rendered"].splitlines() if re.match(r"\d\d:\d\d:\d\d  ", line)
        ]

    def told(self, operation: str, wanted: str) -> list[str]:
        """The thread, once it says this."""
        self.until(lambda: any(wanted in line for line in self.thread(operation)), lambda: str(self.thread(operation)))
        return self.thread(operation)

    # --- what is true ----------------------------------------------------------------------------------------------

    @property
    def log(self) -> Path:
        return self.place / demo.LOG

    @property
    def world(self) -> Path:
        return self.place / demo.WORLD

    def rows(self, operation: str | None = None) -> tuple[Row, ...]:
        """What people and runs left in the log; `lives` has the bot's own starts and stops."""
        return tuple(row for row in self._every(operation) if row.kind not in {STARTED, STOPPED})

    def lives(self) -> list[Row]:
        return [row for row in self._every() if row.kind in {STARTED, STOPPED}]

    def _every(self, operation: str | None = None) -> tuple[Row, ...]:
        with Reader(self.log) as reader:
            return reader.read(operation) if operation else reader.tail(0, 10_000)

    def kinds(self, operation: str | None = None) -> list[str]:
        return [row.kind for row in self.rows(operation)]

    def refusals(self, operation: str | None = None) -> list[tuple[str, str]]:
        """(who, code) of every refusal on record."""
        refused = [row for row in self.rows(operation) if row.kind.endswith(".refused")]
        return [(row.actor.rpartition("/")[2], row.body["code"]) for row in refused]

    def operations(self) -> tuple[str, ...]:
        """Of all states, newest first."""
        with Reader(self.log) as reader:
            return reader.last_operations()

    def operation(self, operation: str) -> Operation:
        op = Operation(operation)
        for row in self.rows(operation):
            op = evolve(op, from_body(row.kind, row.body), row.at)
        return op

    def reaches(self, operation: str, *states: State) -> Operation:
        """The operation, once the log has it in one of these states."""
        self.until(lambda: self.operation(operation).state in states, lambda: str(self.kinds(operation)))
        return self.operation(operation)

    def closed(self, operation: str) -> Operation:
        self.until(lambda: self.operation(operation).closed, lambda: str(self.kinds(operation)))
        return self.operation(operation)

    def facts(self, pool: str = "pool01.contoso.com") -> Facts:
        with closing(World(self.world, clock=clock.unix)) as world:
            found = facts(world, pool)
        assert found is not None
        return found

    def serves(self, user: str = USER_OF_POOL01) -> str | None:
        """The pool that serves this user now."""
        with closing(World(self.world, clock=clock.unix)) as world:
            return who_serves(world, user)[0]

    def runs(self) -> int:
        """How many runs the world has ever seen."""
        with closing(World(self.world, clock=clock.unix)) as world:
            return int(str((world.one("SELECT count(*) FROM run") or (0,))[0]))

    def breaks(self, what: str, *arguments: str) -> None:
        with closing(World(self.world, clock=clock.unix)) as world:
            break_(world, what, *arguments)

    def repairs(self, what: str = "all") -> None:
        with closing(World(self.world, clock=clock.unix)) as world:
            repair(world, what)

    def change(self, statement: str) -> None:
        """SQL on the world, from outside."""
        with closing(World(self.world, clock=clock.unix)) as world, world.change("drill") as db:
            db.execute(statement)

    # --- waiting, and the end --------------------------------------------------------------------------------------

    def until(
        self, true: Callable[[], bool], instead: Callable[[], str] = lambda: "", patience: float = PATIENCE
    ) -> None:
        deadline = time.monotonic() + patience
        while not true():
            if time.monotonic() > deadline:
                raise TimeoutError(f"it did not come about in {patience} s; {instead()}")
            clock.wait(0.01)

    def is_in_order(self) -> None:
        """What holds after every conversation: the log proves itself, and Slack never waited three seconds."""
        found = verify(self.log)
        assert found.ok, found.why
        for delivery in deliveries(self.standin.url):
            assert self.lost or (delivery["status"] == "ok" and delivery["ack_ms"] < 3_000), delivery

    def closes(self) -> None:
        self.dies()
        self.standin.stop()

    def furnished(self) -> None:
        self.standin.commands = commands()
        self.standin.start()


def _slot(message: Json) -> tuple[str, str] | None:
    payload = (message.get("metadata") or {}).get("event_payload") or {}
    return (payload["operation"], payload["slot"]) if "operation" in payload else None
