"""The stage of the windows: the same clock as that of the changes."""

from tests.operations.conftest import clock

__all__ = ["clock"]
