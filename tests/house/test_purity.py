"""Which modules of `audit` are pure is written in the import contracts; none may be forgotten there."""

from __future__ import annotations

import tomllib

from tests.house.generated import ROOT


def test_every_module_of_the_log_that_is_no_store_is_under_contract() -> None:
    """A new file beside `audit/model.py` is pure, and says so in pyproject.toml; I/O goes into a store's package."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (pure,) = [c["source_modules"] for c in contracts if c["name"].startswith("what the log is knows no I/O")]
    modules = {f"audit.{path.stem}" for path in (ROOT / "audit").glob("*.py") if path.name != "__init__.py"}
    assert modules == set(pure)
    forbidden = {
        name for c in contracts if c["name"] == "only the composition names a store" for name in c["source_modules"]
    }
    parts = {f"bot.{path.stem}" for path in (ROOT / "bot").iterdir() if not path.name.startswith("__")}
    assert parts - forbidden == {"bot.compose", "bot.store"}
