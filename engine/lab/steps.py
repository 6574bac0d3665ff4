"""The steps of a failover and of a failback, what each does to the world, and how long it takes.

REDIRECT is the one commit point: one row of `pool` changes, however many users it has. Before it a run can be
rolled back, after it only finished. The order of the steps inside the real cmdlet is not documented; this one is
the lab's.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.lab.pools import drain, moves
from engine.lab.scene import LabRun, Scene
from engine.model import Ended, Kind

FAILOVER_SECONDS = 900 / 80_000
"""Per user: 15 minutes for 80,000, half the documented recovery time objective of 30 minutes."""

FAILBACK_SECONDS = 3600 / 20_000
"""Per user: "up to 60 minutes for a pool of 20,000 users"."""

FLUSH_SECONDS = 5.0
"""Per Front End."""

SHARE = {"QUIESCE": 0.1, "REDIRECT": 0.6, "RELEASE": 0.3}
PERCENT = {"QUIESCE": 5, "VERIFY": 10, "FLUSH": 30, "REDIRECT": 40, "RELEASE": 80}


def names_of(run: LabRun) -> tuple[str, ...]:
    """The steps of a run, in order."""
    names = [] if run.disaster else ["QUIESCE"]
    if not (run.disaster or run.skip):
        names.append("VERIFY")
    if run.flush and not run.disaster and run.kind is Kind.FAILOVER:
        names.append("FLUSH")
    return (*names, "REDIRECT", "RELEASE", "CLOSE")


def schedule(scene: Scene) -> None:
    """Report what comes next, and set when it will be done."""
    name = names_of(scene.run)[scene.run.k]
    scene.set_run(due=scene.at + (0.0 if scene.instant else _seconds(scene, name)))
    if name in PERCENT:
        scene.tell("progress", f"Lab: {_doing(scene, name)}", PERCENT[name])


def perform(scene: Scene) -> None:
    """Do the step that is due, and schedule the next."""
    name = names_of(scene.run)[scene.run.k]
    EFFECTS[name](scene)
    scene.db.execute("INSERT INTO step VALUES (?, ?, ?, ?)", (scene.run.id, scene.run.k, name, scene.at))
    scene.set_run(k=scene.run.k + 1)
    if name != "CLOSE":
        schedule(scene)


def _seconds(scene: Scene, name: str) -> float:
    """Virtual seconds a step takes."""
    if name == "VERIFY":
        return drain(scene.pool, scene.run.wait, moving=moves(scene.pool, scene.partner))[0]
    slow = float(scene.db.execute("SELECT slow FROM clock").fetchone()[0])
    if name == "CLOSE":
        return float(scene.db.execute("SELECT linger FROM clock").fetchone()[0])
    if name == "FLUSH":
        count: int = scene.db.execute("SELECT count(*) FROM fe WHERE pool = ?", (scene.pool.id,)).fetchone()[0]
        return slow * FLUSH_SECONDS * count
    per_user = FAILOVER_SECONDS if scene.run.kind is Kind.FAILOVER else FAILBACK_SECONDS
    return slow * per_user * scene.pool.users * SHARE.get(name, 0.0)


def _doing(scene: Scene, name: str) -> str:
    _, target = _direction(scene)
    return {
        "QUIESCE": f"making the data of {scene.pool.fqdn}'s users read-only",
        "VERIFY": f"waiting up to {scene.run.wait:g} s for {scene.pool.backlog:,} writes to be replicated",
        "FLUSH": f"flushing the storage service queues of {scene.pool.fqdn}",
        "REDIRECT": f"redirecting {scene.pool.users:,} users to {target}",
        "RELEASE": f"letting {scene.pool.users:,} users sign in at {target}",
    }[name]


def _direction(scene: Scene) -> tuple[str, str]:
    """(the pool that gives the users away, the pool that takes them)."""
    if scene.run.kind is Kind.FAILOVER:
        return scene.pool.fqdn, scene.partner.fqdn
    return scene.partner.fqdn, scene.pool.fqdn


def _quiesce(scene: Scene) -> None:
    scene.set_pool(quiesced=1)
    scene.tell("verbose", f"Lab: the data of {scene.pool.fqdn}'s users is read-only.")


def _verify(scene: Scene) -> None:
    if scene.instant:  # no time has passed, so what it would have copied is copied now
        _, brought = drain(scene.pool, scene.run.wait, moving=moves(scene.pool, scene.partner))
        scene.set_pool(repl_seq=scene.pool.repl_seq + brought)
    left = scene.pool.backlog
    scene.set_run(assumed=left)
    if left:
        scene.tell(
            "warning", f"Lab: WaitTime ran out with {left:,} writes not replicated. The data is assumed to be synced."
        )
    else:
        scene.tell("verbose", "Lab: every write is on both pools.")


def _flush(scene: Scene) -> None:
    failing = [
        name
        for (name,) in scene.db.execute(
            "SELECT fqdn FROM fe WHERE pool = ? AND NOT (up AND flush_ok) ORDER BY number", (scene.pool.id,)
        )
    ]
    scene.db.execute("UPDATE fe SET queue = 0 WHERE pool = ? AND up AND flush_ok", (scene.pool.id,))
    if failing:
        scene.complain(f"Lab: the storage service queue could not be flushed on {', '.join(failing)}.")
    else:
        scene.tell("verbose", "Lab: the storage service queues are flushed.")


def _redirect(scene: Scene) -> None:
    pool = scene.pool
    lost = pool.backlog
    if lost:
        scene.db.execute("INSERT INTO loss VALUES (?, ?, ?, ?)", (scene.run.id, pool.id, pool.repl_seq, pool.write_seq))
    away = scene.run.kind is Kind.FAILOVER
    scene.set_pool(failed_over=away, epoch=pool.epoch + 1, cutoff_seq=pool.write_seq, repl_seq=pool.write_seq)
    scene.set_run(committed=1, lost=lost)
    _, target = _direction(scene)
    scene.tell("verbose", f"Lab: {pool.users:,} users are redirected to {target} and signed out elsewhere.")
    if lost:
        scene.tell("warning", f"Lab: {lost:,} writes had not been replicated and are lost.")


def late_redirect(scene: Scene) -> None:
    """What a stopped run had already set in motion."""
    _redirect(scene)
    scene.db.execute("UPDATE run SET late = NULL WHERE id = ?", (scene.run.id,))


def _release(scene: Scene) -> None:
    scene.set_pool(quiesced=0)
    scene.db.execute("UPDATE pool SET stuck = 0 WHERE id = ?", (scene.pool.id,))
    away = scene.run.kind is Kind.FAILOVER
    server = scene.partner if away else scene.pool
    if not server.up:
        scene.complain(f"Lab: {server.fqdn} should serve now, but it is not up ({server.health}).")
    else:
        scene.tell("verbose", f"Lab: users of {scene.pool.fqdn} can sign in at {server.fqdn}.")


def _close(scene: Scene) -> None:
    _, target = _direction(scene)
    state = "failed over" if scene.run.kind is Kind.FAILOVER else "failed back"
    say = f"Lab: {scene.pool.fqdn} is {state}; {target} serves its {scene.pool.users:,} users."
    if scene.run.lost:
        say += f" {scene.run.lost:,} writes were lost."
    ended = Ended.COMPLETED_WITH_ERRORS if scene.run.complaints else Ended.COMPLETED
    scene.tell("progress", "Lab: done", 100)
    scene.close(ended, say)


EFFECTS: dict[str, Callable[[Scene], None]] = {
    "QUIESCE": _quiesce,
    "VERIFY": _verify,
    "FLUSH": _flush,
    "REDIRECT": _redirect,
    "RELEASE": _release,
    "CLOSE": _close,
}
