"""What people do in the stand-in (type, click, submit, close) and what they see as a result.

Between the page or driver (`ui`) and the deliveries. The sentences Slack would show are modelled after
what its clients say; their exact wording is not confirmed against a live Slack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.standin import chat, payloads, views
from bot.standin.blockkit import problems
from bot.standin.delivery import Deliveries, Delivery
from bot.standin.plain import plain, unmark
from bot.standin.seed import BOT_USER, Json
from bot.standin.world import Message, SlackError, Workspace

LEGIBLE = {"timeout": "operation_timeout"}  # every other failure reads dispatch_failed


def answer(status: str, text: str = "", delivery: Delivery | None = None, **more: object) -> Json:
    """What came of an act; `status` is "ok" or what went wrong."""
    watch = {"ack_ms": delivery.ack_ms if delivery else None, "delivery": delivery.id if delivery else None}
    return {"status": status, "text": text, "blocks": [], "errors": {}, **watch, **more}


@dataclass
class Acting:
    """`base` is our own address (for response URLs), `commands` the slash commands of the app."""

    world: Workspace
    deliveries: Deliveries
    base: Callable[[], str]
    commands: Callable[[], list[Json]]

    def _person(self, uid: object, channel: object = None) -> tuple[Json, Json]:
        """The person and the channel, if the person is in it."""
        person = self.world.users.get(str(uid))
        if person is None or person["is_bot"]:
            raise SlackError("user_not_found")
        room = self.world.channel(channel) if channel else {}
        if room and person["id"] not in room["members"]:
            raise SlackError("channel_not_found")
        return person, room

    def _response_url(self, room: Json, person: Json, message_ts: str | None = None) -> str:
        key = self.world.new_response_url(room["id"], person["id"], message_ts)
        return f"{self.base()}/response/{key}"

    # typing --------------------------------------------------------------------------------------

    async def say(self, asked: Json) -> Json:
        person, room = self._person(asked.get("as"), asked.get("channel"))
        text, thread = str(asked.get("text", "")).strip(), asked.get("thread_ts")
        if text.startswith("/"):
            return await self._command(person, room, text, thread)
        if text:
            said = Message(room["id"], self.world.ts(), person["id"], payloads.escape(text), thread_ts=thread)
            self.world.post(said)
        return answer("ok")

    async def _command(self, person: Json, room: Json, line: str, thread: str | None) -> Json:
        command, known = line.split(maxsplit=1)[0], [one["command"] for one in self.commands()]
        refusal = f"{command} is not a valid command." if known and command not in known else ""
        if thread:
            refusal = f"{command} is not supported in threads. Sorry!"
        if "commands" not in self.world.scopes:
            refusal = f"{command} is not a valid command."
        if refusal:
            self.world.whisper(person["id"], room["id"], refusal)
            return answer("refused", refusal)
        self.world.note_use("slash command", "commands")
        trigger = self.world.new_trigger(person["id"])
        payload = payloads.slash(person, room, line, trigger, self._response_url(room, person))
        sent = await self.deliveries.deliver("slash_commands", payload)
        return self._after_command(sent, person, room, command)

    def _after_command(self, sent: Delivery, person: Json, room: Json, command: str) -> Json:
        """An ack may carry a message: only for the person who asked, unless it says in_channel."""
        body = sent.response if isinstance(sent.response, dict) else {"text": sent.response or ""}
        error = "" if sent.status == "ok" else LEGIBLE.get(sent.status, "dispatch_failed")
        if not error and problems(body.get("blocks") or []):
            error = "invalid_blocks"
        if error:
            text = f'{command} failed with the error "{error}"'
            self.world.whisper(person["id"], room["id"], text)
            return answer(error, text, sent)
        if not body.get("text") and not body.get("blocks"):
            return answer("ok", "", sent)
        said = chat.say(self.world, person["id"], room["id"], body)
        read = unmark(said.text, self.world.name) or plain(said.blocks, self.world.name)
        return answer("ok", read, sent, blocks=said.blocks)

    # clicking ------------------------------------------------------------------------------------

    async def click(self, asked: Json) -> Json:
        """A button or option of a message or of the open modal; `stale`: as it was before the last updates."""
        if asked.get("view_id"):
            return await self._click_view(asked)
        person, room = self._person(asked.get("as"), asked.get("channel"))
        message = self.world.messages[room["id"]].get(str(asked.get("ts")))
        if message is None or message.only_for not in (None, person["id"]):
            raise SlackError("message_not_found")
        generations = [message.blocks, *(reversed(message.earlier) if asked.get("stale") else [])]
        found = next((hit for blocks in generations if (hit := find(blocks, asked))), None)
        if found is None:
            return answer("gone", "That button is no longer there.")
        action = payloads.action_of(*found, asked.get("value"), self.world.ts())
        trigger, url = self.world.new_trigger(person["id"]), self._response_url(room, person, message.ts)
        wire, whispered = self.world.wire(message), message.only_for is not None
        payload = payloads.message_action(person, room, wire, whispered, action, trigger, url)
        return self._after_click(await self.deliveries.deliver("interactive", payload))

    async def _click_view(self, asked: Json) -> Json:
        person, view = self._open_view(asked)
        found = find(view["blocks"], asked)
        if found is None:
            return answer("gone", "That button is no longer there.")
        action = payloads.action_of(*found, asked.get("value"), self.world.ts())
        payload = payloads.view_action(person, view, action, self.world.new_trigger(person["id"]))
        return self._after_click(await self.deliveries.deliver("interactive", payload))

    def _after_click(self, sent: Delivery) -> Json:
        if sent.status == "ok":
            return answer("ok", "", sent)
        error = LEGIBLE.get(sent.status, "dispatch_failed")
        return answer(error, f'{self.world.name(BOT_USER)} did not respond: "{error}". Try again.', sent)

    # modals --------------------------------------------------------------------------------------

    def _open_view(self, asked: Json) -> tuple[Json, Json]:
        """The view on top of this person's screen, or their App Home."""
        person, _ = self._person(asked.get("as"))
        wanted = asked.get("view_id")
        for view in (self.world.modal(person["id"]), self.world.homes.get(person["id"])):
            if view is not None and wanted in (None, view["id"]):
                return person, view
        raise SlackError("not_found")

    async def submit(self, asked: Json) -> Json:
        """`values`: {block_id: {action_id: value}}, checked as Slack's client checks before it sends."""
        person, view = self._open_view(asked)
        try:
            stated = dict(_stated(view, asked.get("values") or {}))
        except SlackError as error:
            return answer("invalid", "; ".join(f"{k}: {v}" for k, v in error.more.items()), errors=error.more)
        trigger = self.world.new_trigger(person["id"])
        sent = await self.deliveries.deliver("interactive", payloads.submission(person, view, stated, trigger))
        if sent.status != "ok":
            return answer(LEGIBLE.get(sent.status, "dispatch_failed"), "We had some trouble connecting.", sent)
        try:
            return self._after_submit(person["id"], view, sent)
        except SlackError as error:  # the app answered with a view that Slack refuses
            return answer(error.error, "We had some trouble connecting.", sent, errors=error.more)

    def _after_submit(self, uid: str, view: Json, sent: Delivery) -> Json:
        said = sent.response if isinstance(sent.response, dict) else {}
        action = said.get("response_action")
        if action == "errors":
            errors = {str(key): str(value) for key, value in said.get("errors", {}).items()}
            return answer("errors", "; ".join(errors.values()), sent, errors=errors)
        if action == "update":
            self.world.store_view(views.checked(said.get("view"), "modal"), uid, view)
        elif action == "push":
            views.push_on(self.world, uid, said.get("view"))
        elif action == "clear":
            self.world.stacks.pop(uid, None)
        else:
            self.world.stacks[uid] = self.world.stacks.get(uid, [])[:-1]
        self.world.changed()
        return answer("ok", "", sent)

    async def close(self, asked: Json) -> Json:
        person, view = self._open_view(asked)
        self.world.stacks[person["id"]] = self.world.stacks.get(person["id"], [])[:-1]
        self.world.changed()
        if not view["notify_on_close"]:
            return answer("ok")
        return answer("ok", "", await self.deliveries.deliver("interactive", payloads.closed(person, view, False)))


def elements(blocks: list[Json]) -> Iterator[tuple[str, Json]]:
    """Every interactive element with the id of its block, cards and containers included."""
    for block in blocks:
        things = [*block.get("elements", []), block.get("accessory"), block.get("element"), *block.get("actions", [])]
        for thing in things:
            if isinstance(thing, dict) and thing.get("action_id"):
                yield str(block.get("block_id", "")), thing
        yield from elements([inner for inner in block.get("child_blocks", []) if isinstance(inner, dict)])


def find(blocks: list[Json], asked: Json) -> tuple[str, Json] | None:
    for block_id, thing in elements(blocks):
        if thing["action_id"] == asked.get("action_id") and asked.get("block_id") in (None, block_id):
            return block_id, thing
    return None


def _stated(view: Json, values: Json) -> Iterator[tuple[str, Json]]:
    """`state.values` of a submission. Raises SlackError("invalid", block_id=sentence) as the client would stop."""
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element, bid = block["element"], block["block_id"]
        given = values.get(bid, {}).get(element["action_id"], _initial(element))
        if given in (None, "", []) and not block.get("optional"):
            raise SlackError("invalid", **{bid: "Please complete this required field."})
        longest = element.get("max_length", 3000)
        if isinstance(given, str) and element["type"] == "plain_text_input" and len(given) > longest:
            raise SlackError("invalid", **{bid: f"Must be no more than {longest} characters."})
        yield bid, {element["action_id"]: _state(element, given, bid)}


def _initial(element: Json) -> object:
    if element.get("initial_option"):
        return element["initial_option"]["value"]
    if element.get("initial_options"):
        return [option["value"] for option in element["initial_options"]]
    return element.get("initial_value")


def _state(element: Json, given: object, bid: str) -> Json:
    kind = element["type"]
    if "options" not in element:
        keys = {"users_select": "selected_user", "conversations_select": "selected_conversation"}
        return {"type": kind, keys.get(kind, "value"): given or None}
    wanted = given if isinstance(given, list) else [given]
    chosen = [option for option in element["options"] if option["value"] in wanted]
    if len(chosen) != len([one for one in wanted if one]):
        raise SlackError("invalid", **{bid: "That is not one of the options."})
    if kind in ("checkboxes", "multi_static_select"):
        return {"type": kind, "selected_options": chosen}
    return {"type": kind, "selected_option": chosen[0] if chosen else None}
