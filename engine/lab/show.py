"""A lab world as lines of text, for `csfailover lab show`."""

from __future__ import annotations

import sqlite3

from engine.facts import Health
from engine.lab import runs
from engine.lab.pools import PoolRow, ServiceLevel, serving
from engine.lab.reading import front_ends, state, voice_taken_over
from engine.lab.scene import LabRun, run_of
from engine.lab.steps import names_of
from engine.lab.trouble import find
from engine.lab.world import World, partner_of, pool_by_id, pools

HEADER = ("POOL", "STATE", "HEALTH", "FRONT ENDS", "USERS", "SERVED BY", "NOT REPLICATED", "TROUBLE")


def show(world: World) -> list[str]:
    """Every pool, the Central Management Store, the Edge, the last runs. Performs what is due first."""
    runs.advance(world)
    with world.read() as db:
        now = world.now()
        pace = "instant" if world.instant else f"speed {world.speed:g}"
        product, size = db.execute("SELECT product, size FROM clock").fetchone()
        rows = [_pool(db, world, pool, now) for pool in pools(db)]
        return [
            f"Lab world: {size}, profile {product}, {pace}",
            "",
            *_table([HEADER, *rows]),
            "",
            _cms(db),
            *_edges(db),
            *_clock(db),
            *_runs(db, world, now),
        ]


def show_pool(world: World, name: str) -> list[str]:
    """One pool's row of `show`. Raises ValueError for a name that no pool or several pools have."""
    runs.advance(world)
    with world.read() as db:
        return _table([HEADER, _pool(db, world, find(db, name), world.now())])


def _pool(db: sqlite3.Connection, world: World, row: PoolRow, now: float) -> tuple[str, ...]:
    partner = partner_of(db, row)
    pool = world.settle(row, partner, now)
    machines = front_ends(db, pool)
    return (
        pool.fqdn,
        state(db, pool).value + (", read-only" if pool.quiesced else ""),
        pool.health,
        f"{sum(up for _, up in machines)}/{len(machines)}",
        f"{pool.users:,}",
        _served_by(world, pool, partner),
        f"{pool.backlog:,}",
        ", ".join(_troubles(db, pool)) or "-",
    )


def _served_by(world: World, pool: PoolRow, partner: PoolRow | None) -> str:
    """Who serves this pool's users now; and who will, once the backup registrar answers for voice."""

    def server(taken_over: bool) -> str:
        backup = partner.health if partner else None
        away, level = serving(pool.failed_over, pool.quiesced, pool.health, backup, lambda: taken_over)
        found = partner if away else pool
        return "" if away is None or found is None else f"{found.fqdn}{_level(level)}"

    if now := server(voice_taken_over(world, pool.down_since)):
        return now
    later = server(True)
    return f"nobody yet, then {later}" if later else "nobody"


def _level(level: ServiceLevel) -> str:
    return "" if level is ServiceLevel.FULL else " (resiliency mode)"


def _troubles(db: sqlite3.Connection, pool: PoolRow) -> list[str]:
    unflushed = db.execute("SELECT count(*) FROM fe WHERE pool = ? AND NOT flush_ok", (pool.id,)).fetchone()[0]
    stuck = db.execute("SELECT stuck FROM pool WHERE id = ?", (pool.id,)).fetchone()[0]
    told = [
        (not pool.link_up, "link"),
        (not pool.export_ok, "export"),
        (not pool.import_ok, "import"),
        (not pool.readable, "no rights"),
        (unflushed, f"flush on {unflushed}"),
        (stuck, "stuck"),
        (pool.backup is None, "no backup pool"),
    ]
    return [text for holds, text in told if holds]


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _cms(db: sqlite3.Connection) -> str:
    row = db.execute("SELECT p.fqdn, p.health FROM cms JOIN pool p ON p.id = cms.host").fetchone()
    return f"Central Management Store: {row[0]} ({row[1]})" if row else "Central Management Store: no active master"


def _edges(db: sqlite3.Connection) -> list[str]:
    rows = db.execute("SELECT e.fqdn, p.fqdn, e.up FROM edge e JOIN pool p ON p.id = e.next_hop ORDER BY e.fqdn")
    return [f"Edge {fqdn}: next hop {hop} ({Health.UP if up else Health.DOWN})" for fqdn, hop, up in rows]


def _clock(db: sqlite3.Connection) -> list[str]:
    """Troubles that belong to no pool and no server, and would not be visible before they strike."""
    blind, slow, late, linger, unanswered = db.execute(
        "SELECT blind, slow, late, linger, unanswered FROM clock"
    ).fetchone()
    told = [
        (slow != 1, f"Slow: every step takes {slow:g} times as long"),
        (late, f"Late: the next run that is stopped still redirects its users, {late:g} s later"),
        (linger, f"Linger: a run ends {linger:g} s after its last step"),
        (unanswered, f"Start: the next tries to begin a run will get no answer: {unanswered}"),
        (blind, "Sight: the next run will be lost from sight; csfailover lab repair sight undoes that"),
    ]
    return [text for holds, text in told if holds]


def _runs(db: sqlite3.Connection, world: World, now: float) -> list[str]:
    ids = db.execute("SELECT id FROM run WHERE pool IS NOT NULL ORDER BY began DESC, rowid DESC LIMIT 5").fetchall()
    return [_run(db, world, run_of(db, run_id), now) for (run_id,) in ids]


def _run(db: sqlite3.Connection, world: World, run: LabRun, now: float) -> str:
    what = f"Run {run.id}: {run.kind.value} of {pool_by_id(db, run.pool).fqdn}"
    if runs.blind(world, run.id):
        what += ", lost from sight until csfailover lab repair sight"
    if run.ended:
        return f"{what}, {run.ended}"
    names = names_of(run)
    left = max(0.0, run.due - now) / world.speed
    return f"{what}, step {run.k + 1} of {len(names)}, {names[run.k]}, {left:.0f} s to go"
