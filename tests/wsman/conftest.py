"""Hands the peer's fixtures to its own tests; another directory's conftest can do the same."""

from tests.wsman.fixtures import peer, running

__all__ = ["peer", "running"]
