"""The operations of a golden log: every kind of event at least once, and what folding them makes of each operation.

Clock and ids are fixed, so that the same program writes the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from audit.model import Claim, Entry, JsonValue
from audit.port import Store
from audit.sqlite.store import Store as SqliteStore
from bot.desk.journal import NOTES, Journal
from bot.desk.starts import STARTED, STOPPED
from bot.desk.stepped import STEPPED
from engine.events import (
    ApprovalGranted,
    ApprovalsVoided,
    ApprovalUnconfirmed,
    DoubtRaised,
    DoubtSettled,
    DoubtStated,
    Event,
    OperationClosed,
    PoolsSeen,
    RequestAnswered,
    RequestDenied,
    RequestExpired,
    RequestRefused,
    RequestReminded,
    RequestWithdrawn,
    RunEnded,
    RunRecorded,
    RunStatedDead,
    RunStopAsked,
    RunUnstarted,
    WishRefused,
    to_body,
)
from engine.model import Ended, Finding, Kind, Level, Options, Outcome, Record, Verdict, Where, Word
from engine.states import Operation, evolve, rule_for
from engine.versions import stamped
from tests.audit.parts import START, ticking
from tests.engine.given import AWAY, P1, P2, asked, facts, intent, passed

FINDING = Finding("W_OLD_COPY", Level.WARN, "The copy on pool02 is “90 s” old.", "Wait, or go on.")
REQUEST = asked(
    options=Options(disaster=True, wait=90),
    typed="/failover pool01 —disaster --wait 90",
    repairs=("read a long dash as --",),
    partner=P2,
)
PASSED = replace(passed(REQUEST), findings=(FINDING,))
GRANTED = tuple(ApprovalGranted(by, by.title(), PASSED.digest) for by in ("leo", "lia"))
APPROVED: tuple[Event, ...] = (REQUEST, PASSED, *GRANTED[: PASSED.plan.approvals])
INTENT = intent(PASSED)
ASKS_BACK = asked(Kind.FAILBACK, partner=P2)
WHAT_IF = asked(options=Options(whatif=True), partner=P2)
ENDED = RunEnded(Outcome(Ended.COMPLETED, "done", lost=0, assumed=7, report="C:\\Users\\x.html"))

OPERATIONS: Mapping[str, Sequence[Event]] = {
    "7KQ2-M4XA": (
        REQUEST,
        PASSED,
        RequestReminded(2),
        WishRefused("olga", "E_OWN_REQUEST", "nobody approves their own request", "approve"),
        *GRANTED[: PASSED.plan.approvals],
        INTENT,
        RunRecorded(Record(1, "phase", "running")),
        RunRecorded(Record(2, "progress", "moving", 40)),
        RunStopAsked("olga", "Olga"),
        ENDED,
        OperationClosed(Verdict.SUCCEEDED, "All users are at pool02.", AWAY),
        WishRefused("leo", "E_OVER", "it is over", "stop"),
    ),
    "AAAA-0001": (REQUEST, RequestRefused("E_NO_BACKUP", "It has no backup pool.", "Pair it.", (FINDING,))),
    "AAAA-0002": (WHAT_IF, RequestAnswered(PASSED.plan, PASSED.digest, (FINDING,), facts())),
    "AAAA-0003": (REQUEST, PASSED, RequestDenied("leo", "Leo", "not\nnow <!channel>")),
    "AAAA-0004": (ASKS_BACK, passed(ASKS_BACK), RequestWithdrawn("olga", "Olga")),
    "AAAA-0005": (REQUEST, PASSED, RequestExpired(2)),
    "AAAA-0006": (*APPROVED, ApprovalsVoided(("pool01 health: was up, is down",))),
    "AAAA-0007": (
        *APPROVED,
        ApprovalUnconfirmed("leo", "Leo"),
        APPROVED[-1],
        INTENT,
        RunUnstarted("proved"),
        INTENT,
        DoubtRaised("The connection broke."),
        PoolsSeen(Where.BETWEEN, False, "pool01 is FailingOver"),
        DoubtStated("leo", "Leo", Word.RUN_DEAD, "fe01 is gone"),
        RunStatedDead(("leo", "olga"), ("Leo", "Olga"), "fe01 is gone"),
        PoolsSeen(Where.BETWEEN, True, "pool01 is FailingOver"),
        DoubtSettled(Word.NEITHER, ("leo", "lia"), ("Leo", "Lia"), "seen with my own eyes"),
        OperationClosed(Verdict.NEITHER, "Neither done nor as before.", facts()),
    ),
    "AAAA-0008": (*APPROVED, INTENT, RunRecorded(Record(1, "verbose", "Grüße 日本 \x1b[2J"))),
}
"""The last one is still open."""

PAIR, CMS = Claim(f"{P1}|{P2}"), Claim("cms", shared=True)
RELEASES_EARLY = "AAAA-0007"
ROWS_ALONE: Mapping[str, Mapping[str, JsonValue]] = {
    STARTED: {
        "version": "0.1.0.dev0",
        "engine": "lab",
        "transport": "socket",
        "policy": {"approvals": 1, "risky_approvals": 2},
        "people": {"leo": {"roles": ["lead"], "slack": ["U0LEO"]}},
    },
    "command.read": {"command": "/pools", "text": "", "place": "C0INCIDENT"},
    "command.refused": {
        "command": "/failover",
        "text": "pool9",
        "place": "C0INCIDENT",
        "code": "E_NO_POOL",
        "say": "There is no pool pool9.",
    },
    "click.refused": {
        "wish": "approve",
        "operation": "7KQ2-M4XA",
        "place": "C0INCIDENT",
        "code": "E_WHO",
        "say": "Who is it?",
    },
    STEPPED: {"seconds": -3600},
    STOPPED: {"version": "0.1.0.dev0"},
}


def written(path: Path) -> list[str]:
    """The whole scenario in a new log at `path`: its rows, as `csfailover log --json` prints them."""
    with SqliteStore.open(path, clock=ticking()) as store:
        for kind, body in ROWS_ALONE.items():
            store.append([Entry(kind, "slack:T0HOME/U0EVE", stamped(kind, body, NOTES))], delivery=f"d-{kind}")
        for name, events in OPERATIONS.items():
            _write(store, name, events)
        return [stored.line for stored in store.last_stored(10_000)]


def _write(store: Store, name: str, events: Sequence[Event]) -> None:
    op = Operation(name)
    for event in events:
        after = evolve(op, event, START)
        entry = Entry(event.kind_of, "slack:T0HOME/U0OLGA", to_body(event), rule_for(op, event).name)
        store.append(
            [entry],
            operation=name,
            expected=op.version,
            claims=[] if op.version or event is WHAT_IF else [PAIR, CMS],
            releases=[PAIR.name] if name == RELEASES_EARLY and isinstance(event, DoubtSettled) else [],
            closes=after.closed and not op.closed,
        )
        op = after


def states(store: Store) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each operation as the current program folds it out of its rows, oldest first."""
    journal = Journal(store, ticking())
    for name in reversed(store.last_operations(10_000)):
        yield name, TypeAdapter(Operation).dump_python(journal.history(name)[0], mode="json")
