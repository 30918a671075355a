"""A process of its own that runs one planned operation: `python -m tests.operations.child OPERATION`."""

import sys

import django


def main(operation_id: int) -> None:
    django.setup()
    from flinkey_admin.accounts.scoping import Scope
    from flinkey_admin.operations import services
    from flinkey_admin.operations.models import Operation

    operation = Operation.objects.select_related("person", "customer").get(pk=operation_id)
    print("ready", flush=True)  # noqa: T201 - the parent waits for this line
    sys.stdin.readline()
    services.run(Scope(operation.person, operation.customer), operation)


if __name__ == "__main__":
    main(int(sys.argv[1]))
