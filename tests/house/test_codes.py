"""A code means one thing: who looks it up in docs/codes.md, in the log or in the source finds one sentence."""

from __future__ import annotations

import ast
import re
from collections import Counter

from tests.house.codes import SAID_AS, Saying, every_saying, mentions, modules, sayings


def test_each_code_has_one_sentence_and_one_place() -> None:
    """Two places that say the same thing share a function; two that say different things have a code each."""
    places = Counter(saying.code for saying in every_saying())

    assert [f"{s.code} in {s.where}:{s.line}: {s.sentence}" for s in every_saying() if places[s.code] > 1] == []


def test_each_code_in_the_source_stands_beside_its_sentence() -> None:
    """A literal code anywhere else, as in a comparison, would go wrong unseen when the code is renamed. It gets a name
    beside its sentence, and the name is used."""
    written = Counter(mention.code for where, tree in modules() for mention in mentions(where, tree))
    said = {saying.code for saying in every_saying()}
    alone = [f"{code} is not said" for code in written if code not in said]
    twice = [f"{code} is written {count} times" for code, count in written.items() if count > 1]

    assert alone + twice == []


def test_each_sentence_has_one_code() -> None:
    """The other way round: the same words under two codes would be one thing with two names."""
    told = Counter(saying.sentence for saying in every_saying() if re.search("[a-z]", saying.sentence))

    assert [(s.code, s.sentence) for s in every_saying() if told[s.sentence] > 1] == []


def test_the_first_letter_of_a_code_is_its_level() -> None:
    """E stops, W warns, N is a note; whatever else bears a code is named here."""
    wrong = [f"{s.code}: {s.call} in {s.where}:{s.line}" for s in every_saying() if SAID_AS.get(s.call) != s.code[0]]

    assert wrong == []


def test_the_codes_are_found_in_whatever_form_they_are_written() -> None:
    """By name or literal, in a call of any name, with an f-string or without; what is filled in is an ellipsis."""
    source = 'HELD = "E_HELD"\nno = Refusal(HELD, f"{pool} is " f"{state}.", "x")\nraise story.say("W_LATE", why)'

    assert list(sayings("a.py", ast.parse(source))) == [
        Saying("E_HELD", "… is ….", "Refusal", "a.py", 2),
        Saying("W_LATE", "…", "story.say", "a.py", 3),
    ]
