"""Keys, made once, for who plays the partner and for us."""

import pytest
from tests.channels import keys


@pytest.fixture(scope="session")
def pairs():
    """The merchant's key, the platform's two, and the platform's certificate."""
    return keys.Pairs.made()
