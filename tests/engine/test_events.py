"""Events to and from their rows: whole, readable for ever, and never renamed unseen."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest

from engine import versions
from engine.events import (
    KINDS,
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
    from_body,
    to_body,
)
from engine.facts import Unread, What, Why
from engine.model import Ended, Finding, Level, Options, Outcome, Record, Verdict, Where, Word
from tests.engine.given import asked, facts, intent, passed

MISSED = Unread(What.USERS, Why.NO_RIGHTS, "p", "Accès refusé", "h", "a", "r")
FINDING = Finding("W_X", Level.WARN, "say “so”", "do")
EVENTS: list[Event] = [
    asked(options=Options(disaster=True, wait=90), repairs=("read a long dash as --",), typed="/failover —disaster"),
    RequestRefused("E_X", "say", "cure", (FINDING,)),
    RequestAnswered(passed().plan, passed().digest, (FINDING,), facts(unread=(MISSED,))),
    passed(),
    ApprovalGranted("leo", "Leo", "d"),
    ApprovalUnconfirmed("leo", "Leo"),
    WishRefused("olga", "E_OWN_REQUEST", "no", "approve"),
    RequestDenied("leo", "Leo", "a\nb <!channel>"),
    RequestWithdrawn("olga", "Olga"),
    RequestReminded(1),
    RequestExpired(1),
    ApprovalsVoided(("pool01 health: was up, is down",)),
    intent(),
    RunRecorded(Record(3, "progress", "moving", 40)),
    RunStopAsked("olga", "Olga"),
    RunEnded(Outcome(Ended.COMPLETED, "done", lost=0, assumed=7, report="C:\\Users\\x.html")),
    RunUnstarted("proved"),
    DoubtRaised("lost"),
    PoolsSeen(Where.BETWEEN, True, "pool01 is FailingOver"),
    DoubtStated("leo", "Leo", Word.NEITHER, "seen"),
    RunStatedDead(("leo", "lia"), ("Leo", "Lia"), "burnt down"),
    DoubtSettled(Word.NEITHER, ("leo", "lia"), ("Leo", "Lia"), "seen"),
    OperationClosed(Verdict.SUCCEEDED, "say", facts()),
]
# One old row of each kind, with the fields it cannot do without. A row here is never changed, only added.
ROWS: dict[str, dict[str, Any]] = {
    "request.asked": {
        "kind": "failover",
        "pool": "pool01.contoso.com",
        "options": {"disaster": True, "wait": 300},
        "by": "olga",
        "name": "Olga",
        "place": "C0INCIDENT",
    },
    "request.refused": {"code": "E_NO_BACKUP", "say": "It has none."},
    "request.answered": {"plan": "PLAN", "digest": "d", "findings": [], "facts": "FACTS"},
    "preflight.passed": {
        "plan": "PLAN",
        "digest": "d",
        "findings": [{"code": "W_X", "level": "warn", "say": "x"}],
        "facts": "FACTS",
        "expires_at": "2026-03-01T03:15:00Z",
        "remind_at": "2026-03-01T03:10:00Z",
    },
    "approval.granted": {"by": "leo", "name": "Leo", "digest": "d"},
    "approval.unconfirmed": {"by": "leo", "name": "Leo"},
    "wish.refused": {"by": "Olga", "code": "E_OWN_REQUEST", "say": "no"},
    "request.denied": {"by": "leo", "name": "Leo", "reason": "no"},
    "request.withdrawn": {"by": "olga", "name": "Olga"},
    "request.reminded": {"missing": 1},
    "request.expired": {"missing": 1},
    "approvals.voided": {"differences": ["x"]},
    "run.intended": {
        "ticket": {"run": "r", "shell_id": "s", "command_id": "c", "endpoint": "fe01.contoso.com"},
        "digest": "d",
    },
    "run.recorded": {"record": {"n": 1, "stream": "verbose", "text": "x"}},
    "run.stop_asked": {"by": "olga", "name": "Olga"},
    "run.ended": {"outcome": {"ended": "completed with errors", "say": "x"}},
    "run.unstarted": {"say": "x"},
    "doubt.raised": {"say": "x"},
    "pools.seen": {"where": "in between", "over": False, "say": "x"},
    "doubt.stated": {"by": "leo", "name": "Leo", "word": "not-happened", "reason": "x"},
    "run.stated_dead": {"by": ["leo", "lia"], "names": ["Leo", "Lia"], "reason": "x"},
    "doubt.settled": {"word": None, "by": [], "names": [], "reason": "x"},
    "operation.closed": {"verdict": "SUCCEEDED_WITH_WARNINGS", "say": "x"},
}
PLAN = {
    "kind": "failback",
    "pool": "pool01.contoso.com",
    "partner": "pool02.contoso.com",
    "cmdlet": "Invoke-CsPoolFailBack",
    "parameters": [
        {"name": "PoolFqdn", "type": "Fqdn", "value": "pool01.contoso.com"},
        {"name": "WaitTime", "type": "TimeSpan", "value": 300},
        {"name": "Confirm", "type": "Boolean", "value": False},
    ],
    "approvals": 1,
}
POOL = {"fqdn": "pool01.contoso.com", "state": "FailedOver", "health": "back end down", "backup": None}
COPY = {"export": "SteadyState", "imports": "NormalState"}
FACTS = {
    "pool": POOL,
    "partner": None,
    "outbound": COPY,
    "inbound": COPY,
    "cms": {"host": None, "state": "unknown"},
    "edges": [{"fqdn": "edge01.contoso.com", "next_hop": "pool02.contoso.com", "up": None}],
    "read_at": "2026-03-01T03:00:00Z",
}


def test_every_kind_of_event_is_here() -> None:
    """A new event needs its example and its row."""
    assert {type(event) for event in EVENTS} == set(KINDS.values())
    assert set(ROWS) == set(KINDS)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind_of)
def test_an_event_comes_back_from_its_row_as_it_was(event: Event) -> None:
    """Through JSON text, typed values and all."""
    body = json.loads(json.dumps(to_body(event), allow_nan=False))
    again = from_body(event.kind_of, body)
    assert again == event
    assert to_body(again) == body


@pytest.mark.parametrize("kind", sorted(ROWS))
def test_an_old_row_stays_readable(kind: str) -> None:
    """Without every field that came later; what is written again still holds all that stood in it."""
    body = {key: {"PLAN": PLAN, "FACTS": FACTS}.get(str(value), value) for key, value in ROWS[kind].items()} | {"v": 1}
    written = to_body(from_body(kind, body))
    assert _holds(written, body), written


def _holds(whole: Any, part: Any) -> bool:
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and _holds(whole[key], part[key]) for key in part)
    if isinstance(part, list):
        return len(whole) == len(part) and all(_holds(w, p) for w, p in zip(whole, part, strict=True))
    return type(whole) is type(part) and bool(whole == part)


def test_a_kind_that_this_version_does_not_know_is_an_error() -> None:
    """It is not skipped: what cannot be read cannot be folded."""
    with pytest.raises(KeyError):
        from_body("request.blessed", {"v": 1})


def test_a_body_without_its_fields_is_an_error() -> None:
    """Nothing is made up."""
    with pytest.raises(ValueError, match="digest"):
        from_body("approval.granted", {"v": 1, "by": "leo", "name": "Leo"})


# --- versions ----------------------------------------------------------------------------------------------------


def test_every_body_says_its_version() -> None:
    """Also which fields there are is no matter: none has the name under which the version stands."""
    assert {to_body(event)[versions.KEY] for event in EVENTS} == {1}
    assert not [kind for kind, cls in KINDS.items() if versions.KEY in {field.name for field in fields(cls)}]


OLDER: versions.Lifts = {
    "approval.granted": (
        lambda body: {"by": body["who"], "digest": body["plan"]},  # version 1 had other names
        lambda body: {**body, "name": body["by"].title()},  # version 2 had no name
    )
}


@pytest.mark.parametrize(
    "body",
    [
        {"v": 1, "who": "leo", "plan": "d"},
        {"v": 2, "by": "leo", "digest": "d"},
        {"v": 3, "by": "leo", "digest": "d", "name": "Leo"},
    ],
)
def test_an_older_body_is_lifted_one_version_after_the_other(body: dict[str, Any]) -> None:
    """Whatever version wrote it, the event is the same; the row itself is not touched."""
    before = dict(body)
    assert from_body("approval.granted", body, OLDER) == ApprovalGranted("leo", "Leo", "d")
    assert body == before
    assert versions.newest("approval.granted", OLDER) == 3
    assert versions.stamped("approval.granted", {"by": "leo"}, OLDER) == {"v": 3, "by": "leo"}


def test_a_newer_body_is_an_error_that_says_so() -> None:
    """A field that this program does not know could change what the row means."""
    newer = {"v": 2, "by": "leo", "name": "Leo", "digest": "d"}
    with pytest.raises(versions.NewerError, match=r"a newer csfailover wrote it: approval\.granted in version 2"):
        from_body("approval.granted", newer)
    assert versions.lifted("approval.granted", newer, OLDER)["name"] == "Leo"


@pytest.mark.parametrize("version", [0, -1, True, "1", 1.0, None])
def test_what_is_no_version_is_an_error(version: object) -> None:
    """Nothing is guessed, for a body without one neither."""
    with pytest.raises(ValueError, match="is no version"):
        from_body("run.unstarted", {"v": version, "say": "x"})
    with pytest.raises(KeyError):
        from_body("run.unstarted", {"say": "x"})
