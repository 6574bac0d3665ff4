"""`demo --play`: the README's first conversation, played by three people through the stand-in, printed as text.

It clicks and types as people do; what it prints is what they see. Exit code 0 only if the failover SUCCEEDED and
the log is intact.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.demo.demo import Demo
from bot.desk.story import whole
from bot.standin.people import Json, Member, Response

PATIENCE = 60.0
"""Seconds for any one step; a played operation takes a few."""
COMMAND = "/failover pool01 --disaster"
_RECORDED = re.compile(r"recorded as ([0-9A-Z]{4}-[0-9A-Z]{4})")


def play(demo: Demo, say: Callable[[str], None]) -> bool:
    """Play it; whether all went as it should. Raises TimeoutError, which says what was seen instead."""
    alice, bob, carol = (Member(demo.standin.url, f"U0{name}") for name in ("ALICE", "BOB", "CAROL"))
    if left_open := demo.bot.store.open_operations():
        say(f"Operation {left_open[0]} from an earlier demo is still open in {demo.log}; it holds its pools.")
        say(f"Play with other files (--data), or finish it first: csfailover demo --data {demo.log.parent}")
        return False
    _ready(alice)
    say("(csfailover lab break pool pool01)")
    say(demo.breaks("pool", "pool01"))
    say(f"\nAlice> {COMMAND}")
    operation = _told(say, alice.command(COMMAND))
    card = alice.wait_for(f"Waiting: 0 of 2(.|\n)*{operation}", PATIENCE)
    _show(say, "csfailover (the card)", card)
    say("\nAlice clicks Approve")
    alice.click("Approve", ts=card["ts"])
    _show(say, "csfailover (only to Alice)", alice.wait_for("nobody approves their own request", PATIENCE))
    for lead, name in ((bob, "Bob"), (carol, "Carol")):
        say(f"\n{name} clicks Approve")
        lead.wait_for(operation, PATIENCE)
        lead.click("Approve", ts=card["ts"])
        lead.wait_for(f"{name} approved plan", PATIENCE, thread_ts=card["ts"])
    done = _closed(alice, operation)
    _show(say, "\ncsfailover (the card)", done)
    alice.wait_for(r"\d  (SUCCEEDED|FAILED|In doubt)", PATIENCE, thread_ts=card["ts"])
    timeline = [m["rendered"] for m in alice.messages(thread_ts=card["ts"])[1:]]
    _show(say, "csfailover (the thread, as the timeline)", {"rendered": "\n".join(timeline)})
    found = demo.bot.store.verify()
    say(f"\n{whole(found)}")
    return "SUCCEEDED." in str(done["rendered"]) and found.ok


def _ready(person: Member) -> None:
    """Wait until the bot is connected and knows the pools."""
    deadline = person.now() + PATIENCE
    while person.now() < deadline:
        answer = person.command("/failover nopool --whatif")
        if "There is no pool" in answer.text:
            return
    raise TimeoutError("the bot did not answer")


def _told(say: Callable[[str], None], answer: Response) -> str:
    say(f"csfailover (only to Alice)> {answer.text}")
    found = _RECORDED.search(answer.text)
    if not found:
        raise TimeoutError(f"the request was not accepted: {answer.text}")
    return found.group(1)


def _closed(person: Member, operation: str) -> Json:
    return person.wait_for(rf"(SUCCEEDED|FAILED|In doubt|Void)(.|\n)*Operation {operation}", PATIENCE)


def _show(say: Callable[[str], None], who: str, message: Json) -> None:
    text = "\n  ".join(str(message["rendered"]).splitlines())
    say(f"{who}>\n  {text}")
