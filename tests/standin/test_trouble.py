"""The misfortunes the stand-in makes happen are the ones Slack's SDK meets: same errors, same reactions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import ConnectionErrorRetryHandler, RateLimitErrorRetryHandler

from bot.standin import Member, StandIn
from bot.standin.people import deliveries, faults, socket, workspace
from tests.standin.office import Office, client

CHANNEL = "C0INCIDENT"


def test_a_429_is_understood_by_the_sdk(slack: StandIn, alice: Member) -> None:
    """Told to wait, the SDK's own handler waits and posts once."""
    faults(slack.url, "chat.postMessage", "429", retry_after=0)
    with pytest.raises(SlackApiError, match="ratelimited") as refused:
        client(slack).chat_postMessage(channel=CHANNEL, text="first")
    assert refused.value.response.headers["Retry-After"] == "0"
    faults(slack.url, "chat.postMessage", "429", retry_after=0)
    patient = client(slack)
    patient.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=1))
    patient.chat_postMessage(channel=CHANNEL, text="second")
    assert [m["text"] for m in alice.messages()] == ["second"]


def test_an_answer_lost_after_the_work_makes_a_naive_client_post_twice(slack: StandIn, alice: Member) -> None:
    """drop_answer: the post is there although the caller saw the connection die; a retry doubles it."""
    faults(slack.url, "chat.postMessage", "drop_answer")
    naive = client(slack)
    naive.retry_handlers.append(ConnectionErrorRetryHandler())
    naive.chat_postMessage(channel=CHANNEL, text="once")
    assert [m["text"] for m in alice.messages()] == ["once", "once"]


def test_a_call_dropped_before_the_work_leaves_nothing(slack: StandIn, alice: Member) -> None:
    """drop: the caller sees the same, but nothing was posted."""
    faults(slack.url, "*", "drop")
    with pytest.raises(OSError):
        client(slack).chat_postMessage(channel=CHANNEL, text="never")
    assert alice.messages() == []


def test_an_error_of_slacks_own_can_be_ordered(slack: StandIn) -> None:
    """error:<name> and 500 strike as many calls as asked for, then all is well."""
    faults(slack.url, "chat.update", "error:message_not_found")
    faults(slack.url, "auth.test", "500", times=2)
    web = client(slack)
    with pytest.raises(SlackApiError, match="message_not_found"):
        web.chat_update(channel=CHANNEL, ts="1.1", text="x")
    for _ in range(2):
        with pytest.raises(SlackApiError):
            web.auth_test()
    assert web.auth_test()["ok"]


def test_after_a_polite_goodbye_the_app_connects_again(socketed: Office, alice: Member) -> None:
    """A disconnect request is answered with a new connection, which gets what comes next."""
    socket(socketed.slack.url, "refresh")
    socketed.until_connected()
    assert alice.command("/echo again").text == "You said again"


def test_after_a_close_frame_nobody_is_there_until_the_app_asks_again(socketed: Office, alice: Member) -> None:
    """The command in between fails for its asker."""
    socket(socketed.slack.url, "close")
    assert alice.command("/echo x").status == "dispatch_failed"
    assert socketed.handler is not None
    socketed.handler.client.connect_to_new_endpoint(force=True)
    socketed.until_connected()
    assert alice.command("/echo again").text == "You said again"


def test_a_cut_connection_takes_the_commands_with_it(socketed: Office, alice: Member) -> None:
    """Cut without a close frame: the next command fails for its asker, the app never hears of it."""
    socket(socketed.slack.url, "cut")
    assert alice.command("/echo x").text == '/echo failed with the error "dispatch_failed"'
    assert deliveries(socketed.slack.url)[-1]["status"] == "no_connection"
    assert socketed.seen == []


def test_a_refused_connection_is_one_the_app_has_to_ask_for_again(slack: StandIn) -> None:
    """apps.connections.open fails as often as ordered."""
    socket(slack.url, "refuse", times=1)
    app = client(slack, slack.APP_TOKEN)
    with pytest.raises(SlackApiError, match="internal_error"):
        app.apps_connections_open(app_token=slack.APP_TOKEN)
    assert app.apps_connections_open(app_token=slack.APP_TOKEN)["url"].startswith("ws://127.0.0.1:")


def test_an_app_that_is_not_there_is_told_to_the_asker(slack: StandIn, alice: Member) -> None:
    """Nobody connected, nobody listening: the command fails at once, in words like Slack's."""
    assert alice.command("/echo x").status == "dispatch_failed"
    slack.deliver_to = "http://127.0.0.1:9/slack/events"
    assert alice.command("/echo x").status == "dispatch_failed"
    assert [d["status"] for d in deliveries(slack.url)] == ["no_connection", "unreachable"]


def test_an_outage_forgets_nothing(slack: StandIn, alice: Member) -> None:
    """Stopped and started, the stand-in has its port, its messages and its people again."""
    client(slack).chat_postMessage(channel=CHANNEL, text="before")
    slack.stop()
    with pytest.raises(OSError):
        client(slack).auth_test()
    slack.start()
    assert [m["text"] for m in alice.messages()] == ["before"]


def test_a_taken_port_is_an_error_for_the_one_who_starts(slack: StandIn) -> None:
    """start() raises instead of leaving a thread that listens nowhere."""
    with pytest.raises(OSError):
        StandIn(port=slack.port).start()


def group(slack: StandIn) -> object:
    return client(slack).usergroups_users_list(usergroup="S0LEADS")["users"]


@pytest.mark.parametrize(
    ("change", "error"),
    [({"paid_plan": False}, "plan_upgrade_required"), ({"group_enabled": False}, "no_such_subteam")],
)
def test_a_user_group_can_become_unreadable(slack: StandIn, change: dict[str, bool], error: str) -> None:
    """A free plan has no user groups, a disabled group has no members."""
    read: Callable[[StandIn], object] = group
    assert read(slack) == ["U0BOB", "U0CAROL"]
    workspace(slack.url, **change)
    with pytest.raises(SlackApiError, match=error):
        read(slack)


def test_people_change_under_the_bot(slack: StandIn) -> None:
    """A person may be deactivated between one look and the next."""
    workspace(slack.url, users={"U0BOB": {"deleted": True}})
    assert client(slack).users_info(user="U0BOB")["user"]["deleted"] is True
