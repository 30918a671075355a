"""The stage of the copy: the same clock and the same scope as those of the changes."""

from tests.operations.conftest import clock, scope

__all__ = ["clock", "scope"]
