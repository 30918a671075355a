"""A process in which the coordinator signs in: `python -m tests.node.signer`."""

import django


def main() -> None:
    django.setup()
    from django.test import Client

    from tests.conftest import COORDINATOR, PASSWORD

    answer = Client(headers={"host": "127.0.0.1"}).post("/sign-in/", {"username": COORDINATOR, "password": PASSWORD})
    assert answer.status_code == 302, answer.content


if __name__ == "__main__":
    main()
