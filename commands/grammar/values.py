"""The values that are typed: a pool, a time, a number, a text. Each says in our words what is wrong and what is right.

Pure. What a value means for the pools is judged in engine.preflight; here it is only read. Digits are 0 to 9: what
looks like a number in another script does not count as one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import click

ECHO = 60
"""Characters of what was typed that are repeated back."""

# No number of more than nine digits: Python refuses to read one of thousands, and nobody waits that long.
_WHOLE = re.compile(r"[0-9]{1,9}")
_CLOCK = re.compile(r"(?:([0-9]{1,9})\.)?([0-9]{1,2}):([0-9]{2}):([0-9]{2})")
_UNITS = re.compile(
    r"(?:([0-9]{1,9})(?:d|days?))?(?:([0-9]{1,9})(?:h|hours?))?"
    r"(?:([0-9]{1,9})(?:m|mins?|minutes?))?(?:([0-9]{1,9})(?:s|secs?|seconds?))?"
)
_AROUND = "`'\"“”‘’,;:!?#@()[]{} "
"""What comes along when a name is copied."""
_SCHEME = re.compile(r"^https?://", re.IGNORECASE)


class Unclear(click.UsageError):
    """What was typed makes no sense as it stands. The message is a whole sentence, with the nearest right form."""


def said(text: str) -> str:
    """What was typed, in quotes, and not all of it when it is long."""
    return f"'{_cut(text)}'"


def _cut(text: str) -> str:
    return text if len(text) <= ECHO else f"{text[: ECHO - 1]}…"


def listed(texts: Sequence[str], joint: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return f" {joint} ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


class Value(click.ParamType[Any]):
    """`example` is a right one, as it is typed."""

    example = ""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ARG002 - click's
        return self.read(str(value).strip(), param.opts[0] if param else "it")

    def read(self, text: str, option: str) -> Any:
        """The value. Raises Unclear."""
        raise NotImplementedError

    def understood(self, value: str) -> str:  # noqa: ARG002 - as above
        """How a value is read that could be read otherwise; empty where it cannot."""
        return ""

    def split(self, value: str, more: Sequence[str], too_many: bool) -> str:  # noqa: ARG002 - each knows its own
        """What was meant, if the words that follow the unquoted value belong to it; empty when they do not.
        `too_many`: there are more words than the command has a place for."""
        return ""


class Text(Value):
    """Anything. Of several words only in quotes, so that none of them can be a pool or a switch."""

    name = "text"
    example = '"storage work"'

    def split(self, value: str, more: Sequence[str], too_many: bool) -> str:
        return f'"{_cut(" ".join([value, *more]))}"' if too_many else ""

    def read(self, text: str, option: str) -> str:  # noqa: ARG002 - the others say its name
        return text


class Duration(Value):
    """`90`, `90s`, `1h30m`, `1d`, `00:05:00`, `1.00:00:00` -> seconds. A bare number is seconds, as the reference page
    means it; the cmdlet itself would take it for days or ticks."""

    name = "time"
    example = "5m or 00:05:00"

    def understood(self, value: str) -> str:
        low = value.strip()
        return f"{low} second{'' if int(low) == 1 else 's'}" if _WHOLE.fullmatch(low) else ""

    def split(self, value: str, more: Sequence[str], too_many: bool) -> str:  # noqa: ARG002 - `5 m` is never a pool
        """`5 m` and `1h 30m`; a unit is never the name of a pool."""
        if value[-1].isdigit() and more[0][0].isdigit():
            return ""
        try:
            self.read(value + more[0], "")
        except Unclear:
            return ""
        return value + more[0]

    def read(self, text: str, option: str) -> int:
        low = text.lower()
        if _WHOLE.fullmatch(low):
            return int(low)
        if clock := _CLOCK.fullmatch(low):
            days, hours, minutes, seconds = (int(part or 0) for part in clock.groups())
            if hours < 24 and minutes < 60 and seconds < 60:
                return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
        elif low and (units := _UNITS.fullmatch(low)):
            days, hours, minutes, seconds = (int(part or 0) for part in units.groups())
            return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
        raise Unclear(
            f"{said(text)} is not a time. Write {option} 90s, 5m, 1h30m or 00:05:00; a bare number means seconds."
        )


class Whole(Value):
    """A whole number from `least` to `most`; `unit` says of what."""

    name = "number"

    def __init__(self, least: int, most: int, unit: str, example: int) -> None:
        self.least = least
        self.most = most
        self.unit = unit
        self.example = str(example)

    def read(self, text: str, option: str) -> int:
        if _WHOLE.fullmatch(text) and self.least <= int(text) <= self.most:
            return int(text)
        takes = f"a whole number of {self.unit} from {self.least:,} to {self.most:,}"
        raise Unclear(f"{said(text)} does not fit: {option} takes {takes}, for example {option} {self.example}.")


class Name(Value):
    """One name: of a pool, of an operation. Marks that came along when it was copied are taken off. `only` says why
    there cannot be several."""

    name = "name"

    def __init__(self, example: str, only: str) -> None:
        self.example = example
        self.only = only

    def several(self, names: Sequence[str]) -> Unclear:
        parts = [part for name in names for part in _parts(name)]
        shown = [said(part) for part in (parts if len(parts) > 1 else names)]
        return Unclear(f"You named {listed(shown[:3] if len(shown) < 4 else [*shown[:3], '…'])}. {self.only}")

    def read(self, text: str, option: str) -> str:  # noqa: ARG002 - the others say its name
        name = peeled(_SCHEME.sub("", peeled(text))).rstrip("/")
        parts = _parts(name)
        if any(part.startswith("-") for part in parts):
            raise Unclear(f"{said(name)} is in quotes, so it is read as one name. Leave the quotes out.")
        if len(parts) > 1:
            raise self.several(parts)
        return parts[0] if parts else ""


def peeled(text: str) -> str:
    """A name without what came along when it was copied."""
    return text.strip(_AROUND)


def _parts(text: str) -> list[str]:
    """The names in `pool01,pool02`, each once."""
    return list(dict.fromkeys(part for raw in re.split(r"[,;\s]+", text) if (part := peeled(raw))))


def operation_id(typed: str) -> str:
    """`7kq2m4xa`, as it was read out over the phone, becomes `7KQ2-M4XA`; what cannot be an id only gets capitals."""
    letters = "".join(c for c in typed if c.isalnum()).upper()
    return f"{letters[:4]}-{letters[4:]}" if len(letters) == 8 else typed.upper()
