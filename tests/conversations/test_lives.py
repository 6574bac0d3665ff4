"""Which csfailover ran, and who could approve what, is in the log from start to stop; no secret is."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from audit.model import CannotRecord, Entry
from audit.sqlite.store import Store
from bot.cli import cli
from bot.demo import demo
from bot.desk.starts import STARTED, STOPPED
from bot.standin import StandIn
from engine.states import State
from tests.conversations.house import House

PEOPLE = {**demo.PEOPLE, "zoë": {"name": "Zoë", "slack": ["U0ZOE", "W0ZOE"], "roles": ["lead", "auditor"]}}


class FullDisk(Store):
    """There is no room for a longer file; what is kept back is for the end of what runs."""

    @classmethod
    def open(cls, path: Path, **how: Any) -> Store:
        store = super().open(path, **how)
        store.drill(max_pages=1)
        with suppress(CannotRecord):
            while True:
                store.append([Entry("filler", "test", {"text": "x" * 8_000})])
        return store


def test_a_life_begins_with_the_policy_in_force_and_ends_with_a_row(empty_house: House) -> None:
    """Version, engine, transport, numbers, and every person's roles and accounts; and no secret of any kind."""
    empty_house.live(PEOPLE, policy={"approvals": 2}, channels=("C0INCIDENT",))
    empty_house.dies()
    started, stopped = empty_house.lives()
    assert (started.seq, started.kind, started.actor, started.operation) == (1, STARTED, "bot", None)
    assert started.body == {
        "v": 1,
        "version": version("csfailover"),
        "engine": "lab",
        "transport": "http",
        "policy": {
            "approvals": 2,
            "risky_approvals": 2,
            "expires_after": 900,
            "remind_before": 300,
            "cooldown": 1800,
        },
        "people": {
            "alice": {"roles": ["oncall"], "slack": ["U0ALICE"]},
            "bob": {"roles": ["lead"], "slack": ["U0BOB"]},
            "carol": {"roles": ["lead"], "slack": ["U0CAROL"]},
            "zoë": {"roles": ["lead", "auditor"], "slack": ["U0ZOE", "W0ZOE"]},
        },
    }
    assert (stopped.kind, stopped.body) == (STOPPED, {"v": 1, "version": version("csfailover")})
    written = json.dumps([started.body, stopped.body])
    for secret in (
        StandIn.BOT_TOKEN,
        StandIn.APP_TOKEN,
        StandIn.SIGNING_SECRET,
        "xoxb",
        "_file",
        str(empty_house.place),
    ):
        assert secret not in written


def test_a_log_that_cannot_take_the_row_does_not_keep_the_bot_from_ending_what_is_open(
    empty_house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """With a full disk it starts, says so in its own log, and records the end of the run that its last life began."""
    empty_house.live(speed=60)
    operation, _ = empty_house.approved()
    empty_house.until(lambda: empty_house.operation(operation).record is not None)  # the world has begun, too
    empty_house.dies()
    with caplog.at_level(logging.WARNING):
        empty_house.live(speed=6_000, log=FullDisk)
    assert empty_house.closed(operation).state is State.SUCCEEDED
    empty_house.dies()
    assert [row.kind for row in empty_house.lives()] == [STARTED, STOPPED]
    said = [record.getMessage() for record in caplog.records if record.name == "bot.desk.starts"]
    assert [line.partition(" could not be recorded: ")[0] for line in said] == [STARTED, STOPPED]
    assert "the disk is full" in said[0]


def test_more_people_than_a_row_can_hold_do_not_keep_the_bot_from_starting(
    empty_house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """The row is missing, and the process log says so; nothing is cut."""
    crowd = {f"{'p' * 700}{n}": {"name": "P", "slack": [f"U{n:09}"], "roles": ["oncall"]} for n in range(1_500)}
    empty_house.live({**demo.PEOPLE, **crowd})
    assert not empty_house.lives()
    assert "bot.started could not be recorded: the body takes" in caplog.text


def test_a_killed_bot_leaves_a_start_without_a_stop(empty_house: House) -> None:
    """Two starts follow each other; the life that was let go has its stop. `csfailover log` shows all three."""
    place = str(empty_house.place)
    command = [sys.executable, "-c", "from bot.cli import main; main()", "demo", "--port", "0", "--data", place]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as bot:
        try:
            assert bot.stdout
            assert "local stand-in for Slack" in bot.stdout.readline()
        finally:
            bot.kill()
    empty_house.live()
    empty_house.dies()
    told = CliRunner().invoke(cli, ["log", "--log", str(empty_house.log)]).stdout.splitlines()
    assert [row.kind for row in empty_house.lives()] == [STARTED, STARTED, STOPPED]
    assert "approvals needed: 1, and 2 for disaster mode, skipped verification" in told[1]
    assert "alice is oncall; bob is lead" in told[1]
    assert told[2].endswith(f"csfailover {version('csfailover')} stopped.")
