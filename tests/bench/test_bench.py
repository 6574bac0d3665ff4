"""The benches run: every line of the table can be filled. No time is judged here, as a test machine is never quiet."""

from __future__ import annotations

import pytest

from tests.bench.__main__ import BENCHES, HEAD, Bench, rows

LONG = {"demo_start", "remote"}


@pytest.mark.parametrize(
    "bench", [pytest.param(b, id=b.name, marks=[pytest.mark.slow] if b.name in LONG else []) for b in BENCHES]
)
def test_every_bench_fills_its_lines(bench: Bench) -> None:
    """Two rounds of each: a figure, its baseline, a target and a word on it."""
    table = list(rows(bench, bench.run(2)))
    assert len(table) == len(bench.lines)
    assert all(len(row) == len(HEAD) and row[1] and row[-1] in {"ok", "over"} for row in table)
