"""Facts -> findings: runs the guards in their fixed order, and knows which switches exclude each other.

Pure. The same function judges the what-if, the request, and the recheck under the pair's lock, so that what
was shown and what is enforced cannot differ. The guards themselves, with their sentences, are in `guards`.
"""

from __future__ import annotations

from engine.guards.case import Case
from engine.guards.order import FAILBACK, FAILOVER
from engine.model import Finding, Kind, Level, Options, Refusal

MAX_WAIT = 86_400
"""Seconds; a longer WaitTime is a slip of the pen."""


def conflicts(kind: Kind, options: Options) -> Refusal | None:
    """Switches that cannot be combined, known without looking at any pool."""
    if options.whatif and options.force:
        return Refusal(
            "E_FORCE_WITH_WHATIF",
            "-Force and -WhatIf together are refused: on Invoke-CsComputerFailOver, Microsoft documents that -Force "
            "makes -WhatIf ignored and a real failover starts. Nobody should get used to typing both.",
            "Leave one of the two out.",
        )
    if options.skip_verification and options.wait is not None:
        return Refusal(
            "E_WAIT_FOR_NOTHING",
            "-WaitTime limits the data verification that -SkipDataVerification skips.",
            "Leave one of the two out.",
        )
    if kind is Kind.FAILBACK and (options.flush_storage or options.stop_delay is not None):
        name = "-FlushStorageService" if options.flush_storage else "-ServicesStopDelayMins"
        return Refusal("E_PARAM_ONLY_FAILOVER", f"Invoke-CsPoolFailBack has no {name}.", f"Leave {name} out.")
    if options.wait is not None and not 0 < options.wait <= MAX_WAIT:
        return Refusal(
            "E_WAIT_OUT_OF_RANGE", "-WaitTime must be more than zero and at most 24 hours.", "Try --wait 5m."
        )
    return None


def judge(case: Case) -> tuple[Finding, ...]:
    """All findings, in the order of the guards. Blocked when any is of level BLOCK."""
    guards = FAILOVER if case.kind is Kind.FAILOVER else FAILBACK
    return tuple(finding for guard in guards for finding in guard(case))


def blocking(findings: tuple[Finding, ...]) -> Finding | None:
    """The first finding that stops everything; None when nothing does."""
    return next((f for f in findings if f.level is Level.BLOCK), None)
