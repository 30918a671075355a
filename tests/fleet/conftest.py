"""The stage of the fleet: the same clock as that of the changes, and reviews that stay young."""

import datetime as dt

import pytest

from flinkey_admin.operations import truth
from tests.operations.conftest import clock

__all__ = ["clock"]


@pytest.fixture(autouse=True)
def young(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crowded machine may take ten seconds from a review to its yes, and it would be looked at once more then."""
    monkeypatch.setattr(truth, "YOUNG", dt.timedelta(minutes=5))
