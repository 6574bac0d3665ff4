"""Parameters that this server's cmdlet does not have.

Pure. The wording is ours except where a sentence is quoted.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.guards.case import Case, block
from engine.model import Finding, Kind
from engine.plan import CMDLETS, ONLY_FAILOVER, parameters

MANDATORY = "PoolFqdn"
"""Every version of both cmdlets has it: a list without it is not the cmdlet's own."""


def parameters_known(case: Case) -> Iterator[Finding]:
    sent = {p.name for p in parameters(case.pool.fqdn, case.options)} - {"Confirm", "Verbose", "WhatIf"}
    if case.kind is Kind.FAILBACK:
        sent -= ONLY_FAILOVER
    if MANDATORY not in case.supported:
        yield block(
            "E_PARAMS_NOT_READ",
            f"The server does not report which parameters its {CMDLETS[case.kind]} takes, so nothing can be checked "
            "before it is sent. A restricted endpoint may hide them.",
            "Let the endpoint show them: its role capability has to list the cmdlet with its Parameters. csfailover "
            "check shows what it reports.",
        )
        return
    for name in sorted(sent - case.supported):
        yield block(
            "E_PARAM_UNSUPPORTED",
            f"This server's {CMDLETS[case.kind]} has no -{name}.",
            f"Leave -{name} out. It is refused rather than silently dropped.",
        )
