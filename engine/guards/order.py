"""The order of the guards, which is fixed: messages and approvals depend on it.

Pure. A guard looks at one thing and says what is wrong with it, in a code, a sentence and a cure; it knows no other
guard. There is one file per family beside this one. A fact that could not be read is never assumed to be good.
Source of the conditions: the reference pages of Invoke-CsPoolFailOver and Invoke-CsPoolFailBack, and Microsoft's
"Failing over a pool" for Lync Server 2013 and Skype for Business Server 2015.
"""

from __future__ import annotations

from engine.guards.case import Guard
from engine.guards.circumstances import cooldown, held, unread, what_stays_down
from engine.guards.cms import cms
from engine.guards.command import parameters_known
from engine.guards.data import sync
from engine.guards.edge import edge
from engine.guards.health import (
    backup_for_failback,
    backup_up,
    disaster_on_healthy,
    home_restored,
    needs_disaster,
    not_seen,
)
from engine.guards.load import capacity, failback_duration, failover_duration
from engine.guards.pairing import pair
from engine.guards.state import failback_state, failover_state

FAILOVER: tuple[Guard, ...] = (
    pair,
    failover_state,
    backup_up,
    cms,
    edge,
    needs_disaster,
    parameters_known,
    disaster_on_healthy,
    not_seen,
    sync,
    capacity,
    unread,
    cooldown,
    held,
    failover_duration,
    what_stays_down,
)
FAILBACK: tuple[Guard, ...] = (
    pair,
    failback_state,
    home_restored,
    backup_for_failback,
    cms,
    parameters_known,
    sync,
    unread,
    cooldown,
    held,
    failback_duration,
)
