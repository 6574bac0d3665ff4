"""What `csfailover lab show|break|repair|reset` do: look at a world, break it, mend it, from outside.

Every change first performs what was due before it, so that a trouble strikes at its own moment. A name that does
not exist is a ValueError whose text lists those that do.
"""

from __future__ import annotations

import difflib
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from engine.facts import Health
from engine.lab import runs
from engine.lab.build import PRODUCTS, Size
from engine.lab.pools import PoolRow, health
from engine.lab.world import World, partner_of, pool_by_id, pools, save
from engine.quorum import Quorum, quorum
from engine.resolve import nearest


@dataclass(frozen=True)
class Break:
    """One thing that can be broken: its arguments as they are typed, what it means, how it is done and undone."""

    arguments: str
    say: str
    strike: Callable[[sqlite3.Connection, PoolRow, str], str]
    mend: str
    """SQL that undoes it and no other trouble, for `:pool` where it concerns one pool."""
    mended: str
    """What is true then; `{pool}` is a pool's name, or `every pool`."""

    @property
    def of_a_pool(self) -> bool:
        return ":pool" in self.mend


def break_(world: World, what: str, *arguments: str) -> str:
    """Break something: `break_(world, "fe", "pool01", "3")`. What was done, as a sentence. Raises ValueError."""
    trouble = _known(what)
    wanted = trouble.arguments.split()
    least = sum(1 for name in wanted if not name.startswith("["))
    if not least <= len(arguments) <= len(wanted):
        raise ValueError(f"break {what} takes: {trouble.arguments or 'nothing'}")
    with _striking(world, what) as db:
        named = bool(wanted) and wanted[0] == "POOL"
        pool = find(db, arguments[0]) if named else pools(db)[0]
        rest = arguments[1:] if named else arguments
        said = trouble.strike(db, pool, rest[0] if rest else "")
        refresh(db, world.now())
    return said


def repair(world: World, what: str = "all", pool: str | None = None) -> str:
    """Mend one kind of trouble, or all; on one pool, or on all. What is true then, as a sentence. For one pool, all
    means the troubles of that pool: the Edge server and the rest stay as they are. Raises ValueError."""
    every = what == "all"
    mending = [t for t in BREAKABLE.values() if t.of_a_pool or not pool] if every else [_known(what)]
    with _striking(world, "repair") as db:
        chosen = [find(db, pool)] if pool else pools(db)
        for trouble in mending:
            _mend(db, trouble, chosen)
        refresh(db, world.now())
    name = chosen[0].fqdn if pool else "every pool"
    if not every:
        return mending[0].mended.format(pool=name)
    kept = ", ".join(name for name, trouble in BREAKABLE.items() if not trouble.of_a_pool)
    return f"All of {name} is repaired. These are not tied to a pool and stay: {kept}." if pool else "All is repaired."


def _mend(db: sqlite3.Connection, trouble: Break, chosen: list[PoolRow]) -> None:
    for statement in trouble.mend.split(";"):
        for row in chosen if trouble.of_a_pool else chosen[:1]:
            db.execute(statement, {"pool": row.id} if trouble.of_a_pool else {})


def reset(world: World, size: Size = Size.DEFAULT, product: str = "2013") -> str:
    """Make a new world while others have it open. Users, runs and troubles are as on the first day."""
    world.remake(size, product)
    return f"A new {size.value} world of {PRODUCTS[product]}."


def find(db: sqlite3.Connection, name: str) -> PoolRow:
    """The pool of this FQDN, or of this short name where only one has it. Raises ValueError with near names."""
    rows = pools(db)
    wanted = name.strip().lower()
    exact = [row for row in rows if row.fqdn == wanted]
    short = exact or [row for row in rows if row.fqdn.split(".")[0] == wanted]
    if len(short) == 1:
        return short[0]
    if short:
        raise ValueError(f"{name} could be {_or(row.fqdn for row in short)}: give the full name")
    near = nearest(wanted, [row.fqdn for row in rows])
    hint = f"did you mean {_or(near)}?" if near else "csfailover lab show lists the pools"
    raise ValueError(f"there is no pool {name}; {hint}")


def refresh(db: sqlite3.Connection, now: float) -> None:
    """Derive the health of every pool from its Front Ends and its back end, and remember when it went down."""
    for pool in pools(db):
        up = [bool(row[0]) for row in db.execute("SELECT up FROM fe WHERE pool = ? ORDER BY number", (pool.id,))]
        now_is = health(up, bool(pool.backend_up), pool.version)
        since = None if now_is is Health.UP else now if pool.down_since is None else pool.down_since
        if (now_is, since) != (pool.health, pool.down_since):
            db.execute("UPDATE pool SET health = ?, down_since = ? WHERE id = ?", (now_is.value, since, pool.id))


@contextmanager
def _striking(world: World, name: str) -> Iterator[sqlite3.Connection]:
    """Perform what was due, then open a change in which every pool is as it is at this moment."""
    runs.catch_up(world)
    with world.change(name) as db:
        now = world.now()
        for pool in [world.settle(pool, partner_of(db, pool), now) for pool in pools(db)]:
            save(db, pool)
        yield db


def _known(what: str) -> Break:
    if what in BREAKABLE:
        return BREAKABLE[what]
    near = difflib.get_close_matches(what, BREAKABLE, n=2) or list(BREAKABLE)
    raise ValueError(f"{what!r} cannot be broken; these can: {_or(near)}")


def _or(names: Iterable[str]) -> str:
    return " or ".join(names)


def _number(text: str, least: int, most: int) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        raise ValueError(f"{text or 'nothing'} is not a number from {least} to {most}")
    return int(text)


def _front_ends(db: sqlite3.Connection, pool: PoolRow) -> int:
    return int(db.execute("SELECT count(*) FROM fe WHERE pool = ?", (pool.id,)).fetchone()[0])


def _pool(db: sqlite3.Connection, pool: PoolRow, _: str) -> str:
    db.execute("UPDATE fe SET up = 0 WHERE pool = ?", (pool.id,))
    return f"All Front Ends of {pool.fqdn} are down."


def _backend(db: sqlite3.Connection, pool: PoolRow, _: str) -> str:
    db.execute("UPDATE pool SET backend_up = 0 WHERE id = ?", (pool.id,))
    return f"The SQL back end of {pool.fqdn} is down; its Front Ends are up."


def _quorum(db: sqlite3.Connection, pool: PoolRow, _: str) -> str:
    count = _front_ends(db, pool)
    fall = next((n for n in range(1, count) if _is_lost([False] * n + [True] * (count - n), pool.version)), 0)
    if not fall:
        raise ValueError(f"{pool.fqdn} has too few Front Ends ({count}): it loses its quorum only when all are down")
    db.execute("UPDATE fe SET up = 0 WHERE pool = ? AND number <= ?", (pool.id, fall))
    return f"{fall} of {count} Front Ends of {pool.fqdn} are down: the pool has lost its quorum."


def _is_lost(up: list[bool], version: str) -> bool:
    return quorum(up, version, ordered=True) is Quorum.LOST


def _fe(db: sqlite3.Connection, pool: PoolRow, number: str) -> str:
    n = _number(number, 1, _front_ends(db, pool))
    db.execute("UPDATE fe SET up = 0 WHERE pool = ? AND number = ?", (pool.id, n))
    return f"Front End {n} of {pool.fqdn} is down."


def _backup_service(db: sqlite3.Connection, pool: PoolRow, side: str) -> str:
    if side not in {"", "export", "import"}:
        raise ValueError(f"the backup service has an export and an import, not {side!r}")
    if side != "import":
        db.execute("UPDATE pool SET export_ok = 0 WHERE id = ?", (pool.id,))
    if side != "export":
        db.execute("UPDATE pool SET import_ok = 0 WHERE id = ?", (pool.id,))
    return f"The backup service of {pool.fqdn} is in ErrorState ({side or 'export and import'})."


def _link(db: sqlite3.Connection, pool: PoolRow, _: str) -> str:
    db.execute("UPDATE pool SET link_up = 0 WHERE id = ?", (pool.id,))
    return f"Nothing is replicated between {pool.fqdn} and its backup pool any more."


def _rights(db: sqlite3.Connection, pool: PoolRow, _: str) -> str:
    db.execute("UPDATE pool SET readable = 0 WHERE id = ?", (pool.id,))
    return f"The bot's account may not read the services and the backup service of {pool.fqdn}."


def _backlog(db: sqlite3.Connection, pool: PoolRow, number: str) -> str:
    n = _number(number, 1, 10_000_000)
    if pool.quiesced:
        raise ValueError(f"a run has made {pool.fqdn} read-only: nobody writes there until it is over")
    save(db, replace(pool_by_id(db, pool.id), write_seq=pool.write_seq + n))
    users = db.execute("SELECT sip FROM user WHERE home = ? LIMIT 3", (pool.id,)).fetchall()
    marks = sorted({pool.write_seq + 1, pool.write_seq + (n + 1) // 2, pool.write_seq + n})
    for (sip,), seq in zip(users, marks, strict=False):
        db.execute("INSERT INTO item VALUES (?, ?, ?, ?)", (pool.id, seq, sip, f"a contact, write {seq:,}"))
    return f"{n:,} writes of {pool.fqdn}'s users are not replicated yet."


def _edge(db: sqlite3.Connection, pool: PoolRow, _: str) -> str:
    db.execute("UPDATE edge SET next_hop = ?", (pool.id,))
    return f"{pool.fqdn} is the next hop of the Edge server."


def _edge_down(db: sqlite3.Connection, _: PoolRow, __: str) -> str:
    db.execute("UPDATE edge SET up = 0")
    return "The Edge server is down."


def _cms(db: sqlite3.Connection, pool: PoolRow, _: str) -> str:
    db.execute("UPDATE cms SET host = ?", (pool.id,))
    return f"The active Central Management Store is on {pool.fqdn}."


def _cms_lost(db: sqlite3.Connection, _: PoolRow, __: str) -> str:
    db.execute("UPDATE cms SET host = NULL")
    return "No pool holds an active Central Management Store."


def _flush(db: sqlite3.Connection, pool: PoolRow, number: str) -> str:
    n = _number(number, 1, _front_ends(db, pool))
    db.execute("UPDATE fe SET flush_ok = 0 WHERE pool = ? AND number <= ?", (pool.id, n))
    ends = "1 Front End" if n == 1 else f"{n} Front Ends"
    return f"The storage service queue cannot be flushed on {ends} of {pool.fqdn}."


def _slow(db: sqlite3.Connection, _: PoolRow, factor: str) -> str:
    n = _number(factor, 1, 1000)
    db.execute("UPDATE clock SET slow = ?", (n,))
    return f"Every step from the next one on takes {n} times as long."


def _sight(db: sqlite3.Connection, _: PoolRow, __: str) -> str:
    db.execute("UPDATE clock SET blind = 1")
    return "Sight of the next run will be lost right after it begins. The run itself goes on."


def _late(db: sqlite3.Connection, _: PoolRow, seconds: str) -> str:
    n = _number(seconds, 1, 3_600)
    db.execute("UPDATE clock SET late = ?", (n,))
    return f"The next run that is stopped reports so, and still redirects its users {n} s later."


def _linger(db: sqlite3.Connection, _: PoolRow, seconds: str) -> str:
    n = _number(seconds, 1, 3_600)
    db.execute("UPDATE clock SET linger = ?", (n,))
    return f"Every run ends {n} s after its last step."


def _stuck(db: sqlite3.Connection, pool: PoolRow, _: str) -> str:
    db.execute("UPDATE pool SET stuck = 1 WHERE id = ?", (pool.id,))
    return f"{pool.fqdn} stays FailingOver, and no run is at work on it: an earlier one broke off in the middle."


def _start(db: sqlite3.Connection, _: PoolRow, times: str) -> str:
    n = _number(times or "1", 1, 1000)
    db.execute("UPDATE clock SET unanswered = ?", (n,))
    return f"The next {f'{n} tries' if n > 1 else 'try'} to begin a run will get no answer, so nothing is sent."


_FES_UP = "UPDATE fe SET up = 1 WHERE pool = :pool"
_UP = "All Front Ends of {pool} are up."
_CMS_HOME = "UPDATE cms SET host = usual_host"
_CMS = "The Central Management Store is on its usual pool."
BREAKABLE: dict[str, Break] = {
    "pool": Break("POOL", "all Front Ends of a pool are down", _pool, _FES_UP, _UP),
    "backend": Break(
        "POOL",
        "a pool's SQL back end is down",
        _backend,
        "UPDATE pool SET backend_up = 1 WHERE id = :pool",
        "The SQL back end of {pool} is up.",
    ),
    "quorum": Break("POOL", "too few of a pool's Front Ends are up", _quorum, _FES_UP, _UP),
    "fe": Break("POOL NUMBER", "one Front End is down", _fe, _FES_UP, _UP),
    "backup-service": Break(
        "POOL [export|import]",
        "the backup service of a pool fails; nothing is copied",
        _backup_service,
        "UPDATE pool SET export_ok = 1, import_ok = 1 WHERE id = :pool",
        "The backup service of {pool} works.",
    ),
    "link": Break(
        "POOL",
        "replication between a pool and its backup pool stands still",
        _link,
        "UPDATE pool SET link_up = 1 WHERE id = :pool",
        "The replication link of {pool} works.",
    ),
    "rights": Break(
        "POOL",
        "the bot's account may not read a pool's services and backup service; the pool itself is as it was",
        _rights,
        "UPDATE pool SET readable = 1 WHERE id = :pool",
        "The bot's account may read all of {pool}.",
    ),
    "backlog": Break(
        "POOL WRITES",
        "this many writes are not replicated yet (they drain over time, unless the link is broken)",
        _backlog,
        "UPDATE pool SET repl_seq = write_seq WHERE id = :pool",
        "Everything that the users of {pool} wrote is replicated.",
    ),
    "edge": Break(
        "POOL",
        "the Edge server's next hop is this pool",
        _edge,
        "UPDATE edge SET next_hop = usual_hop",
        "The next hop of the Edge server is its usual pool.",
    ),
    "edge-down": Break("", "the Edge server is down", _edge_down, "UPDATE edge SET up = 1", "The Edge server is up."),
    "cms": Break("POOL", "the Central Management Store is on this pool", _cms, _CMS_HOME, _CMS),
    "cms-lost": Break("", "no pool holds the Central Management Store", _cms_lost, _CMS_HOME, _CMS),
    "flush": Break(
        "POOL NUMBER",
        "the storage service queue cannot be flushed on this many Front Ends",
        _flush,
        "UPDATE fe SET flush_ok = 1 WHERE pool = :pool",
        "The storage service queues of {pool} can be flushed.",
    ),
    "slow": Break(
        "FACTOR",
        "steps take this many times as long",
        _slow,
        "UPDATE clock SET slow = 1",
        "Every step from the next one on takes its usual time.",
    ),
    "late": Break(
        "SECONDS",
        "the next run that is stopped still redirects its users, this much later",
        _late,
        "UPDATE clock SET late = 0; UPDATE run SET late = NULL",
        "A run that is stopped does nothing more.",
    ),
    "linger": Break(
        "SECONDS",
        "a run ends this many seconds after its last step",
        _linger,
        "UPDATE clock SET linger = 0",
        "A run ends with its last step.",
    ),
    "stuck": Break(
        "POOL",
        "a pool stays FailingOver, and no run is at work on it",
        _stuck,
        "UPDATE pool SET stuck = 0 WHERE id = :pool",
        "{pool} is FailingOver only while a run is at work on it.",
    ),
    "start": Break(
        "[TIMES]",
        "this many tries to begin a run get no answer, and nothing is sent",
        _start,
        "UPDATE clock SET unanswered = 0",
        "The next run can begin.",
    ),
    "sight": Break(
        "",
        "the next run is lost from sight after it begins, and goes on",
        _sight,
        "UPDATE run SET blind = 0; UPDATE clock SET blind = 0",
        "Every run can be seen, the next one too.",
    ),
}
"""What can be broken, by name."""
