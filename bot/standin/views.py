"""The views.* methods: modals in a stack of three, and the App Home tab.

Functions of the world and the arguments, as in `chat`.
"""

from __future__ import annotations

from bot.standin.blockkit import view_problems
from bot.standin.payloads import view_wire
from bot.standin.seed import Json
from bot.standin.world import SlackError, Workspace

STACK = 3


def checked(view: object, kind: str) -> Json:
    """The view, or invalid_arguments with the pointers."""
    found = view_problems(view)
    if not found and isinstance(view, dict) and view["type"] != kind:
        found = [f"[ERROR] must be a {kind} [json-pointer:/view/type]"]
    if found or not isinstance(view, dict):
        raise SlackError("invalid_arguments", response_metadata={"messages": found})
    return view


def open_view(world: Workspace, args: Json) -> Json:
    """The trigger is spent first: a bad view costs it too."""
    user = world.use_trigger(args.get("trigger_id") or args.get("interactivity_pointer"))
    view = world.store_view(checked(args.get("view"), "modal"), user)
    world.stacks[user] = [view["id"]]
    world.changed()
    return {"view": view_wire(view)}


def push(world: Workspace, args: Json) -> Json:
    user = world.use_trigger(args.get("trigger_id"))
    return {"view": view_wire(push_on(world, user, args.get("view")))}


def push_on(world: Workspace, user: str, view: object) -> Json:
    """On top of the open modal; Slack allows three in all."""
    stack = world.stacks.get(user, [])
    if len(stack) >= STACK:
        raise SlackError("push_limit_reached")
    stored = world.store_view(checked(view, "modal"), user)
    if stack:
        stored |= {"previous_view_id": stack[-1], "root_view_id": world.views[stack[0]]["root_view_id"]}
    world.stacks[user] = [*stack, stored["id"]]
    world.changed()
    return stored


def update(world: Workspace, args: Json) -> Json:
    known = world.views.get(str(args.get("view_id")))
    if args.get("external_id"):
        known = next((v for v in world.views.values() if v["external_id"] == args["external_id"]), None)
    if known is None or known["id"] not in world.stacks.get(known["user"], []):
        raise SlackError("not_found")
    if args.get("hash") and args["hash"] != known["hash"]:
        raise SlackError("hash_conflict")
    return {"view": view_wire(world.store_view(checked(args.get("view"), "modal"), known["user"], known))}


def publish(world: Workspace, args: Json) -> Json:
    user = str(args.get("user_id"))
    if user not in world.users:
        raise SlackError("user_not_found")
    view = world.store_view(checked(args.get("view"), "home"), user, world.homes.get(user))
    world.homes[user] = view
    world.changed()
    return {"view": view_wire(view)}
