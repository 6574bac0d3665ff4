"""Where the real pools are and how the bot signs in there. Mistakes are reported as sentences, all of them at once.

No connection is made here and nothing is read; only the existence of named files is checked. The password is a
SecretStr, so it appears in no repr, log or error. It comes from the bot's configuration, never from here.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FilePath, SecretStr, field_validator, model_validator

HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")

Auth = Literal["kerberos", "negotiate", "ntlm", "certificate", "credssp"]
Route = Literal["winrm", "ocspowershell"]
Module = Literal["SkypeForBusiness", "Lync", ""]


def _host(name: str) -> str:
    if not HOST.fullmatch(name):
        raise ValueError(
            f"{name!r} is not a host name; write the full name as Topology Builder shows it, pool01.contoso.com"
        )
    return name.lower()


Host = Annotated[str, AfterValidator(_host)]


class RemoteSettings(BaseModel):
    """The `[engine.remote]` part of the configuration. Times in seconds.

    `front_ends` maps each pool to its Front Ends that the bot may sign in to, the preferred one first; they are
    pinned, since behind a load balancer a new connection may land on a machine that does not know the shell.
    `pairs` names the pools that back each other up, as Topology Builder does.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    front_ends: dict[Host, tuple[Host, ...]]
    pairs: tuple[tuple[Host, Host], ...]
    addresses: dict[Host, Host] = {}
    """Where a Front End is reached if its name does not resolve: when the name servers went down with the site. A
    certificate must then name the address too."""

    route: Route = "winrm"
    """`winrm`: the Front End's own WinRM and Import-Module. `ocspowershell`: IIS, RBAC roles decide."""
    module: Module = ""
    """Empty: SkypeForBusiness is tried, then Lync."""
    configuration_name: str = Field(default="Microsoft.PowerShell", pattern=r"^[A-Za-z0-9._-]+$")
    port: int | None = Field(default=None, ge=1, le=65535)
    path: str = ""
    ssl: bool = True
    allow_http: bool = False
    ca_file: FilePath | None = None
    proxy: str | None = None

    auth: Auth = "negotiate"
    username: str = ""
    password: SecretStr | None = None
    certificate: FilePath | None = None
    certificate_key: FilePath | None = None
    delegate: bool = False
    """Kerberos: let the Front End act as this account towards further servers (the double hop)."""

    operation_timeout: int = Field(default=20, ge=1, le=300)
    read_timeout: int = Field(default=60, ge=2, le=600)
    connection_timeout: int = Field(default=10, ge=1, le=120)
    poll: int = Field(default=2, ge=1, le=5)
    """Longest wait for news of a run; also how quickly a stop request or a shutdown is noticed."""
    patience: int = Field(default=600, ge=1)
    """How long a run may be out of sight before it is reported as unknown."""
    reattach_window: int = Field(default=300, ge=1)
    reattach_every: float = Field(default=5, gt=0)
    """A server holds the connection of a killed client for about two minutes, so reattaching is retried."""
    idle_timeout: int = Field(default=14_400, ge=60)
    """How long the server keeps a shell that nobody is connected to, even while the cmdlet runs."""
    settling: float = Field(default=60, ge=0, le=3600)
    """How long PoolState may lag behind: it is kept in the Central Management Store and replicated from there."""
    retries: int = Field(default=3, ge=0, le=10)
    """Further attempts to connect, with growing pauses; a request that was sent is never repeated by this."""
    opening: float = Field(default=60, gt=0)
    """How long a session may take to open."""
    account_pause: float = Field(default=60, gt=0)
    """How long nothing signs in after the account is first refused; longer after each further refusal, and at most five
    refusals an hour, so that the directory does not lock the account."""
    read_limit: int = Field(default=45, ge=1)
    """Time limit of each read-only cmdlet."""
    readers: int = Field(default=8, ge=1, le=20)
    """Parallel connections that read facts. Each is a PowerShell process on the Front End; WinRM allows 30 per user."""
    cache: int = Field(default=300, ge=0)
    """How long the topology and the cmdlets' parameter lists may be remembered."""

    @field_validator("front_ends")
    @classmethod
    def _pools_have_front_ends(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        if not value:
            raise ValueError("no pool is named; list each pool with the Front Ends the bot may sign in to")
        empty = [pool for pool, hosts in value.items() if not hosts]
        if empty:
            raise ValueError(f"no Front End is named for {', '.join(empty)}; name at least one, preferably two")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        mistakes = [*self._pair_mistakes(), *self._sign_in_mistakes(), *self._transport_mistakes()]
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self

    def _pair_mistakes(self) -> list[str]:
        told = [] if self.pairs else ["no pair is named; write pairs = [[pool, its backup pool]]"]
        seen: set[str] = set()
        for one, other in self.pairs:
            if one == other:
                told.append(f"{one} cannot be its own backup pool")
            told += [
                f"{pool} is in more than one pair; pools are paired one to one" for pool in (one, other) if pool in seen
            ]
            told += [
                f"{pool} is in a pair but has no Front End under front_ends"
                for pool in (one, other)
                if pool not in self.front_ends
            ]
            seen |= {one, other}
        return told

    def _sign_in_mistakes(self) -> list[str]:
        if self.auth == "certificate":
            return [
                f"auth = certificate needs {name}, the path of a PEM file"
                for name, file in (("certificate", self.certificate), ("certificate_key", self.certificate_key))
                if file is None
            ]
        if self.auth in {"ntlm", "credssp"} and not (self.username and self.password):
            return [f"auth = {self.auth} needs a username and a password (environment or file, not in this file)"]
        if self.username and not self.password and self.auth == "negotiate":
            return ["a username is given without a password; set the password in the environment or a file"]
        return []

    def _transport_mistakes(self) -> list[str]:
        told = []
        if not self.ssl and not self.allow_http:
            told.append("ssl = false sends WinRM over http; set allow_http = true too if that is intended")
        if not self.ssl and self.auth == "certificate":
            told.append("auth = certificate works over https only")
        if self.read_timeout <= self.operation_timeout:
            told.append("read_timeout must be longer than operation_timeout: the server may use all of it to answer")
        return told

    def partner(self, pool: str) -> str | None:
        """The configured backup pool of `pool`, whatever the case; None when it is in no pair."""
        wanted = pool.lower()
        for one, other in self.pairs:
            if wanted in (one, other):
                return other if wanted == one else one
        return None

    def reached_at(self, host: str) -> str:
        """The address of a Front End: its name, or what `addresses` gives."""
        return self.addresses.get(host, host)

    def address(self) -> dict[str, Any]:
        """Port and path of the route: WinRM's own, or OcsPowershell under IIS."""
        ocs = self.route == "ocspowershell"
        port = self.port or ((443 if self.ssl else 80) if ocs else (5986 if self.ssl else 5985))
        return {"port": port, "path": self.path or ("OcsPowershell" if ocs else "wsman")}
