"""Socket Mode as a client other than the SDK sees it: tickets, hello, one payload to one connection, envelopes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
from aiohttp import ClientWebSocketResponse as Socket

from bot.standin import Member, StandIn
from bot.standin.people import Json, Response, socket
from bot.standin.sockets import MOST_CONNECTIONS
from tests.standin.office import client


def link(slack: StandIn) -> str:
    return str(client(slack).apps_connections_open(app_token=slack.APP_TOKEN)["url"])


def with_sockets(slack: StandIn, count: int, talk: Callable[[list[Socket]], Awaitable[None]]) -> None:
    """`count` websockets, each past its hello."""

    async def run() -> None:
        async with aiohttp.ClientSession() as session:
            sockets = [await session.ws_connect(link(slack)) for _ in range(count)]
            for one in sockets:
                assert (await heard(one))["type"] == "hello"
            await talk(sockets)
            for one in sockets:
                await one.close()

    asyncio.run(run())


async def heard(one: Socket) -> Json:
    said: Json = await one.receive_json(timeout=5)
    return said


async def typed(slack: StandIn, line: str) -> Response:
    return await asyncio.to_thread(Member(slack.url, "U0ALICE").command, line)


def test_each_payload_goes_to_one_connection(slack: StandIn) -> None:
    """Two commands, two connections: each hears one; the answer may come from either."""

    async def talk(sockets: list[Socket]) -> None:
        for one in [sockets[1], sockets[0]]:
            waiting = asyncio.create_task(typed(slack, "/x"))
            envelope = await heard(one)
            assert envelope["type"] == "slash_commands"
            await one.send_json({"envelope_id": envelope["envelope_id"], "payload": {"text": "done"}})
            assert (await waiting).text == "done"

    with_sockets(slack, 2, talk)


def test_a_connection_asked_to_leave_gets_nothing_while_there_is_another(slack: StandIn) -> None:
    """After a refresh the new connection is used, though the old one still stands."""

    async def talk(sockets: list[Socket]) -> None:
        await asyncio.to_thread(socket, slack.url, "refresh")
        assert [await heard(one) for one in sockets] == [{"type": "disconnect", "reason": "refresh_requested"}]
        async with aiohttp.ClientSession() as session, session.ws_connect(link(slack)) as fresh:
            await heard(fresh)
            for _ in range(2):
                waiting = asyncio.create_task(typed(slack, "/x"))
                await fresh.send_json({"envelope_id": (await heard(fresh))["envelope_id"]})
                assert (await waiting).ok

    with_sockets(slack, 1, talk)


def test_an_eleventh_connection_is_sent_away(slack: StandIn) -> None:
    """Slack allows ten for an app."""

    async def talk(_: list[Socket]) -> None:
        async with aiohttp.ClientSession() as session, session.ws_connect(link(slack)) as more:
            assert (await heard(more))["reason"] == "too_many_websockets"

    with_sockets(slack, MOST_CONNECTIONS, talk)


def test_a_ticket_opens_one_connection(slack: StandIn) -> None:
    """The address of apps.connections.open works once."""

    async def run() -> int:
        async with aiohttp.ClientSession() as session:
            address = link(slack)
            await (await session.ws_connect(address)).close()
            async with session.get(address.replace("ws://", "http://")) as answer:
                return answer.status

    assert asyncio.run(run()) == 403


def test_nonsense_on_the_line_is_not_an_ack(slack: StandIn) -> None:
    """Unknown envelopes and what is not JSON are ignored; the connection goes on."""

    async def talk(sockets: list[Socket]) -> None:
        waiting = asyncio.create_task(typed(slack, "/x"))
        envelope = await heard(sockets[0])
        for noise in ("no json", "[]", '{"envelope_id": "other"}', "{}"):
            await sockets[0].send_str(noise)
        await sockets[0].send_json({"envelope_id": envelope["envelope_id"]})
        assert (await waiting).ok

    with_sockets(slack, 1, talk)
