"""Copies of this installation's data: one file that holds the whole database, taken and put back while others work.

Sessions stay out of it, and with them flinkey's tokens: a copy that somebody carries away opens nothing, and whoever
had signed out by then does not come back in with it. The keys (SECRET_KEY, TOKEN_KEYS) are not in the database at all.
"""

from flinkey_admin.node.copies.archive import Manifest, Refused
from flinkey_admin.node.copies.services import KEPT, asides, backup, last_made, restore

__all__ = ["KEPT", "Manifest", "Refused", "asides", "backup", "last_made", "restore"]
