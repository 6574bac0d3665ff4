"""pypsrp's recordings of real Windows servers, read from its sdist: what was on the wire, and what it says.

The sdist is not part of this repository. `python -m tests.wsman.tapes --fetch DIR` gets it with pip and checks its
hash; a test finds it by the environment variable CSFAILOVER_PYPSRP_SDIST or in the cache (`cached`), and skips
with a reason where it is not. Importing or testing never downloads.

The expected records are read from the recorded CLIXML by this module alone, with no code of pypsrp, psrpcore or
the bot, so that a comparison with any of them can fail.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import re
import subprocess
import sys
import tarfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

VERSION = "0.9.1"
SDIST = f"pypsrp-{VERSION}.tar.gz"
SHA256 = "3ad41285739d5f8107dd8277ae00e86ee44153aae5e82fb578ac8048307e0d12"
VARIABLE = "CSFAILOVER_PYPSRP_SDIST"
RESPONSES = re.compile(r"/tests/tests_pypsrp/responses/(test_.*)\.yml$")
STREAM = re.compile(r'<rsp:Stream Name="stdout" CommandId="([^"]+)">([^<]*)<')
STATE = 0x41006
NAMES = {
    0x41004: "output", 0x41005: "error", STATE: "state", 0x41007: "debug", 0x41008: "verbose", 0x41009: "warning",
    0x41010: "progress", 0x41011: "information",
}  # fmt: skip
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True)
class Expected:
    """One record as the recording says it. `text`: the message of a record, the activity of a progress, the message
    of an exception, the text of an output where it is a plain value and else its ToString; `tag` is the element."""

    stream: str
    text: str
    tag: str
    percent: int | None = None
    error_id: str = ""
    state: int | None = None


@dataclass(frozen=True)
class Tape:
    """One recorded pipeline: its raw fragments as received, the messages in them, the records in those."""

    name: str
    fragments: tuple[bytes, ...]
    messages: tuple[tuple[int, str], ...]
    """(message type, CLIXML without BOM), fit to be sent again by Play-Tape."""
    expected: tuple[Expected, ...]


def cached() -> Path:
    """Where `--fetch` puts it unless told otherwise."""
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or str(Path.home() / ".cache")
    return Path(base) / "csfailover" / SDIST


def find() -> Path | None:
    """The sdist, if it is here and is the right one. Raises ValueError for a file of another content."""
    named = os.environ.get(VARIABLE)
    path = Path(named) if named else cached()
    if not path.is_file():
        return None
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise ValueError(f"{path} is not the published {SDIST}: its SHA-256 differs")
    return path


def recorded(sdist: Path) -> Iterator[Tape]:
    """Every recorded pipeline that told something and ended, in order of file and time. Those that called the
    client's host are left out: their answers belong to a conversation."""
    with tarfile.open(sdist) as archive:
        for member in sorted(archive.getmembers(), key=lambda m: m.name):
            found = RESPONSES.search(member.name)
            file = archive.extractfile(member) if found else None
            if found and file:
                yield from _of(found[1], yaml.safe_load(file.read()))


def _of(name: str, document: object) -> Iterator[Tape]:
    heard: dict[str, list[bytes]] = {}
    ended: list[list[bytes]] = []
    messages = document.get("messages", []) if isinstance(document, dict) else []
    for message in messages:
        for command_id, text in STREAM.findall(str(message.get("response") or "")):
            fragments = heard.setdefault(command_id, [])
            fragments.append(base64.b64decode(text))
            if list(_messages(fragments))[-1:] and list(_messages(fragments))[-1][0] == STATE:
                ended.append(heard.pop(command_id))  # the same id may be used again
    for number, fragments in enumerate(ended, 1):
        tape = _tape(f"{name}/{number}", fragments)
        if tape is not None:
            yield tape


def _tape(name: str, fragments: list[bytes]) -> Tape | None:
    messages = tuple(_messages(fragments))
    kinds = {kind for kind, _ in messages}
    if not kinds <= set(NAMES) or len(messages) < 2:
        return None
    return Tape(name, tuple(fragments), messages, tuple(_expected(kind, text) for kind, text in messages))


def _messages(fragments: list[bytes]) -> Iterator[tuple[int, str]]:
    """[MS-PSRP] 2.2.4 and 2.2.1, put together by object id."""
    parts: dict[int, bytes] = {}
    data = b"".join(fragments)
    while len(data) >= 21:
        object_id, flags = int.from_bytes(data[:8], "big"), data[16]
        size = int.from_bytes(data[17:21], "big")
        parts[object_id] = parts.get(object_id, b"") + data[21 : 21 + size]
        data = data[21 + size :]
        if flags & 2:
            whole = parts.pop(object_id)
            yield int.from_bytes(whole[4:8], "little"), whole[40:].decode("utf-8-sig")


def _expected(kind: int, text: str) -> Expected:
    root = ET.fromstring(text) if text else ET.Element("Nil")
    stream = NAMES[kind]
    if stream == "output":
        plain = root.text if root.tag != "Obj" else root.findtext("ToString")
        return Expected(stream, _unescaped(plain or ""), root.tag)
    if stream == "progress":
        return Expected(stream, _note(root, "Activity"), "Obj", percent=int(_note(root, "PercentComplete")))
    if stream == "information":
        return Expected(stream, _note(root, "MessageData"), "Obj")
    if stream == "error":
        return _error(root)
    if stream == "state":
        error = next((e for e in root.iterfind("MS/Obj") if e.get("N") == "ExceptionAsErrorRecord"), None)
        number = int(_note(root, "PipelineState"))
        told = _error(error) if error is not None else None
        return Expected(stream, told.text if told else "", "Obj", error_id=told.error_id if told else "", state=number)
    return Expected(stream, _note(root, "InformationalRecord_Message"), "Obj")


def _error(element: ET.Element) -> Expected:
    return Expected(
        "error", _unescaped(element.findtext("ToString") or ""), "Obj", error_id=_note(element, "FullyQualifiedErrorId")
    )


def _note(element: ET.Element, name: str) -> str:
    return next((_unescaped(e.text or "") for e in element.iterfind("MS/*") if e.get("N") == name), "")


def _unescaped(text: str) -> str:
    """CLIXML's `_x000A_`, surrogate pairs put together."""
    plain = _ESCAPE.sub(lambda m: chr(int(m[1], 16)), text)
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def fetch(directory: Path) -> Path:
    """Get the sdist with pip. Raises CalledProcessError, ValueError."""
    directory.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "pypsrp",
         "--dest", str(directory), f"pypsrp=={VERSION}"],
        check=True,
    )  # fmt: skip
    path = directory / SDIST
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        path.unlink()
        raise ValueError(f"what pip got is not the published {SDIST}: its SHA-256 differs; it was deleted")
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.wsman.tapes")
    parser.add_argument("--fetch", type=Path, metavar="DIR", default=cached().parent)
    print(fetch(parser.parse_args().fetch))
