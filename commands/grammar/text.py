"""Repairs what chat clients do to typed text, and cuts it into words. Every repair is reported; none is silent.

Pure. Nothing is guessed: a word that is still wrong after the repair is the parser's job.
Why: iOS and macOS turn `--` into a dash and quotes into curly ones; Slack turns host names into links, escapes
& < >, and people paste non-breaking spaces from documents.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# U+2010..U+2015 and U+2212: hyphens, figure, en and em dash, bar, minus
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\t\r\n]+")
_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_DOUBLE = re.compile("[\u201c\u201d\u201e\u201f\u00ab\u00bb]")
_SINGLE = re.compile("[\u2018\u2019\u201a\u201b]")
_LINK = re.compile(r"<(?:https?|mailto|tel):(?://)?([^|>\s]*?)/?(?:\|([^>]*))?>")
_FLAG = re.compile(rf"(?<!\S)[-{DASHES}]*[{DASHES}][-{DASHES}]*(?=[A-Za-z])")
_WORD = re.compile(r"""([^\s"'=:]*[=:])?(?:"([^"]*)"|'([^']*)')(?!\S)|(\S+)""")
_TORN = re.compile(r"""["]|^(?:[^\s"'=:]*[=:])?'|'$""")


@dataclass(frozen=True)
class Repaired:
    text: str
    repairs: tuple[str, ...]


def repair(text: str) -> Repaired:
    """The text as it was meant, and one sentence for each kind of repair."""
    told: list[str] = []

    def fix(pattern: re.Pattern[str], by: str, say: str) -> None:
        nonlocal text
        fixed = pattern.sub(by, text)
        if fixed != text:
            told.append(say)
        text = fixed

    fix(_LINK, r"\1", "removed the link from a host name")
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    fix(_SPACES, " ", "replaced special spaces")
    fix(_INVISIBLE, "", "removed invisible characters")
    fix(_CONTROL, "\ufffd", "replaced control characters")
    fix(_DOUBLE, '"', "made curly quotes straight")
    fix(_SINGLE, "'", "made curly quotes straight")
    fix(_FLAG, "--", "read a long dash as --")
    return Repaired(text.strip(), tuple(dict.fromkeys(told)))


@dataclass(frozen=True)
class Word:
    """`quoted`: it, or the value in it, stood in quotes. `torn`: a quotation mark in it has no partner, so nobody can
    say where the text ends."""

    text: str
    quoted: bool = False
    torn: bool = False


def words(text: str) -> list[Word]:
    """Words, with quotes taken off around a whole word or a value (`--reason="disk died"`). An apostrophe inside
    a word is a letter."""
    found = []
    for match in _WORD.finditer(text):
        prefix, double, single, bare = match.groups()
        if bare is not None:
            found.append(Word(bare, torn=bool(_TORN.search(bare))))
        else:
            found.append(Word((prefix or "") + (single if double is None else double), quoted=True))
    return found
