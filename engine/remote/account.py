"""Whether the account may be tried now. A directory locks an account after a few refused sign-ins, for everybody.

There is one for the whole process: readers, runs and looks all go through it. Unless a sign-in was accepted a moment
ago, one goes ahead and the others wait for its result, so that a wrong password is refused once and not once for each
connection. A refusal stops every sign-in; the next one is made after minutes, and at most five are made in an hour.
A changed password (its file was written again) ends the pause. Sends nothing itself.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr
from pypsrp.exceptions import AuthenticationError

log = logging.getLogger(__name__)
HOUR = 3600.0
MOST = 5
"""Refused sign-ins in an hour."""
GROWS = (1, 3, 10, 20)
"""The pause after the first, second ... refusal in a row, in units of the first one."""
FRESH = 2.0
"""Seconds for which a sign-in that was accepted lets others go in side by side."""
WAKES = 5.0
"""Seconds after which a waiting one looks again."""
KDC_REFUSES = frozenset(code & 0xFFFFFFFF for code in (-1765328360, -1765328361, -1765328366, -1765328378))
"""MIT Kerberos: wrong password, expired password or account, revoked or locked, no such account. They count as
refused sign-ins too, and are reported by the library before anything is sent to the server."""

Password = Callable[[], SecretStr | None]
"""The current password, read again at each call. May raise ValueError where it cannot be read."""


class AccountPaused(AuthenticationError):
    """The account was refused a short while ago, so nothing was sent."""


@dataclass(frozen=True)
class _Met:
    """What those that went ahead ran into at one server, one after another: no refusal, but no answer either."""

    endpoint: str
    error: Exception
    times: int


class Account:
    """Thread-safe. `first` is the pause after a first refusal, in seconds."""

    def __init__(
        self, password: Password, *, first: float, clock: Callable[[], datetime], monotonic: Callable[[], float]
    ) -> None:
        self._read = password
        self._first = first
        self._clock = clock
        self._monotonic = monotonic
        self._change = threading.Condition()
        self._ahead = False
        self._good_at = float("-inf")
        self._refused: list[float] = []
        self._in_a_row = 0
        self._met: _Met | None = None
        self._password: str | None = None
        self._refused_password: str | None = None
        self._words = self._unread = ""

    def password(self) -> str | None:
        """What to sign in with; where it cannot be read now, what was last read."""
        try:
            secret = self._read()
        except ValueError as error:
            if str(error) != self._unread:
                self._unread = str(error)
                log.warning("the password cannot be read: %s", error)
        else:
            self._unread = ""
            self._password = secret.get_secret_value() if secret else None
        return self._password

    @contextmanager
    def signing_in(self, endpoint: str) -> Iterator[str | None]:
        """Wraps the first request on a new connection; yields the password for it. Raises AccountPaused without having
        sent anything, or the error that those that went ahead to the same server ran into twice."""
        ahead = self._enter(endpoint)
        password = self.password()
        try:
            yield password
        except Exception as error:
            if refuses(error):
                self._is_refused(password, error)
            self._leave(ahead, endpoint, error)
            raise
        except BaseException:
            self._leave(ahead, endpoint, None)
            raise
        self.accepted()
        self._leave(ahead, endpoint, None)

    def refused(self, error: Exception) -> None:
        """A connection that had been let in was refused, as when the library had to sign in again on the way."""
        if refuses(error):
            self._is_refused(self.password(), error)

    def accepted(self) -> None:
        with self._change:
            if self._in_a_row:
                log.warning("the account is accepted again")
            self._good_at = self._monotonic()
            self._in_a_row, self._refused_password = 0, None
            self._change.notify_all()

    def _enter(self, endpoint: str) -> bool:
        """Wait for permission to sign in; returns whether this one goes ahead of the others."""
        waited = False
        with self._change:
            while True:
                self._raise_if_paused()
                if self._monotonic() - self._good_at < FRESH:
                    return False
                met = self._met
                if waited and not self._ahead and met and met.endpoint == endpoint and met.times > 1:
                    raise met.error  # the next one would wait for the same: a server that is not there
                if not self._ahead:
                    self._ahead = True
                    return True
                waited = True
                self._change.wait(WAKES)

    def _leave(self, ahead: bool, endpoint: str, error: Exception | None) -> None:
        with self._change:
            if ahead:
                self._ahead = False
                again = self._met.times if self._met and self._met.endpoint == endpoint else 0
                self._met = _Met(endpoint, error, again + 1) if error and not refuses(error) else None
            self._change.notify_all()

    def _is_refused(self, password: str | None, error: Exception) -> None:
        if isinstance(error, AccountPaused):
            return
        with self._change:
            now = self._monotonic()
            self._refused = [*(at for at in self._refused if now - at < HOUR), now]
            self._in_a_row += 1
            self._refused_password = password
            self._good_at = float("-inf")
            wait = self._left(now)
            self._words = (
                f"the server did not accept the account at {self._clock():%H:%M:%S} UTC; check user name, password and "
                "that the account may use remoting. To prevent a lockout, nothing signs in with it before "
                f"{self._clock() + timedelta(seconds=wait):%H:%M:%S} UTC"
            )
            error.add_note(self._words)
            if self._in_a_row == 1:
                log.warning("the account is refused: %s: %s", self._words, error)
            self._change.notify_all()

    def _left(self, now: float) -> float:
        """Seconds until the next try."""
        if not self._in_a_row:
            return 0.0
        due = self._refused[-1] + self._first * GROWS[min(self._in_a_row, len(GROWS)) - 1]
        if len(self._refused) >= MOST:
            due = max(due, self._refused[-MOST] + HOUR)
        return due - now

    def _raise_if_paused(self) -> None:
        if self._left(self._monotonic()) <= 0:
            return
        if self.password() != self._refused_password:
            log.warning("the password has changed; it is tried at once")
            self._in_a_row = 0
            return
        raise AccountPaused(self._words)


def refuses(error: Exception) -> bool:
    """Whether a sign-in was refused: by the server (401), or by the directory when its ticket was asked for."""
    code = getattr(getattr(error, "base_error", None), "min_code", None)
    return isinstance(error, AuthenticationError) or code in KDC_REFUSES
