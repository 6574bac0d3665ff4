"""The wire to one server: a WSMan whose every request keeps the pace, and whose first request on each new connection
is let in by the account. No retrying, no meaning.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pypsrp.exceptions import WSManFaultError
from pypsrp.wsman import WSMan
from requests.exceptions import ReadTimeout

from engine.remote.account import Account, refuses
from engine.remote.pace import Pace


class Wire(WSMan):
    """A WSMan whose requests keep the pace, and whose first one on each new connection is let in by the account."""

    def __init__(self, account: Account, pace: Pace, endpoint: str, **arguments: Any) -> None:
        self._account = account
        self._pace = pace
        self._endpoint = endpoint
        self._until = float("inf")
        self.signed_in = False
        super().__init__(**arguments)

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """After this many seconds no further request is sent: ReadTimeout. For pypsrp's own endless loops."""
        self._until = self._pace.monotonic() + seconds
        try:
            yield
        finally:
            self._until = float("inf")

    def invoke(
        self,
        action: str,
        resource_uri: str,
        resource: ET.Element | None,
        option_set: Any = None,
        selector_set: Any = None,
        timeout: int | None = None,
        *,
        retries_on_read_timeout: int = 0,
    ) -> ET.Element:
        what = ET.tostring(resource) if resource is not None else b""
        self._pace((self._endpoint, action, resource_uri, str(selector_set), what))
        if self._pace.monotonic() > self._until:
            raise ReadTimeout("the server kept answering and did not come to an end")

        def send() -> ET.Element:
            return super(Wire, self).invoke(
                action, resource_uri, resource, option_set, selector_set, timeout,
                retries_on_read_timeout=retries_on_read_timeout,
            )  # fmt: skip

        if self.signed_in:
            try:
                return send()
            except Exception as error:
                self.signed_in = not refuses(error)  # what follows, such as a Delete, must not be refused again
                self._account.refused(error)
                raise
        return self._sign_in(send)

    def _sign_in(self, send: Callable[[], ET.Element]) -> ET.Element:
        answer: ET.Element | WSManFaultError
        with self._account.signing_in(self._endpoint) as password:
            self.transport.password = password
            try:
                answer = send()
            except WSManFaultError as error:
                answer = error  # a server that answers like this has let us in
        self.signed_in = True
        if isinstance(answer, WSManFaultError):
            raise answer
        return answer
