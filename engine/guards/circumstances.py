"""What else approvers should know: what could not be read, what went before, what is open.

Pure. The wording is ours except where a sentence is quoted.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from engine.guards.case import Case, note, warn
from engine.model import Finding

STAYS_DOWN = "N_STAYS_DOWN"


def unread(case: Case) -> Iterator[Finding]:
    for name in case.facts.unread:
        yield warn(
            "W_NOT_READ", name.partition(":")[0], f"Could not be read: {name}", "Look at it by hand before you approve."
        )


def cooldown(case: Case) -> Iterator[Finding]:
    if case.last_ended and case.now - case.last_ended < timedelta(seconds=case.policy.cooldown):
        minutes = int((case.now - case.last_ended).total_seconds() // 60)
        # A note, as it goes away by itself: an approval must not become void because half an hour is over.
        yield note(
            "N_COOLDOWN",
            f"The last operation on this pair ended {minutes} min ago. Moving users back and forth signs them out "
            "each time, and settings may still be replicating.",
            "Be sure that this is not the same incident going round in circles.",
        )


def held(case: Case) -> Iterator[Finding]:
    if case.held_by:
        yield note(
            "N_PAIR_HELD",
            f"Operation {case.held_by} is open on this pair; until it is over nothing else can be asked for.",
            f"/failover-log {case.held_by}",
        )


def what_stays_down(_: Case) -> Iterator[Finding]:
    yield note(
        STAYS_DOWN,
        "Does not come back by itself: Response Groups (need an import), location information (never replicated), "
        "Persistent Chat, call-park settings, inbound calls unless the carrier reroutes, and the DNS of simple URLs.",
    )
