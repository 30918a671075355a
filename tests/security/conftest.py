"""The stage of these tests, and how much of it runs in `make test`: a tenth; `make secure` runs all of it."""

import pytest

from tests.operations.conftest import clock  # noqa: F401 - a fixture


@pytest.fixture
def part(request: pytest.FixtureRequest) -> int:
    """By what the numbers of a test are divided."""
    return 1 if request.config.getoption("--thorough") else 10
