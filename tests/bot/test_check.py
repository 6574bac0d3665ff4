"""`csfailover check` towards Slack, the secrets and the people: the truth, with its cure, and no part of a secret."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import URLError

import pytest

from bot.check import clocks
from bot.demo.demo import PEOPLE
from bot.slack.reasons import reason
from bot.standin import StandIn
from bot.standin.people import faults
from tests.bot.service import TOKENS, Place
from tests.wsman import tls


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    made = StandIn()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def place(tmp_path: Path, standin: StandIn) -> Place:
    return Place(tmp_path, standin.api_url)


def line(told: str, name: str) -> str:
    """What is said of it, with its cure."""
    lines = told.splitlines()
    at = next(n for n, one in enumerate(lines) if one[5:].startswith(f"{name}:"))
    return "\n".join(lines[at : at + 2])


def test_good_settings_are_all_ok_but_for_too_few_leads(place: Place) -> None:
    """Exit code 0; with two leads of whom one may ask, the note has the numbers and the names."""
    code, told = place.check()
    assert code == 0, told
    assert "BAD" not in told
    assert line(told, "people").splitlines() == [
        "note people: 3 people may ask, 2 may approve; approvals needed: 1, 2 for disaster mode, skipped "
        "verification and a pool that is in between. When Bob or Carol asks for disaster mode, 1 of 2 can approve it.",
        "     -> Name another lead, or let the others ask: nobody approves their own request.",
    ]


def test_as_a_process_it_says_and_ends_the_same(place: Place) -> None:
    """Only this one test starts it; what the others see in their own process is what a person sees."""
    assert place.ends("check") == place.check()
    place.people = {"nobody": {"name": "Nobody", "slack": ["U0NOBODY"], "roles": ["lead"]}}
    assert place.ends("check") == place.check()
    assert place.check()[0] == 1


def test_with_leads_enough_there_is_no_note(place: Place) -> None:
    place.people = PEOPLE | {"dan": {"name": "Dan", "slack": ["U0DAN"], "roles": ["lead"]}}
    _, told = place.check()
    assert line(told, "people").startswith("ok   people: 4 people may ask, 3 may approve")


@pytest.mark.parametrize(
    ("secrets", "transport", "name", "wanted"),
    [
        ({"BOT_TOKEN": "xapp-1-hush"}, "socket", "secret bot_token", "belongs in CSFAILOVER_APP_TOKEN"),
        ({"APP_TOKEN": "xoxb-1-hush"}, "socket", "secret app_token", "belongs in CSFAILOVER_BOT_TOKEN"),
        ({"SIGNING_SECRET": "xapp-1-hush"}, "http", "secret signing_secret", "belongs in CSFAILOVER_APP_TOKEN"),
        ({"BOT_TOKEN": ""}, "socket", "secret bot_token", "CSFAILOVER_BOT_TOKEN is set but empty"),
    ],
    ids=range(4),
)
def test_a_secret_in_the_wrong_place_is_told(
    place: Place, secrets: dict[str, str], transport: str, name: str, wanted: str
) -> None:
    """By its variable, and by where it belongs; its value is nowhere, and the rest is checked all the same."""
    place.transport = transport
    code, told = place.check({**TOKENS, **secrets})
    assert code == 1
    assert line(told, name).startswith(f"BAD  {name}: ")
    assert wanted in line(told, name)
    assert "It was taken" not in line(told, name)  # the variable is named already
    assert "hush" not in told
    assert "Slack: " in told
    assert "lab: " in told


def test_a_secret_in_the_wrong_place_is_told_with_the_file_it_came_from(place: Place) -> None:
    """The variable alone does not say that; and what is not asked for want of it is said plainly."""
    wrong = place.path / "token"
    wrong.write_text("xapp-1-hush\n")
    secrets = {name: value for name, value in TOKENS.items() if name != "BOT_TOKEN"}
    _, told = place.check({**secrets, "BOT_TOKEN_FILE": str(wrong)})
    assert line(told, "secret bot_token").partition("\n")[0].endswith(f"It was taken from {wrong}.")
    assert "BAD  Slack: not asked: there is no usable bot token." in told


@pytest.mark.parametrize("blank", [False, True])
def test_a_secret_file_that_holds_none_is_told_by_run_and_check_alike(place: Place, blank: bool) -> None:
    """The variable and the path; a variable that is set and empty hides nothing."""
    secrets = {name: value for name, value in TOKENS.items() if name != "BOT_TOKEN"}
    secrets |= {"BOT_TOKEN_FILE": str(place.path)} | ({"BOT_TOKEN": ""} if blank else {})
    for code, told in (place.check(secrets), place.refused(secrets)):
        assert code == 1
        assert f"CSFAILOVER_BOT_TOKEN_FILE: {place.path} is a directory" in told


def test_where_a_secret_is_read_and_which_of_two_counts_is_said(place: Place) -> None:
    """The file of a blank variable; the variable where both hold something, and then the file is not even read."""
    good = place.path / "token"
    good.write_text(TOKENS["BOT_TOKEN"] + "\n")
    none = {name: value for name, value in TOKENS.items() if name != "BOT_TOKEN"}
    code, told = place.check({**none, "BOT_TOKEN_FILE": str(good)})
    assert (code, line(told, "secret bot_token")[:4]) == (0, "ok  ")
    assert f"is set, from {good};" in told
    code, told = place.check({**none, "BOT_TOKEN": "", "BOT_TOKEN_FILE": str(good)})
    assert code == 0
    assert "CSFAILOVER_BOT_TOKEN is set too, but empty" in line(told, "secret bot_token")
    code, told = place.check({**TOKENS, "BOT_TOKEN_FILE": str(place.path / "nowhere")})
    assert (code, line(told, "secret bot_token")[:4]) == (0, "note")
    assert "CSFAILOVER_BOT_TOKEN_FILE is set too, but is not read" in told
    code, told = place.check({**TOKENS, "BOT_TOKEN_FILE": ""})
    assert (code, line(told, "secret bot_token")[:4]) == (0, "ok  ")


@contextmanager
def _listening(answer: bytes | None, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A port that answers everybody so; None: not at all."""
    stopping = threading.Event()
    held: list[socket.socket] = []

    def serve() -> None:
        while not stopping.is_set():
            with suppress(OSError):
                wire, _ = server.accept()
                held.append(wire)
                if context:
                    wire = context.wrap_socket(wire, server_side=True)
                if answer:
                    wire.recv(65_536)
                    wire.sendall(answer)
                    wire.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        stopping.set()
        thread.join(10)
        for wire in held:
            wire.close()


def says(place: Place, url: str) -> str:
    place.api_url = url
    code, told = place.check()
    assert code == 1
    return line(told, "Slack")


def test_why_slack_cannot_be_reached_is_said_in_words(place: Place, tmp_path: Path) -> None:
    """Refused; no TLS; a certificate that nobody trusts; a page of somebody else."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert "Slack does not answer: the connection was refused." in says(place, f"http://127.0.0.1:{port}/api/")
    page = b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<html>hush</a>\n"
    with _listening(page) as port:
        told = says(place, f"http://127.0.0.1:{port}/api/")
        assert "HTTP 502 from something that is not Slack" in told
        assert "hush" not in told
        assert "TLS failed" in says(place, f"https://127.0.0.1:{port}/api/")
    with _listening(b"220 mail.contoso.com ESMTP hush\r\n") as port:
        assert "what answered is not Slack" in says(place, f"http://127.0.0.1:{port}/api/")
    with _listening(None, tls.make(tmp_path, time.time())[0]) as port:
        assert "its certificate is not trusted: " in says(place, f"https://127.0.0.1:{port}/api/")


def test_a_name_that_is_not_known_is_told() -> None:
    """As the resolver says it, and as urllib passes it on."""
    with pytest.raises(socket.gaierror) as unknown:
        socket.getaddrinfo("slack.com", 443, flags=socket.AI_NUMERICHOST)  # asks nobody
    assert reason(URLError(unknown.value)) == "its host name cannot be resolved"


@pytest.mark.parametrize(
    "url", ["slack.com/api/", "https://slack.com/api", "https://joe:hush@slack.com/api/", "http:///"]
)
def test_an_address_that_is_none_is_a_mistake_of_the_settings(place: Place, url: str) -> None:
    """slack.api_url is joined with a method's name, and is written into errors."""
    place.api_url = url
    code, told = place.check()
    assert code == 1
    assert told.startswith("csfailover: slack.api_url: ")
    assert "hush" not in told


@pytest.mark.slow  # POST_TIMEOUT
def test_a_silent_slack_is_told(place: Place) -> None:
    """It takes the connection, and says nothing."""
    with _listening(None) as port:
        assert "Slack does not answer: no answer in time." in says(place, f"http://127.0.0.1:{port}/api/")


def test_a_token_that_slack_rejects_is_told(place: Place, standin: StandIn) -> None:
    """In Slack's word and in ours."""
    faults(standin.url, "auth.test", "error:account_inactive")
    code, told = place.check()
    assert code == 1
    assert "Slack says account_inactive: the app was removed from the workspace" in line(told, "Slack")


def test_a_password_in_a_proxys_address_is_not_shown(place: Place) -> None:
    """The proxy is not there: its refusal is told, its address is not."""
    before = place.environment

    class Behind(Place):
        def environment(self, secrets: object) -> dict[str, str]:
            return before(secrets) | {"HTTP_PROXY": "http://joe:hush@127.0.0.1:1", "NO_PROXY": ""}  # type: ignore[arg-type]

    code, told = Behind(place.path, place.api_url).check()
    assert code == 1
    assert "the connection was refused" in line(told, "Slack")
    assert "hush" not in told


@pytest.mark.parametrize(
    ("ahead", "ok", "wanted"),
    [
        (3, True, "agree on the time"),
        (-45, None, "45 s behind that of Slack; beyond 300 s, it is refused."),
        (600, False, "600 s ahead of that of Slack: it is refused."),
    ],
)
def test_clocks_that_differ_are_told_before_they_do_harm(ahead: int, ok: bool | None, wanted: str) -> None:
    """By the Date of the other side's answer; one that says none is not judged."""
    there = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    (found,) = clocks("Slack", there, there + timedelta(seconds=ahead), "it is refused")
    assert found.ok is ok
    assert found.say.endswith(wanted)
    assert list(clocks("Slack", None, there, "it is refused")) == []


def test_the_clock_is_compared_with_slacks(place: Place) -> None:
    """The stand-in's answers have a Date, as Slack's have."""
    assert "ok   clock: Slack: this host and Slack agree on the time\n" in place.check()[1]
