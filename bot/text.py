"""Text that is fit to be shown: every cut is marked, and nothing in it is invisible.

Pure. Knows no Slack, no terminal and no operation. What looks like a secret is found here, too.
"""

from __future__ import annotations

import re

# Controls, zero-width space and marks, overrides and isolates of direction, halves of surrogate pairs.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_SECRET = re.compile(
    r"xox[a-z]-[\w-]{8,}|xapp-[\w-]{8,}|AKIA[0-9A-Z]{12,}|(?i:(?:pass(?:word|wd)?|pwd|secret|token)\s*[:=]\s*\S+)"
)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters; a cut is marked with an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def legible(text: str) -> str:
    """What cannot be seen, or would turn the text around, becomes a replacement character."""
    return _UNSEEN.sub("\ufffd", text)


def literal(text: str) -> str:
    """`legible`, but lines stay lines."""
    return "\n".join(map(legible, text.expandtabs(4).splitlines()))


def one_line(text: str) -> str:
    """A form gives what was typed: a line break in it could pass for a new line of the timeline."""
    return legible(" ".join(text.split()))


def whole_characters(text: str) -> str:
    """Without half characters (lone surrogates), which no file and no message can hold."""
    return text.encode("utf-8", "replace").decode()


def sentence(text: str) -> str:
    """With a capital at its beginning."""
    return text[:1].upper() + text[1:]


def holds_secret(text: str) -> bool:
    """Whether something in it looks like a password or a token."""
    return bool(_SECRET.search(text))


def without_secrets(text: str) -> str:
    return _SECRET.sub("[removed]", text)
