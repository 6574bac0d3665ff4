"""The stand-in serves this machine and its own page only."""

from __future__ import annotations

import http.client
import json
import socket

import pytest

from bot.standin import StandIn
from bot.standin.seed import APP_TOKEN, BOT_TOKEN


def ask(slack: StandIn, path: str, headers: dict[str, str], body: str | None = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", slack.port, timeout=5)
    connection.request("GET" if body is None else "POST", path, body, {"Content-Type": "application/json"} | headers)
    with connection.getresponse() as answer:
        said = answer.status, answer.read().decode()
    connection.close()
    return said


@pytest.mark.parametrize("path", ["/", "/ui/state?as=U0BOB", "/ui/deliveries", "/api/auth.test", "/link/"])
def test_a_rebinding_name_gets_nothing(slack: StandIn, path: str) -> None:
    """A foreign Host name that points here is refused everywhere, also with our port or without any."""
    for host in ("evil.example", f"evil.example:{slack.port}", "127.0.0.1:1", f"127.0.0.1.evil.example:{slack.port}"):
        assert ask(slack, path, {"Host": host})[0] == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1"])
def test_another_web_page_cannot_act_for_anybody(slack: StandIn, origin: str) -> None:
    """A POST with a foreign Origin is refused and does nothing."""
    body = json.dumps({"as": "U0BOB", "channel": "C0INCIDENT", "text": "hello"})
    assert ask(slack, "/ui/say", {"Origin": origin}, body)[0] == 403
    assert json.loads(ask(slack, "/ui/state?as=U0BOB", {})[1])["messages"] == []
    assert ask(slack, "/ui/say", {"Origin": slack.url}, body)[0] == 200


def test_it_listens_on_loopback_only(slack: StandIn) -> None:
    """Another address of this machine does not answer on its port."""
    with pytest.raises(OSError), socket.create_connection(("127.0.0.2", slack.port), timeout=2):
        pass


def test_the_page_may_load_nothing_but_itself(slack: StandIn) -> None:
    """Every file of the page carries the policy, and none has inline code or writes markup."""
    for name in ("", "app.js", "blocks.js", "composer.js", "inspector.js", "modal.js", "text.js", "style.css"):
        connection = http.client.HTTPConnection("127.0.0.1", slack.port, timeout=5)
        connection.request("GET", f"/{name}")
        answer = connection.getresponse()
        assert answer.status == 200
        assert (answer.getheader("Content-Security-Policy") or "").startswith("default-src 'self';")
        text = answer.read().decode()
        connection.close()
        assert not [word for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "eval(") if word in text]
        assert "<script>" not in text


def test_its_tokens_cannot_be_mistaken_for_real_ones() -> None:
    """Fixed, short and known to everybody."""
    assert (BOT_TOKEN, APP_TOKEN) == ("xoxb-lab", "xapp-lab")


@pytest.mark.parametrize("body", ["[]", "no json", '{"as": "U0NOBODY", "channel": "C0INCIDENT"}', '{"times": "many"}'])
def test_nonsense_is_answered_with_a_reason(slack: StandIn, body: str) -> None:
    """400 and an error name, never a traceback."""
    for path in ("say", "click", "submit", "close", "faults", "socket", "deliver"):
        status, said = ask(slack, f"/ui/{path}", {}, body)
        assert (path, status) == (path, 400)
        assert json.loads(said)["error"]
