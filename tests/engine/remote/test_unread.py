"""From readings that failed to why: for one pool one reason, and silence only where nobody got an answer."""

from __future__ import annotations

import pytest

from engine.facts import What, Why
from engine.port import EngineError, EngineUnavailable
from engine.remote.refusals import Answered
from engine.remote.unread import CMDLET, Reached, parsed, services, unread

P1 = "pool01.contoso.com"
CUT = EngineUnavailable("not read within 30 s")


def answered(why: Why, host: str = "fe1.pool02") -> Answered:
    return Answered("Get-X on fe1.pool02 failed", "seine Worte", why=why, id="", host=host, account="CONTOSO\\bot")


DENIED, SILENT, ODD, MISSING = (answered(w) for w in (Why.NO_RIGHTS, Why.NO_ANSWER, Why.FAILED, Why.NOT_THERE))
State = bool | EngineError | None


@pytest.mark.parametrize(
    ("states", "reached", "why"),
    [
        ([True, False], Reached.NO, None),
        ([True, DENIED], Reached.YES, Why.NO_RIGHTS),
        ([DENIED, SILENT], Reached.NO, Why.NO_RIGHTS),
        ([SILENT, ODD, DENIED], Reached.UNTRIED, Why.NO_RIGHTS),
        ([SILENT, SILENT], Reached.NO, Why.NO_ANSWER),
        ([SILENT, SILENT], Reached.UNTRIED, Why.NO_ANSWER),
        ([SILENT, SILENT], Reached.YES, Why.FAILED),
        ([ODD, ODD], Reached.NO, Why.NO_ANSWER),
        ([CUT, CUT], Reached.NO, Why.NO_ANSWER),
        ([ODD, SILENT], Reached.UNTRIED, Why.FAILED),
        ([True, SILENT], Reached.NO, Why.FAILED),
        ([True, SILENT], Reached.UNTRIED, Why.FAILED),
        ([False, SILENT], Reached.UNTRIED, Why.FAILED),
        ([ODD, True], Reached.YES, Why.FAILED),
        ([CUT, CUT], Reached.YES, Why.NOT_ASKED),
        ([CUT, CUT], Reached.UNTRIED, Why.NOT_ASKED),
        ([MISSING, MISSING], Reached.YES, Why.NOT_THERE),
        ([True, None], Reached.YES, Why.UNCLEAR),
        ([], Reached.NO, None),
    ],
)
def test_a_pool_has_one_reason_for_what_is_not_known_of_its_services(
    states: list[State], reached: Reached, why: Why | None
) -> None:
    """A missing right before all else; no answer only where neither the surviving pool nor the bot hears anything, and
    no machine of it runs."""
    found = services(P1, {f"fe{n}": state for n, state in enumerate(states)}, reached)
    assert (found.why if found else None) is why
    assert found is None or (found.what, found.of) == (What.SERVICES, P1)


def test_what_refused_and_whom_is_kept() -> None:
    """The host is the one on which the right is missing: for services each machine, else the one that was asked."""
    told = services(P1, {"fe1": DENIED, "fe2": True, "fe3": DENIED}, Reached.YES)
    assert told is not None
    assert (told.host, told.account, told.said) == ("fe1, fe3", "CONTOSO\\bot", "seine Worte")
    assert "Performance Monitor Users" in told.right
    other = unread(What.BACKUP_SERVICE, P1, DENIED)
    assert (other.host, "Get-CsBackupServiceStatus" in other.right) == ("fe1.pool02", True)


@pytest.mark.parametrize("error", [SILENT, ODD, MISSING, CUT])
def test_no_right_is_named_where_none_is_missing(error: EngineError) -> None:
    """A cure that does not help is worse than none."""
    assert unread(What.USERS, P1, error).right == ""


@pytest.mark.parametrize("what", list(What))
def test_the_name_of_a_reading_tells_what_it_is_about_and_of_whom(what: What) -> None:
    """Also of the part of one that is read in several, and of those that are of the whole deployment."""
    assert parsed(what.value) == (what, "")
    assert parsed(f"{what.value} of {P1}") == (what, P1)
    assert parsed(f"{what.value} of {P1} (2)") == (what, P1)


def test_whoever_reads_a_cmdlet_knows_its_name() -> None:
    """Everything that is read from a server; what is concluded here has no cmdlet."""
    assert set(What) - set(CMDLET) == {What.ANSWER, What.PARTNER, What.NEXT_HOP}
