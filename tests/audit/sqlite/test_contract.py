"""The SQLite store keeps the contract of every store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from audit.sqlite.store import Store
from tests.audit.contract import Fails, Forges, Opens, StoreContract
from tests.audit.parts import ticking, unlocked


class TestSqliteKeepsTheContract(StoreContract):
    """In a file, as the product has it."""

    @pytest.fixture
    def opens(self, path: Path) -> Opens:
        def opens(clock: Callable[[], datetime] | None = None) -> Store:
            return Store.open(path, clock=clock or ticking())

        return opens

    @pytest.fixture
    def fails(self, store: Store) -> Fails:
        return lambda failing: store.drill(read_only=failing)

    @pytest.fixture
    def forges(self, path: Path) -> Forges:
        def forges(seq: int, column: str, value: str) -> None:
            unlocked(path, f"UPDATE event SET {column} = '{value}' WHERE seq = {seq}")

        return forges
