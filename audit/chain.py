"""How a row is serialised and chained: canonical JSON, the instant as text, the hash.

Pure functions. No SQL, no clock. What is hashed here may never change for rows already written; another form
needs another domain tag.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import rfc8785

from audit.model import BODY_LIMIT, COLUMNS, WORD_LIMIT, Claim, Row

DOMAIN = b"csfailover-event-v1\0"
SAFE = 2**53
"""Integers from here on are not exact in JSON."""

_SEQ = COLUMNS.index("seq")
_PREV = COLUMNS.index("prev")
_RECORD = sorted((name, place) for place, name in enumerate(COLUMNS) if name not in {"seq", "prev", "hash"})
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_SORTED = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def canonical(value: Mapping[str, Any]) -> str:
    """`value` as canonical JSON (RFC 8785), at most BODY_LIMIT bytes. Control characters come out as escapes.

    Raises ValueError for what JSON cannot express: lone surrogates, NaN, integers of 2**53 and more, keys not text.
    """
    written = _SORTED.encode(value).encode() if _plain(value) else rfc8785.dumps(value)
    if len(written) > BODY_LIMIT:
        raise ValueError(f"the body takes {len(written)} bytes, more than the {BODY_LIMIT} one row may hold")
    return written.decode()


def _plain(value: object) -> bool:
    """Whether the standard library writes `value` as RFC 8785 does: no floats, no big integers, keys in ASCII.

    It does so in C, in a quarter of the time. A property test compares the two.
    """
    if isinstance(value, str) or value is None or value is True or value is False:
        return True
    if isinstance(value, dict):
        return all([type(key) is str and key.isascii() and _plain(part) for key, part in value.items()])  # noqa: C419
    if isinstance(value, list | tuple):
        return all([_plain(part) for part in value])  # noqa: C419  # a list is faster than a generator here
    return type(value) is int and -SAFE < value < SAFE


def word(name: str, value: str | None) -> None:
    """Raises ValueError when a word is longer than WORD_LIMIT."""
    if value is not None and len(value) > WORD_LIMIT:
        raise ValueError(f"{name} has {len(value)} characters, more than the {WORD_LIMIT} it may have")


def instant(at: datetime) -> str:
    """RFC 3339, UTC, microseconds. Raises ValueError for a time without zone."""
    if at.tzinfo is None:
        raise ValueError("the clock must give times with a time zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def digest(columns: Sequence[Any]) -> str:
    """The hash of a row: SHA-256 over domain tag, prev, seq (8 bytes, big-endian) and all other columns.

    The other columns are one canonical JSON object. `columns` are in the order of COLUMNS; a last `hash` is not read.
    """
    record = _ENCODER.encode({name: columns[place] for name, place in _RECORD})
    return sha256(DOMAIN + columns[_PREV].encode() + columns[_SEQ].to_bytes(8, "big") + record.encode()).hexdigest()


def claimed(claims: Sequence[Claim]) -> str | None:
    """Claims as their column: each name with its mode. Raises ValueError for a name given twice."""
    if len({claim.name for claim in claims}) < len(claims):
        raise ValueError("a claim can be taken only once")
    return canonical({claim.name: claim.mode for claim in claims}) if claims else None


def released(names: Sequence[str]) -> str | None:
    """Releases as their column: the names, in order."""
    return _SORTED.encode(sorted(names)) if names else None


def row(columns: Sequence[Any]) -> Row:
    """What a store returns, in the order of COLUMNS, as a Row."""
    seq, operation, version, kind, actor, at, rule, body, delivery, claims, releases, closes, prev, given = columns
    return Row(
        seq,
        operation,
        version,
        kind,
        actor,
        datetime.fromisoformat(at),
        rule,
        json.loads(body),
        prev,
        given,
        delivery,
        () if claims is None else tuple(Claim(name, mode == "shared") for name, mode in json.loads(claims).items()),
        () if releases is None else tuple(json.loads(releases)),
        bool(closes),
    )
