"""The page's and the drivers' door: `/ui/*` in JSON, the static page, and who may knock.

Only Host names of this machine are answered (a rebinding DNS name is not) and only our own Origin
(another web page is not). Everything people do goes to `acting`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files

from aiohttp import web

from bot.standin import payloads, seed
from bot.standin.acting import Acting
from bot.standin.delivery import Deliveries
from bot.standin.seed import Json
from bot.standin.sockets import Sockets
from bot.standin.world import Fault, SlackError, Workspace

LONGEST_WAIT = 25.0
PAGE = ("index.html", "style.css", "app.js", "blocks.js", "composer.js", "inspector.js", "modal.js", "text.js")
TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css"}
FENCE = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def doorkeeper(request: web.Request, handler: Handler) -> web.StreamResponse:
    """403 for a foreign Host or Origin. The SDK's websocket client names the host without its port."""
    port = request.transport.get_extra_info("sockname")[1] if request.transport else 0
    ours = {f"127.0.0.1:{port}", f"localhost:{port}"}
    hosts = ours | ({"127.0.0.1", "localhost"} if request.path == "/link/" else set())
    origin = request.headers.get("Origin")
    if request.host not in hosts or (origin is not None and origin.removeprefix("http://") != request.host):
        raise web.HTTPForbidden(text="This stand-in answers this machine only.")
    return await handler(request)


@dataclass
class Ui:
    world: Workspace
    acting: Acting
    deliveries: Deliveries
    sockets: Sockets
    commands: Callable[[], list[Json]]
    stopping: asyncio.Event

    def __post_init__(self) -> None:
        self.news = asyncio.Event()
        self.world.on_change = self._tell

    def _tell(self) -> None:
        self.news.set()
        self.news = asyncio.Event()  # the old one wakes everybody who waits now

    def routes(self) -> list[web.RouteDef]:
        acts = {"say": self.acting.say, "click": self.acting.click, "submit": self.acting.submit}
        acts |= {"close": self.acting.close, "faults": self.faults, "socket": self.socket}
        acts |= {"deliver": self.deliver, "workspace": self.workspace}
        looks = {"state": self.state, "deliveries": self.sent, "usage": self.usage, "commands": self.known}
        return [
            *(web.post(f"/ui/{name}", _act(act)) for name, act in acts.items()),
            *(web.get(f"/ui/{name}", look) for name, look in looks.items()),
            web.get("/", _static(PAGE[0])),
            *(web.get(f"/{name}", _static(name)) for name in PAGE),
            web.get("/favicon.ico", _nothing),
        ]

    # looking -------------------------------------------------------------------------------------

    async def state(self, request: web.Request) -> web.Response:
        """All one person sees in a channel; with `since`, when that has changed, or after `wait` seconds."""
        uid, cid = request.query.get("as", ""), request.query.get("channel", "C0INCIDENT")
        await self._news(request)
        if uid not in self.world.users or cid not in self.world.channels:
            return web.json_response({"error": "user_not_found or channel_not_found"}, status=404)
        return web.json_response(self._screen(uid, cid))

    async def _news(self, request: web.Request) -> None:
        try:
            since, wait = int(request.query.get("since", -1)), float(request.query.get("wait", 0))
        except ValueError:
            return
        deadline = asyncio.get_running_loop().time() + min(wait, LONGEST_WAIT)
        while since == self.world.version and not self.stopping.is_set():
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self.news.wait(), left)

    def _screen(self, uid: str, cid: str) -> Json:
        world, person = self.world, self.world.users[uid]
        rooms = [room for room in world.channels.values() if uid in room["members"]]
        modal = world.modal(uid)
        home = world.homes.get(uid)
        return {
            "version": world.version,
            "me": person,
            "people": list(world.users.values()),
            "channels": [
                {key: room[key] for key in ("id", "name", "is_im", "is_ext_shared", "members")} for room in rooms
            ],
            "messages": [world.seen(message) for message in world.visible(cid, uid)],
            "modal": payloads.view_wire(modal) if modal else None,
            "home": payloads.view_wire(home) if home else None,
            "connected": len(self.sockets.staying()),
            "transport": "http" if self.deliveries.deliver_to() else "socket",
        }

    async def sent(self, _request: web.Request) -> web.Response:
        return web.json_response([delivery.shown() for delivery in self.deliveries.kept.values()])

    async def usage(self, _request: web.Request) -> web.Response:
        scopes = {scope for use in self.world.usage.values() for scope in use["scopes"]}
        return web.json_response({"methods": self.world.usage, "scopes": sorted(scopes)})

    async def known(self, _request: web.Request) -> web.Response:
        return web.json_response(self.commands())

    # making trouble ------------------------------------------------------------------------------

    async def faults(self, asked: Json) -> Json:
        """Plan a misfortune of a Web API method. Kinds: 429, 500, drop_answer, drop, slow, error:<slack_error>."""
        kind = str(asked.get("kind"))
        if kind not in ("429", "500", "drop_answer", "drop", "slow") and not kind.startswith("error:"):
            raise SlackError("unknown_fault")
        times, after = int(asked.get("times", 1)), int(asked.get("retry_after", 1))
        self.world.faults.append(Fault(str(asked.get("method", "*")), kind, times, after))
        return {"ok": True}

    async def socket(self, asked: Json) -> Json:
        do = asked.get("do")
        if do not in ("cut", "hole", "close", "refresh", "refuse"):
            raise SlackError("unknown_fault")
        await self.sockets.misfortune(str(do), int(asked.get("times", 1)))
        self.world.changed()
        return {"ok": True}

    async def deliver(self, asked: Json) -> Json:
        """An earlier delivery once more (or `times`), one after the other."""
        done = []
        for _ in range(min(int(asked.get("times", 1)), 50)):
            repeat = await self.deliveries.again(str(asked.get("again")))
            if repeat is None:
                raise SlackError("unknown_delivery")
            done.append(repeat.shown())
        return {"ok": True, "deliveries": done}

    async def workspace(self, asked: Json) -> Json:
        """Change the workspace under the bot: paid_plan, group_enabled, scopes, groups, users, members."""
        for key in ("paid_plan", "group_enabled"):
            if key in asked:
                setattr(self.world, key, bool(asked[key]))
        if "scopes" in asked:
            self.world.scopes = set(asked["scopes"])
        self.world.groups |= asked.get("groups", {})
        for uid, change in asked.get("users", {}).items():
            self.world.users.setdefault(uid, seed.users()["U0ALICE"] | {"id": uid}).update(change)
        for cid, members in asked.get("members", {}).items():
            self.world.channel(cid)["members"] = list(members)
        self.world.changed()
        return {"ok": True}


def _act(act: Callable[[Json], Awaitable[Json]]) -> Handler:
    """One POST: JSON in, JSON out, 400 with a reason for what makes no sense."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            asked = await request.json()
            return web.json_response(await act(asked))
        except SlackError as error:
            return web.json_response({"error": error.error, **error.more}, status=400)
        except (ValueError, TypeError, AttributeError):
            return web.json_response({"error": "invalid_arguments"}, status=400)

    return handle


def _static(name: str) -> Handler:
    async def handle(_request: web.Request) -> web.StreamResponse:
        text = (files("bot.standin") / "page" / name).read_text("utf-8")
        return web.Response(text=text, content_type=TYPES[name.rpartition(".")[2]], headers=FENCE)

    return handle


async def _nothing(_request: web.Request) -> web.StreamResponse:
    return web.Response(status=204)
