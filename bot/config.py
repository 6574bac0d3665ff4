"""The settings: one TOML file, and the secrets from the environment or from files named there.

Nobody is let in by default: without people there is nobody who may ask or approve, and `load` says so. All
mistakes are reported at once, as sentences. A secret in the file is a mistake; no secret appears in any repr.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from engine.model import Person
from engine.policy import Policy, Role, Verb, approvers, may, most_demanded, who_may
from engine.remote.settings import RemoteSettings

SlackId = Annotated[str, Field(pattern=r"^[UW][A-Z0-9]{2,}$")]
TeamId = Annotated[str, Field(pattern=r"^[TE][A-Z0-9]{2,}$")]
ChannelId = Annotated[str, Field(pattern=r"^[CG][A-Z0-9]{2,}$")]
STATEMENTS = 2
"""How many people it takes to settle a doubt by their word. Fixed: it is a statement, not an approval."""
Seconds = Annotated[int, Field(ge=1, le=604_800)]


PREFIX = "CSFAILOVER_"


class ConfigError(Exception):
    """The configuration cannot be used. `mistakes` are sentences, all of them."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SlackSettings(_Section):
    team: TeamId
    """The home workspace. A click from any other is refused, whatever the channel."""
    transport: Literal["socket", "http"] = "socket"
    channels: tuple[ChannelId, ...] = ()
    """Where commands are taken; empty: in every channel that is not shared with another company."""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 3000
    api_url: str = "https://slack.com/api/"

    @field_validator("api_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[A-Za-z0-9.\[\]:-]+/([^\s?#@]*/)?", value):
            raise ValueError("write it as https://slack.com/api/, with a slash at the end and without a password")
        return value


class LogSettings(_Section):
    path: Path = Path("csfailover.db")


class LabSettings(_Section):
    world: Path = Path("lab.db")
    speed: Annotated[float, Field(gt=0)] | None = None
    """Virtual seconds per second; none: everything happens at once."""
    settling: Annotated[float, Field(ge=0, le=3_600)] = 2.0
    """Seconds for which a reading must hold before a verdict says that nothing was moved."""


class EngineSettings(_Section):
    kind: Literal["lab", "remote"] = "lab"
    lab: LabSettings = LabSettings()
    remote: RemoteSettings | None = None

    @model_validator(mode="after")
    def _has_its_settings(self) -> Self:
        if self.kind == "remote" and self.remote is None:
            raise ValueError("kind is remote, but there is no section [engine.remote]")
        return self


class PersonSettings(_Section):
    name: Annotated[str, Field(min_length=1, max_length=60)]
    slack: Annotated[tuple[SlackId, ...], Field(min_length=1)]
    """Every Slack account of this human. Two accounts are one person, and approve once."""
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]


class PolicySettings(_Section):
    approvals: Annotated[int, Field(ge=1, le=9)] = 1
    risky_approvals: Annotated[int, Field(ge=1, le=9)] = 2
    expires_after: Seconds = 900
    remind_before: Seconds = 300
    cooldown: Annotated[int, Field(ge=0, le=604_800)] = 1800

    def policy(self) -> Policy:
        return Policy(**self.model_dump())


class Config(_Section):
    slack: SlackSettings
    people: dict[str, PersonSettings]
    log: LogSettings = LogSettings()
    engine: EngineSettings = EngineSettings()
    policy: PolicySettings = PolicySettings()

    @field_validator("people")
    @classmethod
    def _accounts_have_one_owner(cls, people: dict[str, PersonSettings]) -> dict[str, PersonSettings]:
        if mistakes := _shared_accounts(people):
            raise ValueError("; ".join(mistakes))
        return people

    @model_validator(mode="after")
    def _people_can_do_it(self) -> Self:
        policy, everybody = self.policy.policy(), self.persons().values()
        needed = most_demanded(policy)
        asking = [p.id for p in everybody if may(p, Verb.ASK, policy)]
        if not any(len(approvers(who, everybody, policy)) >= needed for who in asking):
            able = sum(may(p, Verb.APPROVE, policy) for p in everybody)
            raise ValueError(
                f"policy needs up to {needed} approvals, but people with the role "
                f"{who_may(Verb.APPROVE, policy)}: {able}, and nobody "
                "approves their own request; no request could get them all. Name another lead, "
                "or somebody else who may ask"
            )
        if sum(may(p, Verb.SETTLE, policy) for p in everybody) < STATEMENTS:
            raise ValueError(
                f"it takes two people with the role {who_may(Verb.SETTLE, policy)} to settle a doubt by word. Name "
                "one more: where nothing can be read, a doubt would lock its pair for good"
            )
        return self

    def persons(self) -> dict[str, Person]:
        return {key: Person(key, p.name, frozenset(p.roles)) for key, p in self.people.items()}

    def accounts(self) -> dict[str, str]:
        """Slack id -> person id."""
        return {account: key for key, p in self.people.items() for account in p.slack}


def _shared_accounts(people: Mapping[str, PersonSettings]) -> list[str]:
    owners: dict[str, str] = {}
    mistakes = []
    for key, person in people.items():
        for account in person.slack:
            if owners.setdefault(account, key) != key:
                mistakes.append(f"Slack account {account} belongs to both {owners[account]} and {key}")
    return mistakes


class Secrets(BaseSettings):
    """From CSFAILOVER_BOT_TOKEN and so on, or from the file that CSFAILOVER_BOT_TOKEN_FILE names.

    A variable that is set and empty counts as not set, as a service's unit or a compose file easily leaves one. Where
    both are set, the secret itself counts and the file is not read.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    bot_token: SecretStr | None = None
    bot_token_file: Path | None = None
    app_token: SecretStr | None = None
    app_token_file: Path | None = None
    signing_secret: SecretStr | None = None
    signing_secret_file: Path | None = None
    password: SecretStr | None = None
    password_file: Path | None = None

    @field_validator("bot_token_file", "app_token_file", "signing_secret_file", "password_file", mode="before")
    @classmethod
    def _no_name_is_no_file(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value  # Path("") would be this directory

    def get(self, name: str) -> SecretStr | None:
        """The secret of this name; None when it is set neither way. Raises ConfigError for a file that holds none."""
        direct: SecretStr | None = getattr(self, name)
        file: Path | None = getattr(self, f"{name}_file")
        if direct is not None and not self.is_blank(name):
            return direct
        return _secret_in(file, f"{variable_of(name)}_FILE") if file else None

    def is_blank(self, name: str) -> bool:
        """Whether the variable is there, with nothing in it."""
        direct: SecretStr | None = getattr(self, name)
        return direct is not None and not direct.get_secret_value().strip()

    def source(self, name: str) -> tuple[str, bool]:
        """Where `get` finds it, and whether two places name it, so that somebody should know which one counts."""
        variable, file = variable_of(name), getattr(self, f"{name}_file")
        if getattr(self, name) is None:
            return f"from {file}", False
        if self.is_blank(name):
            return f"from {file}, which {variable}_FILE names; {variable} is set too, but empty, so it is ignored", True
        if file:
            return f"from {variable}; {variable}_FILE is set too, but is not read. Unset one of them", True
        return f"from {variable}", False


def variable_of(name: str) -> str:
    """The environment variable of a secret."""
    return f"{PREFIX}{name.upper()}"


def _secret_in(file: Path, variable: str) -> SecretStr:
    try:
        if file.is_dir():  # Windows would say that permission is denied
            raise ConfigError([f"{variable}: {file} is a directory; name the file in it"])
        text = file.read_text(encoding="utf-8-sig").strip()
    except OSError as error:
        if not _is_a_place(file):
            without = variable.removesuffix("_FILE")
            raise ConfigError([f"{variable} names no file; the secret itself belongs in {without}"]) from None
        raise ConfigError([f"{variable}: {file} cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise ConfigError([f"{variable}: {file} is not UTF-8 text; save it as UTF-8"]) from None
    if not text:
        raise ConfigError([f"{variable}: {file} is empty"])
    return SecretStr(text)


def _is_a_place(file: Path) -> bool:
    """Whether it may be shown. What is not a path may be the secret itself, in the wrong variable."""
    return file.is_symlink() or (file.name != str(file) and file.parent.is_dir())


def load(path: Path, secrets: Secrets) -> Config:
    """The configuration of this file, with the engine's password. Raises ConfigError with every mistake in it."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # Windows editors put a mark in front
    except FileNotFoundError:
        raise ConfigError([_nothing_at(path)]) from None
    except OSError as error:
        raise ConfigError([f"{path} cannot be read: {error.strerror}"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path} is not TOML: {error}"]) from None
    mistakes = _take_secrets_out(document)
    try:
        config = validated(document, secrets)
    except ConfigError as error:
        raise ConfigError([*mistakes, *error.mistakes]) from None
    if mistakes:
        raise ConfigError(mistakes)
    return config


def _nothing_at(path: Path) -> str:
    return (
        f"there is no configuration at {path.absolute()}. Copy csfailover.example.toml there and fill it in, or name "
        "another file with --config; `csfailover demo` needs none"
    )


def validated(document: dict[str, Any], secrets: Secrets) -> Config:
    """The document as a configuration. Raises ConfigError with every mistake in it."""
    remote = document.get("engine", {}).get("remote") if isinstance(document.get("engine"), dict) else None
    mistakes: list[str] = []
    if isinstance(remote, dict):
        try:
            remote["password"] = secrets.get("password")
        except ConfigError as error:  # the rest is still worth checking, as if there were one
            mistakes, remote["password"] = error.mistakes, SecretStr("unread")
    try:
        config = Config.model_validate(document)
    except ValidationError as error:
        mistakes += [_sentence(e) for e in error.errors(include_input=False, include_url=False)]
    if mistakes:
        raise ConfigError(mistakes)
    return config


_SAY = {
    "extra_forbidden": "no such setting",
    "missing": "must be set",
    "string_pattern_mismatch": "has the wrong form. Slack's ids begin with U or W (people), T or E (workspaces), "
    "C or G (channels), in capitals; a name is not an id",
}


def _sentence(error: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"])
    of_slack = error["type"] != "string_pattern_mismatch" or "engine" not in error["loc"]
    what = (_SAY if of_slack else {}).get(error["type"], str(error["msg"]).removeprefix("Value error, "))
    return f"{where}: {what}" if where else what


_SECRET_NAMES = {"bot_token", "app_token", "signing_secret", "password", "token", "secret"}


def _take_secrets_out(document: dict[str, Any], where: str = "") -> list[str]:
    """One mistake for each secret in the file, which is removed: the rest is still worth checking."""
    found = []
    for key, value in list(document.items()):
        if isinstance(value, dict):
            found += _take_secrets_out(value, f"{where}{key}.")
        elif key.lower() in _SECRET_NAMES:
            variable = f"CSFAILOVER_{key.upper()}"
            found.append(f"{where}{key}: secrets do not belong in this file; set {variable} or {variable}_FILE")
            del document[key]
    return found
