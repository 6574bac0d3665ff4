"""The command line. Reads what was typed, has the parts made, and turns their errors into a sentence and an exit code.

Exit codes: 0 done, 1 refused or failed, 2 usage.
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.config import Config, ConfigError, Secrets, load
from bot.terminal.ending import Ending, let_go, say
from bot.terminal.errors import FAILED, fail, sentences
from bot.terminal.lab import DATA, lab, option_for
from bot.terminal.log import log
from engine.states import TABLE, diagram

if TYPE_CHECKING:
    from bot.compose import Bot

ARRIVAL = 10.0
"""Seconds that `run` waits for Slack before it reports that Slack does not answer yet."""

SOME_URL = "https://csfailover.example.com/slack/events"
"""Stands in the manifest where no address was given."""


def main() -> None:
    """The console script."""
    _our_own_packages()
    cli(prog_name="csfailover")


def _our_own_packages() -> None:
    import audit  # noqa: PLC0415  # what another package may have overwritten is what is looked at
    import bot  # noqa: PLC0415
    import commands  # noqa: PLC0415
    import engine  # noqa: PLC0415

    homes = {Path(str(p.__file__)).parent.parent for p in (audit, bot, commands, engine)}
    if len(homes) != 1:
        sys.exit(
            "Another Python package here provides audit, bot, commands or engine. Install with: pipx install csfailover"
        )


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="csfailover")
def cli() -> None:
    """A Slack bot that fails a Lync / Skype for Business pool over to its backup pool."""


# --- the bot -----------------------------------------------------------------------------------------------------


CONFIG = click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=Path("csfailover.toml"),
    show_default=True,
    help="settings file",
)


@cli.command()
@CONFIG
@click.option("-v", "--verbose", is_flag=True, help="print more of the process log")
def run(config: Path, verbose: bool) -> None:
    """Run the bot until it is stopped."""
    from bot.compose import assemble, engine_of  # noqa: PLC0415  # slow imports only where they are needed

    _log_to_screen(logging.INFO if verbose else logging.WARNING)
    with sentences():
        secrets = Secrets()
        settings = load(config, secrets)
        _refuse_secrets(settings, secrets)
        ending = Ending()
        bot = assemble(settings, secrets, engine_of(settings, secrets))
        bot.start()
        say(f"csfailover is running with the {bot.engine.name} engine; log {settings.log.path}.")
        say(bot.contact.first(ARRIVAL, ending.asked))
        _end_if_rejected(bot)
        ending.wait()
        say("Stopping. A run in progress goes on, and is found again at the next start.")
        bot.stop()
        let_go()


def _refuse_secrets(settings: Config, secrets: Secrets) -> None:
    """Reports everything that is wrong with them at once. Raises ConfigError."""
    from bot.slack.tokens import mistakes  # noqa: PLC0415  # as above

    told = mistakes(secrets, settings.slack.transport)
    token = secrets.get("bot_token") if not told else None
    if settings.engine.kind == "remote" and token and token.get_secret_value() == "xoxb-lab":
        told.append("The stand-in's tokens work with the lab engine only.")
    if told:
        raise ConfigError(told)


def _end_if_rejected(bot: Bot) -> None:
    """With nothing open, a bot that Slack rejects is of no use, and a failed service is noticed soonest. While
    something is open it stays: it follows a run to its end, and records it."""
    if bot.contact.rejected and not bot.store.open_operations():
        bot.stop()
        fail(f"{bot.contact.rejected} Nothing is open in the log, so csfailover exits; `csfailover check` says more.")


def until_stopped() -> None:
    """Returns when somebody asks the process to end: Ctrl+C, the service manager, or a closed terminal."""
    Ending(hang_up=True).wait()


def _log_to_screen(level: int) -> None:
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # They write whole requests at DEBUG, secrets among them.
    for name in ("slack_bolt", "pypsrp", "urllib3"):
        logging.getLogger(name).setLevel(max(level, logging.INFO))
    # While Slack is away it logs every try, several times a minute; bot.slack.contact and the poster report it once.
    logging.getLogger("slack_sdk").setLevel(logging.INFO if level <= logging.INFO else logging.CRITICAL)


@cli.command()
@click.option("--transport", type=click.Choice(["socket", "http"]), default="socket", show_default=True)
@click.option("--url", help="where Slack sends its requests (http only)")
def manifest(transport: str, url: str | None) -> None:
    """Print the Slack app's manifest."""
    from bot.slack.manifest import manifest as made  # noqa: PLC0415  # as above

    click.echo(json.dumps(made(transport, url or SOME_URL), indent=2))
    if transport == "http" and not url:
        say = f"{SOME_URL} is only an example. Give the address where Slack reaches your bot: --url https://…"
        click.echo(f"csfailover: {say}", err=True)


_MARK = {True: "ok  ", None: "note", False: "BAD "}


@cli.command()
@CONFIG
@click.option("--rules", is_flag=True, help="print the transition table and exit")
def check(config: Path, rules: bool) -> None:
    """Check whether the bot would work as configured. Changes nothing."""
    if rules:
        _print_rules()
        return
    from bot.check import checks  # noqa: PLC0415  # as above

    good = True
    logging.getLogger().addHandler(logging.NullHandler())  # what the libraries met is reported below, in sentences
    with sentences():
        secrets = Secrets()
        for found in checks(load(config, secrets), secrets):
            good = good and found.ok is not False
            click.echo(f"{_MARK[found.ok]} {found.name}: {found.say}")
            if found.cure and not found.ok:
                click.echo(f"     -> {found.cure}")
    sys.exit(0 if good else FAILED)


def _print_rules() -> None:
    for rule in TABLE:
        when = f" [{rule.when}]" if rule.when else ""
        click.echo(f"{rule.name:<18} {rule.source.value} + {rule.event.kind_of}{when} -> {rule.target.value}")
    click.echo(f"\n{diagram()}")


# --- the demo ----------------------------------------------------------------------------------------------------


@cli.command()
@click.option("--port", type=click.IntRange(0, 65_535), default=8065, show_default=True, help="0: any free one")
@click.option("--transport", type=click.Choice(["socket", "http"]), default="socket", show_default=True)
@click.option(
    "--speed",
    type=click.FloatRange(min=0.1),
    default=None,
    help="virtual seconds per real second  [default: 60; 600 with --play]",
)
@click.option("--play", is_flag=True, help="play the first conversation, print it, and exit")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=DATA,
    show_default=True,
    help="where the log and the world are kept",
)
def demo(port: int, transport: str, speed: float | None, play: bool, data: Path) -> None:
    """A channel in the browser with the lab engine: no Slack, no configuration."""
    try:
        from bot.demo import demo as demos  # noqa: PLC0415  # needs the extra `demo`
    except ModuleNotFoundError as error:
        fail(f"The demo needs {error.name}. Install with: pipx install 'csfailover[demo]'")
    _log_to_screen(logging.ERROR if play else logging.WARNING)
    with sentences():
        try:
            engine = demos.lab(data, speed or (600.0 if play else 60.0))
            with demos.running(data, 0 if play else port, transport, engine) as running:
                good = _play(running) if play else _serve(running)
        except demos.PortTakenError as error:
            fail(f"Port {port} on 127.0.0.1 cannot be used ({error}). Choose another: --port 0")
    sys.exit(0 if good else FAILED)


def _serve(running: Any) -> bool:
    click.echo(f"{running.standin.url}/  is a local stand-in for Slack; nothing leaves this machine.")
    click.echo("Type /failover pool01 as Alice, then approve as Bob. Ctrl+C ends it.")
    click.echo(f"Log: {running.log}   Change the pools: csfailover lab break pool pool01{option_for(running.world)}")
    until_stopped()
    return True


def _play(running: Any) -> bool:
    from bot.demo.play import play  # noqa: PLC0415  # needs the extra `demo`

    running.resets()
    try:
        return play(running, click.echo)
    except TimeoutError as error:
        click.echo(f"csfailover: {error}", err=True)
        return False


cli.add_command(lab)
cli.add_command(log)
