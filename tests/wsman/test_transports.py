"""Who gets in, and over what: unmodified pypsrp against the peer."""

from __future__ import annotations

import pytest
import requests
from pypsrp.exceptions import AuthenticationError, WinRMTransportError, WSManFaultError
from pypsrp.wsman import WSMan

from tests.wsman.client import fault_of, opened, ran
from tests.wsman.peer import Peer
from tests.wsman.settings import DEFAULT_USERS

EVERY = ["http-basic", "http-ntlm", "http-negotiate", "https-basic", "https-ntlm", "https-negotiate"]


@pytest.mark.parametrize("transport", EVERY)
def test_pypsrp_reads_every_stream_over(peer: Peer, transport: str) -> None:
    """Over each transport and authentication, one pipeline brings back a record of every stream."""
    pool = opened(peer.wsman(transport))
    shell = ran(pool, "Test-Everything")
    assert shell.output[1] == "a string"
    assert [r.message for r in shell.streams.verbose] == ["a verbose line"]
    assert [r.message for r in shell.streams.warning] == ["a warning"]
    assert [r.message for r in shell.streams.debug] == ["a debug line"]
    assert [r.message_data for r in shell.streams.information] == ["some information"]
    assert [(r.activity, r.percent_complete) for r in shell.streams.progress][1:] == [("Testing", 50)]
    assert [str(r) for r in shell.streams.error] == ["a non-terminating error"]
    assert not shell.had_errors
    pool.close()


@pytest.mark.parametrize("transport", EVERY)
def test_a_wrong_password_is_refused(peer: Peer, transport: str) -> None:
    """No transport lets a wrong password in."""
    with pytest.raises(AuthenticationError):
        opened(peer.wsman(transport, password="wrong"))
    assert peer.shells() == []


def test_an_untrusted_certificate_is_refused_by_the_client(peer: Peer) -> None:
    """The peer's CA is in no system store."""
    with pytest.raises(requests.exceptions.SSLError):
        opened(peer.wsman("https", cert_validation=True))


def test_the_wrong_channel_binding_is_refused(peer: Peer) -> None:
    """A login that was relayed from another TLS connection, bound to nothing, does not get in."""
    with pytest.raises(AuthenticationError):
        opened(peer.wsman("https-ntlm", negotiate_send_cbt=False))


def test_encrypted_messages_belong_to_their_connection(peer: Peer) -> None:
    """After its connection is gone, an encrypted message is HTTP 400 until the client logs in anew."""
    pool = opened(peer.wsman("http-ntlm"))
    peer.trouble("reset", verb="Command")
    with pytest.raises(requests.exceptions.ConnectionError):
        ran(pool, "Write-Output", InputObject="x")
    with pytest.raises(WinRMTransportError) as caught:
        ran(pool, "Write-Output", InputObject="x")
    assert caught.value.code == 400
    pool.connection.transport.encryption = pool.connection.transport.session = None
    assert ran(pool, "Write-Output", InputObject="x").output == ["x"]


def test_an_account_without_the_right_gets_no_shell(peer: Peer) -> None:
    """It logs in, and Create is access denied."""
    outsider = DEFAULT_USERS[2]
    with pytest.raises(WSManFaultError) as caught:
        opened(peer.wsman(username=outsider.name, password=outsider.password))
    assert fault_of(caught.value) == 5


def test_an_unknown_configuration_is_an_unknown_resource(peer: Peer) -> None:
    """A session configuration that is not registered."""
    with pytest.raises(WSManFaultError) as caught:
        opened(peer.wsman(), configuration_name="Nope")
    assert fault_of(caught.value) == 2150858811


def test_a_path_that_is_not_there_is_404(peer: Peer) -> None:
    """Neither /wsman nor /OcsPowershell."""
    with pytest.raises(WinRMTransportError) as caught:
        WSMan(**peer.wsman("http-basic", path="powershell")).get_server_config()
    assert caught.value.code == 404
