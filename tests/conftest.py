"""Settings and fixtures that hold for every test."""

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
