"""The Web API's door: token, scope, rate and planned faults, then the method.

One aiohttp handler for `/api/<method>` and one for response URLs. What the methods do is in
`chat`, `lookup` and `views`; the table METHODS is the whole list of what exists.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from aiohttp import web

from bot.standin import chat, lookup, seed, views
from bot.standin.rates import POSTING, TIERS, Limit, Rates
from bot.standin.seed import Json
from bot.standin.world import Fault, SlackError, Workspace

Run = Callable[[Workspace, Json], Json]


class Method(NamedTuple):
    """What a method does, the scope it needs (for a public and a private channel), how often it may be called."""

    run: Run
    limit: Limit
    scope: str | None = None
    private_scope: str | None = None


METHODS: dict[str, Method] = {
    "api.test": Method(lookup.api_test, TIERS[4]),
    "auth.test": Method(lookup.auth_test, TIERS[4]),
    "chat.postMessage": Method(chat.post_message, POSTING, "chat:write"),
    "chat.update": Method(chat.update, TIERS[3], "chat:write"),
    "chat.postEphemeral": Method(chat.post_ephemeral, TIERS[4], "chat:write"),
    "chat.delete": Method(chat.delete, TIERS[3], "chat:write"),
    "chat.getPermalink": Method(chat.permalink, TIERS[4]),
    "conversations.info": Method(lookup.conversation, TIERS[3], "channels:read", "groups:read"),
    "conversations.members": Method(lookup.members, TIERS[4], "channels:read", "groups:read"),
    "conversations.history": Method(lookup.history, TIERS[3], "channels:history", "groups:history"),
    "conversations.replies": Method(lookup.replies, TIERS[3], "channels:history", "groups:history"),
    "users.info": Method(lookup.user, TIERS[4], "users:read"),
    "usergroups.users.list": Method(lookup.group_users, TIERS[2], "usergroups:read"),
    "views.open": Method(views.open_view, TIERS[4]),
    "views.push": Method(views.push, TIERS[4]),
    "views.update": Method(views.update, TIERS[4]),
    "views.publish": Method(views.publish, TIERS[4]),
}
OPEN_SOCKET = "apps.connections.open"  # the one method of the app token; `sockets` answers it
ALL_SCOPES = {"commands"} | {scope for m in METHODS.values() for scope in (m.scope, m.private_scope) if scope}


@dataclass
class WebApi:
    """`open_socket` makes a Socket Mode URL; `tier_limits` whether rates are enforced."""

    world: Workspace
    open_socket: Callable[[], Json]
    tier_limits: bool

    def __post_init__(self) -> None:
        self.rates = Rates()

    async def call(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        args = await arguments(request)
        fault = self.world.next_fault(name)
        if fault and fault.kind != "drop_answer":
            early = await _go_wrong(fault, request)
            if early is not None:
                return early
        try:
            answer = self._answer(name, args, _token(request, args))
        except SlackError as error:
            answer = {"ok": False, "error": error.error, **error.more}
        if fault and fault.kind == "drop_answer":
            return hang_up(request)
        if "retry_after" in answer:
            return limited(int(answer["retry_after"]))
        return web.json_response(answer, headers={"X-OAuth-Scopes": ",".join(sorted(self.world.scopes))})

    def _answer(self, name: str, args: Json, token: str) -> Json:
        if name == OPEN_SOCKET:
            _authenticate(token, seed.APP_TOKEN)
            self._spend(name, "", TIERS[1])
            self.world.note_use(name, "connections:write")
            return {"ok": True, **self.open_socket()}
        method = METHODS.get(name)
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        if name != "api.test":  # Slack asks no token there
            _authenticate(token, seed.BOT_TOKEN)
        scope = self._scope(method, args)
        self._spend(name, str(args.get("channel")) if method.limit is POSTING else "", method.limit)
        self.world.note_use(name, scope)
        return {"ok": True, **method.run(self.world, args)}

    def _scope(self, method: Method, args: Json) -> str | None:
        """The scope this very call needs; missing_scope when the app was not granted it."""
        channel = self.world.channels.get(str(args.get("channel")), {})
        needed = method.private_scope if method.private_scope and channel.get("is_private") else method.scope
        if needed and needed not in self.world.scopes:
            raise SlackError("missing_scope", needed=needed, provided=",".join(sorted(self.world.scopes)))
        return needed

    def _spend(self, name: str, channel: str, limit: Limit) -> None:
        wait = self.rates.wait(name, channel, limit, self.world.clock()) if self.tier_limits else 0
        if wait:
            raise SlackError("ratelimited", retry_after=wait)

    async def response_url(self, request: web.Request) -> web.StreamResponse:
        """POST /response/<key>. Faults planned for the method "response_url" apply."""
        fault = self.world.next_fault("response_url")
        if fault and fault.kind != "drop_answer" and (early := await _go_wrong(fault, request)):
            return early
        try:
            chat.respond(self.world, request.match_info["key"], await arguments(request))
        except SlackError as error:
            status = 404 if error.error in ("used_url", "expired_url") else 400
            return web.json_response({"ok": False, "error": error.error, **error.more}, status=status)
        return hang_up(request) if fault else web.Response(text="ok")


async def arguments(request: web.Request) -> Json:
    """JSON or form; in a form the structured arguments come as JSON text. Bad JSON is refused."""
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")  # slack_sdk says JSON also when it sends nothing
        except ValueError:
            raise web.HTTPBadRequest(text="invalid_json") from None
        return {**request.query, **(body if isinstance(body, dict) else {})}
    args: Json = {**request.query, **(await request.post())}
    for key in ("blocks", "metadata", "view", "attachments"):
        if isinstance(args.get(key), str):
            try:
                args[key] = json.loads(args[key])
            except ValueError:
                raise web.HTTPBadRequest(text=f"invalid JSON in {key}") from None
    return args


def _token(request: web.Request, args: Json) -> str:
    header = request.headers.get("Authorization", "")
    return header.removeprefix("Bearer ").strip() or str(args.get("token", ""))


def _authenticate(token: str, wanted: str) -> None:
    if not token:
        raise SlackError("not_authed")
    if token != wanted:
        known = token in (seed.BOT_TOKEN, seed.APP_TOKEN)
        raise SlackError("not_allowed_token_type" if known else "invalid_auth")


async def _go_wrong(fault: Fault, request: web.Request) -> web.StreamResponse | None:
    """The misfortunes that happen before the method runs. "slow" only delays it, by `retry_after` seconds."""
    if fault.kind == "429":
        return limited(fault.retry_after)
    if fault.kind == "500":
        return web.Response(status=500, text="Internal Server Error")
    if fault.kind == "drop":
        return hang_up(request)
    if fault.kind.startswith("error:"):
        return web.json_response({"ok": False, "error": fault.kind.removeprefix("error:")})
    await asyncio.sleep(fault.retry_after)
    return None


def limited(seconds: int) -> web.Response:
    body = {"ok": False, "error": "ratelimited"}
    return web.json_response(body, status=429, headers={"Retry-After": str(seconds)})


def hang_up(request: web.Request) -> web.Response:
    """The TCP connection ends without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
