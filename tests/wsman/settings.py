"""What can be set about the WSMan peer: its users, its limits and the kind of endpoint it plays.

Plain data, read from JSON. No behaviour. Defaults are those of WinRM as [MS-WSMV] and Microsoft's pages give
them; the two-minute auto-disconnect and the buffer size are known from users' reports only (pypsrp issue #21)
and so are modelled, not copied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any


@dataclass(frozen=True)
class User:
    """An account. `denied` are cmdlets that RBAC hides from it; one that may not connect is refused at Create."""

    name: str
    password: str
    denied: tuple[str, ...] = ()
    may_connect: bool = True

    def is_called(self, name: str) -> bool:
        """Whether `name` means this account, with or without its domain, whatever the case."""
        return name.lower() in {self.name.lower(), self.name.rpartition("\\")[2].lower()}


DEFAULT_USERS = (
    User("CONTOSO\\svc-failover", "Correct-Horse-1"),
    User("CONTOSO\\reader", "Correct-Horse-2", denied=("Invoke-CsPoolFailOver", "Invoke-CsPoolFailBack")),
    User("CONTOSO\\outsider", "Correct-Horse-3", may_connect=False),
)


@dataclass(frozen=True)
class Settings:
    """Times in seconds, sizes in bytes of PSRP data."""

    users: tuple[User, ...] = DEFAULT_USERS
    auto_disconnect: float = 120.0
    """Silence of the owning session after which its shell is Disconnected."""
    idle_timeout: float = 7200.0
    """Silence after which a shell is deleted with what runs in it, where the client asks for no other."""
    buffer: int = 1024 * 1024
    """Bytes waiting in one shell before its cmdlets block."""
    reply: int = 360_000
    """Most bytes in one Receive reply."""
    shells: int = 30
    """Shells per user."""
    obeys: bool = True
    """False: a cmdlet goes on whatever it is asked, as one in the middle of something that cannot be left."""
    done_again: bool = False
    """Whether a command whose end was told stays listed, and says Done again without its state to whoever asks, as a
    real PowerShell was seen to do; else it is gone with its end."""
    disconnect: bool = True
    """False: /wsman refuses Disconnect, Connect and Reconnect, as /OcsPowershell always does here."""
    no_language: bool = True
    """True: script text is refused, only commands with parameters run."""
    configurations: tuple[str, ...] = ("Microsoft.PowerShell",)
    """The session configurations that are registered; a JEA one is a further name here."""
    module: str = "SkypeForBusiness"
    """The module that Import-Module finds; `Lync` for a 2013 pool."""
    noise: bool = True
    """Whether every pipeline starts with the progress record that real sessions send."""
    plain_http: bool = True
    """Whether HTTP accepts messages that are not encrypted (WinRM: AllowUnencrypted)."""
    language: str = "en"
    """Of the server's messages: en, de, fr or ru."""
    no_rights: tuple[str, ...] = ()
    """Cmdlets that are there and answer every account with access denied."""
    hidden: tuple[str, ...] = ()
    """Cmdlets that are not there, or hidden from every account."""
    silent: tuple[str, ...] = ()
    """Machines that do not answer what a cmdlet asks of them."""
    parameters_told: bool = True
    """False: the metadata of every cmdlet is there with an empty parameter list, as on some restricted endpoints."""

    def changed(self, values: Mapping[str, Any]) -> Settings:
        """These settings with some replaced. Raises ValueError naming a setting that does not exist."""
        known = {field.name for field in fields(self)}
        if unknown := sorted(set(values) - known):
            raise ValueError(f"no such setting of the peer: {', '.join(unknown)}")
        given = dict(values)
        for name in ("configurations", "no_rights", "hidden", "silent"):
            if name in given:
                given[name] = tuple(given[name])
        if "users" in given:
            given["users"] = tuple(
                user if isinstance(user, User) else User(**{**user, "denied": tuple(user.get("denied", ()))})
                for user in given["users"]
            )
        return replace(self, **given)
