"""What may be typed: both spellings, every switch, every value; and an answer for everything else."""

from __future__ import annotations

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands import load
from commands.grammar.command import Parsed
from commands.grammar.wish import Ask, Look
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


SWITCHES = {
    "disaster": "-DisasterMode",
    "flush_storage": "-FlushStorageService",
    "force": "-Force",
    "skip_verification": "-SkipDataVerification",
    "whatif": "-WhatIf",
}


@pytest.mark.parametrize(("name", "cmdlets"), SWITCHES.items())
def test_every_switch_can_be_written_as_powershell_writes_it(name: str, cmdlets: str) -> None:
    """:$true sets it, :$false leaves it out and says so, in any case and with a space; anything else is no value."""
    for text in (f"{cmdlets}:$true", f"{cmdlets.lower()}:$TRUE", f"{cmdlets}: $true", f"-{cmdlets}=$true"):
        assert getattr(ask(f"/failover pool01 {text}").options, name), text
    parsed = parse(f"/failover pool01 {cmdlets}:$false")
    assert isinstance(parsed.wish, Ask)
    assert not getattr(parsed.wish.options, name)
    assert parsed.repairs == (f"left out {cmdlets}:$false, which changes nothing",)
    for value in ("yes", "true", "1", ""):
        assert "takes no value" in problem(f"/failover pool01 {cmdlets}:{value}")
    assert "colon" in problem(f"/failover pool01 {cmdlets} $true")
    assert "set and not set" in problem(f"/failover pool01 {cmdlets} {cmdlets}:$false")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("-Confirm:$false", "cannot be switched off"),
        ("--confirm=$false", "cannot be switched off"),
        ("—Confirm:$false", "cannot be switched off"),
        ("-cf:$False", "cannot be switched off"),
        ("-confirm", "not needed"),
        ("-Confirm:$true", "not needed"),
        ("-cf", "not needed"),
    ],
)
def test_confirm_is_answered_with_why_not(text: str, says: str) -> None:
    """It is neither obeyed nor taken for a typing error."""
    assert "approvals" in problem(f"/failover pool01 {text}")
    assert says in problem(f"/failover pool01 {text}")


def test_verbose_is_left_out_and_told() -> None:
    """It is always sent; and a question knows no such switch."""
    assert parse("/failover pool01 -Verbose -verbose").repairs == ("left out -Verbose, which is always sent",)
    assert problem("/pools -Verbose")
    assert parse("/failover pool01 -Verbose:$true").wish


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("--wait 5", ("read --wait 5 as 5 seconds",)),
        ("-WaitTime 1", ("read -WaitTime 1 as 1 second",)),
        ("--wait=90", ("read --wait 90 as 90 seconds",)),
        *((f"--wait {right}", ()) for right in ("5s", "5m", "00:00:05")),
        ("--database-timeout 60", ()),
    ],
)
def test_a_bare_time_is_told_as_seconds(typed: str, told: tuple[str, ...]) -> None:
    """The cmdlet itself would take it otherwise; a time with its unit needs no word."""
    assert parse(f"/failover pool01 {typed}").repairs == told


def test_days_are_a_unit() -> None:
    """Understood, so that preflight can refuse too many; in two words they are a slip, as any unit is."""
    assert [ask(f"/failover pool01 --wait {t}").options.wait for t in ("1d", "3days", "1d2h")] == [
        86_400,
        259_200,
        93_600,
    ]
    assert "Did you mean --wait 3days?" in problem("/failover pool03 --wait 3 days")


def test_verbose_swallows_nothing() -> None:
    """What is glued to it may have been meant, as a what-if."""
    assert "-Verbose takes no value, but '-WhatIf' was given" in problem("/failover pool01 -Verbose:-WhatIf")


def test_a_text_that_is_too_long_to_be_read_is_refused_and_not_cut() -> None:
    """The limit and the length are told."""
    assert "10,001 characters; at most 10,000" in problem("/failover " + "x" * 10_001)


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("5", 5),
        ("90s", 90),
        ("5m", 300),
        ("5M", 300),
        ("5min", 300),
        ("5minutes", 300),
        ("1h30m", 5_400),
        ("1hour", 3_600),
        ("90sec", 90),
        ("00:05:00", 300),
        ("0:05:00", 300),
        ("1.00:00:00", 86_400),
        ("0", 0),
        ("00:00:00", 0),
        ("48h", 172_800),
    ],
)
def test_wait_times(typed: str, seconds: int) -> None:
    """A bare number is seconds; the cmdlet itself would read days or ticks. What is too short or too long is told by
    the checks, which know the limits."""
    assert ask(f"/failover pool01 --wait {typed}").options.wait == seconds


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "",
            "x",
            "m",
            "-5",
            "-5m",
            "+5",
            "5w",
            "1:2",
            "05:00",
            "24:00:00",
            "25:00:00",
            "00:60:00",
            "00:99:00",
            "00:00:60",
        ),
        *("5 m", "30m1h", "5m5m", "1.5h", "00:00:30.5", "∞", "٥m", "٥", "５", "²", "1e9s", "1_000", "0x10", "500ms"),
        *(f"{DIGITS}h", f"{DIGITS}.00:00:00", "$true", "5m;", "--", "00:05:00Z"),
    ],
)
def test_what_is_no_time_is_an_error(typed: str) -> None:
    """With the right ways to write one."""
    assert "00:05:00" in problem(f'/failover pool01 --wait="{typed}"')


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("/failover pool01 --disatser", "--disaster"),
        ("/failover pool01 --disastr", "--disaster"),
        ("/failover pool01 -DisasterMod", "-DisasterMode"),
        ("/failover pool01 --whatiff", "--whatif"),
        ("/failover pool01 -WaitTim 5m", "-WaitTime"),
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


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("/failover", "Which pool? Nothing is assumed."),
        ("/failover ''", "Which pool?"),
        ("/failover pool01 pool02", "You named 'pool01' and 'pool02'. One request moves one pool"),
        ("/failover pool01,pool02", "You named 'pool01' and 'pool02'. One request moves one pool"),
        ("/failover pool01 , pool02;", "You named 'pool01' and 'pool02'. One request moves one pool"),
        ("/failover -PoolFqdn pool01,pool02", "You named 'pool01' and 'pool02'. One request moves one pool"),
        ("/failover pool01 -PoolFqdn pool02", "You named two pools, 'pool01' and 'pool02'."),
        ("/failover -PoolFqdn pool01 -PoolFqdn pool02", "given twice, with 'pool01' and 'pool02'"),
        ("/failover pool01.a.com -PoolFqdn pool01.b.com", "You named two pools"),
        ("/failover pool01 ,", "You named 'pool01' and ','."),
        ("/failover-roles $true", "'$true' is one word too many"),
        ("/pools pool01 pool02", "/pools alone shows them all."),
        ("/failover 'pool01 --disaster'", "Leave the quotes out."),
        ("/failover pool01 disaster", "Did you mean --disaster?"),
        ("/failover pool01 /disaster", "Did you mean --disaster?"),
        ("/failover pool01 - disaster", "A dash stands alone"),
        ("/failover pool01 — disaster", "A dash stands alone"),
        ("/failover pool01 --wait 5 m", "Did you mean --wait 5m?"),
        ("/failover --wait 5 min pool01", "Did you mean --wait 5min?"),
        ("/failover pool01 -WaitTime 1h 30m", "Did you mean -WaitTime 1h30m?"),
        ("/failover pool01 --reason the disk died", 'Did you mean --reason "the disk died"?'),
        (f"/failover pool01 --reason the {'disk ' * 100}", 'Did you mean --reason "the disk disk'),
        ("/failover pool01 --reason disk of pool01", 'Did you mean --reason "disk of pool01"?'),
        ("/failover pool01 --reason disk pool01", 'Did you mean --reason "disk pool01"?'),
        ("/failover pool01 --reason", '--reason needs a value, as in --reason "storage work".'),
        ("/failover pool01 -WaitTime", "-WaitTime needs a value, as in -WaitTime 5m or 00:05:00."),
        ("/failover pool01 --wait 5m --wait 6m", "--wait is given twice, with '5m' and '6m'."),
        ("/failover pool01 --wait 5m -WaitTime 00:06:00", "given twice"),
        ('/failover pool01 --reason "a" --reason "b"', "given twice, with 'a' and 'b'"),
        ('/failover pool01 --reason "disk died', "A quotation mark has no partner"),
        ("/failover pool01 --disaster=yes", "--disaster takes no value, but 'yes' was given."),
        ("/failover pool01 --wat 5m", "Did you mean --wait or --whatif?"),
        ("/failover pool01 -Dis", "Did you mean --disaster?"),
        ("/failover pool01 -5m", "There is no switch '-5m' here."),
        ("/failback pool01 --zzz", "There is no switch '--zzz' here."),
        (
            "/failover pool01 --stop-delay 1441",
            "a whole number of minutes from 1 to 1,440, for example --stop-delay 5.",
        ),
        ("/failover pool01 --database-timeout ٥", "a whole number of seconds from 1 to 86,400"),
        ("/failover pool01 --database-timeout 1e3", "'1e3' does not fit"),
        ("/failover-log --last ten", "from 1 to 50, for example --last 25."),
        ("/failover-log last 5", "Did you mean --last?"),
        ("/failover-log 7KQ2-M4XA 7KQ2-M4XB", "You named '7KQ2-M4XA' and '7KQ2-M4XB'."),
        ("/failover-log 7KQ2-M4XA --last 5", "which is always shown in full"),
        ("/failover-roles all", "'all' is one word too many: nothing follows this command."),
        (f"/failover pool01 {'x' * 5_000}", "…'"),
    ],
)
def test_each_mistake_has_its_own_answer(text: str, says: str) -> None:
    """What was not understood, and the nearest right form; an example follows."""
    assert says in problem(text)
    assert len(problem(text)) < 400


@pytest.mark.parametrize(
    "text",
    [
        '/failover "pool01"',
        "/failover `pool01`",
        "/failover pool01 pool01",
        "/failover pool01,",
        "/failover pool01, POOL01",
        "/failover pool01 --wait 5m pool01",
        "/failover pool01 -PoolFqdn POOL01",
        "/failover http://pool01/",
        "/failover pool01 --wait 5m --wait 5m",
        "/failover pool01 --force --force",
        "/failover pool01 --reason a --reason a",
        '/failover pool01 --reason "--disaster"',
        "/failover pool01 -WaitTime: 00:05:00",
    ],
)
def test_what_can_only_mean_one_thing_is_taken(text: str) -> None:
    """Marks round a name, and the same thing said twice."""
    assert ask(text).pool.lower() == "pool01"


def test_a_short_name_beside_its_own_fqdn_is_the_fqdn() -> None:
    """In either place, as a link, with the root's dot."""
    for text in ("pool01 -PoolFqdn pool01.contoso.com", "pool01.contoso.com -PoolFqdn pool01"):
        assert ask(f"/failover {text}").pool == "pool01.contoso.com"
    assert ask("/failover <http://pool01.contoso.com|pool01.contoso.com>").pool == "pool01.contoso.com"
    assert ask("/failover POOL01.CONTOSO.COM.").pool == "POOL01.CONTOSO.COM."


def test_a_reason_may_say_anything() -> None:
    """Quoted, it is one text: dashes, apostrophes, marks and mentions are letters in it."""
    reason = "it's <!channel> & --not-a-flag; 50% of 'users' @here"
    assert ask(f'/failover pool01 --reason "{reason}"').reason == reason
    assert ask('/failover pool01 --reason "- see INC-1"').reason == "- see INC-1"


CLICKS = ("Error:", "Got unexpected", "Try '", "Invalid value", "No such", "requires an argument", "as it is written")


def _answered(name: str, text: str) -> None:
    parsed = COMMANDS[name].parse(text)
    assert sum(part is not None for part in (parsed.wish, parsed.problem, parsed.help)) == 1
    if parsed.problem:
        say = parsed.problem.say
        assert say[-1] in ".?", say
        assert parsed.problem.cure
        assert not any(words in say for words in CLICKS), say
        assert len(say) < 600, say


@settings(max_examples=200)
@given(st.sampled_from(sorted(COMMANDS)), st.text(max_size=60))
def test_nothing_that_a_person_can_type_raises(name: str, text: str) -> None:
    """Exactly one of a wish, a problem in a sentence of ours, and the help comes back."""
    _answered(name, text)


SPELLINGS = sorted(
    {o for c in COMMANDS.values() for p in c.parser.params if isinstance(p, click.Option) for o in p.opts}
)
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
        *SPELLINGS,
        "$true",
        "5",
        "help",
        "-Confirm",
        "-Verbose",
        ",",
        "7KQ2-M4XA",
        "٥",
    ]
)


@settings(max_examples=400)
@given(st.sampled_from(sorted(COMMANDS)), st.lists(_piece, max_size=12), st.sampled_from(["", " "]))
def test_no_heap_of_flags_and_quotes_raises(name: str, pieces: list[str], between: str) -> None:
    """The pieces that a parser stumbles over, in any order; and click's own words reach nobody."""
    _answered(name, between.join(pieces))


def test_questions_change_nothing() -> None:
    """Reading commands give a Look, and never an Ask."""
    for text in ("/pools", "/pools pool01", "/failover-log", "/failover-log 7kq2-m4xa", "/failover-roles"):
        assert isinstance(parse(text).wish, Look)
