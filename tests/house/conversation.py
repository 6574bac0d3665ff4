"""The README's first conversation: played, made comparable, read from and written into the README.

Ids, digests, times and counts of rows differ in every play; they are replaced by fixed ones, nothing else is.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.house.generated import ROOT

README = ROOT / "README.md"
WHEEL = ROOT / ".venv-wheel" / ("Scripts" if os.name == "nt" else "bin")
"""Where `make .venv-wheel/ready` installs the wheel."""
SOURCES = (sys.executable, "-c", "from bot.cli import main; main()")
PLACE = re.compile(r"(<!-- conversation -->\n```\n)(.*?)(```\n<!-- /conversation -->)", re.DOTALL)
VARIES = (
    (r"[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}", "0B1F3A52-…"),
    (r"\b\d\d:\d\d:\d\d\b(?! ?\|)", "03:12:00"),
    (r"until 03:12:00", "until 03:27:00"),
    (r"\b[2-9A-HJ-KM-NP-TV-Z]{4}-[2-9A-HJ-KM-NP-TV-Z]{4}\b", "7KQ2-M4XA"),
    (r"([Pp]lan) [0-9a-f]{4}-[0-9a-f]{4}", r"\1 1a2b-3c4d"),
    (r"\d+ s after the start", "1 s after the start"),
    (r"\d+ rows", "23 rows"),
    (r"head \d+:[0-9a-f]{64}\.", "head 23:5d41402abc4b…"),
    (r"Log row \d+: (.*) \d+:[0-9a-f]+", r"Log row 23: \1 23:5d41402abc4b2a76"),
    (r"[ \t]+$", ""),
)


def comparable(text: str) -> str:
    for pattern, fixed in VARIES:
        text = re.sub(pattern, fixed, text, flags=re.MULTILINE)
    return text


def tool() -> list[str]:
    """How `csfailover` is called: as the wheel that `make test` installs, or from sources that are newer."""
    return [str(WHEEL / "csfailover")] if _is_of_these_sources(WHEEL.parent / "ready") else list(SOURCES)


def _is_of_these_sources(made: Path) -> bool:
    """As make sees it."""
    sources = (path for package in ("bot", "commands", "engine", "audit") for path in (ROOT / package).rglob("*.py"))
    return made.exists() and max(path.stat().st_mtime for path in sources) <= made.stat().st_mtime


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """To its end, in this folder, knowing nothing of the environment that called it."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", timeout=100, check=False, env=bare
    )


def play(place: Path, called: Sequence[str] = SOURCES) -> tuple[int, str]:
    """Exit code and comparable words of `csfailover demo --play`, in a process and a folder of its own."""
    done = run(*called, "demo", "--play", cwd=place)
    return done.returncode, comparable(done.stdout) if not done.stderr else done.stderr


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
