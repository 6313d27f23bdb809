"""The planted bugs still fit the program; `make torture-proof` shows that they are caught."""

import pytest
from tests.torture.planted import BUGS, misfits


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_fits_the_source(bug):
    assert [] == misfits(bug)
