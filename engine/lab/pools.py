"""What follows from the state of one pair: health, who serves, how far the data has come. Pure; knows no file.

Sources: resiliency mode is that of "Failing over a pool" and of the registrar's voice resiliency; the sync interval
that of Set-CsBackupServiceConfiguration (2 minutes). How many Front Ends a pool needs is in engine/quorum.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from engine.facts import Health
from engine.quorum import Quorum, quorum

SYNC_INTERVAL = 120
"""Seconds. A pool in use always has the writes of one interval under way."""

SMALLEST_BATCH = 100
"""Writes that always fit into one batch, so that a small pool counts as steady. The lab's figure."""


class ServiceLevel(StrEnum):
    """What a user can do: everything; sign in and call, but change nothing; nothing."""

    FULL = "full"
    RESILIENCY = "resiliency"
    NONE = "none"


@dataclass(frozen=True)
class PoolRow:
    """One row of `pool`, fields in the order of `SELECT`. Times are virtual seconds, rates writes per second."""

    id: int
    fqdn: str
    backup: int | None
    site: str
    edition: str
    version: str
    users: int
    capacity: int
    failed_over: int
    quiesced: int
    epoch: int
    backend_up: int
    health: str
    down_since: float | None
    write_seq: int
    repl_seq: int
    cutoff_seq: int
    write_rate: float
    repl_rate: float
    at: float
    synced_at: float
    link_up: int
    export_ok: int
    import_ok: int
    readable: int

    @property
    def up(self) -> bool:
        return self.health == Health.UP

    @property
    def backlog(self) -> int:
        """Writes of this pool's users that the other side does not have."""
        return self.write_seq - self.repl_seq

    @property
    def under_way(self) -> int:
        """Backlog of a healthy pool in use: what one sync interval brings. A read-only pool has none."""
        return 0 if self.quiesced else round(self.write_rate * SYNC_INTERVAL)

    @property
    def batch(self) -> int:
        return max(SMALLEST_BATCH, self.under_way)


SELECT = " ".join(("SELECT", ", ".join(PoolRow.__dataclass_fields__), "FROM pool"))


def health(front_ends_up: Sequence[bool], backend_up: bool, version: str) -> Health:
    """Health of a pool from its Front Ends, in the order of their first start, its back end and its product."""
    if not any(front_ends_up):
        return Health.DOWN
    match quorum(front_ends_up, version, ordered=True):
        case Quorum.HELD:
            return Health.UP if backend_up else Health.BACKEND_DOWN
        case Quorum.LOST:
            return Health.QUORUM_LOST
        case Quorum.UNKNOWN:
            return Health.UNKNOWN


def serving(
    failed_over: int, quiesced: int, home: str, backup: str | None, voice: Callable[[], bool]
) -> tuple[bool | None, ServiceLevel]:
    """Who serves the users of a pool: (True for the backup pool, False for the home pool, None for nobody; level).

    `home` and `backup` are healths; `voice` says whether the backup registrar has taken over by now, and is asked
    only when it matters.
    """
    if failed_over:
        if backup != Health.UP:
            return None, ServiceLevel.NONE
        return True, ServiceLevel.RESILIENCY if quiesced else ServiceLevel.FULL
    if home == Health.UP:
        return False, ServiceLevel.RESILIENCY if quiesced else ServiceLevel.FULL
    if home == Health.BACKEND_DOWN:
        return False, ServiceLevel.RESILIENCY
    if backup == Health.UP and voice():
        return True, ServiceLevel.RESILIENCY
    return None, ServiceLevel.NONE


def moves(pool: PoolRow, partner: PoolRow | None) -> bool:
    """Whether the data of `pool`'s users flows to the other side: both up, the link and the backup services too."""
    if partner is None or not (pool.up and partner.up and pool.link_up and partner.link_up):
        return False
    source, target = (partner, pool) if pool.failed_over else (pool, partner)
    return bool(source.export_ok and target.import_ok)


def written(pool: PoolRow, partner: PoolRow | None) -> bool:
    """Whether the users of `pool` can write now."""
    server = partner if pool.failed_over else pool
    return server is not None and server.up and not pool.quiesced


def settled(pool: PoolRow, partner: PoolRow | None, at: float, *, flowing: bool) -> PoolRow:
    """The pool as it is at virtual time `at`, if nothing but time has passed. Not `flowing` (an instant world):
    time passes, but nothing is written or replicated."""
    dt = max(0.0, at - pool.at) if flowing else 0.0
    write = pool.write_seq + (round(pool.write_rate * dt) if written(pool, partner) else 0)
    repl = pool.repl_seq
    if moves(pool, partner):
        repl = max(repl, min(repl + round(pool.repl_rate * dt), write - pool.under_way))
    synced_at = pool.synced_at if write - repl > pool.batch else max(pool.at, at)
    return replace(pool, write_seq=write, repl_seq=repl, at=max(pool.at, at), synced_at=synced_at)


def drain(pool: PoolRow, wait: float, *, moving: bool) -> tuple[float, int]:
    """(seconds that verifying takes, writes it copies) for a read-only pool that may wait `wait` seconds."""
    if not pool.backlog:
        return 0.0, 0
    if not moving or pool.repl_rate <= 0:
        return wait, 0
    needed = float(math.ceil(pool.backlog / pool.repl_rate))
    if needed <= wait:
        return needed, pool.backlog
    return wait, min(pool.backlog, round(pool.repl_rate * wait))
