"""Lines for the terminal: readable, and harmless whatever people typed."""

from __future__ import annotations

from audit.store import Store
from audit.timeline import lines
from tests.audit.parts import entry


def test_a_row_is_one_line_with_all_that_matters(store: Store) -> None:
    """Seq, time, kind, actor, rule and the body as compact JSON."""
    rows = store.append([entry("request.asked", pool="pool01", wait=90)], operation="op1", expected=0)
    assert lines(rows) == [
        '     1  2026-03-01 12:00:01.000Z  request.asked            slack:T1/U1 [a-rule]  {"pool":"pool01","wait":90}'
    ]


def test_nothing_typed_reaches_the_terminal_as_an_order(store: Store) -> None:
    """Escape sequences, line breaks and direction marks are shown as escapes; other languages as they are."""
    nasty = "\x1b[2J\n\u202e\u2028\x9b Grüße 日本"
    (line,) = lines(store.append([entry("k\x1b", text=nasty)]))
    assert line.isprintable()
    assert "Grüße 日本" in line
    assert "\\u202e" in line
    assert "\\u001b[2J\\n" in line
    assert "k\\x1b" in line


def test_no_rows_are_no_lines() -> None:
    """An unknown operation prints nothing."""
    assert lines(()) == []
