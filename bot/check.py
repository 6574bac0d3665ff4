"""`csfailover check`: would it work? Tries what it can without changing anything; reports what is wrong, and the cure.

Read-only towards Slack, the log and the engine. One fault does not hide the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from slack_sdk import WebClient

from audit.model import CannotOpen
from bot import clock
from bot.compose import POST_TIMEOUT, engine_of
from bot.config import Config, ConfigError, Secrets, variable_of
from bot.desk.story import whole
from bot.slack import tokens
from bot.slack.manifest import SCOPES
from bot.slack.people import People, proof_of
from bot.slack.reasons import UNREACHED, code, reason
from bot.store import open_log
from engine.guards.case import rights
from engine.model import Kind, Refusal
from engine.plan import CMDLETS
from engine.policy import GRAVE, GRAVEST, USUAL, Verb, approvers, demanded, may
from engine.port import Engine, EngineError

AGREED = 30
TOLERATED = 300
"""Seconds by which two clocks may differ: without a note; and before Slack's signatures and Kerberos are refused."""


@dataclass(frozen=True)
class Check:
    """`ok` None: it works all the same, and `say` explains what is odd."""

    name: str
    ok: bool | None
    say: str
    cure: str = ""


def checks(config: Config, secrets: Secrets) -> Iterator[Check]:
    """Each as soon as it is known, since some take seconds."""
    yield enough_people(config)
    yield from _secrets(config, secrets)
    yield _log(config)
    yield from _slack(config, secrets)
    yield from _engine(config)


def enough_people(config: Config) -> Check:
    """Whether there are enough people for what the policy demands."""
    policy, everybody = config.policy.policy(), config.persons().values()
    asking = [p for p in everybody if may(p, Verb.ASK, policy)]
    able = [p for p in everybody if may(p, Verb.APPROVE, policy)]
    usual, grave = (demanded(Kind.FAILOVER, options, policy).approvals for options in (USUAL, GRAVEST))
    say = f"{len(asking)} people may ask, {len(able)} may approve; approvals needed: {usual}, {grave} for {GRAVE}."
    short = []
    for what, needed in (("anything", usual), ("disaster mode", grave)):
        if names := sorted(p.name for p in asking if p in able and len(approvers(p.id, everybody, policy)) < needed):
            short.append(f"When {' or '.join(names)} asks for {what}, {len(able) - 1} of {needed} can approve it.")
    cure = "Name another lead, or let the others ask: nobody approves their own request."
    return Check("people", None if short else True, " ".join([say, *short]), cure)


def _secrets(config: Config, secrets: Secrets) -> Iterator[Check]:
    wanted = tokens.needed(config.slack.transport)
    for name in wanted:
        yield _secret(secrets, name)
    if config.engine.kind == "remote" and secrets.get("password"):
        said, twice = secrets.source("password")
        yield Check("secret password", None if twice else True, f"{said}.")


def _secret(secrets: Secrets, name: str) -> Check:
    title, cure = f"secret {name}", "Set it in the environment of the service."
    try:
        if told := tokens.missing(secrets, name):
            return Check(title, False, told, cure)
        found = secrets.get(name)
    except ConfigError as error:
        return Check(title, False, error.mistakes[0], "Name a file that holds the secret and nothing else.")
    said, twice = secrets.source(name)
    if told := tokens.odd(name, found.get_secret_value() if found else ""):
        taken = "" if said == f"from {variable_of(name)}" else f" It was taken {said}."
        return Check(title, False, f"{told}{taken}", "Put each where it belongs.")
    shown = (
        "Slack's first request shows whether it belongs to this app"
        if name == "signing_secret"
        else "it is tried below"
    )
    return Check(title, None if twice else True, f"is set, {said}; {shown}.")


def _log(config: Config) -> Check:
    path = config.log.path
    if not path.exists():
        there = path.absolute().parent.is_dir()
        return Check(
            "log", there, f"{path} will be created at the first start.", f"Create {path.absolute().parent} first."
        )
    try:
        with closing(open_log(path)) as reader:
            found = reader.verify()
    except CannotOpen as error:
        return Check("log", False, str(error))
    return Check("log", found.ok, whole(found), "Keep the file as it is, and find out who wrote to it.")


def _sendable(secrets: Secrets, name: str) -> str:
    """The token where it may be sent to Slack; empty where its fault has already been reported."""
    try:
        found = secrets.get(name)
    except ConfigError:
        return ""
    value = found.get_secret_value() if found else ""
    return "" if tokens.wrong(name, value) else value


def _slack(config: Config, secrets: Secrets) -> Iterator[Check]:
    token = _sendable(secrets, "bot_token")
    if not token:
        yield Check("Slack", False, "not asked: there is no usable bot token.", "Fix the bot token first; see above.")
        return
    client = WebClient(token, config.slack.api_url, POST_TIMEOUT, retry_handlers=[])
    try:
        told = client.auth_test()
    except UNREACHED as error:
        yield Check("Slack", False, *_slack_says(error))
        return
    home = told.get("team_id") == config.slack.team
    yield Check(
        "Slack",
        home,
        f"Signed in as {told.get('user')} in {told.get('team')} ({told.get('team_id')}).",
        f"slack.team is {config.slack.team}, so every click would be refused.",
    )
    yield from clocks("Slack", _date(told.headers), clock.now(), "over HTTP, every delivery is refused")
    yield _scopes(told.headers)
    if config.slack.transport == "socket":
        yield _socket(client, secrets)
    people = People(
        config.slack.team, config.persons(), config.accounts(), config.slack.channels, client, clock.monotonic
    )
    for account, key in config.accounts().items():
        who = people.who(proof_of(config.slack.team, account))
        ok = not isinstance(who, Refusal)
        yield Check(
            f"person {key}",
            ok,
            f"{account} is a full member." if ok else str(getattr(who, "say", "")),
            "Only full members of the home workspace can act.",
        )
    for channel in config.slack.channels:
        refusal = people.place(channel)
        yield Check(
            f"channel {channel}",
            refusal is None,
            refusal.say if refusal else "can be used",
            refusal.cure if refusal else "",
        )


def _date(headers: Mapping[str, str]) -> datetime | None:
    said = next((value for name, value in headers.items() if name.lower() == "date"), "")
    try:
        return parsedate_to_datetime(said)
    except (TypeError, ValueError):
        return None


def clocks(whose: str, there: datetime | None, here: datetime, harm: str) -> Iterator[Check]:
    """Whether this host and another one agree on the time; nothing where the other one does not give it."""
    if there is None or there.tzinfo is None:
        return
    ahead = round((here - there).total_seconds())
    off, name = abs(ahead), f"clock: {whose}"
    if off <= AGREED:
        yield Check(name, True, f"this host and {whose} agree on the time")
        return
    say = f"this host's clock is {off} s {'ahead of' if ahead > 0 else 'behind'} that of {whose}"
    cure = "Synchronise the clocks of both hosts with NTP."
    if off <= TOLERATED:
        yield Check(name, None, f"{say}; beyond {TOLERATED} s, {harm}.", cure)
    else:
        yield Check(name, False, f"{say}: {harm}.", cure)


def _scopes(headers: dict[str, str]) -> Check:
    granted = {
        s.strip() for s in headers.get("x-oauth-scopes", headers.get("X-OAuth-Scopes", "")).split(",") if s.strip()
    }
    if not granted:
        return Check("scopes", True, "Slack did not say which scopes the token has.")
    missing = sorted(set(SCOPES) - granted)
    return Check(
        "scopes",
        not missing,
        "all granted" if not missing else f"missing: {', '.join(missing)}",
        "Install the app again with the manifest that `csfailover manifest` prints.",
    )


def _socket(client: WebClient, secrets: Secrets) -> Check:
    token = _sendable(secrets, "app_token")
    if not token:
        return Check("Socket Mode", False, "not tried: there is no usable app token.", "Fix the app token; see above.")
    try:
        client.apps_connections_open(app_token=token)
        return Check("Socket Mode", True, "a connection can be opened")
    except UNREACHED as error:
        say, cure = _slack_says(error)
        return Check("Socket Mode", False, say, f"{cure} The app token needs connections:write.")


def _slack_says(error: Exception) -> tuple[str, str]:
    """What is wrong, and the cure."""
    if code(error):
        return f"{reason(error)}.", "Copy the token from the app's page again, and install the app there."
    return f"Slack does not answer: {reason(error)}.", "Check the network, the proxy, and slack.api_url if it is set."


def _engine(config: Config) -> Iterator[Check]:
    if config.engine.kind == "remote":
        yield from _remote(config)
    elif not config.engine.lab.world.exists():
        yield Check(
            "lab", True, f"{config.engine.lab.world} will be created at the first start; no real pool is touched."
        )
    else:
        try:
            with closing(engine_of(config)) as engine:
                yield from _pairs(engine)
        except EngineError as error:
            yield Check(
                "engine", False, f"{error.say} {error.detail}".strip(), "csfailover lab reset makes a new world."
            )


def _pairs(engine: Engine) -> Iterator[Check]:
    for pool in engine.topology().pools:
        if not pool.backup:
            yield Check(f"pool {pool.fqdn}", True, "has no backup pool and cannot be failed over.")
            continue
        facts = engine.facts(pool.fqdn)
        say = f"{facts.pool.state.value}, {facts.pool.health.value}; backup pool {pool.backup}"
        told = "; ".join([say, *map(str, facts.unread)])
        cure = rights(facts) or "csfailover lab show lists what is broken."
        yield Check(f"pool {pool.fqdn}", not facts.unread, told, cure)
    for cmdlet in CMDLETS.values():
        yield Check(cmdlet, True, f"knows {', '.join(sorted(engine.parameters(cmdlet)))}")


def _remote(config: Config) -> Iterator[Check]:
    from engine.remote.checks import checks as remote_checks  # noqa: PLC0415  # pypsrp: only where it is used
    from engine.remote.date import date_of  # noqa: PLC0415  # as above
    from engine.remote.engine import Remote  # noqa: PLC0415  # as above

    engine = engine_of(config)
    assert isinstance(engine, Remote)
    with closing(engine):
        for found in remote_checks(engine, clock.monotonic, clock.run_id):
            yield Check(found.name, found.ok, found.say, found.cure)
        for hosts in engine.settings.front_ends.values():
            for host in hosts:
                yield from clocks(host, date_of(engine.settings, host), clock.now(), "Kerberos refuses the sign-in")
