"""The worlds that can be made: how many pools, users and Front Ends. Only inserts, no rule."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from engine.lab.pools import SYNC_INTERVAL

PRODUCTS = {"2013": "Lync Server 2013", "2015": "Skype for Business Server 2015"}
CMDLETS = ("Invoke-CsPoolFailOver", "Invoke-CsPoolFailBack")
ROLES = ("Lab-CsAdministrator", "Lab-CsServerAdministrator")
"""The lab's own names: which built-in role holds the cmdlets is not documented."""

BIG = 1000
"""A pool with at least this many users has its own flow of writes; a smaller one has only those made by hand."""


class Size(StrEnum):
    TINY = "tiny"
    DEFAULT = "default"
    FOREST = "forest"


@dataclass(frozen=True)
class _Blueprint:
    fqdn: str
    site: str
    backup: str | None
    users: int
    front_ends: int
    edition: str = "Enterprise"


def populate(db: sqlite3.Connection, size: Size, real: float, product: str) -> None:
    """Fill empty tables. Users are numbered throughout: user0000001@contoso.com is the first of the first pool."""
    if product not in PRODUCTS:
        raise ValueError(f"the lab knows {' and '.join(PRODUCTS)}, not {product!r}")
    db.execute(
        "INSERT INTO clock (one, real, virtual, speed, instant, product, size) VALUES (1, ?, 0, 1, 1, ?, ?)",
        (real, product, size.value),
    )
    plans = list(_blueprints(size))
    numbers = {plan.fqdn: number for number, plan in enumerate(plans, 1)}
    first_user = 1
    for plan in plans:
        _pool(db, plan, numbers, PRODUCTS[product])
        db.execute(
            "WITH RECURSIVE n(i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)"
            " INSERT INTO user SELECT printf('user%07d@contoso.com', i), ? FROM n",
            (first_user, first_user + plan.users, numbers[plan.fqdn]),
        )
        first_user += plan.users
    second = numbers["pool02.contoso.com"]
    db.execute("INSERT INTO edge VALUES ('edge01.contoso.com', ?, ?, 1)", (second, second))
    db.execute("INSERT INTO cms VALUES (1, ?, ?)", (second, second))
    db.executemany("INSERT INTO role VALUES (?, ?)", [(cmdlet, role) for cmdlet in CMDLETS for role in ROLES])


def _pool(db: sqlite3.Connection, plan: _Blueprint, numbers: dict[str, int], version: str) -> None:
    write_rate = plan.users / 4000 if plan.users >= BIG else 0.0
    writes = 10 * plan.users
    db.execute(
        "INSERT INTO pool (id, fqdn, backup, site, edition, version, users, capacity, write_seq, repl_seq,"
        " write_rate, repl_rate, at, synced_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)",
        (
            numbers[plan.fqdn],
            plan.fqdn,
            numbers[plan.backup] if plan.backup else None,
            plan.site,
            plan.edition,
            version,
            plan.users,
            2 * plan.users,  # each pool is sized for the users of both, as the planning pages ask
            writes,
            writes - round(write_rate * SYNC_INTERVAL),
            write_rate,
            max(100.0, 10 * write_rate),
        ),
    )
    name, domain = plan.fqdn.split(".", 1)
    db.executemany(
        "INSERT INTO fe (pool, number, fqdn, queue) VALUES (?, ?, ?, 2)",
        [(numbers[plan.fqdn], n, f"{name}-fe{n:02}.{domain}") for n in range(1, plan.front_ends + 1)],
    )


def _blueprints(size: Size) -> Iterator[_Blueprint]:
    match size:
        case Size.TINY:
            yield from _pair("pool01.contoso.com", "pool02.contoso.com", 50, 3)
            yield from _pair("pool03.contoso.com", "pool04.contoso.com", 10, 3)
        case Size.DEFAULT:
            yield from _pair("pool01.contoso.com", "pool02.contoso.com", 80_000, 12)
            yield from _pair("pool03.contoso.com", "pool04.contoso.com", 500, 3)
        case Size.FOREST:
            names = [f"pool{n:02}.contoso.com" for n in range(1, 25)]
            # The same short names once more, so that `pool01` alone is ambiguous.
            names += ["pool01.emea.contoso.com", "pool02.emea.contoso.com"]
            for number in range(0, len(names), 2):
                yield from _pair(names[number], names[number + 1], 38_461, 12)
    yield _Blueprint("pool-alone.contoso.com", "Branch", None, 14 if size is Size.FOREST else 20, 1, "Standard")


def _pair(first: str, second: str, users: int, front_ends: int) -> Iterator[_Blueprint]:
    yield _Blueprint(first, "Redmond", second, users, front_ends)
    yield _Blueprint(second, "Dublin", first, users, front_ends)
