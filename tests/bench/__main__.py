"""`make bench`: every figure of the product against its baseline of the same interleaved run, as one table.

`python -m tests.bench lab slash_ack` runs these alone, `--share 0.1` with a tenth of the usual rounds. Each bench
gives `run(rounds)`: medians and p99 by name. Here they are only put side by side with their targets.
"""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import click

from tests.bench import audit_append, demo_start, lab, remote, slash_ack

Figures = Mapping[str, float]


class Line(NamedTuple):
    """One row of the table. `limit` is of the ratio; where there is no baseline, of the figure itself."""

    name: str
    product: str
    baseline: str
    limit: float
    against: str
    unit: str = "ms"
    per: int = 1
    absolute: bool = False


class Bench(NamedTuple):
    name: str
    run: Callable[[int], dict[str, float]]
    rounds: int
    lines: tuple[Line, ...]


def _remote(rounds: int) -> dict[str, float]:
    """The remote engine's figures under the names that the others use; medians only, of few rounds."""
    found = remote.run(rounds)
    told = {"memory_median": found["memory"]}
    for name in remote.TARGETS:
        told |= {f"{name}_median": found[f"{name}_ours"], f"{name}_baseline_median": found[f"{name}_bare"]}
    return told


def _remote_line(name: str, key: str, against: str) -> Line:
    return Line(f"remote, {name}", key, f"{key}_baseline", remote.TARGETS[key], against)


BENCHES = (
    Bench(
        "slash_ack",
        slash_ack.run,
        500,
        (
            Line("slash to ack, as Slack sees it", "seen", "seen_baseline", slash_ack.TARGET, "Bolt + 2 commits"),
            Line("slash to ack, without Bolt's wait", "slash", "slash_baseline", slash_ack.TARGET, "Bolt + 2 commits"),
        ),
    ),
    Bench(
        "audit_append",
        audit_append.run,
        2000,
        (Line("append to the audit log", "append", "raw", audit_append.TARGET, "a raw commit"),),
    ),
    Bench(
        "lab",
        lab.run,
        300,
        (
            Line("lab redirect, 1M users", "redirect", "redirect_baseline", lab.TARGETS["redirect"], "5,000 users"),
            Line(
                "lab operation, 1M users", "operation", "operation_baseline", lab.TARGETS["operation"], "16 raw commits"
            ),
            Line(
                *("who serves, 1M users", "who_serves", "who_serves_baseline", lab.TARGETS["who_serves"]),
                *("SELECT by key", "µs"),
                per=lab.LOOKUPS,
            ),
        ),
    ),
    Bench(
        "remote",
        _remote,
        30,
        (
            _remote_line("approval to first byte", "first_byte", "pypsrp + 4 commits"),
            _remote_line("operation, cmdlet 20 ms", "whole_20ms", "bare pypsrp"),
            _remote_line("operation, cmdlet 2 s", "whole_2s", "bare pypsrp"),
            _remote_line("preflight", "preflight", "its slowest reading"),
            Line("remote, growth over 800 records", "memory", "", remote.MEMORY, "", unit="MB", absolute=True),
        ),
    ),
    Bench(
        "demo_start",
        demo_start.run,
        7,
        (
            Line(
                *("demo, start to first answer", "start", "start_baseline", demo_start.SECONDS * 1000),
                "imports alone",
                absolute=True,
            ),
            Line("demo, memory", "memory", "", demo_start.MEGABYTES, "", unit="MB", absolute=True),
        ),
    ),
)


def machine() -> str:
    """What the absolute numbers are worth."""
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def rows(bench: Bench, figures: Figures) -> Iterator[tuple[str, ...]]:
    for line in bench.lines:
        scale = 1000 / line.per if line.unit == "µs" else 1 / line.per
        ours, theirs = _pair(figures, line.product, scale), _pair(figures, line.baseline, scale)
        ratio = figures.get(f"{line.product}_median", 0.0) / figures.get(f"{line.baseline}_median", float("inf"))
        value = figures[f"{line.product}_median"] * scale if line.absolute else ratio
        limit = f"{line.limit:g} {line.unit}" if line.absolute else f"{line.limit:g} x {line.against}"
        verdict = "ok" if value <= line.limit else "over"
        yield (f"{line.name} ({line.unit})", ours, theirs, f"{ratio:.2f}" if line.baseline else "", limit, verdict)


def _pair(figures: Figures, name: str, scale: float) -> str:
    """Median and, where there is one, p99."""
    found = (figures.get(f"{name}_{which}") for which in ("median", "p99"))
    return " / ".join(_short(value * scale) for value in found if value is not None)


def _short(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


HEAD = ("figure", "product median / p99", "baseline median / p99", "ratio", "target: at most", "")
WIDTHS = (42, 22, 23, 6, 26, 4)


def show(cells: tuple[str, ...]) -> str:
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


@click.command()
@click.argument("names", nargs=-1)
@click.option("--share", default=1.0, show_default=True, help="of the usual rounds")
def main(names: tuple[str, ...], share: float) -> None:
    """Measure, and print the table. NAMES are modules of this directory; none: all."""
    click.echo(machine())
    click.echo(show(HEAD))
    for bench in BENCHES:
        if not names or bench.name in names:
            for row in rows(bench, bench.run(max(2, round(bench.rounds * share)))):
                click.echo(show(row))


if __name__ == "__main__":
    main()
