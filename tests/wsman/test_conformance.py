"""The requests of recorded sessions, sent to the peer: it answers as Windows did, by action and body elements.

The recordings are in pypsrp's sdist (see tapes.py). What the peer cannot answer alike is counted, not hidden:
scripts that need a PowerShell language, an old JEA configuration, shells that were reaped before the recording.
"""

from __future__ import annotations

import base64
import http.client
import re
import tarfile
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.wsman.peer import Peer
from tests.wsman.tapes import RESPONSES, SDIST, VARIABLE, cached, find

ACTION = "{http://schemas.xmlsoap.org/ws/2004/08/addressing}Action"
HEADER, BODY = ("{http://www.w3.org/2003/05/soap-envelope}" + name for name in ("Header", "Body"))
POWERSHELL = re.compile(r"ResourceURI[^>]*>http://schemas.microsoft.com/powershell/")
OTHER_SHELL = re.compile(r"ResourceURI[^>]*>http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd<")


def _sessions(sdist: Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    with tarfile.open(sdist) as archive:
        for member in archive.getmembers():
            file = archive.extractfile(member) if RESPONSES.search(member.name) else None
            messages = yaml.safe_load(file.read()).get("messages", []) if file else []
            whole = [m for m in messages if m["request"] and m["response"] and not OTHER_SHELL.search(m["request"])]
            if any(POWERSHELL.search(m["request"]) for m in whole):
                yield member.name, whole


def _shape(envelope: str) -> tuple[str, frozenset[str]]:
    root = ET.fromstring(envelope)
    action = root.findtext(f"{HEADER}/{ACTION}") or ""
    body = root.find(BODY)
    return action, frozenset(e.tag for e in (body.iter() if body is not None else ()))


def _ask(connection: http.client.HTTPConnection, peer: Peer, request: str) -> str:
    login = base64.b64encode(f"{peer.user}:{peer.password}".encode()).decode()
    quick = re.sub(r"<wsman:OperationTimeout>[^<]*<", "<wsman:OperationTimeout>PT0.5S<", request)
    connection.request("POST", "/wsman", quick.encode(), {"Authorization": f"Basic {login}"})
    return connection.getresponse().read().decode()


@pytest.mark.slow
def test_recorded_requests_are_answered_as_windows_answered_them() -> None:
    """At least 85 in 100 recorded requests get an answer of the same action, with the same elements in its body; every
    Connect, Reconnect, Disconnect and Enumerate does."""
    sdist = find()
    if sdist is None:
        pytest.skip(f"no {SDIST}: neither named by {VARIABLE} nor at {cached()}")
    asked: Counter[str] = Counter()
    alike: Counter[str] = Counter()
    for _, messages in _sessions(sdist):
        with Peer.start({"no_language": False, "configurations": ["Microsoft.PowerShell", "JEARole"]}) as peer:
            connection = http.client.HTTPConnection(peer.host, peer.http, timeout=10)
            for message in messages:
                verb = _shape(message["request"])[0].rpartition("/")[2]
                asked[verb] += 1
                try:
                    alike[verb] += _shape(_ask(connection, peer, message["request"])) == _shape(message["response"])
                except (ET.ParseError, TimeoutError):
                    connection.close()
            connection.close()
    told = {verb: f"{alike[verb]}/{number}" for verb, number in asked.items()}
    for verb in ("Connect", "Reconnect", "Disconnect", "Enumerate"):
        assert alike[verb] == asked[verb] > 0, told
    assert alike.total() >= 0.85 * asked.total(), told
