"""A process of its own that runs one planned operation: `python -m tests.operations.child OPERATION [COMMIT MOMENT]`.

It kills itself before or after the commit with that number. So that these do not hang on the clock, one call goes out
at a time then.
"""

import os
import signal
import sys

import django


def main(operation_id: int, commit: int = 0, moment: str = "") -> None:
    django.setup()
    from django.db import connection

    from flinkey_admin import upstream
    from flinkey_admin.accounts.scoping import Scope
    from flinkey_admin.operations import services
    from flinkey_admin.operations.models import Operation

    operation = Operation.objects.select_related("person", "customer").get(pk=operation_id)
    print("ready", flush=True)  # noqa: T201 - the parent waits for this line
    sys.stdin.readline()
    seen = 0

    def trace(statement: str) -> None:
        """SQLite calls it as each statement begins: a commit has been made when the next one does."""
        nonlocal seen
        if moment == "after" and seen == commit:
            os.kill(os.getpid(), signal.SIGKILL)
        if statement == "COMMIT":
            seen += 1
            if moment == "before" and seen == commit:
                os.kill(os.getpid(), signal.SIGKILL)

    if commit:
        upstream.AT_ONCE = 1
        connection.ensure_connection()
        connection.connection.set_trace_callback(trace)
    services.run(Scope(operation.person, operation.customer), operation)


if __name__ == "__main__":
    main(int(sys.argv[1]), *(kind(word) for kind, word in zip((int, str), sys.argv[2:], strict=False)))
