"""`csfailover run` as a process: what it says when it starts, while Slack comes and goes, and when it is ended."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import clock
from bot.demo import demo
from bot.slack.contact import ASK
from bot.slack.manifest import commands
from bot.standin import StandIn
from bot.standin.people import faults
from engine.lab.build import Size
from engine.lab.world import create
from engine.states import State
from tests.bot.service import PATIENCE, TOKENS, Place, Service
from tests.conversations.house import House

SLOW = 0.05
"""Virtual seconds in a real one: the failover takes half a minute."""
OF_CONTACT = "WARNING bot.slack.contact: "


@pytest.fixture
def standin() -> Iterator[StandIn]:
    made = StandIn()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def place(tmp_path: Path, standin: StandIn) -> Place:
    return Place(tmp_path, standin.api_url)


def _house(path: Path, standin: StandIn) -> House:
    """Lives of the bot in this process, on the same files."""
    create(path / demo.WORLD, Size.TINY, clock=clock.unix).close()
    standin.commands = commands()
    return House(path, "http", standin)


@pytest.mark.parametrize("transport", ["socket", "http"])
def test_it_says_as_whom_it_is_connected_and_ends_without_a_word_too_much(place: Place, transport: str) -> None:
    """SIGTERM while it works: exit code 0, nothing on stderr, and the one line that it stops."""
    place.transport = transport
    with place.run() as service:
        assert service.says("onnected to Slack") == "Connected to Slack as @csfailover in Contoso lab (T0LAB)."
        assert service.stops() == 0
    assert service.out[0].startswith("csfailover is running with the lab engine; log ")
    assert service.out[2:] == ["Stopping. A run in progress goes on, and is found again at the next start."]
    assert service.err == []


def test_a_run_under_way_is_left_without_a_word_too_much(tmp_path: Path, standin: StandIn) -> None:
    """The lab is closed under the run, the runner and the watch: none of them calls that trouble, or in doubt."""
    house = _house(tmp_path, standin)
    house.live(speed=SLOW)
    operation, _ = house.approved()
    house.reaches(operation, State.RUNNING)
    house.dies()
    with Place(tmp_path, standin.api_url, speed=SLOW).run() as service:
        service.says("Connected")
        assert service.stops() == 0
    assert service.err == []
    assert house.operation(operation).state is State.RUNNING


def test_the_demo_ends_without_a_word_too_much(tmp_path: Path) -> None:
    """The same, with the stand-in in the process."""
    place = Place(tmp_path)
    command = place.command("demo", "--port", "0", "--data", str(tmp_path / "demo"))
    with Service(command, place.environment({}), tmp_path) as service:
        service.says("Log: ")
        assert service.stops() == 0
    assert service.err == []


@pytest.mark.slow  # 10 s of patience at the start, 5 s before a silence is told
def test_while_slack_is_away_it_says_why_and_later_that_it_is_connected(place: Place, standin: StandIn) -> None:
    """Once each: at the start the truth, when Slack comes one line, when it goes one line, with the reason."""
    standin.stop()
    with place.run() as service:
        told = service.says("does not answer")
        assert told == (
            "Slack does not answer: the connection was refused. csfailover keeps trying; what is under way goes on."
        )
        assert not any("onnected to Slack" in line for line in service.out)
        standin.start()
        assert "Connected to Slack as @csfailover" in service.says("Connected")
        standin.stop()
        service.says(f"{OF_CONTACT}Slack is away: Slack does not answer: ")
        assert service.stops() == 0
    of_contact = [line.partition(OF_CONTACT)[2].partition(".")[0] for line in service.err if OF_CONTACT in line]
    assert of_contact == [
        "Slack is back: Connected to Slack as @csfailover in Contoso lab (T0LAB)",
        "Slack is away: Slack does not answer: the connection was refused",
    ]
    assert "Traceback" not in "".join(service.err)


@pytest.mark.slow  # the pauses between two tries, and 5 s before a silence is told
@pytest.mark.parametrize("transport", ["socket", "http"])
def test_that_slack_is_gone_and_back_is_told_once_each(place: Place, standin: StandIn, transport: str) -> None:
    """Over HTTP too, where nobody would notice before the next card; within seconds after Slack is back."""
    place.transport = transport
    with place.run() as service:
        service.says("Connected")
        standin.stop()
        service.says(
            "WARNING bot.slack.contact: Slack is away: Slack does not answer: the connection was refused.",
            ASK + PATIENCE,
        )
        standin.start()
        service.says(f"{OF_CONTACT}Slack is back: Connected to Slack as @csfailover")
        assert service.stops() == 0
    assert len(service.err) == 2


@pytest.mark.parametrize(
    "error", ["token_revoked", *(pytest.param(e, marks=pytest.mark.slow) for e in ("invalid_auth", "account_inactive"))]
)
def test_a_bot_whose_token_slack_rejects_ends_when_nothing_is_open(place: Place, standin: StandIn, error: str) -> None:
    """Exit code 1 and a sentence; trying again would not change it."""
    faults(standin.url, "auth.test", f"error:{error}", times=100)
    with place.run() as service:
        assert service.ended() == 1
    assert f"csfailover: Slack rejects the bot's token: Slack says {error}" in service.err[-1]
    assert "Nothing is open in the log" in service.err[-1]
    assert len(service.err) == 1


@pytest.mark.slow  # 10 s of patience at the start, 5 s before a change is told
def test_a_token_that_slack_rejects_after_an_outage_is_told(place: Place, standin: StandIn) -> None:
    """A service that starts before the network is there must not stay deaf without a word."""
    standin.stop()
    with place.run() as service:
        service.says("Slack does not answer: the connection was refused.")
        faults(standin.start().url, "auth.test", "error:token_revoked", times=1_000)
        assert "Slack says token_revoked" in service.says(f"{OF_CONTACT}Slack is away: Slack rejects the bot's token")
        assert service.stops() == 0


def test_a_bot_whose_app_token_slack_rejects_ends_too(place: Place) -> None:
    """Without it no click arrives."""
    with place.run({**TOKENS, "APP_TOKEN": "xapp-1-A0-of-another-app"}) as service:
        assert service.ended() == 1
    assert "csfailover: Slack rejects the app token: Slack says invalid_auth" in service.err[-1]


def test_a_bot_whose_token_slack_rejects_stays_while_something_is_open(tmp_path: Path, standin: StandIn) -> None:
    """What is under way is followed to its end without Slack."""
    house = _house(tmp_path, standin)
    house.live()
    house.asked()
    house.dies()
    faults(standin.url, "auth.test", "error:token_revoked", times=100)
    with Place(tmp_path, standin.api_url).run() as service:
        told = service.says("Slack rejects")
        assert "token_revoked" in told
        assert "what is under way goes on" in told
        assert service.stops() == 0


def test_all_secrets_that_are_missing_are_named_at_once(place: Place) -> None:
    """Nobody wants to learn of them one start at a time; the log is not begun."""
    code, told = place.refused({})
    assert code == 1
    lines = told.splitlines()
    assert [line.split()[1] for line in lines] == ["CSFAILOVER_BOT_TOKEN", "CSFAILOVER_APP_TOKEN"]
    assert all("_FILE) is not set" in line and "api.slack.com" in line for line in lines)
    assert not place.log.exists()


def test_swapped_tokens_are_not_sent_anywhere(place: Place) -> None:
    """Each is told where it belongs."""
    code, told = place.refused({"BOT_TOKEN": "xapp-1-A0-1-hush", "APP_TOKEN": "xoxb-1-2-hush"})
    assert code == 1
    assert told.splitlines() == [
        "csfailover: CSFAILOVER_BOT_TOKEN holds an app token (xapp-…), which belongs in CSFAILOVER_APP_TOKEN.",
        "csfailover: CSFAILOVER_APP_TOKEN holds a bot token (xoxb-…), which belongs in CSFAILOVER_BOT_TOKEN.",
    ]
    assert "hush" not in told


def test_a_line_end_in_a_token_shows_the_token_nowhere(place: Place) -> None:
    """It is refused before it is put into a header, whose error would show all of it."""
    code, told = place.refused({**TOKENS, "BOT_TOKEN": "xoxb-1-2-hush\nxoxb-3-4-hush"})
    assert code == 1
    assert "CSFAILOVER_BOT_TOKEN has spaces, line breaks" in told
    assert "hush" not in told


def test_without_a_settings_file_it_says_where_it_looked_and_what_to_do(tmp_path: Path) -> None:
    """By its whole path."""
    place = Place(tmp_path)
    with Service(place.command("run"), place.environment(TOKENS), tmp_path) as service:
        assert service.ended() == 1
    told = " ".join(service.err)
    assert str(tmp_path / "csfailover.toml") in told
    assert "Copy csfailover.example.toml" in told
    assert "csfailover demo" in told


def test_a_port_that_is_taken_is_a_sentence(place: Place) -> None:
    place.transport = "http"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        place.slack = {"port": port}
        code, told = place.refused()
    assert code == 1
    assert f"cannot listen on 127.0.0.1:{port}" in told
