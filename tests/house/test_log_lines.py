"""Whoever reads a line in the bot's own log finds it in docs/operate.md, with what it means and what to do."""

from __future__ import annotations

import ast

from tests.house.log_lines import LogLine, explained, in_the_source, written


def test_every_line_of_the_log_is_explained() -> None:
    """A new log call needs its row in docs/operate.md."""
    told = explained()

    assert [f"{line} of {where} has no row" for line, where in in_the_source().items() if line not in told] == []


def test_every_line_that_is_explained_can_be_written() -> None:
    """A row without its log call is removed, as the line would be waited for in vain."""
    written_lines = in_the_source()

    assert [line for line in explained() if line not in written_lines] == []


def test_a_line_is_found_in_whatever_form_it_is_logged() -> None:
    """With its level; a message that is no literal cannot be looked up, and stands there as its call."""
    source = (
        'log.exception("%s broke", x)\nlogging.getLogger("a").info("hm")\nlog.warning("%s %s", a, b)\nx.warning("y")'
    )

    assert written(ast.parse(source), "a.py") == [
        (LogLine("error", "… broke"), "a.py:1"),
        (LogLine("info", "hm"), "a.py:2"),
        (LogLine("warning", "log.warning('%s %s', a, b)"), "a.py:3"),
    ]
