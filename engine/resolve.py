"""Which pool is meant: an FQDN, or a short name that only one pool has. Nothing is guessed, the nearest is named.

Pure.
"""

from __future__ import annotations

import difflib

from engine.model import Pool, Refusal, Topology


def resolve(named: str, topology: Topology) -> Pool | Refusal:
    """The pool of this name, or why there is not exactly one."""
    wanted = named.strip().rstrip(".").lower()
    if pool := topology.get(wanted):
        return pool
    short = [p for p in topology.pools if p.fqdn.lower().partition(".")[0] == wanted]
    if len(short) == 1:
        return short[0]
    if short:
        names = ", ".join(sorted(p.fqdn for p in short))
        return Refusal("E_AMBIGUOUS_POOL", f"'{named}' could be {names}.", "Write the whole FQDN.")
    return Refusal("E_UNKNOWN_POOL", f"There is no pool '{named}' in the topology.", _nearest(wanted, topology))


def _nearest(wanted: str, topology: Topology) -> str:
    names = [p.fqdn for p in topology.pools]
    by_label = {name.lower().partition(".")[0]: name for name in names} | {name.lower(): name for name in names}
    near = difflib.get_close_matches(wanted, by_label, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {by_label[near[0]]}? /pools lists them all."
    return "/pools lists the pools that there are."


def pair_of(pool: Pool) -> str:
    """The key under which a pool and its backup pool are locked together: the same from both sides."""
    return "|".join(sorted(name.lower() for name in (pool.fqdn, pool.backup) if name))
