"""From a reading that failed to its `Unread`: why it gave nothing, and which right would help. Pure.

A pool's Front Ends get one `Unread`: whether the pool is up is one question, whichever of them could not be asked.
Rights: the reference pages of the cmdlets ("Who can run this cmdlet", "permissions"), for an ordinary endpoint; where
RBAC decides, a role that holds the cmdlet takes their place.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from engine.facts import Unread, What, Why
from engine.port import EngineError
from engine.remote.refusals import Answered

Services = Mapping[str, "bool | EngineError | None"]
"""Each Front End's service: it runs, it does not, it could not be read, or (None) what was read does not show it."""

CMDLET = {
    What.POOLS: "Get-CsPool",
    What.REGISTRARS: "Get-CsService",
    What.POOL_STATE: "Get-CsRegistrarConfiguration",
    What.SERVICES: "Get-CsWindowsService",
    What.ROUTING: "Get-CsPoolFabricState",
    What.ORDER: "Get-CsComputer",
    What.USERS: "Get-CsUser",
    What.BACKUP_POOL: "Get-CsPoolBackupRelationship",
    What.BACKUP_SERVICE: "Get-CsBackupServiceStatus",
    What.CMS: "Get-CsService",
    What.MASTER: "Get-CsManagementStoreReplicationStatus",
    What.EDGES: "Get-CsService",
}


class Reached(StrEnum):
    """Whether a Front End of the pool takes a connection from the bot itself."""

    YES = "yes"
    NO = "no"
    UNTRIED = "untried"
    """None is known, none has an address, or a proxy stands between."""


def parsed(name: str) -> tuple[What, str]:
    """`services of pool01.contoso.com (2)`, the name of a reading: what it is about, and which pool."""
    if name in set(What):
        return What(name), ""
    what, _, whose = name.rpartition(" of ")
    return What(what), whose.partition(" ")[0]


def unread(what: What, of: str, error: EngineError, host: str = "") -> Unread:
    """`host`: the machine it was to be read from, where that is not the one that was asked."""
    if not isinstance(error, Answered):
        return Unread(what, Why.NOT_ASKED, of, error.say)
    if error.why is Why.NOT_THERE:
        return Unread(what, error.why, of, error.say, error.host, error.account)
    denied = error.why is Why.NO_RIGHTS
    refused_by = host or (error.host if denied else "")
    right = _right(what) if denied else ""
    return Unread(what, error.why, of, error.detail, refused_by, error.account, right)


def _right(what: What) -> str:
    group = "RTCUniversalServerAdmins"
    if what is What.SERVICES:
        group += " and Performance Monitor Users"
    return f"{group} (or, where RBAC decides, a role with {CMDLET.get(what, 'the cmdlet')})"


def services(pool: str, states: Services, reached: Reached) -> Unread | None:
    """Why it is not known of every Front End of this pool whether its service runs; None where it is. Missing rights
    come first, as they say nothing about the pool; silence counts only where nobody got an answer from it."""
    errors = {machine: state for machine, state in states.items() if isinstance(state, EngineError)}
    if denied := [m for m, e in errors.items() if isinstance(e, Answered) and e.why is Why.NO_RIGHTS]:
        return unread(What.SERVICES, pool, errors[denied[0]], ", ".join(denied))
    silent = [m for m, e in errors.items() if isinstance(e, Answered) and e.why is Why.NO_ANSWER]
    quiet = reached is Reached.NO or (reached is Reached.UNTRIED and len(silent) == len(states))
    if errors and quiet and True not in states.values():
        machine, error = next(iter(errors.items()))
        said = (error.detail if isinstance(error, Answered) else "") or error.say
        return Unread(What.SERVICES, Why.NO_ANSWER, pool, said, ", ".join(errors), getattr(error, "account", ""))
    if errors:
        machine, error = next(iter(errors.items()))
        made = unread(What.SERVICES, pool, error, machine)
        return made if made.why is not Why.NO_ANSWER else Unread(What.SERVICES, Why.FAILED, pool, made.said, machine)
    odd = [machine for machine, state in states.items() if state is None]
    said = "the state of its Front End service (RTCSRV) is not reported"
    return Unread(What.SERVICES, Why.UNCLEAR, pool, said, ", ".join(odd)) if odd else None
