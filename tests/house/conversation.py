"""The README's first conversation: played, made comparable, read from and written into the README.

Ids, digests, times and counts of rows differ in every play; they are replaced by fixed ones, nothing else is.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.house.generated import ROOT

README = ROOT / "README.md"
PLACE = re.compile(r"(<!-- conversation -->\n```\n)(.*?)(```\n<!-- /conversation -->)", re.DOTALL)
VARIES = (
    (r"[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}", "0B1F3A52-…"),
    (r"\b\d\d:\d\d:\d\d\b(?! ?\|)", "03:12:00"),
    (r"until 03:12:00", "until 03:27:00"),
    (r"\b[2-9A-HJ-KM-NP-TV-Z]{4}-[2-9A-HJ-KM-NP-TV-Z]{4}\b", "7KQ2-M4XA"),
    (r"plan (is )?[0-9a-f]{4}-[0-9a-f]{4}", r"plan \g<1>1a2b-3c4d"),
    (r"Took \d+ s", "Took 1 s"),
    (r"\d+ rows", "23 rows"),
    (r"head \d+:[0-9a-f]{64}\.", "head 23:5d41402abc4b…"),
    (r"Log row \d+: (.*) \d+:[0-9a-f]+", r"Log row 23: \1 23:5d41402abc4b2a76"),
    (r"[ \t]+$", ""),
)


def comparable(text: str) -> str:
    for pattern, fixed in VARIES:
        text = re.sub(pattern, fixed, text, flags=re.MULTILINE)
    return text


def play(data: Path) -> tuple[int, str]:
    """Exit code and comparable words of `csfailover demo --play`, in a process of its own."""
    command = [sys.executable, "-c", "from bot.cli import main; main()", "demo", "--play", "--data", str(data)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=100, cwd=ROOT, check=False)
    return done.returncode, comparable(done.stdout) or done.stderr


def recorded() -> str:
    """The conversation as the README has it."""
    found = PLACE.search(README.read_text(encoding="utf-8"))
    assert found, "the README has no place for the conversation"
    return found.group(2)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        code, told = play(Path(folder))
    if code:
        sys.exit(told)
    place = re.compile(r"(<!-- conversation -->\n).*?(<!-- /conversation -->)", re.DOTALL)
    text = README.read_text(encoding="utf-8")
    README.write_text(place.sub(lambda m: f"{m.group(1)}```\n{told}```\n{m.group(2)}", text), encoding="utf-8")
