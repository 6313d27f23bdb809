"""Settings and fixtures that hold for every test."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from tests.database import database, empty_database, fresh_database, server

__all__ = ["database", "empty_database", "fresh_database", "server"]  # fixtures for all folders

# Chance is seeded, so a run on one machine fails or passes as it does on another.  A law is
# judged by what it says, not by how long a busy machine took over it.
settings.register_profile(
    "strict",
    max_examples=60,
    derandomize=True,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("strict")

# Two workers share the tests, and who has none left takes from the end of the other's.  So what
# takes long, or is made once for a whole file, comes first, and small tests are left for the end.
FIRST = ["stories", "torture", "walk", "store", "simulate", "reports", "engine", "serve"]
TESTS = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests in the order of their folders in ``FIRST``; the others follow as they were."""
    items.sort(key=lambda item: _rank(item.path))


def _rank(path: Path) -> int:
    """Return the place of a test's folder."""
    folder = path.relative_to(TESTS).parts[0] if path.is_relative_to(TESTS) else ""
    return FIRST.index(folder) if folder in FIRST else len(FIRST)
