"""The one composition root: here, and only here, the parts are made and put together.

Nothing is decided and nothing waits. The caller gives the configuration and the secrets; the parts get what they need
and nothing more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from slack_sdk import WebClient

from audit.sqlite.store import Store
from bot import clock
from bot.config import Config, ConfigError, Secrets
from bot.desk.desk import Desk
from bot.desk.journal import Journal
from bot.desk.kept import Watch
from bot.desk.questions import LiveView
from bot.desk.runner import Runner
from bot.desk.starts import Life
from bot.desk.stepped import Stepped
from bot.desk.timings import Timings
from bot.desk.troubles import Troubles
from bot.slack.alarm import Alarm
from bot.slack.contact import Contact
from bot.slack.link import HttpLink, Link, SocketLink
from bot.slack.listeners import Listeners
from bot.slack.pace import Pace
from bot.slack.people import People
from bot.slack.poster import Poster
from engine.policy import Verb, may
from engine.port import Engine

CLICK_TIMEOUT = 1
POST_TIMEOUT = 10
"""Seconds. A click must be acknowledged within three; the poster has time."""


@dataclass(frozen=True)
class Bot:
    """The whole bot. `start` begins with the log and ends with Slack; `stop` is the other way round."""

    store: Store
    engine: Engine
    runner: Runner
    poster: Poster
    watch: Watch
    listeners: Listeners
    link: Link
    contact: Contact
    alarm: Alarm
    life: Life

    def start(self) -> None:
        self.life.begun()
        self.watch.start()
        self.runner.start()
        self.poster.start()
        self.link.start()
        self.contact.start()
        self.alarm.start()

    def stop(self) -> None:
        """Lets runs go without ending them: the next life of the bot finds them by their tickets."""
        self.watch.leave()  # or it would report that the engine, which is closed below, cannot be read
        self.alarm.stop()
        self.contact.stop()
        self.link.stop()
        self.runner.stop()  # closes the engine, so that no question waits for it
        self.listeners.close()
        self.poster.stop()
        self.watch.stop()
        self.life.ended()
        self.store.close()


def secret(secrets: Secrets, name: str, what: str) -> str:
    """A secret that is needed. Raises ConfigError that names the variable, never the value."""
    found: SecretStr | None = secrets.get(name)
    if found is None or not found.get_secret_value():
        variable = f"CSFAILOVER_{name.upper()}"
        raise ConfigError([f"{variable} (or {variable}_FILE) is not set: {what}"])
    return found.get_secret_value()


def engine_of(config: Config, secrets: Secrets | None = None) -> Engine:
    """The engine that the configuration names. With `secrets` its password is read anew at each sign-in, so that a
    changed file is enough. Raises engine.port's EngineUnavailable."""
    if config.engine.kind == "lab":
        from engine.lab.engine import Lab  # noqa: PLC0415  # each engine is loaded only where it is used

        _make_world(config.engine.lab.world)
        lab = config.engine.lab
        return Lab(lab.world, clock=clock.unix, wait=clock.wait, speed=lab.speed, settling=lab.settling)
    from engine.remote.engine import Remote  # noqa: PLC0415  # as above: pypsrp takes a third of a second

    assert config.engine.remote is not None
    password = _password(secrets) if secrets else None
    remote = config.engine.remote
    return Remote(remote, clock=clock.now, wait=clock.wait, monotonic=clock.monotonic, password=password)


def _password(secrets: Secrets) -> Callable[[], SecretStr | None]:
    def read() -> SecretStr | None:
        try:
            return secrets.get("password")
        except ConfigError as error:
            raise ValueError(str(error)) from None

    return read


def _make_world(path: Path) -> None:
    from engine.lab.world import create  # noqa: PLC0415  # as above

    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        create(path, clock=clock.unix).close()


def assemble(
    config: Config,
    secrets: Secrets,
    engine: Engine,
    log: type[Store] = Store,
    pace: Pace | None = None,
    timings: Timings | None = None,
    steady: clock.Steady | None = None,
) -> Bot:
    """The bot on this engine. Raises ConfigError for a missing secret, audit.model.CannotOpen for the log.

    `log` is the kind of store: a crash test gives one that kills the process at a commit.
    `pace` is how fast Slack may be called, `timings` how often the bot looks again; a test that waits for either
    gives faster ones. `steady` is the clock of all that is recorded.
    """
    steady = steady or clock.Steady()
    slack = config.slack
    token = secret(secrets, "bot_token", "the bot's token, xoxb-…")
    # No retries inside the client: a post whose answer was lost would be made twice.
    quick = WebClient(token=token, base_url=slack.api_url, timeout=CLICK_TIMEOUT, retry_handlers=[])
    patient = WebClient(token=token, base_url=slack.api_url, timeout=POST_TIMEOUT, retry_handlers=[])
    policy = config.policy.policy()
    signing = secret(secrets, "signing_secret", "Slack signs with it") if slack.transport == "http" else ""
    app_token = secret(secrets, "app_token", "Socket Mode's, xapp-…") if slack.transport == "socket" else ""
    config.log.path.parent.mkdir(parents=True, exist_ok=True)
    store = log.open(config.log.path, clock=steady.now)
    for last in store.last_stored(1):
        if last.row:
            steady.not_before(last.row.at)
    journal = Journal(store, steady.now)
    people = People(slack.team, config.persons(), config.accounts(), slack.channels, quick, clock.monotonic)
    timings = timings or Timings()
    stepped = Stepped(journal.note, steady.stepped)
    watch = Watch(engine, people, store, clock.monotonic, timings, stepped.look)
    life = Life(journal, store, config, engine.name)
    runner = Runner(
        journal, store, engine, people, policy, steady.now, clock.run_id, clock.monotonic, timings, life.doubted
    )
    poster = Poster(
        journal, store, store, patient, engine.name, _leads(config), people.place, clock.monotonic, pace or Pace()
    )
    desk = Desk(journal, store, store, people, policy, watch.topology, steady.now, clock.operation_id)
    troubles = Troubles()
    view = LiveView(journal, store, store, engine, steady.now, troubles.now)
    listeners = Listeners(desk, view, quick, slack.team, signing)
    link: Link = (
        SocketLink(listeners.app, app_token)
        if slack.transport == "socket"
        else HttpLink(listeners.app, slack.host, slack.port, signing)
    )
    contact = Contact(link, patient, slack.team, clock.monotonic)
    alarm = Alarm(
        store, store, journal, patient, slack.channels, lambda place: not people.place(place), clock.monotonic
    )
    for part in (lambda: watch.trouble, lambda: poster.trouble, lambda: contact.trouble, lambda: store.degraded or ""):
        troubles.add(part)
    troubles.add(lambda: stepped.trouble)
    return Bot(store, engine, runner, poster, watch, listeners, link, contact, alarm, life)


def _leads(config: Config) -> tuple[str, ...]:
    """One account of everybody who may approve, to be called when approvals are missing."""
    policy, people = config.policy.policy(), config.people
    return tuple(people[key].slack[0] for key, p in config.persons().items() if may(p, Verb.APPROVE, policy))
