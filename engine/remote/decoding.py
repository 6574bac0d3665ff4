"""The bytes of a Receive -> single messages of [MS-PSRP], each on its own, so that an odd one costs only itself. Pure.

pypsrp decodes a reply as a whole: one record that it cannot read takes the rest of the reply with it. Nothing here
sends, and what a message means is pypsrp's business, with `inside` in between.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from pypsrp.messages import MessageType

from engine.model import Stream

HEAD = struct.Struct(">QQBI")
"""Object id, fragment id, start and end bits, length ([MS-PSRP] 2.2.4)."""
PREFIX = 40
"""Bytes before the document of a message: destination, type, ids of pool and pipeline."""
BOM = b"\xef\xbb\xbf"
MOST_HELD = 64 * 1024 * 1024
"""Bytes held of messages that are not complete; more than this is a stream that never will be."""
SHOWN = 300
"""Characters shown of what could not be read."""

HALVES = re.compile(
    r"(_x[dD][89abAB][0-9a-fA-F]{2}__x[dD][c-fC-F][0-9a-fA-F]{2}_)|_x(?:[dD][89a-fA-F][0-9a-fA-F]{2}|[fF]{3}[eEfF])_"
)
"""A surrogate pair as CLIXML escapes it, to be kept; or a half of one, or what is not a character, to be replaced."""
REFERENCE = re.compile(r"&#(x[0-9a-fA-F]+|[0-9]+);")
NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
STATE = re.compile(rb'N="PipelineState"[^>]*>\s*(\d+)\s*<')
INSTEAD = "\ufffd"

KINDS: dict[int, tuple[Stream, str]] = {
    MessageType.PIPELINE_OUTPUT: ("output", "an object of the output"),
    MessageType.ERROR_RECORD: ("error", "an error record"),
    MessageType.WARNING_RECORD: ("warning", "a warning"),
    MessageType.VERBOSE_RECORD: ("verbose", "a verbose record"),
    MessageType.DEBUG_RECORD: ("debug", "a debug record"),
    MessageType.PROGRESS_RECORD: ("progress", "a progress record"),
    MessageType.INFORMATION_RECORD: ("information", "an information record"),
    MessageType.PIPELINE_STATE: ("error", "the report of how it ended"),
    MessageType.PIPELINE_HOST_CALL: ("host", "a host call"),
}


@dataclass(frozen=True)
class Unreadable:
    """Something that came and could not be read; `stream` is where it would have gone."""

    stream: Stream
    say: str

    def __str__(self) -> str:
        return self.say


@dataclass
class Reassembly:
    """Puts fragments together into messages. What does not fit is reported and dropped; the next one starts anew."""

    _parts: dict[int, tuple[int, bytearray]] = field(default_factory=dict)

    def feed(self, data: bytes) -> Iterator[bytes | Unreadable]:
        """The messages that `data` completes, in order."""
        while data:
            if len(data) < HEAD.size:
                yield Unreadable("host", f"{len(data)} bytes of a reply were not a fragment")
                return
            number, index, bits, length = HEAD.unpack_from(data)
            piece, data = data[HEAD.size : HEAD.size + length], data[HEAD.size + length :]
            if len(piece) < length:
                self._parts.pop(number, None)
                yield Unreadable("host", f"a fragment of {length} bytes was cut off after {len(piece)}")
                return
            yield from self._piece(number, index, bits, piece)

    def _piece(self, number: int, index: int, bits: int, piece: bytes) -> Iterator[bytes | Unreadable]:
        start, end = bool(bits & 1), bool(bits & 2)
        expected, held = (0, bytearray()) if start else self._parts.pop(number, (-1, bytearray()))
        if index != expected or sum(len(h) for _, h in self._parts.values()) > MOST_HELD:
            self._parts.pop(number, None)
            yield Unreadable("host", "a part of a record never arrived")
            return
        held += piece
        self._parts.pop(number, None)
        if end:
            yield bytes(held)
        else:
            self._parts[number] = index + 1, held


def packed(message: bytes) -> bytes:
    """The message as one fragment, as pypsrp wants it."""
    return HEAD.pack(1, 0, 3, len(message)) + message


def mended(message: bytes) -> bytes:
    """The message with U+FFFD for everything in it that an XML document or a string must not contain."""
    text = message[PREFIX:].removeprefix(BOM).decode("utf-8", "replace")
    text = HALVES.sub(lambda half: half[1] or "_xFFFD_", text)
    text = NO_XML.sub(INSTEAD, REFERENCE.sub(_character, text))
    return message[:PREFIX] + text.encode()


def _character(reference: re.Match[str]) -> str:
    digits = reference[1]
    code = int(digits[1:], 16) if digits[0] == "x" else int(digits[:12])
    good = code <= 0x10FFFF and not NO_XML.match(chr(code))
    return reference[0] if good else INSTEAD


def document(message: bytes) -> str:
    """The XML of a message. Raises UnicodeDecodeError."""
    return message[PREFIX:].removeprefix(BOM).decode()


def kind(message: bytes) -> int:
    """The message's type; 0 for what is too short to have one."""
    return int.from_bytes(message[4:8], "little") if len(message) >= PREFIX else 0


def state_in(message: bytes) -> int | None:
    """The state that a PipelineState reports, even where the rest of it cannot be read."""
    found = STATE.search(message) if kind(message) == MessageType.PIPELINE_STATE else None
    return int(found[1][:9]) if found else None


def unreadable(message: bytes, error: Exception) -> Unreadable:
    """What is reported in place of this message."""
    stream, name = KINDS.get(kind(message), ("host", "a message from the server"))
    text = re.sub(r"<[^>]*>", " ", message[PREFIX:].removeprefix(BOM).decode("utf-8", "replace"))
    words = " ".join(text.split())[:SHOWN]
    return Unreadable(stream, f"{name} could not be read ({type(error).__name__})" + (f": {words}" if words else ""))
