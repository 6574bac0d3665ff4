"""A refused account is tried seldom, and by one at a time: no directory locks it out because of the bot."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from pypsrp.exceptions import AuthenticationError

from engine.port import AccountRefused
from engine.remote.account import FRESH, HOUR, KDC_REFUSES, Account, AccountPaused, refuses
from engine.remote.engine import Remote
from tests.engine.remote.rig import P1, pause, remote
from tests.wsman.peer import Peer

WRONG = SecretStr("Wrong-Horse-9")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Now:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def clock(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)


def account_at(now: Now, password: list[str]) -> Account:
    return Account(lambda: SecretStr(password[0]), first=60, clock=now.clock, monotonic=now)


def tried(account: Account, good: str = "right") -> str:
    """One sign-in: accepted, refused, or paused where nothing was sent."""
    try:
        with account.signing_in("fe01") as password:
            _server(password, good)
    except AccountPaused:
        return "paused"
    except AuthenticationError:
        return "refused"
    return "accepted"


def _server(password: str | None, good: str) -> None:
    if password != good:
        raise AuthenticationError("401")


@given(st.lists(st.floats(0.1, 900), min_size=20, max_size=400))
def test_no_hour_sees_more_than_five_refused_sign_ins(pauses: list[float]) -> None:
    """However often and whenever somebody wants to."""
    now, refused = Now(), []
    account = account_at(now, ["wrong"])
    for between in pauses:
        if tried(account) == "refused":
            refused.append(now.seconds)
        now.seconds += between
    assert all(sum(at <= other < at + HOUR for other in refused) <= 5 for at in refused)
    assert all(later - sooner >= 60 for sooner, later in pairwise(refused))


def test_a_changed_password_ends_the_pause_and_a_restart_does_too() -> None:
    """The file is looked at whenever somebody wants to sign in; another life of the process has its own account."""
    now, password = Now(), ["wrong"]
    account = account_at(now, password)
    assert [tried(account) for _ in range(3)] == ["refused", "paused", "paused"]
    password[0] = "wrong too"
    assert [tried(account), tried(account)] == ["refused", "paused"]
    password[0] = "right"
    assert [tried(account), tried(account)] == ["accepted", "accepted"]
    assert tried(account_at(now, ["right"])) == "accepted"


def test_the_pause_says_since_when_and_until_when() -> None:
    """For the log, /pools and the card: times in UTC, no password."""
    account = account_at(Now(), ["wrong"])
    tried(account)
    with (
        pytest.raises(AccountPaused, match=r"did not accept the account at 12:00:00 UTC.*before 12:01:00 UTC"),
        account.signing_in("fe01"),
    ):
        pass


def test_one_goes_ahead_and_the_others_wait_for_what_comes_of_it() -> None:
    """Eight at once with a wrong password: one refused sign-in."""
    account, told = account_at(Now(), ["wrong"]), []
    threads = [threading.Thread(target=lambda: told.append(tried(account))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["paused"] * 7 + ["refused"]


def test_after_one_was_let_in_others_go_in_side_by_side_for_a_moment() -> None:
    """And after that moment one goes ahead again, as a password may have expired meanwhile."""
    now = Now()
    account = account_at(now, ["right"])
    assert tried(account) == "accepted"
    with account.signing_in("fe01"), account.signing_in("fe02"):
        pass
    now.seconds += 2 * FRESH
    inside = threading.Event()
    with account.signing_in("fe01"):
        second = threading.Thread(target=lambda: inside.set() if tried(account) else None)
        second.start()
        assert not inside.wait(0.1)
    second.join()
    assert inside.is_set()


def test_a_refusal_by_the_kdc_is_one_too() -> None:
    """Kerberos signs in before anything goes to the server: told by the library's code, as its words are translated."""

    class Preauthentication(Exception):
        min_code = next(iter(KDC_REFUSES))

    class Failed(Exception):
        base_error = Preauthentication()

    assert refuses(Failed())
    assert not refuses(OSError("no route"))


def sign_ins(peer: Peer, since: int) -> int:
    return len(peer.log("SignIn", since))


def test_a_wrong_password_is_refused_once_for_all_readers(peer: Peer, transport: str) -> None:
    """Eight readers at once, again and again: one refused sign-in for each pause, and nothing else is sent."""
    engine = remote(peer, transport, readers=8, password=WRONG, account_pause=5)
    since = len(peer.log())
    for _ in range(5):
        with pytest.raises(AccountRefused):
            engine.facts(P1)
    assert sign_ins(peer, since) == 1
    peer.until(lambda: _refused(engine) and sign_ins(peer, since) > 1)
    assert sign_ins(peer, since) == 2
    assert {entry["verb"] for entry in peer.log(since=since)} == {"SignIn"}


def _refused(engine: Remote) -> bool:
    with pytest.raises(AccountRefused):
        engine.facts(P1)
    return True


def test_a_password_that_expires_while_readers_work_is_refused_once_more(peer: Peer, transport: str) -> None:
    """The account was good a moment ago; the next reading has one refused sign-in, whatever its number of readers."""
    password = [SecretStr(peer.password)]
    engine = remote(peer, transport, rereads=lambda: password[0], readers=6)
    assert engine.facts(P1).unread == ()
    password[0] = WRONG
    pause(FRESH + 0.1)
    since = len(peer.log())
    with pytest.raises(AccountRefused):
        engine.facts(P1)
    assert sign_ins(peer, since) == 1
    password[0] = SecretStr(peer.password)
    assert engine.facts(P1).unread == ()
