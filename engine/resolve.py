"""Which pool is meant: an FQDN, or a short name that only one pool has. Nothing is guessed; a pool is suggested
only where a slip of the finger explains the difference, and a number is never one: pool99 is not a mistyped pool04.

Pure.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from engine.facts import Pool, Topology
from engine.model import Refusal

NEAR = 3
"""Pools that are suggested at most; where more are near, none is."""
LISTED = 6
LONG = 8
"""Names with at least this many letters may have more than one slip in them."""
_ALIKE = str.maketrans("oli", "011")
"""What looks alike: pool0l for pool01."""
_NUMBER = re.compile("[0-9]+")


def resolve(named: str, topology: Topology) -> Pool | Refusal:
    """The pool of this name, or why there is not exactly one."""
    wanted = named.strip().rstrip(".").lower()
    if pool := topology.get(wanted):
        return pool
    short = [p for p in topology.pools if p.fqdn.lower().partition(".")[0] == wanted]
    if len(short) == 1:
        return short[0]
    told = named if len(named) <= 60 else f"{named[:59]}…"
    if short:
        names = ", ".join(sorted(p.fqdn for p in short))
        return Refusal("E_AMBIGUOUS_POOL", f"'{told}' could be {names}.", "Type the full FQDN.")
    return Refusal("E_UNKNOWN_POOL", f"There is no pool '{told}' in the topology.", _cure(wanted, topology))


def _cure(wanted: str, topology: Topology) -> str:
    names = sorted(p.fqdn for p in topology.pools)
    if near := nearest(wanted, names):
        return f"Did you mean {' or '.join(near)}? /pools lists them all."
    if not names:
        return "The topology has no pools."
    if len(names) == 1:
        return f"The only pool is {names[0]}."
    if len(names) <= LISTED:
        return f"The pools are {', '.join(names)}."
    return f"The pools are {', '.join(names[:LISTED])} … and {len(names) - LISTED} more; /pools lists them all."


def nearest(typed: str, names: Iterable[str]) -> list[str]:
    """The names of pools that may have been meant; none where too many may."""
    near = [name for name in names if _is_slip(typed.lower(), name.lower())]
    return near if len(near) <= NEAR else []


def _is_slip(typed: str, name: str) -> bool:
    """Whether this is the name with a slip in it: the whole name, or its first label if only that was typed."""
    labels = name.split(".") if "." in typed else [name.partition(".")[0]]
    written = typed.split(".")
    return len(labels) == len(written) and all(map(_is_slip_of_label, written, labels))


def _is_slip_of_label(typed: str, label: str) -> bool:
    typed, label = (re.sub("[-_ ]", "", text) for text in (typed, label))
    if typed.translate(_ALIKE) == label.translate(_ALIKE):
        return True
    letters, numbers = _NUMBER.sub("#", typed), _numbers(typed)
    if not numbers and letters == _NUMBER.sub("", label):
        return bool(letters)
    return numbers == _numbers(label) and _is_slip_of_letters(letters, _NUMBER.sub("#", label))


def _numbers(text: str) -> list[str]:
    """Numbers by their value: 01 is 1."""
    return [number.lstrip("0") for number in _NUMBER.findall(text)]


def _is_slip_of_letters(typed: str, label: str) -> bool:
    """One letter missing, extra, repeated, or swapped with its neighbour; in a word that is not short also one that
    is wrong, and in a long one more. A last letter tells pools apart as a number does: site-c is not site-a."""
    if re.sub(r"(.)\1+", r"\1", typed) == re.sub(r"(.)\1+", r"\1", label):
        return True
    longer, shorter = sorted((typed, label), key=len, reverse=True)
    if len(longer) == len(shorter) + 1:
        return any(longer[:i] + longer[i + 1 :] == shorter for i in range(len(longer)))
    if len(longer) == len(shorter):
        wrong = [i for i, (one, other) in enumerate(zip(typed, label, strict=True)) if one != other]
        if len(wrong) == 1:
            return len(label.replace("#", "")) > 3 and wrong[0] < len(label) - 1
        if len(wrong) == 2 and typed[wrong[0]] == label[wrong[1]] and typed[wrong[1]] == label[wrong[0]]:
            return wrong[1] == wrong[0] + 1
    return len(label) >= LONG and difflib.SequenceMatcher(None, typed, label).ratio() >= 0.85


def pair_of(pool: Pool) -> str:
    """The key under which a pool and its backup pool are locked together: the same from both sides."""
    return "|".join(sorted(name.lower() for name in (pool.fqdn, pool.backup) if name))
