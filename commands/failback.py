"""/failback: ask for a pool's users to be brought home. Only reads what was typed."""

from typing import Any

import click

from commands.grammar.switches import ask, disaster, switches
from commands.grammar.wish import Ask
from engine.model import Kind

EXAMPLES = (
    ("/failback pool01", "brings the users of pool01 home; name the same pool as in the failover"),
    ("/failback pool01 --whatif", "shows what would happen, and changes nothing"),
    ("/failback pool01 --disaster", "the backup pool is lost: what users made there is lost with it"),
)
LOST = "the backup pool cannot be reached; what users made there since the failover is lost"


@click.command(
    add_help_option=False,
    help="Ask for a failed-over pool's users to be brought home. Nothing runs until a lead approves.",
)
@switches(disaster(LOST))
def command(pool: str | None, fqdn: str | None, reason: str, **options: Any) -> Ask:
    return ask(Kind.FAILBACK, pool, fqdn, reason, **options)
