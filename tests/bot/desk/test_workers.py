"""Jobs handed to threads: never waited for, never done twice, and due again when no thread took them."""

from __future__ import annotations

import threading
from collections.abc import Callable

from bot import clock
from bot.desk.loop import Loop
from bot.desk.workers import BEGINS, Workers, _Claim


def until(true: Callable[[], bool]) -> None:
    for _ in range(1_000):
        if true():
            return
        clock.wait(0.005)
    raise TimeoutError


def test_a_key_has_one_job_at_a_time_and_all_are_waited_for() -> None:
    """A second one is not taken, also when there are as many as there may be; afterwards it is."""
    workers, goes_on, done = Workers(2, clock.monotonic), threading.Event(), list[str]()

    def job(name: str) -> Callable[[], None]:
        def work() -> None:
            assert goes_on.wait(10)
            done.append(name)

        return work

    assert workers.take("a", job("a"))
    assert not workers.take("a", job("again"))
    assert workers.take("b", job("b"))
    assert not workers.take("c", job("c"))
    assert workers.busy("a")
    assert not workers.busy("c")
    until(lambda: all(claim.begun for claim in workers._claims.values()))
    goes_on.set()
    workers.wait()
    assert sorted(done) == ["a", "b"]


def test_a_job_that_fails_is_over() -> None:
    """And may be handed over again."""
    workers = Workers(1, clock.monotonic)

    def fails() -> None:
        raise ValueError("a thing nobody has seen before")

    assert workers.take("a", fails)
    until(lambda: not workers.busy("a"))
    assert workers.take("a", lambda: None)
    workers.wait()


def test_a_thread_that_never_begins_is_forgotten_and_does_nothing_when_it_does() -> None:
    """Its job was given to another meanwhile."""
    now, done = [0.0], list[str]()
    workers = Workers(1, lambda: now[0])
    late = _Claim(0.0)
    workers._claims["a"] = late
    assert workers.busy("a")
    now[0] = BEGINS + 0.1
    assert not workers.busy("a")
    assert workers.take("a", lambda: done.append("the second"))
    workers._run("a", late, lambda: done.append("the first"))
    until(lambda: bool(done))
    workers.wait()
    assert done == ["the second"]


def test_a_loop_outlives_a_rest_that_fails() -> None:
    """As one without memory does."""
    rounds = threading.Semaphore(0)

    def rest() -> None:
        raise MemoryError

    loop = Loop("a loop", rounds.release, rest)
    loop.start()
    assert rounds.acquire(timeout=5)
    assert rounds.acquire(timeout=5)
    loop.stop(5)
