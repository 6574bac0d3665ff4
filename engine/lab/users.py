"""What users do in a lab world: sign in, write something, find it lost. Samples, not traffic."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from engine.lab.pools import PoolRow, ServiceLevel, moves
from engine.lab.reading import who_serves
from engine.lab.world import World, partner_of, pool_by_id, save


def sign_in(world: World, sip: str) -> str | None:
    """Sign a user in at the pool that serves them; its FQDN, or None when no pool does. Raises KeyError."""
    fqdn, _ = who_serves(world, sip)
    if fqdn is None:
        return None
    with world.change("sign-in") as db:
        db.execute(
            "INSERT INTO session SELECT u.sip, s.id, h.epoch FROM user u JOIN pool h ON h.id = u.home"
            " JOIN pool s ON s.fqdn = ? WHERE u.sip = ?"
            " ON CONFLICT (sip) DO UPDATE SET pool = excluded.pool, epoch = excluded.epoch",
            (fqdn, sip),
        )
    return fqdn


def signed_in(world: World, sip: str) -> bool:
    """Whether the user's session still counts: a redirect ends every older one, as does the death of its pool."""
    row = world.one(
        "SELECT s.epoch = h.epoch, at.fqdn FROM session s JOIN user u ON u.sip = s.sip"
        " JOIN pool h ON h.id = u.home JOIN pool at ON at.id = s.pool WHERE s.sip = ?",
        (sip,),
    )
    return row is not None and bool(row[0]) and who_serves(world, sip)[0] == row[1]


def write(world: World, sip: str, what: str) -> int:
    """A user makes something (a contact, a meeting). Its sequence number among the writes of the home pool.
    Raises KeyError for an unknown user, PermissionError while nobody serves them in full."""
    if who_serves(world, sip)[1] is not ServiceLevel.FULL:
        raise PermissionError(f"{sip} cannot change anything now")
    with world.change("write") as db:
        home = db.execute("SELECT home FROM user WHERE sip = ?", (sip,)).fetchone()[0]
        pool = _now(db, world, home)
        save(db, replace(pool, write_seq=pool.write_seq + 1))
        db.execute("INSERT INTO item VALUES (?, ?, ?, ?)", (home, pool.write_seq + 1, sip, what))
        return pool.write_seq + 1


def replicate(world: World, pool: str) -> int:
    """Let the backup service finish what is waiting, like an Invoke-CsBackupServiceSync that worked; returns how many
    writes it copied. 0 where nothing can move."""
    with world.change("sync") as db:
        number = db.execute("SELECT id FROM pool WHERE fqdn = ?", (pool,)).fetchone()[0]
        row = _now(db, world, number)
        if not moves(row, partner_of(db, row)):
            return 0
        save(db, replace(row, repl_seq=row.write_seq, synced_at=row.at))
        return row.backlog


def items(world: World, sip: str) -> list[tuple[str, bool]]:
    """(what the user made, whether it is lost), oldest first."""
    with world.read() as db:
        rows = db.execute(
            "SELECT i.what, EXISTS (SELECT 1 FROM loss l WHERE l.pool = i.pool AND i.seq > l.after_seq"
            " AND i.seq <= l.to_seq) FROM item i WHERE i.sip = ? ORDER BY i.seq",
            (sip,),
        )
        return [(what, bool(lost)) for what, lost in rows]


def lost_items(world: World, run: str) -> list[tuple[str, str]]:
    """(user, what) of the samples that a run lost, oldest first."""
    with world.read() as db:
        return db.execute(
            "SELECT i.sip, i.what FROM loss l JOIN item i ON i.pool = l.pool AND i.seq > l.after_seq"
            " AND i.seq <= l.to_seq WHERE l.run = ? ORDER BY i.seq",
            (run,),
        ).fetchall()


def some(world: World, pool: str, count: int = 1) -> list[str]:
    """The first users whose home this pool is."""
    with world.read() as db:
        rows = db.execute(
            "SELECT sip FROM user WHERE home = (SELECT id FROM pool WHERE fqdn = ?) LIMIT ?", (pool, count)
        )
        return [sip for (sip,) in rows]


def _now(db: sqlite3.Connection, world: World, number: int) -> PoolRow:
    pool = pool_by_id(db, number)
    return world.settle(pool, partner_of(db, pool), world.now())
