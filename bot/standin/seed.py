"""The world the stand-in starts with: one company's lab team, a neighbour company, three channels.

Data only. Fixed fake tokens, so that nothing here can ever be mistaken for a real workspace.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

BOT_TOKEN = "xoxb-lab"  # noqa: S105 - public on purpose
APP_TOKEN = "xapp-lab"  # noqa: S105 - public on purpose
SIGNING_SECRET = "lab-signing-secret"  # noqa: S105 - public on purpose
TEAM = "T0LAB"
OTHER_TEAM = "T0OTHER"
DOMAINS = {TEAM: "contoso-lab", OTHER_TEAM: "fabrikam"}
TEAM_NAME = "Contoso lab"
APP_ID = "A0LAB"
BOT_USER = "U0BOT"
BOT_ID = "B0BOT"
SLACKBOT = "USLACKBOT"
LEADS = "S0LEADS"


def users() -> dict[str, Json]:
    """Everybody, as `users.info` shows them (its fields, not more), plus what the page says about them."""
    people = [
        _user("U0ALICE", "alice", "Alice", "on call"),
        _user("U0BOB", "bob", "Bob", "lead"),
        _user("U0CAROL", "carol", "Carol", "lead"),
        _user("U0GUEST", "gus", "Gus", "guest", is_restricted=True),
        _user("U0EVE", "eve", "Eve", "other company", team_id=OTHER_TEAM, is_stranger=True),
        _user(BOT_USER, "csfailover", "csfailover", "app", is_bot=True),
        _user(SLACKBOT, "slackbot", "Slackbot", "app", is_bot=True),
    ]
    return {user["id"]: user for user in people}


def _user(uid: str, name: str, real_name: str, role: str, team_id: str = TEAM, **flags: bool) -> Json:
    shape = {"is_bot": False, "is_restricted": False, "is_ultra_restricted": False, "is_stranger": False} | flags
    return {
        "id": uid,
        "team_id": team_id,
        "name": name,
        "real_name": real_name,
        "deleted": False,
        "tz": "Etc/UTC",
        "profile": {"real_name": real_name, "display_name": name, "title": role},
        **shape,
    }


def channels() -> dict[str, Json]:
    """Channels and one direct-message channel per person, with their members."""
    home = ["U0ALICE", "U0BOB", "U0CAROL", "U0GUEST"]
    rooms = [
        _channel("C0INCIDENT", "incident-lync", [*home, BOT_USER]),
        _channel("C0GENERAL", "general", home),
        _channel("C0SHARED", "shared-with-fabrikam", ["U0ALICE", "U0BOB", "U0CAROL", "U0EVE", BOT_USER], shared=True),
    ]
    rooms += [_direct(uid) for uid in [*home, "U0EVE"]]
    return {room["id"]: room for room in rooms}


def _channel(cid: str, name: str, members: list[str], shared: bool = False) -> Json:
    return {
        "id": cid,
        "name": name,
        "is_channel": True,
        "is_im": False,
        "is_private": False,
        "is_archived": False,
        "is_ext_shared": shared,
        "is_shared": shared,
        "is_org_shared": False,
        "is_pending_ext_shared": False,
        "context_team_id": TEAM,
        "members": members,
    }


def _direct(uid: str) -> Json:
    room = _channel("D" + uid[1:], "csfailover", [uid, BOT_USER])
    return room | {"is_channel": False, "is_im": True, "is_private": True, "user": uid}
