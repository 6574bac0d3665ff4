"""What chat clients do to typed text is repaired, told, and never changes what is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands import load
from commands.grammar.text import repair, words
from engine.model import Kind, Options

DASHES = "‐‑‒–—―−"
SPACES = "\u00a0\u2002\u2007\u2009\u202f\u3000\t\u2028"
OPEN, CLOSE = '“„«"', '”‟»"'
PLAIN = '/failover pool01.contoso.com --disaster --wait 5m --reason "the disk died"'.removeprefix("/failover ")
failover = load()["failover"]
wanted = failover.parse(PLAIN).wish


def test_the_plain_text_means_what_it_should() -> None:
    """The wish that the mangled texts are compared with."""
    assert wanted is not None
    assert (wanted.kind, wanted.pool, wanted.reason) == (Kind.FAILOVER, "pool01.contoso.com", "the disk died")  # type: ignore[union-attr]
    assert wanted.options == Options(disaster=True, wait=300)  # type: ignore[union-attr]
    assert failover.parse(PLAIN).repairs == ()


_dash = st.one_of(
    st.just("--"),
    st.sampled_from(DASHES),
    st.tuples(st.sampled_from(DASHES + "-"), st.sampled_from(DASHES)).map("".join),
)


@given(
    st.lists(_dash, min_size=3, max_size=3),
    st.lists(st.sampled_from(SPACES + " "), min_size=5, max_size=5),
    st.sampled_from(OPEN),
    st.sampled_from(CLOSE),
    st.sampled_from(["{}", "<http://{}|{}>", "<https://{}/|{}>", "<http://{}>"]),
)
def test_dashes_quotes_spaces_and_links_are_repaired_to_the_same_wish(
    dashes: list[str], spaces: list[str], opened: str, closed: str, link: str
) -> None:
    """Every family that phones, desktops and documents put in; and whatever was repaired is told."""
    one, two, three = dashes
    a, b, c, d, e = spaces
    pool = link.format(*["pool01.contoso.com"] * 2)
    text = f"{pool}{a}{one}disaster{b}{two}wait{c}5m{d}{three}reason{e}{opened}the disk died{closed}"
    parsed = failover.parse(text)
    assert parsed.wish == wanted
    assert bool(parsed.repairs) is (text != PLAIN)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("&lt;b&gt; &amp; c", "<b> & c"),
        ("&amp;lt;", "&lt;"),
        ("pool01\u200b", "pool01"),
        ("a\x00b\x1bc", "a\ufffdb\ufffdc"),
        ("<http://pool01.contoso.com|pool01.contoso.com>", "pool01.contoso.com"),
        ("<mailto:leo@contoso.com|leo@contoso.com>", "leo@contoso.com"),
        ("pool01—the big one", "pool01—the big one"),
        ("it’s down", "it's down"),
        ("a\ud800b", "a\ufffdb"),
        ("po\u00adol01", "pool01"),
    ],
)
def test_repairs(typed: str, meant: str) -> None:
    """Entities once, invisible and control characters, links; a dash inside a sentence stays."""
    assert repair(typed).text == meant


@given(st.text(alphabet=st.sampled_from("ab-' \"=—“”<>&;|:h/\u00a0\u2028\x00"), max_size=40))
def test_a_repair_is_told_and_repairing_twice_says_nothing_new(typed: str) -> None:
    """What comes out has no marks left that would be repaired again, but for text that was escaped twice."""
    once = repair(typed)
    if once.text != typed.strip() and "&" not in typed:
        assert once.repairs
    assert not set(once.text) & set("“”\u00a0\u2028\x00")


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("", []),
        ("a  b", ["a", "b"]),
        ('--reason="disk died" b', ["--reason=disk died", "b"]),
        ("--reason:'disk died'", ["--reason:disk died"]),
        ("'a b' c", ["a b", "c"]),
        ("it's", ["it's"]),
        ("pool01' '--disaster", ["pool01'", "'--disaster"]),
        ('"pool01" "--disaster"', ["pool01", "--disaster"]),
        ('a"b c"', ['a"b', 'c"']),
        ('""', [""]),
    ],
)
def test_words(text: str, cut: list[str]) -> None:
    """Quotes come off around a whole word or value only, so no quote can make two words of one or one of two."""
    assert [word.text for word in words(text)] == cut


@pytest.mark.parametrize(
    ("text", "torn"),
    [
        ('--reason "disk died', ['"disk']),
        ("--reason 'disk died", ["'disk"]),
        ('--reason="disk died', ['--reason="disk']),
        ("-Reason:'disk died", ["-Reason:'disk"]),
        ('--reason disk died"', ['died"']),
        ('--reason "the "big" disk"', ['"the', 'disk"']),
        ('"pool01"x', ['"pool01"x']),
        ("--reason “disk died", ['"disk']),
        ("it's the users' disk", ["users'"]),
        ("it's", []),
        ("\"it's the users' disk\"", []),
        ("--reason='disk died'", []),
    ],
)
def test_a_quotation_mark_without_its_partner_is_seen(text: str, torn: list[str]) -> None:
    """Wherever it stands; an apostrophe inside a word is none."""
    assert [word.text for word in words(repair(text).text) if word.torn] == torn
