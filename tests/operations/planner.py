"""A process of its own in which a coordinator says yes to a move: `python -m tests.operations.planner CARS`."""

import sys

import django


def main(cars: int) -> None:
    django.setup()
    from django.test import Client

    from tests.conftest import COORDINATOR, PASSWORD

    person = Client(headers={"host": "127.0.0.1"})
    person.post("/sign-in/", {"username": COORDINATOR, "password": PASSWORD})
    form = {"id": [str(number) for number in range(1, cars + 1)], "to": "2"}
    person.post("/cars/move/", form)
    answer = person.post("/operations/1/run/")
    assert answer.status_code == 302, answer.content


if __name__ == "__main__":
    main(int(sys.argv[1]))
