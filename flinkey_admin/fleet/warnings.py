"""What a person should know before a yes to taking a change back: groups open no doors."""

from itertools import groupby
from typing import Any

from django.utils.translation import ngettext

from flinkey_admin.accounts.scoping import scope_of_job
from flinkey_admin.fleet import endings
from flinkey_admin.operations.models import Operation

MOST = 20  # sentences


def warnings(operation: Operation, **_kwargs: Any) -> list[str]:
    """For each who leaves a group again: the windows that stay. A change of the fleet's own offers to end them."""
    if operation.undoes_id is None:
        return []
    found = endings.find(scope_of_job(operation.person, operation.customer), list(operation.steps.all()))
    by_thing = [list(rows) for _thing, rows in groupby(found, lambda one: (one["kind"], one["thing"]))]
    return [
        ngettext(
            "%(thing)s keeps %(count)s access: %(others)s. This change does not end it.",
            "%(thing)s keeps %(count)s accesses: %(others)s. This change does not end them.",
            len(rows),
        )
        % {
            "thing": rows[0]["label"],
            "count": len(rows),
            "others": ", ".join(dict.fromkeys(one["other"] for one in rows)),
        }
        for rows in by_thing
    ][:MOST]
