"""Writes the copy of the fleet, and nothing else does.

Two things reach it: answers of flinkey, of which only the differences are written (`answers`), and what we have done
ourselves (`own`). All that one answer or one own change means is one short transaction.
"""

from flinkey_admin.mirror.store.answers import apply
from flinkey_admin.mirror.store.clocks import has_run_ahead, set_back
from flinkey_admin.mirror.store.gone import forget_gone
from flinkey_admin.mirror.store.leases import claim, hold_sweep, note_look, note_progress, plan_sweep, release, renew
from flinkey_admin.mirror.store.own import own
from flinkey_admin.mirror.store.story import GONE, Answer

__all__ = [
    "GONE",
    "Answer",
    "apply",
    "claim",
    "forget_gone",
    "has_run_ahead",
    "hold_sweep",
    "note_look",
    "note_progress",
    "own",
    "plan_sweep",
    "release",
    "renew",
    "set_back",
]
