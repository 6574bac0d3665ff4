"""Rows as text: harmless on a terminal, and complete for machines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import rfc8785

from audit import chain
from audit.model import COLUMNS, Claim
from audit.sqlite.store import Store
from audit.timeline import json_line, visible
from tests.audit.parts import entry, ticking

NASTY = "\x1b[2J\n\u202e\u2028\x9b Grüße 日本"


def test_nothing_typed_reaches_the_terminal_as_an_order() -> None:
    """Escape sequences, line breaks and direction marks are shown as escapes; other languages as they are."""
    shown = visible(NASTY)
    assert shown.isprintable()
    assert shown == "\\x1b[2J\\n\\u202e\\u2028\\x9b Grüße 日本"


def test_the_json_of_a_row_is_enough_to_make_its_hash_again(tmp_path: Path) -> None:
    """Every column is in it, the body as an object, in ASCII: what is parsed gives the hash that is written there."""
    store = Store.open(tmp_path / "log.db", clock=ticking())
    asked, claims = entry("request.asked", text=NASTY, wait=90), [Claim(NASTY), Claim("cms", shared=True)]
    store.append([asked], operation="op1", expected=0, claims=claims, delivery="d")
    store.append([entry()], operation="op1", expected=1, releases=["cms"])
    for stored in store.stored("op1"):
        found = json.loads(stored.line)
        written = found | {name: _written(found[name]) for name in ("body", "claims", "releases")}
        assert stored.line.isascii()
        assert list(found) == sorted(COLUMNS)
        assert chain.digest([written[name] for name in COLUMNS]) == found["hash"]
    first, second = (json.loads(stored.line) for stored in store.stored("op1"))
    assert first["body"] == {"text": NASTY, "wait": 90}
    assert (first["claims"], second["releases"]) == ({NASTY: "exclusive", "cms": "shared"}, ["cms"])
    store.close()


def _written(value: object) -> str | None:
    return None if value is None else rfc8785.dumps(value).decode()  # type: ignore[arg-type]


@pytest.mark.parametrize("body", ["{", "", "\udcff", "[" * 40_000, '{"a":NaN}', b"\xff", None])
def test_what_is_no_body_is_shown_as_it_is(body: object) -> None:
    """In a file that was tampered with anything may stand there."""
    columns = tuple(body if name == "body" else "x" for name in COLUMNS)
    assert json.loads(json_line(columns))["body"] == (repr(body) if isinstance(body, bytes) else body)


def test_a_body_that_can_be_read_but_not_written_is_shown_as_it_is() -> None:
    """Nested to just below what Python can do, at each depth there: a line in any case."""
    for depth in range(900, 1_000):
        body = "[" * depth + "]" * depth
        columns = tuple(body if name == "body" else None for name in COLUMNS)
        assert json_line(columns).startswith("{")
