"""Runs: one cmdlet at work in the world, from its start to its last record.

A run is a row and steps due at virtual times. Any process that has the world open performs what is due (`advance`),
each step in one transaction and only once, so a run goes on when the process that started it is gone. A run's id is its
fence: it exists once, and what is over does nothing more.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from engine.lab.guards import No, obstacle, unknown_parameter
from engine.lab.pools import PoolRow
from engine.lab.scene import Scene, close, tell
from engine.lab.steps import late_redirect, perform, schedule
from engine.lab.world import World, partner_of, pool_named
from engine.model import Ended, Kind, Outcome, Plan, Proof, Record, Ticket

WAIT = 15.0
"""Seconds of -WaitTime where none is given. Documented for the failback; for the failover it is the lab's choice."""


@dataclass(frozen=True)
class Asked:
    """The switches that decide what a run does."""

    disaster: bool
    skip: bool
    flush: bool
    force: bool
    wait: float

    @classmethod
    def of(cls, plan: Plan) -> Asked:
        given = {parameter.name: parameter.value for parameter in plan.parameters}
        return cls(
            disaster=bool(given.get("DisasterMode")),
            skip=bool(given.get("SkipDataVerification")),
            flush=bool(given.get("FlushStorageService")),
            force=bool(given.get("Force")),
            wait=float(given.get("WaitTime", WAIT)),
        )


def known(world: World, run: str) -> bool:
    return world.one("SELECT 1 FROM run WHERE id = ?", (run,)) is not None


def start(world: World, ticket: Ticket, plan: Plan) -> None:
    """Create the run, or, where the cmdlet refuses, a run that is over at once. Nothing if the id exists already."""
    asked = Asked.of(plan)
    with world.change("run") as db:
        if db.execute("SELECT 1 FROM run WHERE id = ?", (ticket.run,)).fetchone():
            return
        pool = pool_named(db, plan.pool)
        no = _refusal(db, plan, pool, asked)
        _insert(db, ticket, plan.kind, None if no else pool, asked, world.now())
        tell(db, ticket.run, "phase", "opening")
        tell(db, ticket.run, "phase", "sending")
        tell(db, ticket.run, "phase", "running")
        if no:
            tell(db, ticket.run, "error", no.say)
            close(db, ticket.run, Ended.FAILED, no.say, no.error_id)
            return
        scene = Scene(db, world, ticket.run, world.now())
        scene.settle()
        tell(db, ticket.run, "verbose", f"Lab: {plan.cmdlet} began on {plan.pool}.")
        schedule(scene)
        db.execute("UPDATE run SET blind = (SELECT blind FROM clock) WHERE id = ?", (ticket.run,))
        db.execute("UPDATE clock SET blind = 0 WHERE blind = 1")


def answered(world: World) -> bool:
    """Whether a try to begin a run gets an answer now; counts the try."""
    if not (world.one("SELECT unanswered FROM clock") or (0,))[0]:
        return True
    with world.change("try") as db:
        return db.execute("UPDATE clock SET unanswered = unanswered - 1 WHERE unanswered > 0").rowcount == 0


def whatif(world: World, plan: Plan) -> Outcome:
    """What -WhatIf answers. Changes nothing."""
    with world.read() as db:
        no = _refusal(db, plan, pool_named(db, plan.pool), Asked.of(plan))
    if no:
        return Outcome(Ended.FAILED, no.say, no.error_id)
    return Outcome(Ended.COMPLETED, f"Lab: what if: {plan.cmdlet} would run on {plan.pool}. Nothing was changed.")


def fence(world: World, ticket: Ticket, kind: Kind) -> None:
    """Make sure that this run, which never began, never will."""
    with world.change("fence") as db:
        if db.execute("SELECT 1 FROM run WHERE id = ?", (ticket.run,)).fetchone():
            return
        _insert(db, ticket, kind, None, Asked(False, False, False, False, WAIT), world.now())
        close(db, ticket.run, Ended.NOT_STARTED, "Lab: this run never began, and can no longer begin.", "")


def advance(world: World) -> None:
    """Perform every step that is due, of all runs, and what stopped ones had set going."""
    _late_steps(world)
    while due := _due(world):
        for run in due:
            step(world, run)


def _late_steps(world: World) -> None:
    """By the world's clock, even where it is instant: late is late."""
    for (run_id,) in world.all("SELECT id FROM run WHERE late <= ?", (world.now(),)):
        with world.change(f"late step of {run_id}") as db:
            if db.execute("SELECT late FROM run WHERE id = ?", (run_id,)).fetchone()[0] is not None:
                late_redirect(Scene(db, world, run_id, world.now()))


def catch_up(world: World) -> None:
    """Before a change from outside: perform what was due earlier. In an instant world everything is due at once, so
    there the change strikes between two steps."""
    if not world.instant:
        advance(world)


def step(world: World, run_id: str) -> bool:
    """Perform the next step of one run if it is due; whether there was one."""
    if wait_for(world, run_id) != 0.0:
        return False
    with world.change(f"step of {run_id}") as db:
        scene = Scene(db, world, run_id, world.now())
        if scene.run.ended or (scene.run.due > scene.at and not world.instant):
            return False  # another process was first
        if not world.instant:
            scene.at = scene.run.due
        scene.settle()
        if no := _in_the_way(scene):
            _roll_back(scene, Ended.FAILED, no)
        else:
            perform(scene)
        return True


def stop(world: World, run_id: str) -> None:
    """Somebody asked to stop. Before the redirect the run is undone; after it, the run goes on and says so."""
    catch_up(world)
    with world.change(f"stop of {run_id}") as db:
        scene = Scene(db, world, run_id, world.now())
        if scene.run.ended:
            return
        if scene.run.committed:
            scene.tell("host", "Lab: asked to stop, but the users are already redirected: past the point of no return.")
            return
        scene.settle()
        _roll_back(scene, Ended.STOPPED, No("Lab.Stopped", "Lab: stopped before the users were redirected."))
        if late := float(db.execute("SELECT late FROM clock").fetchone()[0]):
            scene.set_run_late(late)


def wait_for(world: World, run_id: str) -> float | None:
    """Real seconds until the next step of this run is due; None when it is over."""
    row = world.one("SELECT due FROM run WHERE id = ? AND ended IS NULL", (run_id,))
    if row is None:
        return None
    return 0.0 if world.instant else max(0.0, (float(str(row[0])) - world.now()) / world.speed)


def outcome(world: World, run_id: str) -> Outcome | None:
    """How the run ended; None while it is open. A run that is gone (a new world was made) is UNKNOWN."""
    row = world.one("SELECT ended, say, error_id, lost, assumed FROM run WHERE id = ?", (run_id,))
    if row is None:
        return Outcome(Ended.UNKNOWN, "Lab: this world no longer knows the run; a new one was made.")
    ended, say, error_id, lost, assumed = row
    if ended is None:
        return None
    return Outcome(Ended(str(ended)), str(say), str(error_id), _count(lost), _count(assumed))


def blind(world: World, run_id: str) -> bool:
    """Whether sight of this run is lost until `lab repair sight`."""
    return bool((world.one("SELECT blind FROM run WHERE id = ?", (run_id,)) or (0,))[0])


def proof(world: World, run_id: str) -> Proof:
    """Whether nothing of the run is still to come. A run that cannot be seen is not proved to be over."""
    row = world.one("SELECT ended, blind, late FROM run WHERE id = ?", (run_id,))
    if row is None:
        return Proof(True, "Lab: this world knows no such run.")
    ended, unseen, late = row
    if unseen:
        return Proof(False, "Lab: the run cannot be seen; it may still be at work.")
    if ended is None:
        return Proof(False, "Lab: the run is still at work.")
    if late is not None:
        return Proof(False, "Lab: the run was stopped, and the server still lists its command.")
    return Proof(True, "Lab: the run has ended.")


def records(world: World, run_id: str, seen: int) -> list[Record]:
    """What the run reported after record `seen`."""
    sql = "SELECT n, stream, text, percent FROM record WHERE run = ? AND n > ? ORDER BY n"
    return [Record(*row) for row in world.all(sql, (run_id, seen))]


def _count(value: object) -> int | None:
    return None if value is None else int(str(value))


def _due(world: World) -> list[str]:
    """Open runs whose next step is due, the longest overdue first."""
    now = float("inf") if world.instant else world.now()
    with world.read() as db:
        rows = db.execute("SELECT id FROM run WHERE ended IS NULL AND due <= ? ORDER BY due, id", (now,)).fetchall()
    return [row[0] for row in rows]


def _refusal(db: sqlite3.Connection, plan: Plan, pool: PoolRow | None, asked: Asked) -> No | None:
    names = {parameter.name for parameter in plan.parameters}
    product = db.execute("SELECT product FROM clock").fetchone()[0]
    if no := unknown_parameter(names, product, plan.kind):
        return no
    if {"WhatIf", "Force"} <= names:
        return No("Lab.ForceWithWhatIf", "Lab: -Force and -WhatIf cannot be combined; nothing was done.")
    if pool is None:
        return No("Lab.UnknownPool", f"Lab: there is no pool {plan.pool} in the topology.")
    if no := obstacle(db, plan.kind, pool, partner_of(db, pool), disaster=asked.disaster):
        return no
    if db.execute("SELECT 1 FROM run WHERE pair = ? AND ended IS NULL", (_pair(pool),)).fetchone():
        return No("Lab.RunInProgress", f"Lab: another run is at work on {pool.fqdn} and its backup pool.")
    return None


def _pair(pool: PoolRow) -> int:
    return min(pool.id, pool.backup or pool.id)


def _insert(db: sqlite3.Connection, ticket: Ticket, kind: Kind, pool: PoolRow | None, asked: Asked, now: float) -> None:
    partner = partner_of(db, pool) if pool else None
    linked = bool(pool and partner and pool.link_up and partner.link_up)
    db.execute(
        "INSERT INTO run (id, shell_id, command_id, kind, pool, pair, disaster, skip, flush, force, wait, linked,"
        " blind, began, due) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)",
        (
            *(ticket.run, ticket.shell_id, ticket.command_id, kind.value),
            *((pool.id, _pair(pool)) if pool else (None, None)),
            *(asked.disaster, asked.skip, asked.flush, asked.force, asked.wait, linked, now, now),
        ),
    )


def _in_the_way(scene: Scene) -> No | None:
    """What has come up since the run began and prevents its redirect; None once the users are redirected."""
    run = scene.run
    if run.committed:
        return None
    if no := obstacle(scene.db, run.kind, scene.pool, scene.partner, disaster=bool(run.disaster)):
        return no
    linked = scene.pool.link_up and scene.partner.link_up
    if run.linked and not linked and not (run.disaster or run.skip):
        return No("Lab.LinkLost", "Lab: the replication link was lost while the run was at work.")
    return None


def _roll_back(scene: Scene, ended: Ended, no: No) -> None:
    scene.set_pool(quiesced=0)
    scene.tell("error" if ended is Ended.FAILED else "warning", no.say)
    scene.tell("verbose", f"Lab: {scene.pool.fqdn} is as before.")
    scene.close(ended, no.say, no.error_id)
