"""Slack's limits are enforced, not merely documented: uses, times, sizes, rates, scopes, ownership."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.standin import Member, StandIn
from bot.standin.people import Json, deliveries, usage
from bot.standin.rates import POSTING, TIERS, Rates
from tests.standin.office import CARD, WHY, client, plain

CHANNEL = "C0INCIDENT"
Call = Callable[[WebClient], Any]


@dataclass
class HandClock:
    now: float = 1_763_800_000.0

    def __call__(self) -> float:
        return self.now


def asked(slack: StandIn, alice: Member) -> Json:
    """The payload of a command nobody answers: a fresh trigger_id and response_url."""
    alice.command("/x")
    payload: Json = deliveries(slack.url)[-1]["payload"]
    return payload


def respond(url: str, body: str) -> tuple[int, str]:
    request = Request(url, body.encode(), {"Content-Type": "application/json"})
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def fails(call: Call, web: WebClient, error: str) -> Json:
    with pytest.raises(SlackApiError) as refused:
        call(web)
    said: Json = refused.value.response.data
    assert said["error"] == error
    return said


def test_a_trigger_opens_one_view(slack: StandIn, alice: Member) -> None:
    """The second use is refused."""
    trigger = asked(slack, alice)["trigger_id"]
    web = client(slack)
    web.views_open(trigger_id=trigger, view=WHY)
    fails(lambda c: c.views_open(trigger_id=trigger, view=WHY), web, "exchanged_trigger_id")
    fails(lambda c: c.views_open(trigger_id="made.up", view=WHY), web, "invalid_trigger_id")


def test_a_trigger_lives_three_seconds() -> None:
    """A moment later it has expired."""
    clock = HandClock()
    with StandIn(clock=clock) as slack:
        trigger = asked(slack, Member(slack.url, "U0ALICE"))["trigger_id"]
        clock.now += 3.1
        fails(lambda c: c.views_open(trigger_id=trigger, view=WHY), client(slack), "expired_trigger_id")


def test_three_views_lie_on_each_other_and_no_fourth(slack: StandIn, alice: Member) -> None:
    """views.push stops at Slack's stack of three; closing goes back down."""
    web = client(slack)
    web.views_open(trigger_id=asked(slack, alice)["trigger_id"], view=WHY)
    for _ in range(2):
        web.views_push(trigger_id=asked(slack, alice)["trigger_id"], view=WHY)
    last = asked(slack, alice)["trigger_id"]
    fails(lambda c: c.views_push(trigger_id=last, view=WHY), web, "push_limit_reached")
    for _ in range(3):
        assert alice.modal() is not None
        alice.close_modal()
    assert alice.modal() is None


def test_a_view_is_updated_by_id_and_a_stale_hash_refused(slack: StandIn, alice: Member) -> None:
    """hash guards against two updates that do not know of each other."""
    web = client(slack)
    view = web.views_open(trigger_id=asked(slack, alice)["trigger_id"], view=WHY)["view"]
    web.views_update(view_id=view["id"], hash=view["hash"], view=WHY | {"title": plain("Other")})
    assert (alice.modal() or {})["title"]["text"] == "Other"
    fails(lambda c: c.views_update(view_id=view["id"], hash=view["hash"], view=WHY), web, "hash_conflict")


def test_a_response_url_works_five_times(slack: StandIn, alice: Member) -> None:
    """The sixth use is refused, and says nothing in the channel."""
    url = asked(slack, alice)["response_url"]
    answers = [respond(url, f'{{"text": "{n}"}}') for n in range(6)]
    assert [status for status, _ in answers] == [200] * 5 + [404]
    assert "used_url" in answers[5][1]
    assert [m["text"] for m in alice.messages()][1:] == ["0", "1", "2", "3", "4"]


def test_a_response_url_works_for_thirty_minutes() -> None:
    """After that it has expired, whatever is left of its five uses."""
    clock = HandClock()
    with StandIn(clock=clock) as slack:
        url = asked(slack, Member(slack.url, "U0ALICE"))["response_url"]
        assert respond(url, '{"text": "in time"}')[0] == 200
        clock.now += 30 * 60 + 1
        assert respond(url, '{"text": "late"}') == (404, '{"ok": false, "error": "expired_url"}')


def test_a_response_url_reaches_a_channel_the_bot_is_not_in(slack: StandIn) -> None:
    """chat.postMessage does not; a whisper by response_url does."""
    alice = Member(slack.url, "U0ALICE", channel="C0GENERAL")
    fails(lambda c: c.chat_postMessage(channel="C0GENERAL", text="x"), client(slack), "not_in_channel")
    assert respond(asked(slack, alice)["response_url"], '{"text": "Invite me"}')[0] == 200
    assert alice.messages()[-1]["ephemeral"] is True


@pytest.mark.parametrize(
    ("error", "call"),
    [
        ("no_text", lambda c: c.api_call("chat.postMessage", json={"channel": CHANNEL})),
        ("msg_too_long", lambda c: c.chat_postMessage(channel=CHANNEL, text="x" * 40_001)),
        ("channel_not_found", lambda c: c.chat_postMessage(channel="C0NOWHERE", text="x")),
        ("thread_not_found", lambda c: c.chat_postMessage(channel=CHANNEL, text="x", thread_ts="1.1")),
        ("invalid_metadata_format", lambda c: c.chat_postMessage(channel=CHANNEL, text="x", metadata={"a": 1})),
        ("message_not_found", lambda c: c.chat_update(channel=CHANNEL, ts="1.1", text="x")),
        ("user_not_in_channel", lambda c: c.chat_postEphemeral(channel=CHANNEL, user="U0EVE", text="x")),
        ("user_not_found", lambda c: c.users_info(user="U0NOBODY")),
        ("not_in_channel", lambda c: c.conversations_history(channel="C0GENERAL")),
        ("unknown_method", lambda c: c.api_call("pins.add")),
        ("no_such_subteam", lambda c: c.usergroups_users_list(usergroup="S0NONE")),
        ("invalid_auth", lambda c: c.api_call("auth.test", headers={"Authorization": "Bearer xoxb-real"})),
        ("not_allowed_token_type", lambda c: c.apps_connections_open(app_token=StandIn.BOT_TOKEN)),
    ],
)
def test_what_slack_refuses_is_refused_by_the_same_name(slack: StandIn, error: str, call: Call) -> None:
    """Each error name is Slack's own, so that the bot's handling of it is exercised."""
    fails(call, client(slack), error)


def test_bad_blocks_are_pointed_at(slack: StandIn, alice: Member) -> None:
    """invalid_blocks comes with JSON pointers, and nothing is posted."""
    bad: list[Json] = [{"type": "section", "text": {"type": "mrkdwn", "text": ""}}]
    said = fails(lambda c: c.chat_postMessage(channel=CHANNEL, text="x", blocks=bad), client(slack), "invalid_blocks")
    assert "[json-pointer:/blocks/0/text/text]" in said["response_metadata"]["messages"][0]
    assert alice.messages() == []


def test_only_the_authors_own_messages_can_be_changed(slack: StandIn, alice: Member) -> None:
    """A person's message and an ephemeral are out of the bot's reach."""
    alice.say("mine")
    ts = alice.messages()[0]["ts"]
    web = client(slack)
    fails(lambda c: c.chat_update(channel=CHANNEL, ts=ts, text="x"), web, "cant_update_message")
    fails(lambda c: c.chat_delete(channel=CHANNEL, ts=ts), web, "cant_delete_message")
    whispered = web.chat_postEphemeral(channel=CHANNEL, user="U0ALICE", text="psst")["message_ts"]
    fails(lambda c: c.chat_update(channel=CHANNEL, ts=whispered, text="x"), web, "message_not_found")


def test_an_update_with_text_alone_removes_the_blocks(slack: StandIn, alice: Member) -> None:
    """And says "edited"; an update with blocks keeps quiet about itself."""
    web = client(slack)
    ts = web.chat_postMessage(channel=CHANNEL, text="a", blocks=CARD)["ts"]
    web.chat_update(channel=CHANNEL, ts=ts, text="b", blocks=CARD)
    assert (alice.messages()[0]["edited"], len(alice.messages()[0]["blocks"])) == (None, 2)
    web.chat_update(channel=CHANNEL, ts=ts, text="c")
    assert alice.messages()[0]["blocks"] == []
    assert alice.messages()[0]["edited"]["user"] == "U0BOT"


def test_threads_and_metadata_can_be_found_again(slack: StandIn) -> None:
    """Replies come with their parent, metadata only when asked for, the channel's history without replies."""
    web = client(slack)
    mark = {"event_type": "failover_op", "event_payload": {"op": "7"}}
    ts = web.chat_postMessage(channel=CHANNEL, text="card", metadata=mark)["ts"]
    web.chat_postMessage(channel=CHANNEL, text="step", thread_ts=ts)
    web.chat_postMessage(channel=CHANNEL, text="end", thread_ts=ts, reply_broadcast=True)
    thread = web.conversations_replies(channel=CHANNEL, ts=ts, include_all_metadata=True)["messages"]
    assert [m["text"] for m in thread] == ["card", "step", "end"]
    assert (thread[0]["metadata"], thread[0]["reply_count"]) == (mark, 2)
    history = web.conversations_history(channel=CHANNEL)["messages"]
    assert [m["text"] for m in history] == ["end", "card"]
    assert "metadata" not in history[1]
    stamps = [float(m["ts"]) for m in thread]
    assert stamps == sorted(set(stamps))


def test_history_comes_in_pages(slack: StandIn) -> None:
    """limit and cursor walk through all of it once."""
    web, found, cursor = client(slack), list[str](), ""
    for n in range(5):
        web.chat_postMessage(channel=CHANNEL, text=str(n))
    while True:
        page = web.conversations_history(channel=CHANNEL, limit=2, cursor=cursor or None)
        found += [m["text"] for m in page["messages"]]
        cursor = page["response_metadata"]["next_cursor"]
        if not cursor:
            break
    assert found == ["4", "3", "2", "1", "0"]


def test_a_missing_scope_is_named(slack: StandIn) -> None:
    """Refused with needed and provided; granted scopes that were used are on record."""
    with StandIn(scopes={"chat:write"}) as poor:
        said = fails(lambda c: c.users_info(user="U0BOB"), client(poor), "missing_scope")
        assert (said["needed"], said["provided"]) == ("users:read", "chat:write")
        client(poor).chat_postMessage(channel=CHANNEL, text="x")
        assert usage(poor.url)["scopes"] == ["chat:write"]
        assert Member(poor.url, "U0ALICE").command("/x").status == "refused"


def test_with_tier_limits_the_sixth_quick_post_waits_its_turn() -> None:
    """A short burst passes, then 429 with Retry-After; another channel is not concerned."""
    with StandIn(tier_limits=True) as slack:
        web = client(slack)
        for _ in range(5):
            web.chat_postMessage(channel=CHANNEL, text="x")
        with pytest.raises(SlackApiError) as refused:
            web.chat_postMessage(channel=CHANNEL, text="x")
        assert refused.value.response.status_code == 429
        assert int(refused.value.response.headers["Retry-After"]) >= 1
        web.chat_postMessage(channel="C0SHARED", text="x")


@pytest.mark.parametrize("limit", [POSTING, *TIERS.values()])
def test_a_window_lets_through_its_number_and_opens_when_told(limit: tuple[int, float]) -> None:
    """Exactly `most` calls pass at once; after the seconds named by Retry-After the next one does."""
    rates, (most, _) = Rates(), limit
    assert [rates.wait("m", "c", limit, 100.0) for _ in range(most)] == [0] * most
    wait = rates.wait("m", "c", limit, 100.0)
    assert wait > 0
    assert rates.wait("m", "c", limit, 100.0 + wait) == 0
    assert rates.wait("m", "other", limit, 100.0) == 0


def test_old_messages_and_deliveries_are_forgotten() -> None:
    """Memory is bounded: the newest are kept."""
    world = StandIn().world
    kept: dict[str, int] = {}
    for n in range(700):
        world.keep(kept, str(n), n)
    assert (len(kept), min(kept.values())) == (500, 200)
