"""What may be typed: both spellings, every switch, every value; and an answer for everything else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands import load
from commands._command import Parsed
from commands._wish import Ask, Look
from engine.model import Kind, Options

COMMANDS = load()
DIGITS = "9" * 5_000


def parse(text: str) -> Parsed:
    """`/command text`, parsed."""
    name, _, rest = text.removeprefix("/").partition(" ")
    return COMMANDS[name].parse(rest)


def ask(text: str) -> Ask:
    parsed = parse(text)
    assert isinstance(parsed.wish, Ask), parsed
    return parsed.wish


def problem(text: str) -> str:
    parsed = parse(text)
    assert parsed.problem is not None, parsed
    assert parsed.problem.cure
    return parsed.problem.say


@pytest.mark.parametrize(
    ("ours", "cmdlets", "options"),
    [
        ("--disaster", "-DisasterMode", Options(disaster=True)),
        ("--flush-storage", "-FlushStorageService", Options(flush_storage=True)),
        ("--force", "-Force", Options(force=True)),
        ("--skip-verification", "-SkipDataVerification", Options(skip_verification=True)),
        ("--wait 5m", "-WaitTime 00:05:00", Options(wait=300)),
        ("--whatif", "-WhatIf", Options(whatif=True)),
        ("--whatif", "-wi", Options(whatif=True)),
        ("--database-timeout 60", "-DatabaseCommandTimeoutInSeconds 60", Options(database_timeout=60)),
        ("--stop-delay 5", "-ServicesStopDelayMins 5", Options(stop_delay=5)),
    ],
)
def test_both_spellings_ask_for_the_same(ours: str, cmdlets: str, options: Options) -> None:
    """Ours and the cmdlet's own, in any case, with colon, equals sign or space, before or after the pool."""
    wish = Ask(Kind.FAILOVER, "pool01", options)
    texts = [f"/failover pool01 {ours}", f"/failover {ours} pool01", f"/failover pool01 {ours.replace(' ', '=')}"]
    texts += [f"/failover -PoolFqdn pool01 {cmdlets}", f"/failover -poolfqdn:pool01 {cmdlets.lower()}"]
    texts += [f"/failover pool01 {cmdlets.upper().replace(' ', ':')}", f"/failover pool01 -{cmdlets}"]
    for text in texts:
        assert ask(text) == wish, text


def test_a_switch_can_be_written_as_powershell_writes_it() -> None:
    """-Force:$true sets it; -Force:$false leaves it out, and says so."""
    assert ask("/failover pool01 -Force:$true").options.force
    parsed = parse("/failover pool01 -Force:$false")
    assert isinstance(parsed.wish, Ask)
    assert not parsed.wish.options.force
    assert parsed.repairs


@pytest.mark.parametrize("text", ["-Confirm:$false", "-confirm", "--confirm=$false", "—Confirm:$false", "-cf"])
def test_confirm_is_answered_with_why_not(text: str) -> None:
    """It is neither obeyed nor taken for a typing error."""
    assert "approvals" in problem(f"/failover pool01 {text}")


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [("90", 90), ("90s", 90), ("5m", 300), ("5min", 300), ("1h30m", 5_400), ("00:05:00", 300), ("1.00:00:00", 86_400)],
)
def test_wait_times(typed: str, seconds: int) -> None:
    """A bare number is seconds; the cmdlet itself would read days or ticks."""
    assert ask(f"/failover pool01 --wait {typed}").options.wait == seconds


@pytest.mark.parametrize(
    "typed",
    ["", "x", "m", "-5", "5d", "1:2", "24:00:00", "00:60:00", "5 m", "٥m", f"{DIGITS}h", f"{DIGITS}.00:00:00"],
)
def test_what_is_no_time_is_an_error(typed: str) -> None:
    """With the right ways to write one."""
    assert "00:05:00" in problem(f'/failover pool01 --wait="{typed}"')


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("/failover pool01 --disatser", "--disaster"),
        ("/failover pool01 --disastr", "--disaster"),
        ("/failover pool01 -DisasterMod", "--disastermode"),
        ("/failover pool01 --whatiff", "--whatif"),
        ("/failover pool01 -WaitTim 5m", "--waittime"),
        ("/failover pool01 —flush", "--flush-storage"),
        ("/failback pool01 --skip-verifcation", "--skip-verification"),
        ("/failover-log --lats 5", "--last"),
        ("/failover pool01 -Disatser:$false", "--disaster"),
    ],
)
def test_an_unknown_flag_names_the_nearest_right_one(text: str, near: str) -> None:
    """It is never dropped and never guessed."""
    assert near in problem(text)


@pytest.mark.parametrize(
    "text",
    [
        "/failover",
        "/failover --disaster",
        "/failover pool01 pool02",
        "/failover pool01 -PoolFqdn pool02",
        "/failover pool01 disaster",
        "/failover pool01 -- --disaster",
        "/failover pool01' '--disaster",
        "/failover pool01 '--disaster",
        '/failover pool01 --reason "storage work',
        "/failover pool01 --reason --disaster",
        "/failover pool01 --reason -DisasterMode",
        "/failover pool01 --reason",
        "/failover -PoolFqdn --disaster",
        "/failover pool01 --force=maybe",
        "/failover pool01 --database-timeout 0",
        f"/failover pool01 --database-timeout {DIGITS}",
        "/failback pool01 --flush-storage",
        "/failback pool01 --stop-delay 5",
        "/failover-log --last 51",
        "/pools pool01 pool02",
    ],
)
def test_what_cannot_be_meant_is_an_error(text: str) -> None:
    """No pool, two pools, a word too many, a switch that swallows another, a value out of range."""
    assert problem(text)


def test_a_reason_may_say_anything() -> None:
    """Quoted, it is one text: dashes, apostrophes, marks and mentions are letters in it."""
    reason = "it's <!channel> & --not-a-flag; 50% of 'users' @here"
    assert ask(f'/failover pool01 --reason "{reason}"').reason == reason
    assert ask('/failover pool01 --reason "- see INC-1"').reason == "- see INC-1"


@settings(max_examples=200)
@given(st.sampled_from(sorted(COMMANDS)), st.text(max_size=60))
def test_nothing_that_a_person_can_type_raises(name: str, text: str) -> None:
    """Exactly one of a wish, a problem and the help comes back."""
    parsed = COMMANDS[name].parse(text)
    assert sum(part is not None for part in (parsed.wish, parsed.problem, parsed.help)) == 1


_piece = st.sampled_from(
    [
        "pool01",
        "--",
        "-",
        "--wait",
        "-WaitTime:",
        "5m",
        "=",
        ":",
        '"',
        "'",
        "—",
        "--reason",
        "$false",
        "-Force",
        " ",
        "\n",
    ]
)


@settings(max_examples=300)
@given(st.sampled_from(sorted(COMMANDS)), st.lists(_piece, max_size=12).map("".join))
def test_no_heap_of_flags_and_quotes_raises(name: str, text: str) -> None:
    """The pieces that a parser stumbles over, in any order."""
    parsed = COMMANDS[name].parse(text)
    assert sum(part is not None for part in (parsed.wish, parsed.problem, parsed.help)) == 1


def test_questions_change_nothing() -> None:
    """Reading commands give a Look, and never an Ask."""
    for text in ("/pools", "/pools pool01", "/failover-log", "/failover-log 7kq2-m4xa", "/failover-roles"):
        assert isinstance(parse(text).wish, Look)
