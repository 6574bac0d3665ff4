"""What else approvers should know: what could not be read, what went before, what is open.

Pure. The wording is ours except where a sentence is quoted.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from engine.facts import Unread, What, Why
from engine.guards.case import Case, because, cure, may_not, note, warn
from engine.model import Finding, Kind

STAYS_DOWN = "N_STAYS_DOWN"
MAY_NOT_READ = "W_MAY_NOT_READ"
NO_ANSWER = "W_NO_ANSWER"
NOT_THERE = "W_NOT_THERE"
FAILED_READING = "W_NOT_READ"
DEAD_SIDE = "N_DEAD_SIDE"
NOT_READ = frozenset({MAY_NOT_READ, NO_ANSWER, NOT_THERE, FAILED_READING, DEAD_SIDE})
"""The findings of `unread`: a refused card keeps them."""
OF_A_DEAD_POOL = frozenset({What.BACKUP_SERVICE, What.ROUTING})
"""What only the pool itself can report."""


def unread(case: Case) -> Iterator[Finding]:
    for missed in case.facts.unread:
        yield _unread(case, missed)


def _unread(case: Case, missed: Unread) -> Finding:
    if missed.why is Why.NO_RIGHTS:
        say = f"{may_not(missed)}{because(missed)} This says nothing about its health."
        return warn(MAY_NOT_READ, missed.name, say, cure(missed, ""))
    if _of_the_dead_side(case, missed):
        return note(
            DEAD_SIDE,
            f"Could not be read, as expected of a pool that is down: {missed}",
            "Nothing to do: disaster mode does not need it.",
        )
    if missed.why is Why.NO_ANSWER:
        say = f"No answer: {missed}"
        return warn(NO_ANSWER, missed.name, say, "Find out whether it is down, or just unreachable from here.")
    if missed.why is Why.NOT_THERE:
        say = f"Cannot be read through this endpoint: {missed}"
        return warn(NOT_THERE, missed.name, say, "csfailover check names every cmdlet that is missing or hidden.")
    return warn(FAILED_READING, missed.name, f"Could not be read: {missed}", "Check it by hand before you approve.")


def _of_the_dead_side(case: Case, missed: Unread) -> bool:
    """In disaster mode one pool is given up: the one that is failed over, or on the way back its backup pool."""
    given_up = case.pool if case.kind is Kind.FAILOVER else case.partner
    return case.options.disaster and missed.what in OF_A_DEAD_POOL and bool(given_up and given_up.fqdn == missed.of)


def cooldown(case: Case) -> Iterator[Finding]:
    if case.last_ended and case.now - case.last_ended < timedelta(seconds=case.policy.cooldown):
        minutes = int((case.now - case.last_ended).total_seconds() // 60)
        # A note, as it goes away on its own: an approval must not become void because half an hour is over.
        yield note(
            "N_COOLDOWN",
            f"The last operation on this pair ended {minutes} min ago. Moving users back and forth signs them out "
            "each time, and settings may still be replicating.",
            "Make sure that this is not the same incident going round in circles.",
        )


def held(case: Case) -> Iterator[Finding]:
    if case.held_by:
        yield note(
            "N_PAIR_HELD",
            f"Operation {case.held_by} is open on this pair; until it is over, nothing else can be requested.",
            f"/failover-log {case.held_by}",
        )


def what_stays_down(_: Case) -> Iterator[Finding]:
    yield note(
        STAYS_DOWN,
        "Does not come back on its own: Response Groups (need an import), location information (never replicated), "
        "Persistent Chat, call-park settings, inbound calls unless the carrier reroutes, and the DNS of simple URLs.",
    )
