"""What must be true of a killed remote run when all is over: of what was sent, what was recorded, what is shown."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from engine.events import DoubtRaised, Event, RunIntended, RunRecorded, RunUnstarted
from engine.states import State
from tests.crash import proof as crash
from tests.crash.child import ERRORS
from tests.remote.incident import RemoteIncident
from tests.remote.wire import sent

ENDS = {State.SUCCEEDED, State.SUCCEEDED_WITH_WARNINGS, State.FAILED}
WIRE = {"verbose": "verbose", "host": "verbose", "progress": "progress", "warning": "warning"}
"""The stream in which a line of the world reaches the client."""
FOUND = "found the run again and is following it"
PHASES = ("planned", "opening", "sending", "running")


@dataclass(frozen=True)
class Told:
    """How it ended, for the count of the storm. `lost`: lines that were on their way at a kill."""

    state: State
    kills: int
    intents: int
    doubted: bool
    lost: int


def holds(incident: RemoteIncident) -> Told:
    """One request, its approvals, one run that changed the pools; nothing sent twice; the log and the channel whole."""
    rows, events = incident.rows(), incident.events()
    op = crash.folded(incident.operations()[0], rows, events)
    assert op.state in ENDS, op.state
    doubted = any(isinstance(event, DoubtRaised) for event in events)
    _sent_once(incident, events)
    _changed_once(incident, events, op.state, doubted)
    lost = _records(incident, events, ended=not doubted)
    crash.nothing_is_lost(incident, op, events)
    crash.slack_shows(incident, op, rows, events)
    crash.the_log_proves_itself(incident.log)
    assert (incident.place / ERRORS).read_text() == ""
    return Told(op.state, incident.kills, len(incident.intents()), doubted, lost)


def _sent_once(incident: RemoteIncident, events: Sequence[Event]) -> None:
    """By the peer's own log. Never a command that was not intended; never before `sending` is committed; never twice.
    An intent whose `running` is committed was sent exactly once. One that died between `sending` and `running` was
    sent once or not at all, and only if it is proved that it was not at all there is another intent."""
    commands = [entry["command"] for entry in sent(incident.peer)]
    intents = [event.ticket.command_id for event in events if isinstance(event, RunIntended)]
    assert len(set(commands)) == len(commands)
    assert set(commands) <= set(intents)
    for command_id, phases in _phases(events).items():
        if "running" in phases:
            assert commands.count(command_id) == 1
        if "sending" not in phases:
            assert command_id not in commands
    assert len(intents) == 1 + sum(isinstance(event, RunUnstarted) for event in events)
    assert not set(intents[:-1]) & set(commands), "an intent that was called unsent had been sent"


def _phases(events: Sequence[Event]) -> dict[str, list[str]]:
    """The committed phases of each intent, by its command id."""
    found: dict[str, list[str]] = {}
    for event in events:
        if isinstance(event, RunIntended):
            found[event.ticket.command_id] = []
        elif isinstance(event, RunRecorded) and event.record.stream == "phase":
            found[next(reversed(found))].append(event.record.text)
    return found


def _changed_once(incident: RemoteIncident, events: Sequence[Event], state: State, doubted: bool) -> None:
    """The world has begun at most the one run, and where the users are is what the verdict says."""
    last = incident.intents()[-1].ticket.command_id
    with closing(sqlite3.connect(incident.world)) as db:
        begun = db.execute("SELECT id, committed, ended FROM run").fetchall()
        failed_over, epoch = db.execute("SELECT failed_over, epoch FROM pool WHERE id = 1").fetchone()
    if state is State.FAILED:
        assert doubted
        assert begun == []
        assert (failed_over, epoch) == (0, 1)
    else:
        assert [run for run, _, _ in begun] == [last]
        assert begun[0][1:] == (1, "completed")
        assert (failed_over, epoch) == (1, 2)
        assert doubted == (state is State.SUCCEEDED_WITH_WARNINGS)


def _records(incident: RemoteIncident, events: Sequence[Event], *, ended: bool) -> int:
    """Both lives together. While a life of the bot follows the run, every line is in the log once and in order. From
    one life to the next, lines that the killed process had taken off the wire and not committed are missing, for the
    server gave them away; the last one may be there twice. Where the end was seen, nothing is missing behind the last
    kill. How many are missing."""
    whole = _whole(incident)
    seen = -1
    lost = 0
    for life in _lives(events):
        numbers = [whole.index(line) for line in life]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True, (life, whole)
        if numbers:
            assert numbers[0] >= seen, "told again more than once"
            lost += max(0, numbers[0] - seen - 1)
            seen = numbers[-1]
    if ended:
        assert seen == len(whole) - 1, "the end of the run is not in the log"
    if not incident.kills:
        assert lost == 0
    return lost + len(whole) - 1 - seen


def _whole(incident: RemoteIncident) -> list[tuple[str, str]]:
    """The run's lines as the world has them, each as it goes over the wire."""
    with closing(sqlite3.connect(incident.world)) as db:
        rows = db.execute("SELECT stream, text FROM record ORDER BY run, n").fetchall()
    lines = [(WIRE[s], f"Invoke-CsPoolFailOver: {t}" if s == "progress" else t) for s, t in rows if s in WIRE]
    assert len(set(lines)) == len(lines), "lines that are alike could not be told apart"
    return lines


def _lives(events: Sequence[Event]) -> list[list[tuple[str, str]]]:
    """The run's lines as the log has them, a list for each life that followed it."""
    lives: list[list[tuple[str, str]]] = [[]]
    for event in events:
        if isinstance(event, RunIntended) or (isinstance(event, RunRecorded) and event.record.text == FOUND):
            lives.append([])
        elif isinstance(event, RunRecorded) and event.record.stream in set(WIRE.values()):
            lives[-1].append((event.record.stream, event.record.text))
    return lives


def summary(told: Sequence[Told]) -> str:
    """A storm in a line."""
    states = {state.value: sum(t.state is state for t in told) for state in ENDS}
    kills, doubted, intents = (sum(getattr(t, n) for t in told) for n in ("kills", "doubted", "intents"))
    return (
        f"{kills} kills in {len(told)} incidents, {intents} intents, {doubted} in doubt on the way: {states}; "
        f"lines lost with a killed process: {sum(t.lost for t in told)}"
    )
