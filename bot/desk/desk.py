"""The shell around the rules: identify the sender, read the wish, let the rule decide, record it, answer.

Called by a door while somebody waits (Slack: 3 s at most): everything here is quick, and nothing here acts on a pool.
The row is committed before the answer is returned. A delivery that was seen before changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.model import AlreadyDelivered, CannotRecord, Claim, ClaimHeld, FateUnknown
from audit.port import Operations, Writable
from bot.desk import story
from bot.desk.intents import Form, Intent, form_of
from bot.desk.journal import Journal, UnreadableError
from bot.desk.who import Sender, Who
from bot.text import holds_secret, one_line, sentence, without_secrets
from commands import load
from commands.grammar.command import Parsed
from commands.grammar.wish import Answer, Ask, Look
from engine import rules
from engine.events import Event, RequestAsked, WishRefused
from engine.facts import Pool, Topology
from engine.model import Person, Refusal, Word
from engine.policy import Policy, Verb, may
from engine.resolve import pair_of, resolve
from engine.states import BEGUN, Operation, State

Rule = Callable[[Operation, Person], Sequence[Event] | Refusal]
_ANY_REASON = "…"
"""Stands in for a reason that has not been given yet."""
UPDATE = "Run the version of csfailover that wrote it, or a newer one."
NOT_YET = Refusal(
    "E_NO_TOPOLOGY",
    "I do not know the pools yet: the engine has not answered. Nothing was started.",
    "Try again in a few seconds; /pools shows whether the engine answers.",
)


@dataclass(frozen=True)
class Reply:
    """What the sender alone reads at once, or a question that is answered after the ack."""

    text: str = ""
    answer: Answer | None = None
    look: Look | None = None


class Desk:
    """Thread-safe. `topology` must be quick: it is the last one read, or None before the first."""

    def __init__(
        self,
        journal: Journal,
        operations: Operations,
        writable: Writable,
        who: Who,
        policy: Policy,
        topology: Callable[[], Topology | None],
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._journal = journal
        self._operations = operations
        self._writable = writable
        self._who = who
        self._policy = policy
        self._topology = topology
        self._clock = clock
        self._new_id = new_id

    # --- slash commands --------------------------------------------------------------------------------------------

    def command(self, name: str, text: str, sender: Sender) -> Reply:
        """Answer one slash command. Never raises for anything that a person can type."""
        try:
            return self._command(name, text, sender)
        except AlreadyDelivered:
            return Reply("Slack delivered this twice. It counts once: the first delivery stands.")
        except CannotRecord as error:
            return Reply(_cannot_record(error))

    def _command(self, name: str, text: str, sender: Sender) -> Reply:
        who = self._who.who(sender.proof)
        if isinstance(who, Refusal):
            return self._refuse_command(who, name, text, sender)
        if holds_secret(text):
            return self._refuse_command(_SECRET, name, text, sender)
        parsed = load()[name].parse(text)
        if parsed.problem:
            problem = Refusal("E_USAGE", parsed.problem.say, parsed.problem.cure)
            return self._refuse_command(problem, name, text, sender, parsed)
        if parsed.help:
            self._note("command.read", name, text, sender)
            return Reply(answer=parsed.help)
        if isinstance(parsed.wish, Look):
            return self._look(who, parsed.wish, name, text, sender)
        assert isinstance(parsed.wish, Ask)
        return self._ask(who, parsed.wish, parsed, name, text, sender)

    def _look(self, who: Person, look: Look, name: str, text: str, sender: Sender) -> Reply:
        if not may(who, Verb.READ, self._policy):
            return self._refuse_command(Refusal("E_NOT_FOR_YOU", f"{who.name} may not read this."), name, text, sender)
        self._note("command.read", name, text, sender)
        return Reply(look=look)

    def _ask(self, who: Person, wish: Ask, parsed: Parsed, name: str, text: str, sender: Sender) -> Reply:
        found = self._find(wish.pool)
        refusal = found if isinstance(found, Refusal) else self._who.place(sender.place)
        if refusal:
            return self._refuse_command(refusal, name, text, sender, parsed)
        assert isinstance(found, Pool)
        request = RequestAsked(
            wish.kind,
            found.fqdn,
            wish.options,
            who.id,
            who.name,
            sender.place,
            wish.reason,
            f"/{name} {text}".strip(),
            parsed.repairs,
            found.backup or "",
        )
        if not wish.options.whatif and (holders := self._operations.holders(pair_of(found))):
            return self._refuse_command(self._locked(holders[0], who), name, text, sender, parsed)
        decided = rules.ask(request, who, self._policy, self._who.persons().values())
        if isinstance(decided, Refusal):
            return self._refuse_command(decided, name, text, sender, parsed)
        return self._open(decided, found, who, name, text, sender)

    def _find(self, named: str) -> Pool | Refusal:
        topology = self._topology()
        return NOT_YET if topology is None else resolve(named, topology)

    def _open(
        self, decided: tuple[RequestAsked], pool: Pool, who: Person, name: str, text: str, sender: Sender
    ) -> Reply:
        (request,) = decided
        if degraded := self._writable.degraded:
            return Reply(_cannot_record(degraded))
        claims = () if request.options.whatif else (Claim(pair_of(pool)),)
        new = Operation(self._new_id())
        try:
            self._journal.append(new, decided, sender.actor, delivery=sender.delivery, claims=claims)
        except ClaimHeld as held:
            return self._refuse_command(self._locked(held.operation, who), name, text, sender)
        repaired = f" I {', '.join(request.repairs)}." if request.repairs else ""
        runs = "It only shows what would happen." if not claims else "Nothing runs until it is approved."
        return Reply(
            f"{sentence(request.what)}: recorded as {new.id}. Checking now; the card will appear in this channel. "
            f"{runs}{repaired}"
        )

    def _locked(self, holder: str, who: Person) -> Refusal:
        try:
            op = self._journal.current(holder)
        except UnreadableError as error:
            return Refusal("E_LOCKED_UNREADABLE", f"This pair is locked. {error}", UPDATE)
        return Refusal(
            "E_LOCKED",
            f"Operation {op.id} is open on this pair: {op.request.what}, asked by "
            f"{op.request.name} at {op.asked_at:%H:%M} UTC, now {op.state.value}.",
            f"{_way_out(op, who, self._policy)} /failover-log {op.id} shows every step.",
        )

    def _refuse_command(
        self, refusal: Refusal, name: str, text: str, sender: Sender, parsed: Parsed | None = None
    ) -> Reply:
        self._note("command.refused", name, text, sender, refusal)
        repaired = f" (I {', '.join(parsed.repairs)}.)" if parsed and parsed.repairs else ""
        return Reply(f"{story.refused(refusal)}{repaired}")

    def _note(self, kind: str, name: str, text: str, sender: Sender, refusal: Refusal | None = None) -> None:
        body = {"command": f"/{name}", "text": without_secrets(text)[:2_000], "place": sender.place}
        if refusal:
            body |= {"code": refusal.code, "say": without_secrets(refusal.say)}
        self._journal.note(kind, sender.actor, body, sender.delivery)

    # --- clicks and modals -----------------------------------------------------------------------------------------

    def approve(self, operation: str, sender: Sender) -> Reply:
        return self._decide(
            "approve", operation, sender, lambda op, who: rules.approve(op, who, self._policy, self._clock())
        )

    def withdraw(self, operation: str, sender: Sender) -> Reply:
        return self._decide("withdraw", operation, sender, rules.withdraw)

    def stop(self, operation: str, sender: Sender) -> Reply:
        return self._decide("stop", operation, sender, lambda op, who: rules.stop(op, who, self._policy))

    def deny(self, operation: str, reason: str, sender: Sender) -> Reply:
        return self._decide("deny", operation, sender, self._deny(reason))

    def settle(self, operation: str, choice: str, reason: str, sender: Sender) -> Reply:
        return self._decide("settle", operation, sender, self._settle(reason, choice))

    def may_open(self, intent: Intent, operation: str, sender: Sender) -> Reply | None:
        """Before a form opens: would this be refused anyway? None when not; a refusal is recorded."""

        def refusal_only(op: Operation, who: Person) -> Sequence[Event] | Refusal:
            decided = self._on_trial(intent, op)(op, who)
            return decided if isinstance(decided, Refusal) else ()

        return self._refused(intent, operation, sender, refusal_only)

    def _on_trial(self, intent: Intent, op: Operation) -> Rule:
        if intent == "deny":
            return self._deny(_ANY_REASON)
        possible = [word for word in rules.words(op) if not op.statements or word is not op.statements[-1].word]
        return self._settle(_ANY_REASON, (possible or rules.words(op) or [Word.HAPPENED])[0].value)

    def form(self, intent: Intent, operation: str) -> tuple[Form, str]:
        """What the form asks, and what was requested, in words; empty where the operation cannot be read."""
        try:
            op = self._journal.current(operation)
        except UnreadableError:
            op = Operation(operation)
        return form_of(intent, op), op.request.what if op.version else ""

    def _deny(self, reason: str) -> Rule:
        return _without_secret(reason, lambda op, who: rules.deny(op, who, one_line(reason), self._policy))

    def _settle(self, reason: str, choice: str) -> Rule:
        if choice not in set(Word):
            return lambda _op, _who: _NO_CHOICE
        said = one_line(reason)
        return _without_secret(reason, lambda op, who: rules.settle(op, who, Word(choice), said, self._policy))

    def _decide(self, verb: str, operation: str, sender: Sender, rule: Rule) -> Reply:
        return self._refused(verb, operation, sender, rule) or Reply()

    def _refused(self, verb: str, operation: str, sender: Sender, rule: Rule) -> Reply | None:
        """Let the rule decide and append its events; None when it agreed. A repeated delivery gets no answer."""
        try:
            who = self._check(operation, sender)
            if isinstance(who, Refusal):
                self._note_click(who, verb, operation, sender)
                return Reply(story.refused(who))
            _, refusal = self._journal.transact(
                operation,
                lambda op: rule(op, who),
                sender.actor,
                delivery=sender.delivery,
                refused=_clicked_in_vain(who, verb),
            )
        except AlreadyDelivered:
            return Reply()
        except CannotRecord as error:
            return Reply(_cannot_record(error))
        return Reply(story.refused(refusal)) if refusal else None

    def _check(self, operation: str, sender: Sender) -> Person | Refusal:
        """Is the sender somebody we know, and does the operation belong to this channel?"""
        who = self._who.who(sender.proof)
        if isinstance(who, Refusal):
            return who
        try:
            op = self._journal.current(operation)
        except UnreadableError as error:
            return Refusal("E_UNREADABLE", str(error), UPDATE)
        if op.version == 0 or op.request.place != sender.place:
            return Refusal(
                "E_UNKNOWN_OPERATION", "This button belongs to no operation in this channel.", "Look at /failover-log."
            )
        return self._who.place(sender.place) or who

    def _note_click(self, refusal: Refusal, verb: str, operation: str, sender: Sender) -> None:
        body = {"wish": verb, "operation": operation[:64], "place": sender.place}
        self._journal.note(
            "click.refused", sender.actor, body | {"code": refusal.code, "say": refusal.say}, sender.delivery
        )


def _clicked_in_vain(who: Person, verb: str) -> Callable[[Refusal], Event]:
    return lambda refusal: WishRefused(who.name, refusal.code, refusal.say, verb)


def _without_secret(reason: str, rule: Rule) -> Rule:
    return (lambda _op, _who: _SECRET) if holds_secret(reason) else rule


def _way_out(op: Operation, who: Person, policy: Policy) -> str:
    """What frees the pair, as seen by the person who asks."""
    if op.state is State.IN_DOUBT:
        return "Leads settle it with Settle on its card, once somebody has looked at the pools."
    if op.state in BEGUN:
        return "It is under way; wait for it to end."
    until = f" It expires at {op.expires_at:%H:%M} UTC." if op.expires_at else ""
    if who.id == op.request.by:
        return f"It is yours: wait for the leads, or take it back with Withdraw on its card.{until}"
    lead = "Approve or deny it" if may(who, Verb.APPROVE, policy) else "A lead can approve or deny it"
    return f"{lead} on its card; {op.request.name} can withdraw it.{until}"


_NO_CHOICE = Refusal("E_NO_CHOICE", "Say which of the choices is true.", "Choose one, then send the form again.")
_SECRET = Refusal(
    "E_SECRET",
    "That looks like a password or a token. It was not recorded, and nothing was done.",
    "Change that secret, because Slack has seen it. Then ask again without it.",
)


def _cannot_record(error: object) -> str:
    if isinstance(error, FateUnknown):
        return (
            "Nobody knows yet whether this counts: the audit log failed while recording it. Nothing is started because "
            f"of it. Once the log can be written again, look at the card; if it is not there, do it again. {error}"
        )
    return f"The audit log cannot be written, and nothing starts that cannot be recorded. {error}"
