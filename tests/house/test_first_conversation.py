"""The README's first conversation: played once, by the installed wheel where there is one (`make test` makes it)."""

from __future__ import annotations

from pathlib import Path

from tests.house.conversation import play, recorded, run, tool

IN_THIS_ORDER = [
    "Waiting: 0 of 2 approvals given",
    "Invoke-CsPoolFailOver -PoolFqdn pool01.contoso.com -DisasterMode",
    "nobody approves their own request",
    "SUCCEEDED.",
    "Bob approved plan",
    "Carol approved plan",
    "redirecting 80,000 users to pool02.contoso.com (40 %)",
    "The log is intact",
]


def test_the_demo_plays_the_readmes_first_conversation_and_leaves_a_log_and_a_world(tmp_path: Path) -> None:
    """Exit code 0 and the README's words: the card, the cmdlet's line, approvals, progress, the verdict, the proved
    log. In the folder of the play, the log verifies and the lab can be looked at."""
    called = tool()
    code, told = play(tmp_path, called)
    verified = run(*called, "log", "verify", cwd=tmp_path)
    shown = run(*called, "lab", "show", cwd=tmp_path)

    assert (code, told) == (0, recorded())
    places = [told.find(part) for part in IN_THIS_ORDER]
    assert -1 not in places
    assert places == sorted(places)
    assert (verified.returncode, shown.returncode) == (0, 0)
    assert "The log is intact" in verified.stdout
    assert "pool01.contoso.com" in shown.stdout
