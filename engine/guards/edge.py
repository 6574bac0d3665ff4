"""Edge pools whose next hop is the pool to be failed over.

Pure. The wording is ours except where a sentence is quoted.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.guards.case import Case, block, warn
from engine.model import Finding


def edge(case: Case) -> Iterator[Finding]:
    for edge in case.facts.edges:
        if edge.next_hop.lower() != case.pool.fqdn.lower():
            continue
        if edge.up is False:
            yield warn(
                "W_EDGE_DOWN", edge.fqdn, f"Edge pool {edge.fqdn} points to {edge.next_hop}, and is itself down."
            )
            continue
        other = case.partner.fqdn if case.partner else "<other pool>"
        yield block(
            "E_EDGE_NEXT_HOP",
            f'This Front-end pool "{case.pool.fqdn}" is specified in topology as the next hop for the Edge server '
            f"{edge.fqdn}. Failing it over may stop external access, federation and XMPP.",
            f"Set-CsEdgeServer -Identity EdgeServer:{edge.fqdn} -Registrar Registrar:{other}; then ask again.",
        )
