"""What makes each verdict, and what must be proved for it: a table that is made by asking the rules in every situation.

Nothing is written by hand here: each end, each reading, with and without the proof, early and held, each word of two
leads is put to `verdict.looked`, and what it closes is what the table says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from itertools import product

from engine import verdict
from engine.events import ApprovalGranted, DoubtRaised, DoubtSettled, OperationClosed, RunEnded, RunStopAsked
from engine.facts import PoolState
from engine.model import Ended, Proof, Verdict, Where, Word
from engine.rules import CLAIMS
from engine.states import Operation, evolve
from engine.verdict import Look
from tests.engine.given import LEO, LIA, T0, asked, facts, given, intent, outcome, passed, pool_facts

SETTLING = 60.0
READINGS = {
    Where.TARGET: PoolState.FAILED_OVER,
    Where.ORIGIN: PoolState.ACTIVE,
    Where.BETWEEN: PoolState.FAILING_OVER,
    Where.UNREADABLE: None,
}
Row = tuple[Verdict, Where, str]


def _ends() -> Iterator[tuple[str, Operation]]:
    """Runs that came to an end, or whose end is not known; and what two leads said of them, in words."""
    made = passed()
    running = given(asked(), made, ApprovalGranted(LEO.id, LEO.name, made.digest), intent(made))
    stopping = evolve(running, RunStopAsked("olga", "Olga"), T0)
    for op in (running, stopping):
        for ended in (Ended.COMPLETED, Ended.COMPLETED_WITH_ERRORS, Ended.FAILED, Ended.STOPPED, Ended.NOT_STARTED):
            yield "", evolve(op, RunEnded(outcome(ended)), T0)
        doubted = evolve(op, DoubtRaised("lost"), T0)
        yield "", doubted
        for word in (Word.HAPPENED, Word.NOT_HAPPENED, Word.NEITHER):
            settled = DoubtSettled(word, (LEO.id, LIA.id), (LEO.name, LIA.name), "seen")
            yield f"two leads state that {CLAIMS[word]}", evolve(doubted, settled, T0)


def _closed(op: Operation, where: Where, over: bool, held: bool) -> Verdict | None:
    state = READINGS[where]
    look = Look(facts(pool_facts(state=state)) if state else None, Proof(over, "x"))
    for now in (T0, T0 + timedelta(seconds=SETTLING)) if held else (T0,):
        for event in verdict.looked(op, look, now, SETTLING):
            op = evolve(op, event, now)
            if isinstance(event, OperationClosed):
                return event.verdict
    return None


def verdicts() -> str:
    """As a Markdown table."""
    found: dict[Row, set[tuple[bool, bool]]] = defaultdict(set)
    for (said, op), where, over, held in product(list(_ends()), Where, (True, False), (True, False)):
        if closed := _closed(op, where, over, held):
            found[closed, where, said if where in {Where.UNREADABLE, Where.BETWEEN} else ""].add((over, held))
    rows = []
    for (closed, where, said), ways in sorted(
        found.items(), key=lambda item: (list(Verdict).index(item[0][0]), item[0][1])
    ):
        reading = f"{where.value}, for the settling time" if all(held for _, held in ways) else f"{where.value}, once"
        run = "proved over" if all(over for over, _ in ways) else "ended, as the server reported, or proved over"
        rows.append(f"| {closed.value} | {reading} | {run} | {said or 'nothing'} |")
    head = "| verdict | the users are read | the run is | and besides |\n|---|---|---|---|"
    return "\n".join([head, *rows])
