"""The one place that answers who may do what, how many must approve, and how grave a request is.

Pure. The count in the plan, the colour of the button, the words of its dialog, the numbers of `check` and the refusals
of the rules all come from here; nothing else names a role. No state of an operation and no fact of a pool is judged
here: the rules and the guards do that. What was found comes in as findings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from engine.model import Finding, Kind, Options, Person


class Role(StrEnum):
    """What the configuration may call a person."""

    ONCALL = "oncall"
    LEAD = "lead"
    AUDITOR = "auditor"


class Verb(StrEnum):
    """What takes a role. In addition, people may withdraw and stop what they asked for."""

    ASK = "ask"
    READ = "read"
    APPROVE = "approve"
    DENY = "deny"
    STOP = "stop"
    SETTLE = "settle"


@dataclass(frozen=True)
class Policy:
    """Who may do what. Nobody is let in by default. Times in seconds."""

    may_request: frozenset[str] = frozenset({Role.ONCALL, Role.LEAD})
    may_approve: frozenset[str] = frozenset({Role.LEAD})
    may_read: frozenset[str] = frozenset({Role.ONCALL, Role.LEAD, Role.AUDITOR})
    approvals: int = 1
    risky_approvals: int = 2
    """Needed for what is grave."""
    expires_after: int = 900
    remind_before: int = 300
    cooldown: int = 1800
    capacity: int = 80_000
    """Users a pool can carry, where the engine cannot say (Lync Server 2013: 80,000)."""


# --- how grave, and how many ---------------------------------------------------------------------------------------

_GRAVE: Mapping[str, Callable[[Options], bool]] = {
    "disaster mode": lambda options: options.disaster,
    "skipped verification": lambda options: options.skip_verification,
}
"""What makes a request grave, by its name in a sentence."""
GRAVE = f"{', '.join(_GRAVE)} and a pool that is in between"
"""In words, for the log and for `check`: what was typed, and what was found."""
_LOSS = "What is not copied by then is lost for good."


@dataclass(frozen=True)
class Risk:
    """How grave a request is, whoever approves it. `loss`: what people lose by it, in one sentence; empty: nothing."""

    grave: bool
    loss: str = ""


@dataclass(frozen=True)
class Demand:
    """What a request takes before it may start: this many people, and with their eyes open."""

    approvals: int
    risk: Risk


def risk(kind: Kind, options: Options, findings: Iterable[Finding] = ()) -> Risk:  # noqa: ARG001  # see below
    """Judged from what was typed and from what was found. The kind is here to be judged too, and does not count yet."""
    loses = any(is_so(options) for is_so in _GRAVE.values())
    grave = not options.whatif and (loses or any(finding.grave for finding in findings))
    return Risk(grave, _LOSS if grave and loses else "")


def demanded(kind: Kind, options: Options, policy: Policy, findings: Iterable[Finding] = ()) -> Demand:
    """Two people for what can lose data, one for the rest; none for a what-if, which changes nothing."""
    judged = risk(kind, options, findings)
    if options.whatif:
        return Demand(0, judged)
    return Demand(policy.risky_approvals if judged.grave else policy.approvals, judged)


USUAL, GRAVEST = Options(), Options(disaster=True)
"""A request of each sort, for statements about all of them."""


def most_demanded(policy: Policy) -> int:
    """The most approvals that are ever needed."""
    return max(demanded(kind, options, policy).approvals for kind in Kind for options in (USUAL, GRAVEST))


# --- who -----------------------------------------------------------------------------------------------------------


def roles_for(verb: Verb, policy: Policy) -> frozenset[str]:
    match verb:
        case Verb.ASK:
            return policy.may_request
        case Verb.READ:
            return policy.may_read
        case Verb.APPROVE | Verb.DENY | Verb.STOP | Verb.SETTLE:
            return policy.may_approve


def may(person: Person, verb: Verb, policy: Policy) -> bool:
    return bool(person.roles & roles_for(verb, policy))


def who_may(verb: Verb, policy: Policy) -> str:
    """The roles in words: `lead or oncall`."""
    return " or ".join(sorted(roles_for(verb, policy))) or "(nobody: the configuration names no role)"


def approvers(asker: str, everybody: Iterable[Person], policy: Policy) -> tuple[Person, ...]:
    """Who may approve what this person asks for: nobody approves their own request."""
    return tuple(p for p in everybody if p.id != asker and may(p, Verb.APPROVE, policy))


def more_leads(count: int) -> str:
    """`1 more lead`, `2 more leads`: those whose approval is still missing, for a sentence."""
    return f"{count} more {Role.LEAD}{'' if count == 1 else 's'}"
