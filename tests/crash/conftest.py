"""Worlds to begin with, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import clock
from engine.lab.build import Size
from engine.lab.engine import Lab
from engine.lab.world import create
from engine.model import Kind
from tests.engine.lab.worlds import P1, go


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """By command, a world in which it makes sense."""
    home, away = (tmp_path_factory.mktemp("worlds") / name for name in ("home.db", "away.db"))
    for world in (home, away):
        create(world, Size.TINY, clock=clock.unix).close()
    lab = Lab(away, clock=clock.unix, wait=clock.wait)
    go(lab, Kind.FAILOVER, P1, run="AN-EARLIER-RUN")
    lab.close()
    return {"/failover pool01": home, "/failover pool01 --disaster": home, "/failback pool01": away}
