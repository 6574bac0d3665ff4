"""/failover-roles: the RBAC roles whose cmdlets include the failover cmdlets (Get-CsAdminRole). Reads only."""

import click

from commands.grammar.wish import Answer, Look, View
from engine.plan import CMDLETS

EXAMPLES = (("/failover-roles", "which server roles may run the failover cmdlets"),)


@click.command(add_help_option=False, help="Show which RBAC roles of the server include the failover cmdlets.")
def command() -> Look:
    return Look("roles", _answer)


def _answer(view: View) -> Answer:
    lines = []
    for cmdlet in CMDLETS.values():
        roles = view.roles(cmdlet)
        lines.append(f"{cmdlet}: {', '.join(roles) or 'no role'}")
    return Answer("Roles", tuple(lines), (), f"From Get-CsAdminRole, by the {view.engine} engine.")
