"""A small, stateful imitation of the flinkey API v3 over real HTTP, for tests and for trying things out."""

from .gateway import API_KEY
from .remote import Remote, RemoteError
from .server import Sandbox

__all__ = ["API_KEY", "Remote", "RemoteError", "Sandbox"]
