"""A mistake in the configuration is a sentence, all of them at once, and the password is in none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from engine.remote.settings import RemoteSettings

GOOD: dict[str, Any] = {
    "front_ends": {"Pool01.contoso.com": ["fe1.contoso.com"], "pool02.contoso.com": ["fe2.contoso.com"]},
    "pairs": [["pool01.contoso.com", "pool02.contoso.com"]],
    "username": "CONTOSO\\svc",
    "password": SecretStr("Hush-Hush"),
}


def mistakes(**changed: Any) -> str:
    with pytest.raises(ValidationError) as told:
        RemoteSettings(**(GOOD | changed))
    return str(told.value)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"front_ends": {}}, "no pool is named"),
        ({"front_ends": {"pool01.contoso.com": [], "pool02.contoso.com": ["fe2"]}}, "no Front End is named for pool01"),
        ({"front_ends": {"https://pool01": ["fe1"], "pool02.contoso.com": ["fe2"]}}, "is not a host name"),
        ({"pairs": []}, "no pair is named"),
        ({"pairs": [["pool01.contoso.com", "pool01.contoso.com"]]}, "cannot be its own backup pool"),
        ({"pairs": [["pool01.contoso.com", "pool03.contoso.com"]]}, "pool03.contoso.com is in a pair but has no Front"),
        ({"pairs": GOOD["pairs"] * 2}, "more than one pair"),
        ({"ssl": False}, "allow_http = true"),
        ({"auth": "certificate"}, "needs certificate"),
        ({"auth": "basic"}, "auth"),
        ({"auth": "ntlm", "password": None}, "needs a username and a password"),
        ({"password": None}, "without a password"),
        ({"read_timeout": 10}, "longer than operation_timeout"),
        ({"ca_file": "nowhere.pem"}, "ca_file"),
        ({"configuration_name": "../JEA"}, "configuration_name"),
        ({"pasword": "x"}, "pasword"),
    ],
)
def test_each_mistake_is_told(changed: dict[str, Any], sentence: str) -> None:
    """What is wrong, and mostly what to write instead; without the secret."""
    told = mistakes(**changed)
    assert sentence in told
    assert "Hush" not in told


def test_all_mistakes_are_told_at_once() -> None:
    """Nobody mends a configuration one error at a time."""
    told = mistakes(ssl=False, read_timeout=10, pairs=[])
    assert all(sentence in told for sentence in ("allow_http", "operation_timeout", "no pair"))


def test_the_password_shows_in_no_repr() -> None:
    """Nor in what is dumped for a log."""
    chosen = RemoteSettings(**GOOD)
    assert "Hush" not in f"{chosen!r} {chosen} {chosen.model_dump()} {chosen.model_dump_json()}"


def test_pools_pair_both_ways_whatever_the_case() -> None:
    """Names are compared without regard to case, as DNS does."""
    chosen = RemoteSettings(**GOOD)
    assert chosen.partner("POOL02.contoso.com") == "pool01.contoso.com"
    assert chosen.partner("pool01.contoso.com") == "pool02.contoso.com"
    assert chosen.partner("pool03.contoso.com") is None


@pytest.mark.parametrize(
    ("changed", "port", "path"),
    [
        ({}, 5986, "wsman"),
        ({"ssl": False, "allow_http": True}, 5985, "wsman"),
        ({"route": "ocspowershell"}, 443, "OcsPowershell"),
        ({"port": 8443, "path": "other"}, 8443, "other"),
    ],
)
def test_each_route_has_its_port_and_path(changed: dict[str, Any], port: int, path: str) -> None:
    """HTTPS unless http was opted into."""
    assert RemoteSettings(**(GOOD | changed)).address() == {"port": port, "path": path}


def test_https_and_no_proxy_are_what_is_meant_by_nothing(tmp_path: Path) -> None:
    """The defaults are the safe ones; a CA file that exists is taken."""
    ca = tmp_path / "ca.pem"
    ca.touch()
    chosen = RemoteSettings(**GOOD, ca_file=ca)
    assert (chosen.ssl, chosen.allow_http, chosen.proxy, chosen.ca_file) == (True, False, None, ca)
