"""How long a slash command waits for its acknowledgement, the durable row included, against Bolt doing nothing.

Ours: the product's own listeners on a real log, `/failover … --whatif`, so that every round is a recorded request.
Baseline: a Bolt app with an empty listener, and two raw commits (WAL, synchronous=FULL) of a row of the same size.
Both by turns, in one process, on one disk. Bolt looks every 10 ms whether a listener has acknowledged; `slash` has
that switched off on both sides, as it hides what is measured, and `seen` has it, as Slack sees it.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlencode

from slack_bolt import Ack, App, BoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier

from bot import clock
from bot.compose import assemble
from bot.demo import demo
from bot.standin import StandIn
from engine.lab.build import Size
from engine.lab.engine import Lab
from engine.lab.world import create
from tests.bench.audit_append import committer, raw

TARGET = 1.0
COMMITS = 2
BLOCK = 200
"""Rounds with the same files."""
WARM = 5
"""Rounds that are not counted."""
Action = Callable[[], object]
Times = dict[str, list[float]]


def run(rounds: int) -> dict[str, float]:
    """Medians and p99 in milliseconds of `slash` and `seen`, of their `_baseline`, and the `_ratio` of the medians."""
    took: Times = {name: [] for name in ("seen", "seen_baseline", "slash", "slash_baseline")}
    with StandIn() as slack, tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as place:
        for start in range(0, rounds, BLOCK):
            _block(Path(place) / str(start), slack.api_url, min(BLOCK, rounds - start), took)
    found = {f"{name}_median": median(times) for name, times in took.items()}
    found |= {f"{name}_p99": quantiles(times, n=100)[98] for name, times in took.items()}
    return found | {f"{n}_ratio": found[f"{n}_median"] / found[f"{n}_baseline_median"] for n in ("seen", "slash")}


def _block(place: Path, api_url: str, rounds: int, took: Times) -> None:
    """New files on both sides: while a write-ahead log grows, a commit is dearer than later."""
    place.mkdir()
    with _ours(place, api_url) as ours, closing(raw(place / "raw.db")) as conn:
        empty, times = _empty_app(api_url), 2 * (rounds + WARM)
        pair = {"": _dispatch(ours, times), "_baseline": _with_commits(_dispatch(empty, times), committer(conn))}
        _measure("seen", pair, max(2, rounds // 5), took)
        for app in (ours, empty):
            app.listener_runner.process_before_response = True
        _measure("slash", pair, max(2, rounds), took)


@contextmanager
def _ours(place: Path, api_url: str) -> Iterator[App]:
    """The bot as the demo makes it, its runner and its poster at rest: nothing but listeners, desk and log."""
    create(place / demo.WORLD, Size.TINY, clock=clock.unix).close()
    config = demo.configuration(api_url, place, "http", demo.lab(place, None))
    lab = Lab(place / demo.WORLD, clock=clock.unix, wait=clock.wait)
    bot = assemble(config, demo.secrets(), lab)
    with ExitStack() as stack:
        stack.callback(bot.store.close)
        stack.callback(lab.close)
        stack.callback(bot.listeners.close)
        for part in (bot.watch, bot.link):
            part.start()
            stack.callback(part.stop)
        while bot.watch.topology() is None:
            clock.wait(0.01)
        yield bot.listeners.app


def _empty_app(api_url: str) -> App:
    app = App(
        client=WebClient(base_url=api_url),
        authorize=lambda: AuthorizeResult(enterprise_id=None, team_id=StandIn.TEAM, bot_token=StandIn.BOT_TOKEN),
        signing_secret=StandIn.SIGNING_SECRET,
    )

    def listener(ack: Ack) -> None:
        ack()

    app.command("/failover")(listener)
    return app


def _dispatch(app: App, times: int) -> Action:
    """One signed delivery after the other, no two alike, made before the clock runs."""
    turns = count()
    verifier = SignatureVerifier(StandIn.SIGNING_SECRET)
    form = {
        "command": "/failover",
        "text": "pool01 --whatif",
        "user_id": "U0ALICE",
        "team_id": StandIn.TEAM,
        "channel_id": "C0INCIDENT",
        "response_url": "http://127.0.0.1:9/response",
    }

    def delivery() -> BoltRequest:
        body, stamp = urlencode(form | {"trigger_id": f"{id(app)}.{next(turns)}"}), str(int(time.time()))
        signature = verifier.generate_signature(timestamp=stamp, body=body)
        headers: dict[str, str | Sequence[str]] = {
            "x-slack-request-timestamp": stamp,
            "x-slack-signature": signature or "",
        }
        headers["content-type"] = "application/x-www-form-urlencoded"
        return BoltRequest(body=body, headers=headers)

    ready = [delivery() for _ in range(times)]

    def dispatch() -> None:
        answer = app.dispatch(ready.pop())
        assert answer.status == 200, answer.body

    return dispatch


def _with_commits(dispatch: Action, commit: Action) -> Action:
    def both() -> None:
        dispatch()
        for _ in range(COMMITS):
            commit()

    return both


def _measure(name: str, pair: dict[str, Action], rounds: int, took: Times) -> None:
    gc.disable()
    try:
        for turn in range(rounds + WARM):
            for which, action in list(pair.items())[:: 1 if turn % 2 else -1]:
                started = time.perf_counter()
                action()
                if turn >= WARM:
                    took[name + which].append((time.perf_counter() - started) * 1000)
    finally:
        gc.enable()


if __name__ == "__main__":
    for key, value in run(int(sys.argv[1]) if len(sys.argv) > 1 else 500).items():
        print(f"{key:>24}: {value:.3f}")
