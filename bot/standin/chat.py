"""The chat.* methods and response URLs: post, update, ephemeral, delete, permalink.

Functions of the world and the arguments; each returns what Slack answers beside `"ok": true`, or
raises SlackError. HTTP, tokens, scopes and faults are `webapi`'s business.
"""

from __future__ import annotations

from bot.standin import seed
from bot.standin.blockkit import problems
from bot.standin.seed import Json
from bot.standin.world import Message, SlackError, Workspace

LONGEST_TEXT = 40_000


def content(args: Json) -> tuple[str, list[Json]]:
    """Text and blocks of a message, refused as Slack refuses them."""
    text, blocks = args.get("text") or "", args.get("blocks") or []
    if not isinstance(text, str):
        raise SlackError("invalid_arguments")
    if not text and not blocks and not args.get("attachments"):
        raise SlackError("no_text")
    if len(text) > LONGEST_TEXT:
        raise SlackError("msg_too_long")
    if found := problems(blocks):
        pointers = {"messages": found}
        raise SlackError("invalid_blocks", errors=found, response_metadata=pointers)
    return text, blocks


def _metadata(args: Json) -> Json | None:
    given = args.get("metadata")
    if given is not None and not (isinstance(given, dict) and {"event_type", "event_payload"} <= given.keys()):
        raise SlackError("invalid_metadata_format")
    return given


def _bot_channel(world: Workspace, args: Json) -> Json:
    """The channel of a post. The bot has to be a member, as with chat:write alone."""
    channel = world.channel(args.get("channel"))
    if seed.BOT_USER not in channel["members"]:
        raise SlackError("not_in_channel")
    return channel


def _find(world: Workspace, args: Json) -> Message:
    channel = world.channel(args.get("channel"))
    message = world.messages[channel["id"]].get(str(args.get("ts")))
    if message is None or message.only_for:  # an ephemeral cannot be reached by its timestamp
        raise SlackError("message_not_found")
    return message


def post_message(world: Workspace, args: Json) -> Json:
    channel = _bot_channel(world, args)
    text, blocks = content(args)
    thread = args.get("thread_ts")
    if thread and thread not in world.messages[channel["id"]]:
        raise SlackError("thread_not_found")
    broadcast = bool(thread) and str(args.get("reply_broadcast", "")).lower() in ("true", "1")
    posted = Message(channel["id"], world.ts(), seed.BOT_USER, text, blocks, thread, broadcast)
    posted.metadata = _metadata(args)
    world.post(posted)
    return {"channel": channel["id"], "ts": posted.ts, "message": world.wire(posted, metadata=True)}


def update(world: Workspace, args: Json) -> Json:
    """`text` alone removes the blocks; blocks alone keep the text. "edited" shows only after a text update."""
    message = _find(world, args)
    if message.user != seed.BOT_USER:
        raise SlackError("cant_update_message")
    text, blocks = content(args)
    message.metadata = _metadata(args) or message.metadata
    if not blocks:
        message.edited = {"user": seed.BOT_USER, "ts": world.ts()}
    world.replace(message, text or message.text, blocks)
    shown = world.wire(message, metadata=True)
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": shown}


def post_ephemeral(world: Workspace, args: Json) -> Json:
    channel = _bot_channel(world, args)
    if args.get("user") not in channel["members"]:
        raise SlackError("user_not_in_channel")
    text, blocks = content(args)
    whispered = world.whisper(str(args["user"]), channel["id"], text, blocks, by=seed.BOT_USER)
    whispered.thread_ts = args.get("thread_ts")
    world.changed()
    return {"message_ts": whispered.ts}


def delete(world: Workspace, args: Json) -> Json:
    message = _find(world, args)
    if message.user != seed.BOT_USER:
        raise SlackError("cant_delete_message")
    world.remove(message)
    return {"channel": message.channel, "ts": message.ts}


def permalink(world: Workspace, args: Json) -> Json:
    message = _find(world, args | {"ts": args.get("message_ts")})
    domain = seed.DOMAINS[seed.TEAM]
    link = f"https://{domain}.slack.com/archives/{message.channel}/p{message.ts.replace('.', '')}"
    return {"channel": message.channel, "permalink": link}


def respond(world: Workspace, key: str, body: Json) -> None:
    """One use of a response URL: a whisper or a message, or the original replaced or deleted."""
    url = world.use_response_url(key)
    original = world.messages[url.channel].get(url.message_ts or "")
    if body.get("delete_original") and original:
        world.remove(original)
        return
    text, blocks = content(body)
    if body.get("replace_original") and original:
        world.replace(original, text, blocks)
    else:
        say(world, url.user, url.channel, body | {"text": text, "blocks": blocks})


def say(world: Workspace, user: str, channel: str, body: Json) -> Message:
    """What an ack or a response URL makes the app say: to one person unless it asks for the channel."""
    only_for = None if body.get("response_type") == "in_channel" else user
    said = Message(channel, world.ts(), seed.BOT_USER, body.get("text") or "", body.get("blocks") or [])
    said.only_for, said.thread_ts = only_for, body.get("thread_ts")
    return world.post(said)
