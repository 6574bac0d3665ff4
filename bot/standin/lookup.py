"""The methods that only look: auth.test, api.test, conversations.*, users.info, usergroups.users.list.

Functions of the world and the arguments, as in `chat`. Nothing here changes anything.
"""

from __future__ import annotations

from bot.standin import seed
from bot.standin.seed import Json
from bot.standin.world import Message, SlackError, Workspace


def api_test(_world: Workspace, args: Json) -> Json:
    if args.get("error"):
        raise SlackError(str(args["error"]))
    return {"args": args}


def auth_test(_world: Workspace, _args: Json) -> Json:
    return {
        "url": f"https://{seed.DOMAINS[seed.TEAM]}.slack.com/",
        "team": seed.TEAM_NAME,
        "user": "csfailover",
        "team_id": seed.TEAM,
        "user_id": seed.BOT_USER,
        "bot_id": seed.BOT_ID,
        "is_enterprise_install": False,
    }


def _readable(world: Workspace, args: Json, member: bool = True) -> Json:
    """A channel the app may see. Private ones it is not in do not exist for it."""
    channel = world.channel(args.get("channel"))
    inside = seed.BOT_USER in channel["members"]
    if channel["is_private"] and not inside:
        raise SlackError("channel_not_found")
    if member and not inside:
        raise SlackError("not_in_channel")
    return channel


def conversation(world: Workspace, args: Json) -> Json:
    channel = _readable(world, args, member=False)
    shown = {key: value for key, value in channel.items() if key != "members"}
    shown["is_member"] = seed.BOT_USER in channel["members"]
    if _true(args.get("include_num_members")):
        shown["num_members"] = len(channel["members"])
    return {"channel": shown}


def members(world: Workspace, args: Json) -> Json:
    channel = _readable(world, args, member=False)
    return {"members": list(channel["members"]), "response_metadata": {"next_cursor": ""}}


def history(world: Workspace, args: Json) -> Json:
    """Newest first, without thread replies (unless broadcast) and ephemerals."""
    channel = _readable(world, args)
    every = [m for m in world.messages[channel["id"]].values() if not m.only_for and (not m.thread_ts or m.broadcast)]
    return _page(world, list(reversed(every)), args)


def replies(world: Workspace, args: Json) -> Json:
    """The parent, then its replies, oldest first."""
    channel = _readable(world, args)
    parent = world.messages[channel["id"]].get(str(args.get("ts")))
    if parent is None or parent.only_for:
        raise SlackError("thread_not_found")
    return _page(world, [parent, *world.replies(channel["id"], parent.ts)], args)


def _page(world: Workspace, found: list[Message], args: Json) -> Json:
    """`limit` messages from `cursor` on, between `oldest` and `latest`."""
    try:
        oldest, latest = float(args.get("oldest") or 0), float(args.get("latest") or "inf")
        start, limit = int(args.get("cursor") or 0), min(int(args.get("limit") or 100), 999)
    except (TypeError, ValueError):
        raise SlackError("invalid_arguments") from None
    if _true(args.get("inclusive")):
        found = [m for m in found if oldest <= float(m.ts) <= latest]
    else:
        found = [m for m in found if oldest < float(m.ts) < latest]
    page = found[start : start + limit]
    more = start + limit < len(found)
    metadata = _true(args.get("include_all_metadata"))
    answer: Json = {"messages": [world.wire(m, metadata) for m in page], "has_more": more}
    return answer | {"response_metadata": {"next_cursor": str(start + limit) if more else ""}}


def user(world: Workspace, args: Json) -> Json:
    known = world.users.get(str(args.get("user")))
    if known is None:
        raise SlackError("user_not_found")
    return {"user": known}


def group_users(world: Workspace, args: Json) -> Json:
    """User groups come with paid plans only; a disabled group answers as one that does not exist."""
    if not world.paid_plan:
        raise SlackError("plan_upgrade_required")
    group = world.groups.get(str(args.get("usergroup")))
    if group is None or not (world.group_enabled or _true(args.get("include_disabled"))):
        raise SlackError("no_such_subteam")
    return {"users": list(group)}


def _true(value: object) -> bool:
    return str(value).lower() in ("true", "1")
