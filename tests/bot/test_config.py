"""The configuration: every mistake at once, nobody let in by default, and no secret where it can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import Config, ConfigError, Secrets, load

GOOD = """
[slack]
team = "T0CONTOSO"
channels = ["C0INCIDENT"]

[log]
path = "audit.db"

[people.olga]
name = "Olga"
slack = ["U0OLGA"]
roles = ["oncall"]

[people.leo]
name = "Leo"
slack = ["U0LEO", "W0LEOPHONE"]
roles = ["lead"]

[people.lia]
name = "Lia"
slack = ["U0LIA"]
roles = ["lead", "oncall"]

[policy]
expires_after = 600
"""
REMOTE = """
[engine]
kind = "remote"

[engine.remote]
front_ends = { "pool01.contoso.com" = ["fe01.contoso.com"], "pool02.contoso.com" = ["fe02.contoso.com"] }
pairs = [["pool01.contoso.com", "pool02.contoso.com"]]
"""


def loaded(tmp_path: Path, text: str) -> Config:
    file = tmp_path / "csfailover.toml"
    file.write_bytes(text.encode())
    return load(file, Secrets())


def mistakes(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)
    return caught.value.mistakes


def test_a_good_file_is_read(tmp_path: Path) -> None:
    """People with their accounts and roles, and what is not written has its default."""
    config = loaded(tmp_path, GOOD)
    assert config.accounts() == {"U0OLGA": "olga", "U0LEO": "leo", "W0LEOPHONE": "leo", "U0LIA": "lia"}
    assert config.persons()["lia"].roles == {"lead", "oncall"}
    policy = config.policy.policy()
    assert (policy.expires_after, policy.approvals, policy.risky_approvals) == (600, 1, 2)
    assert (config.engine.kind, config.slack.host) == ("lab", "127.0.0.1")


def test_a_file_that_windows_wrote_is_read(tmp_path: Path) -> None:
    """With a byte order mark and its line ends."""
    assert loaded(tmp_path, "\ufeff" + GOOD.replace("\n", "\r\n")) == loaded(tmp_path, GOOD)


def test_the_remote_engine_is_read(tmp_path: Path) -> None:
    """Its section goes to the engine's own settings."""
    config = loaded(tmp_path, GOOD + REMOTE)
    assert config.engine.remote is not None
    assert config.engine.remote.partner("POOL01.contoso.com") == "pool02.contoso.com"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('team = "T0CONTOSO"', "", "slack.team"),
        ('team = "T0CONTOSO"', 'team = "contoso"', "slack.team"),
        ('"C0INCIDENT"', '"#incident"', "slack.channels.0"),
        ("expires_after = 600", "expires_after = 0", "policy.expires_after"),
        ("expires_after = 600", "approvals = 0", "policy.approvals"),
        ("expires_after = 600", "expire_after = 600", "policy.expire_after: no such setting"),
        ('roles = ["oncall"]', "roles = []", "people.olga.roles"),
        ('roles = ["oncall"]', 'roles = ["boss"]', "people.olga.roles.0"),
        ('slack = ["U0OLGA"]', "slack = []", "people.olga.slack"),
        ('slack = ["U0OLGA"]', 'slack = ["@olga"]', "people.olga.slack.0"),
        ('slack = ["U0OLGA"]', 'slack = ["U0LEO"]', "U0LEO belongs to both"),
        ('roles = ["lead"]', 'roles = ["oncall"]', "people with the role lead: 1"),
        ("expires_after = 600", "approvals = 3", "needs up to 3 approvals"),
        ("[policy]", '[engine]\nkind = "remote"\n[policy]', "[engine.remote]"),
        ("[policy]", "[policy", "not TOML"),
    ],
    ids=range(15),
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, named: str) -> None:
    """By the setting that is wrong, in one sentence."""
    assert old in GOOD
    found = mistakes(tmp_path, GOOD.replace(old, new, 1))
    assert named in found[0]
    assert {sentence.partition(":")[0].rstrip(".0") for sentence in found} <= {found[0].partition(":")[0].rstrip(".0")}


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Fields, unknown settings, accounts, and secrets alike: nobody mends a file one restart at a time."""
    bad = GOOD.replace("T0CONTOSO", "contoso").replace("expires_after", "expire_after").replace("U0LIA", "U0OLGA")
    found = mistakes(tmp_path, bad.replace("[log]", 'bot_token = "xoxb-1-secret"\n[log]'))
    text = "\n".join(found)
    assert len(found) == 4
    assert all(part in text for part in ("slack.team", "expire_after", "U0OLGA", "slack.bot_token"))


def test_leads_that_can_only_approve_each_others_requests_must_be_enough(tmp_path: Path) -> None:
    """Nobody approves their own request: with nobody else to ask, as many leads as approvals are one too few."""
    only_leads = GOOD.replace('roles = ["oncall"]', 'roles = ["auditor"]')
    found = mistakes(tmp_path, only_leads)
    assert len(found) == 1
    assert "own request" in found[0]


def test_no_people_means_nobody(tmp_path: Path) -> None:
    """Without people the bot does not start, rather than let everybody in."""
    alone = GOOD[: GOOD.index("[people.olga]")]
    assert "people" in mistakes(tmp_path, alone)[0]


@pytest.mark.parametrize(
    ("section", "name"),
    [("slack", "bot_token"), ("slack", "signing_secret"), ("slack", "app_token"), ("engine.remote", "password")],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path, section: str, name: str) -> None:
    """The answer names the variable to use, and never the value."""
    text = (GOOD + REMOTE).replace(f"[{section}]", f'[{section}]\n{name} = "xoxb-hush-hush"')
    found = mistakes(tmp_path, text)
    assert len(found) == 1
    assert f"CSFAILOVER_{name.upper()}" in found[0]
    assert "hush" not in str(found)


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    """It names the path."""
    with pytest.raises(ConfigError, match=r"nowhere\.toml"):
        load(tmp_path / "nowhere.toml", Secrets())


def test_secrets_come_from_files_and_show_nowhere(tmp_path: Path) -> None:
    """Of a file the text is used without its line end or mark; no repr shows it."""
    file = tmp_path / "token"
    file.write_bytes("\ufeffxoxb-hush\r\n".encode())
    secrets = Secrets(bot_token_file=file, password="hush")  # type: ignore[arg-type]
    token = secrets.get("bot_token")
    assert token is not None
    assert token.get_secret_value() == "xoxb-hush"
    assert secrets.get("signing_secret") is None
    assert "hush" not in repr(secrets) + str(secrets) + repr(token) + str(secrets.model_dump())


@pytest.mark.parametrize(
    "content", [None, b"", b" \n", b"\xff\xfe\x00\xd8"], ids=["no file", "empty", "blank", "no text"]
)
def test_a_secret_file_that_holds_none_is_told_by_its_variable(tmp_path: Path, content: bytes | None) -> None:
    """An empty secret is not a secret: it would sign everything."""
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match="CSFAILOVER_SIGNING_SECRET_FILE"):
        Secrets(signing_secret_file=file).get("signing_secret")


def test_a_directory_and_a_file_that_cannot_be_read_are_told_by_their_path(tmp_path: Path) -> None:
    """A path is no secret, and it is what has to be mended."""
    loop = tmp_path / "loop"
    loop.symlink_to(loop)  # root reads every other one
    for file, why in ((tmp_path, "is a directory"), (loop, "cannot be read")):
        with pytest.raises(ConfigError, match=f"CSFAILOVER_APP_TOKEN_FILE: {file} {why}"):
            Secrets(app_token_file=file).get("app_token")


@pytest.mark.parametrize("secret", ["xoxb-1111-2222-SECRETSECRET", "Correct Horse 9", "aGVsbG8/d29ybGQ="])
def test_a_secret_in_the_variable_of_a_file_is_not_told(tmp_path: Path, secret: str) -> None:
    """What is no path may be the secret itself, and the message goes to the service's journal."""
    with pytest.raises(ConfigError) as caught:
        Secrets(bot_token_file=secret).get("bot_token")  # type: ignore[arg-type]
    assert secret not in str(caught.value)
    assert "belongs in CSFAILOVER_BOT_TOKEN" in str(caught.value)


def test_a_blank_variable_hides_no_file_and_a_set_one_counts_before_it(tmp_path: Path) -> None:
    """Nor does a blank name of a file mean this directory."""
    file = tmp_path / "token"
    file.write_text("xoxb-file")
    blank = Secrets(bot_token="", bot_token_file=file)  # type: ignore[arg-type]
    both = Secrets(bot_token="xoxb-direct", bot_token_file=tmp_path / "nowhere")  # type: ignore[arg-type]
    no_name = Secrets(bot_token_file="")  # type: ignore[arg-type]
    told = [secrets.get("bot_token") for secrets in (blank, both, no_name)]
    assert [secret and secret.get_secret_value() for secret in told] == ["xoxb-file", "xoxb-direct", None]
    assert [secrets.source("bot_token")[1] for secrets in (blank, both)] == [True, True]


def test_a_password_file_that_holds_none_hides_no_other_mistake(tmp_path: Path) -> None:
    """Both are told."""
    file = tmp_path / "csfailover.toml"
    file.write_text((GOOD + REMOTE).replace("expires_after", "expire_after"))
    with pytest.raises(ConfigError) as caught:
        load(file, Secrets(password_file=tmp_path))
    told = [sentence.partition(":")[0] for sentence in caught.value.mistakes]
    assert told == ["CSFAILOVER_PASSWORD_FILE", "policy.expire_after"]
