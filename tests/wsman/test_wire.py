"""What pypsrp does not show: the bytes of the peer's replies, as the recordings of real Windows have them."""

from __future__ import annotations

import base64
import xml.etree.ElementTree as ET
from typing import Any

from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from tests.wsman.client import SHELL
from tests.wsman.clixml import BOM
from tests.wsman.peer import Peer

STREAM = "{http://schemas.microsoft.com/wbem/wsman/1/windows/shell}Stream"
CAPABILITY, PRIVATE_DATA, POOL_STATE, PIPELINE_STATE = 0x10002, 0x21009, 0x21005, 0x41006


class _Kept(WSMan):
    """Keeps the replies to Receive."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.replies: list[list[bytes]] = []

    def receive(self, *arguments: Any, **more: Any) -> ET.Element:
        body = super().receive(*arguments, **more)
        self.replies.append([base64.b64decode(e.text or "") for e in body.iter(STREAM)])
        return body


class _Again(_Kept):
    """Gives every Receive the same MessageID, as pypsrp does when it repeats one."""

    def _create_header(self, action: str, *arguments: Any, **more: Any) -> tuple[str, ET.Element]:
        message_id, header = super()._create_header(action, *arguments, **more)
        if action.endswith("/Receive") and self.fixed:
            message_id = SHELL
            for element in header.iter("{http://schemas.xmlsoap.org/ws/2004/08/addressing}MessageID"):
                element.text = f"uuid:{SHELL}"
        return message_id, header

    fixed = False


def _kind(fragment: bytes) -> int:
    return int.from_bytes(fragment[25:29], "little")


def _conversation(peer: Peer) -> list[list[bytes]]:
    wsman = _Kept(**peer.wsman())
    pool = RunspacePool(wsman)
    pool.id = pool.shell.id = SHELL
    pool.open()
    PowerShell(pool).add_cmdlet("Test-Everything").invoke()
    pool.close()
    return wsman.replies


def test_a_receive_that_is_repeated_gets_its_reply_again(peer: Peer) -> None:
    """Same MessageID, same data: what pypsrp's author says of Windows. A new MessageID gets what follows."""
    wsman = _Again(**peer.wsman())
    pool = RunspacePool(wsman)
    pool.open()
    shell = PowerShell(pool).add_cmdlet("Test-Records").add_parameters({"Count": 3, "Every": 100})
    shell.begin_invoke()
    wsman.fixed = True
    shell.poll_invoke(5)
    shell.poll_invoke(5)
    wsman.fixed = False
    shell.end_invoke()
    assert wsman.replies[2] == wsman.replies[3]
    assert wsman.replies[4] not in wsman.replies[:4]
    pool.close()


def test_open_is_answered_in_two_replies(peer: Peer) -> None:
    """Capability with private data, then the state."""
    first, second, *_ = _conversation(peer)
    assert [_kind(f) for f in first] == [CAPABILITY, PRIVATE_DATA]
    assert [_kind(f) for f in second] == [POOL_STATE]


def test_a_stream_element_holds_one_fragment_and_each_document_a_bom(peer: Peer) -> None:
    """Object ids count on from 1 without a gap."""
    fragments = [fragment for reply in _conversation(peer) for fragment in reply]
    assert all(len(f) == 21 + int.from_bytes(f[17:21], "big") for f in fragments)
    assert all(f[61:64] == BOM for f in fragments)
    assert [int.from_bytes(f[:8], "big") for f in fragments] == list(range(1, len(fragments) + 1))


def test_a_pipeline_never_says_that_it_runs(peer: Peer) -> None:
    """One state, at its end: none of the recorded pipelines sent Running."""
    fragments = [fragment for reply in _conversation(peer) for fragment in reply]
    assert [_kind(f) for f in fragments].count(PIPELINE_STATE) == 1
    assert _kind(fragments[-1]) == PIPELINE_STATE
