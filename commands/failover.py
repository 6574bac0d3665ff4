"""/failover: ask for a pool to be failed over to its backup pool. Only reads what was typed."""

from typing import Any

import click

from commands.grammar.switches import FLUSH, STOP_DELAY, ask, disaster, switches
from commands.grammar.wish import Ask
from engine.model import Kind

EXAMPLES = (
    ("/failover pool01", "planned: the pool is up, its data is copied first"),
    ("/failover pool01 --disaster", "the pool is lost: users are served again, what was not copied is lost"),
    ("/failover pool01 --whatif", "shows what would happen, and changes nothing"),
    ('/failover pool01 --wait 5m --reason "storage work"', "waits up to five minutes for the data"),
    ("/failover -PoolFqdn pool01.contoso.com -DisasterMode", "the cmdlet's own spelling"),
)
LOST = "the pool or its SQL back end is lost; what was not yet copied to the backup pool is lost with it"


@click.command(
    add_help_option=False,
    help="Ask for a pool to be failed over to its backup pool. Nothing runs until the leads approve.",
)
@switches(disaster(LOST), FLUSH, STOP_DELAY)
def command(pool: str | None, fqdn: str | None, reason: str, **options: Any) -> Ask:
    return ask(Kind.FAILOVER, pool, fqdn, reason, **options)
