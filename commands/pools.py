"""/pools: the pairs, their state, who serves whom, and what is open. Reads only."""

import click

from commands._wish import Answer, Look, View
from engine.case import HOME
from engine.model import Facts, Health, Pool, PoolFacts, PoolState, Refusal
from engine.port import EngineError
from engine.resolve import resolve

EXAMPLES = (
    ("/pools", "every pair: state, health, users, who serves them, what is open"),
    ("/pools pool01", "one pair"),
)


@click.command(add_help_option=False, help="Show the pairs of pools, who serves whom, and open operations.")
@click.argument("pool", required=False, metavar="[POOL]")
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
    return Answer("Pools", tuple(_open(view)) + tuple(view.health), table, f"Read now, by the {view.engine} engine.")


def _row(pool: Pool, facts: Facts | EngineError) -> tuple[str, ...]:
    if isinstance(facts, EngineError):
        return pool.fqdn, "not readable", facts.say, "?", "?", "?"
    read = facts.pool
    backup = _short(read.backup) if read.backup else "none"
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
    if facts.pool.state in HOME:
        serving: PoolFacts | None = facts.pool
    elif facts.pool.state is PoolState.FAILED_OVER:
        serving = facts.partner
    else:
        return "in transition" if facts.pool.state is PoolState.FAILING_OVER else "?"
    if serving is None:
        return "?"
    match serving.health:
        case Health.UP:
            return "itself" if serving is facts.pool else _short(serving.fqdn)
        case Health.UNKNOWN:
            return "?"
        case _:
            return "nobody"


def _open(view: View) -> list[str]:
    return [
        f"Open: {op.id}, {op.request.kind.value} of {op.request.pool}, {op.state.value}, asked by {op.request.name}"
        for op in view.open_operations()
    ]
