"""The one thread that writes. It opens the connection, runs one job at a time, and closes it.

Knows threads and a connection, not what is written. A second thread on one connection joins the first one's
transaction and is rolled back with it after having returned: that is why nobody else ever gets this connection.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

from audit.model import CannotRecord

T = TypeVar("T")
_LOOK = 5.0
"""Seconds between two checks whether the thread that is being waited for is still alive."""
Job = Callable[[sqlite3.Connection], Any]


class Writer:
    """Starts the thread; raises what `connect` raises."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._jobs: SimpleQueue[tuple[Job, Future[Any]] | None] = SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        opened: Future[None] = Future()
        # A daemon: a process that ends without closing must not hang. What was answered is on disk already.
        self._thread = threading.Thread(target=self._work, args=(connect, opened), name="audit-writer", daemon=True)
        self._thread.start()
        opened.result()

    def run(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Do `job` on the writer thread, after all earlier ones; return what it returns or raise what it raises."""
        done: Future[T] = Future()
        with self._gate:
            if self._closed:
                raise CannotRecord("The audit log is closed: the bot is shutting down. Nothing was written.")
            self._jobs.put((job, done))
        while True:
            try:
                return done.result(_LOOK)
            except TimeoutError:  # none of our jobs raises it
                if not done.done() and not self._thread.is_alive():
                    raise CannotRecord("The audit log's writer thread died from a bug. Restart the bot.") from None

    def close(self) -> None:
        """Finish the jobs already given, then close the connection. May be called again."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _work(self, connect: Callable[[], sqlite3.Connection], opened: Future[None]) -> None:
        try:
            conn = connect()
        except BaseException as error:  # noqa: BLE001  # it is raised where the Writer is made
            opened.set_exception(error)
            return
        opened.set_result(None)
        while (asked := self._jobs.get()) is not None:
            job, done = asked
            try:
                result = job(conn)
            except BaseException as error:  # noqa: BLE001  # it is raised in the thread that asked
                done.set_exception(error)
            else:
                done.set_result(result)
            del job, done, asked
        conn.close()
