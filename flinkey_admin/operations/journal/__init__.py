"""Writes the journal, and nothing else does.

A change is planned in one transaction, each call is noted before it is sent, and each result in a commit of its own:
whatever kills the process, the journal says what may have happened and what certainly has not.
"""

from flinkey_admin.operations.journal.elsewhere import EXPLAINED_BY, keep_webhook, outside
from flinkey_admin.operations.journal.leases import (
    begin,
    claim_try,
    hold,
    in_the_way,
    recover,
    release,
    renew,
    set_pace,
)
from flinkey_admin.operations.journal.planning import (
    discard,
    leave_out,
    open_key,
    plan,
    queue,
    require_free,
    set_reason,
)
from flinkey_admin.operations.journal.pruning import Pruned, prune
from flinkey_admin.operations.journal.restoring import as_restored, set_back, under_way
from flinkey_admin.operations.journal.results import hint, note, recall, settle_window, take_check, watch
from flinkey_admin.operations.journal.state import summarise, summary, to_send
from flinkey_admin.operations.journal.terms import (
    LEASE,
    PATIENCE,
    REPEATABLE,
    SETTLED,
    WAITS,
    LeaseLost,
    Outcome,
    Planned,
    WindowBusy,
)
from flinkey_admin.operations.journal.wishes import close, note_helper, reopen, wish, wished

__all__ = [
    "EXPLAINED_BY",
    "LEASE",
    "PATIENCE",
    "REPEATABLE",
    "SETTLED",
    "WAITS",
    "LeaseLost",
    "Outcome",
    "Planned",
    "Pruned",
    "WindowBusy",
    "as_restored",
    "begin",
    "claim_try",
    "close",
    "discard",
    "hint",
    "hold",
    "in_the_way",
    "keep_webhook",
    "leave_out",
    "note",
    "note_helper",
    "open_key",
    "outside",
    "plan",
    "prune",
    "queue",
    "recall",
    "recover",
    "release",
    "renew",
    "reopen",
    "require_free",
    "set_back",
    "set_pace",
    "set_reason",
    "settle_window",
    "summarise",
    "summary",
    "take_check",
    "to_send",
    "under_way",
    "watch",
    "wish",
    "wished",
]
