"""Reads many things at once: each reading has its own time limit, each thread its own connection.

A reading that fails is a value (the error), so that one that hangs costs only itself. What the readings mean is
`facts`; nothing here knows a cmdlet of the pools.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any

from engine.facts import Why
from engine.model import UNTOLD
from engine.port import EngineError, EngineUnavailable
from engine.remote import inside
from engine.remote.connect import Door, Session
from engine.remote.refusals import Unrecognised

Command = tuple[str, dict[str, Any]]
Task = Callable[["RemoteReader"], Any]


class RemoteReader:
    """One session for read-only cmdlets. Use with `with`: whatever it leaves behind does not matter."""

    def __init__(self, door: Door, endpoint: str, monotonic: Callable[[], float]) -> None:
        self._door = door
        self._monotonic = monotonic
        self._limit = door.settings.read_limit
        self.session = Session(door, endpoint, limit=self._limit)

    def __enter__(self) -> RemoteReader:
        try:
            self.session.open()
            self._door.load(self.session)
        except BaseException:
            self.session.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def ask(self, *commands: Command) -> list[Any]:
        """The output of one pipeline. Raises StepRefused, EngineUnavailable."""
        return self.session.run(list(commands), self._limit, self._monotonic)

    def parameters(self, cmdlet: str) -> frozenset[str]:
        """The server's own parameter list, as PowerShell's remoting protocol gives it; UNTOLD where the cmdlet exists
        and its list is empty. Raises StepRefused where it does not: RBAC hides what an account may not run."""
        ps = self.session.pipeline()
        begin = lambda: inside.ask_metadata(ps, [cmdlet])  # noqa: E731  # it is an argument
        for item in self.session.finish(ps, begin, f"reading {cmdlet}", self._limit, self._monotonic):
            own = getattr(item, "extended_properties", None) or {}
            if str(own.get("Name", "")).lower() == cmdlet.lower():
                return frozenset(map(str, own.get("Parameters") or ())) or UNTOLD
        host, account = self.session.endpoint, self._door.settings.username
        say = f"{cmdlet} is not there on {host}, or this account may not run it"
        raise Unrecognised(say, "", why=Why.NOT_THERE, id="", host=host, account=account)


def gather(
    tasks: Mapping[str, Task],
    reader: Callable[[], RemoteReader],
    *,
    workers: int,
    limit: float,
    monotonic: Callable[[], float],
) -> dict[str, Any]:
    """Every task's result by its name, or the EngineError that it ran into. Returns after `limit` seconds at the
    latest; a thread that hangs in the network is left behind and ends by its own timeouts."""
    todo: queue.SimpleQueue[tuple[str, Task]] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
    for task in tasks.items():
        todo.put(task)
    count = min(workers, len(tasks))
    for _ in range(count):
        threading.Thread(target=_work, args=(reader, todo, done), name="csfailover-reader", daemon=True).start()

    results: dict[str, Any] = {}
    error: EngineError = EngineUnavailable(f"not read within {limit:g} s")
    until = monotonic() + limit
    while len(results) < len(tasks) and count:
        try:
            name, result = done.get(timeout=max(0.0, until - monotonic()))
        except queue.Empty:
            break
        if name:
            results[name] = result
        else:
            count -= 1
            error = result or error
    return {name: results.get(name, error) for name in tasks}


def _work(
    reader: Callable[[], RemoteReader],
    todo: queue.SimpleQueue[tuple[str, Task]],
    done: queue.SimpleQueue[tuple[str, Any]],
) -> None:
    """Take tasks until none is left; on a new connection after one that broke. Ends with a nameless result."""
    ended: EngineError | None = None
    try:
        while not todo.empty():
            with reader() as own:
                while (name := _one(own, todo, done)) is not None:
                    if name is BROKEN:
                        break
    except EngineError as error:
        ended = error  # no session could be opened; the other threads may still have theirs
    except Exception as error:  # noqa: BLE001  # a thread has nobody above it; the caller reports it
        ended = EngineUnavailable(f"reading failed: {type(error).__name__}", str(error))
    finally:
        done.put(("", ended))


BROKEN = ""


def _one(
    reader: RemoteReader, todo: queue.SimpleQueue[tuple[str, Task]], done: queue.SimpleQueue[tuple[str, Any]]
) -> str | None:
    try:
        name, task = todo.get_nowait()
    except queue.Empty:
        return None
    try:
        done.put((name, task(reader)))
    except EngineUnavailable as error:
        done.put((name, error))
        return BROKEN
    except EngineError as error:
        done.put((name, error))
    return name
