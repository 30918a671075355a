"""A page's statements to the database: the same for one row and for a hundred more."""

from collections.abc import Iterator

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.bench.rows import Row
from tests.bench.stage import EMAIL, count, sandbox
from tests.conftest import Person
from tests.mirror.test_costs import ADDRESSES, AT_MOST, grow

PATHS = ("/", *ADDRESSES, "/search/?q=pool", "/assignments/new/")


def measure() -> Iterator[Row]:
    settings.ALLOWED_HOSTS = ["testserver", "127.0.0.1"]
    with sandbox("yard") as remote:
        call_command("flush", interactive=False, verbosity=0)
        person = Person()
        assert person.sign_in(EMAIL).status_code == 302
        few = {path: _statements(person, path) for path in PATHS}
        grow(remote)
        for path in PATHS:
            many = _statements(person, path)
            yield count(
                f"{path} statements: 100 rows, as for 1",
                many,
                AT_MOST if many == few[path] else few[path],
                str(few[path]),
            )


def _statements(person: Person, path: str) -> int:
    if path.startswith(("/search/", "/assignments/")):
        person.get(path)
    else:
        person.look(path)
    person.get(path)
    with CaptureQueriesContext(connection) as caught:
        assert person.get(path).status_code == 200, path
    return len(caught)
