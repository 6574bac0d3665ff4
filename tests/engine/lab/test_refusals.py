"""What the lab refuses: the cmdlet for itself, names that do not exist, files that are no world."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.lab.engine import Lab
from engine.lab.world import WorldLost
from engine.model import Ended, Kind, Options
from engine.port import StepRefused
from tests.engine.lab.worlds import ALONE, P1, P2, STATE, Time, digest, go, new_lab


def test_what_the_profile_does_not_know_is_refused(tmp_path: Path) -> None:
    """Lync Server 2013 has no -ServicesStopDelayMins; the 2015 profile has it and runs."""
    for product in ("2013", "2015"):
        (tmp_path / product).mkdir()
    older, newer = (new_lab(tmp_path / product, product=product) for product in ("2013", "2015"))
    outcome = go(older, Kind.FAILOVER, options=Options(stop_delay=5))
    assert (outcome.ended, outcome.error_id) == (Ended.FAILED, "NamedParameterNotFound")
    assert go(newer, Kind.FAILOVER, options=Options(stop_delay=5)).ended is Ended.COMPLETED


@pytest.mark.parametrize(
    ("pool", "kind", "options", "error_id"),
    [
        (ALONE, Kind.FAILOVER, Options(), "Lab.NoBackupPool"),
        (P2, Kind.FAILOVER, Options(), "Lab.CmsOnFailedPool"),
        (P1, Kind.FAILOVER, Options(whatif=True, force=True), "Lab.ForceWithWhatIf"),
        (P1, Kind.FAILBACK, Options(), "Lab.NotFailedOver"),
    ],
)
def test_each_refusal_has_a_code_and_changes_no_pool(
    tmp_path: Path, pool: str, kind: Kind, options: Options, error_id: str
) -> None:
    """The id is the lab's own and stable."""
    lab = new_lab(tmp_path)
    before = digest(lab.world, STATE)
    outcome = go(lab, kind, pool, options)
    assert (outcome.ended, outcome.error_id) == (Ended.FAILED, error_id)
    assert digest(lab.world, STATE) == before


def test_a_pair_that_is_not_mutual_is_refused(tmp_path: Path) -> None:
    """pool01 names pool02, pool02 names pool04: no failover of pool01."""
    lab = new_lab(tmp_path)
    with lab.world.change("topology") as db:
        db.execute("UPDATE pool SET backup = 4 WHERE fqdn = ?", (P2,))
    outcome = go(lab, Kind.FAILOVER)
    assert (outcome.ended, outcome.error_id) == (Ended.FAILED, "Lab.PairNotMutual")


def test_an_unknown_pool_is_refused_with_near_names(tmp_path: Path) -> None:
    """A slip of the pen is answered with what there is."""
    lab = new_lab(tmp_path)
    with pytest.raises(StepRefused, match=r"pool01\.contoso\.com"):
        lab.facts("pool1.contoso.com")
    with pytest.raises(StepRefused):
        lab.ticket("nowhere", "r", "s", "c")


def test_a_missing_or_foreign_file_is_no_world(tmp_path: Path) -> None:
    """Nothing is created by accident; the message says how to make one."""
    time = Time()
    with pytest.raises(WorldLost, match="csfailover lab reset"):
        Lab(tmp_path / "world.db", clock=time, wait=time.wait)
    assert not (tmp_path / "world.db").exists()
    (tmp_path / "other.db").write_bytes(b"not a database at all, but long enough to be read as one" * 20)
    with pytest.raises(WorldLost):
        Lab(tmp_path / "other.db", clock=time, wait=time.wait)
