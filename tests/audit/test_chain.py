"""How rows are written out: canonical JSON and the hash, which may never change for rows already written."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from audit import chain
from audit.model import COLUMNS, Claim

TEXT = st.text(st.characters(codec="utf-8"))
SCALARS = st.none() | st.booleans() | TEXT | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False)
VALUES = st.recursive(
    SCALARS.filter(lambda v: v not in (float("inf"), float("-inf"))),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(TEXT, VALUES, max_size=6))
def test_canonical_json_is_that_of_rfc_8785(value: dict[str, Any]) -> None:
    """The quick way and the library write the same bytes, whatever the value."""
    assert chain.canonical(value).encode() == rfc8785.dumps(value)


@pytest.mark.parametrize("key", ["\ue000", "\U00010000", "é", "a"])
@pytest.mark.parametrize("value", ['\x00\x1f\x7f\u2028\\"/', 1.0, 1e21, -0.0, 5e-324, 2**53 - 1, (1, 2)])
def test_the_corners_of_rfc_8785(key: str, value: object) -> None:
    """Keys sorted by UTF-16 units, numbers as ECMAScript writes them, the escapes of RFC 8785."""
    whole = {key: value, "\ue000\ufffd": 0, "\U0001f600": [value], "ascii": {key: value}}
    assert chain.canonical(whole).encode() == rfc8785.dumps(whole)  # type: ignore[arg-type]


@given(TEXT, TEXT, st.integers(1, 2**53 - 1), st.booleans())
def test_the_hash_is_what_its_docstring_says(actor: str, operation: str, seq: int, closes: bool) -> None:
    """Anybody can recompute it: domain tag, prev, seq as 8 bytes, and RFC 8785 JSON of the other columns."""
    row = [
        seq,
        operation,
        1,
        "k",
        actor,
        "2026-03-01T12:00:00.000000Z",
        "",
        "{}",
        None,
        None,
        None,
        int(closes),
        "0" * 64,
    ]
    named = dict(zip(COLUMNS, row, strict=False))
    record = {name: value for name, value in named.items() if name not in {"seq", "prev", "hash"}}
    content = b"csfailover-event-v1\0" + b"0" * 64 + seq.to_bytes(8, "big") + rfc8785.dumps(record)  # type: ignore[arg-type]
    assert chain.digest(row) == sha256(content).hexdigest()


def test_the_hash_of_version_1_does_not_change() -> None:
    """A log written today verifies with every later csfailover."""
    row = (
        1,
        "op",
        1,
        "k",
        "ä",
        "2026-03-01T12:00:00.000000Z",
        "r",
        '{"n":1}',
        "d",
        '{"c":"exclusive"}',
        '["c"]',
        1,
        "0" * 64,
    )
    assert chain.digest(row) == "9bf098b42761f56fba2f09fb03a586c5c89c3d8ae176b768e93d4a774a0c3320"


def test_a_row_is_read_back_as_it_was_written() -> None:
    """The columns of the table and the fields of a Row are matched by name, not by luck."""
    claims, releases = '{"a":"shared","b":"exclusive"}', '["b"]'
    given = ("k", "a", "2026-03-01T12:00:00.000007Z", "r", '{"n":1}', "d", claims, releases, 1, "p" * 64, "h" * 64)
    columns = (1, "op", 2, *given)
    row = chain.row(columns)
    for name, value in zip(COLUMNS, columns, strict=True):
        if name == "at":
            assert chain.instant(row.at) == value
        elif name == "body":
            assert row.body == json.loads(str(value))
        elif name == "claims":
            assert row.claims == (Claim("a", shared=True), Claim("b"))
            assert chain.claimed(row.claims) == value
        elif name == "releases":
            assert (row.releases, chain.released(row.releases)) == (("b",), value)
        else:
            assert getattr(row, name) == value
