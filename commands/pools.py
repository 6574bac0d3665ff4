"""/pools: the pairs, their state, who serves whom, and what is open. Reads only."""

import click

from commands.grammar.values import Name
from commands.grammar.wish import Answer, Look, View
from engine.facts import Facts, Health, Pool, PoolFacts, PoolState, What
from engine.guards.case import HOME
from engine.model import Refusal
from engine.port import EngineError
from engine.resolve import resolve

EXAMPLES = (
    ("/pools", "every pair: state, health, users, who serves them, what is open"),
    ("/pools pool01", "one pair"),
)

_POOL = Name("pool01", "One pair at a time can be shown; /pools alone shows them all.")
_LIMITED = "limited"
LIMITED = (
    "Limited: the pool is not healthy and not failed over. At best its users are registered in resiliency mode: they "
    "can call, but have no contacts, no presence and no new meetings. After a failover the backup pool serves them."
)


@click.command(add_help_option=False, help="Show the pairs of pools, who serves whom, and open operations.")
@click.argument("pool", required=False, metavar="[POOL]", type=_POOL)
def command(pool: str | None) -> Look:
    return Look("pools", lambda view: _answer(view, pool))


def _answer(view: View, named: str | None) -> Answer:
    topology = view.topology()
    chosen: tuple[Pool, ...] = topology.pools
    if named:
        found = resolve(named, topology)
        if isinstance(found, Refusal):
            return Answer(found.say, (found.cure,))
        chosen = tuple(p for p in topology.pools if p.fqdn in {found.fqdn, found.backup})
    read = view.facts([p.fqdn for p in chosen])
    rows = [("pool", "state", "health", "users", "served by", "backup"), *(_row(p, read[p.fqdn]) for p in chosen)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    table = tuple("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows)
    lines = (*_open(view), *view.health, *([LIMITED] if any(_LIMITED in row[4] for row in rows) else []))
    return Answer("Pools", lines, table, f"Read just now, by the {view.engine} engine.")


def _row(pool: Pool, facts: Facts | EngineError) -> tuple[str, ...]:
    if isinstance(facts, EngineError):
        return pool.fqdn, "not readable", facts.say, "?", "?", "?"
    read = facts.pool
    backup = _short(read.backup) if read.backup else "?" if facts.missed(What.BACKUP_POOL, read.fqdn) else "none"
    users = f"{read.users:,}" if read.users is not None else "?"
    return pool.fqdn, read.state.value, _health(read), users, _served_by(facts), backup


def _short(fqdn: str) -> str:
    """Narrow enough for a phone: the first column has the whole name of every pool."""
    return fqdn.partition(".")[0]


def _health(pool: PoolFacts) -> str:
    if pool.front_ends and pool.front_ends_up is not None and pool.front_ends_up < pool.front_ends:
        return f"{pool.health.value} ({pool.front_ends_up}/{pool.front_ends} FE)"
    return pool.health.value


def _served_by(facts: Facts) -> str:
    """Only from what was read: the users' own registrations are not, so what resiliency mode gives to the users of a
    pool that is down is shown as what it can be at best."""
    match facts.pool.state:
        case PoolState.FAILED_OVER:
            return _server(facts.partner)
        case PoolState.FAILING_OVER:
            return "in transition"
        case state if state in HOME:
            return _at_home(facts)
        case _:
            return "?"


def _server(partner: PoolFacts | None) -> str:
    if partner is None or partner.health is Health.UNKNOWN:
        return "?"
    return _short(partner.fqdn) if partner.health is Health.UP else "nobody"


def _at_home(facts: Facts) -> str:
    match facts.pool.health:
        case Health.UP:
            return "itself"
        case Health.UNKNOWN:
            return "?"
        case Health.BACKEND_DOWN:
            return f"itself, {_LIMITED}"
        case _:
            told = not facts.missed(What.BACKUP_POOL, facts.pool.fqdn)
            alone = facts.partner is None and not facts.pool.backup and told
            backup = "nobody" if alone else _server(facts.partner)
            return backup if backup in {"nobody", "?"} else f"at best {backup}, {_LIMITED}"


def _open(view: View) -> list[str]:
    return [
        f"Open: {op.id}, {op.request.what}, {op.state.value}, asked by {op.request.name}"
        for op in view.open_operations()
    ]
