"""A person is erased: afterwards the whole database, as bytes, holds no word of theirs; receipts count as before."""

import json
import re
import unicodedata
from contextlib import closing, suppress
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from flinkey_admin.accounts.models import Customer, Manager, SignIn
from flinkey_admin.assignments.models import Feed, Series
from flinkey_admin.fleet.models import Note, Selection
from flinkey_admin.mirror.models import User
from flinkey_admin.node import persons
from flinkey_admin.operations.models import Operation, Outside, Step, Webhook
from flinkey_admin.sandbox import Remote
from tests.conftest import BOTH, COORDINATOR, Person
from tests.mirror.stage import caught_up
from tests.operations.conftest import clock  # noqa: F401 - the fixture
from tests.operations.stage import Clock
from tests.operations.windows import created, give, send
from tests.stages import Stages

EMAIL, PHONE = "zoe.gross@nordwind.example", "0171 5550123"
ZOE = 5
# As people write the name, as a search keeps it, and the parts that nobody else here has.
WORDS = [EMAIL, EMAIL.replace("-", ""), "Zoë", "zoe", "Groß", "gross", "groß", "Zo\\u00eb", "Gro\\u00df", PHONE]
OF_THE_NOTE = ["Groß", "gross", "groß"]
READS = {"sqlite": "BEGIN", "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ"}
# Perhaps a sealed token, in which three letters stand by chance.
LONG = re.compile(r"[\w+/=-]{60,}", re.ASCII)


@pytest.fixture
def known(
    transactional_db: None,
    clock: Clock,  # noqa: F811
    coordinator: Person,
    remote: Remote,
    stages: Stages,
) -> Person:
    """Zoë has stood wherever a person can stand; Ayşe stands beside her."""
    stages.set("Zoë is known", lambda: make_known(coordinator, remote), coordinator)
    clock.advance(6)
    stages.set("Zoë everywhere", lambda: tell_more(coordinator, remote), coordinator)
    clock.advance(6)
    return coordinator


def make_known(person: Person, remote: Remote) -> None:
    remote.settings(delay=0)
    for path in ("/users/", "/users/5/", "/users/2/", "/cars/2/", "/groups/1/", "/groups/2/", "/groups/1/users/"):
        person.get(path)
    give(person, user=EMAIL)
    send(created(assignmentId=6, userId=ZOE), "created")
    send({"customerId": "1", "userId": ZOE, "carId": 1, "what": "is this?"}, "")
    person.post("/groups/2/users/add/", {"id": ["2", str(ZOE)]})
    operation = Operation.objects.latest("pk")
    person.post(f"/operations/{operation.pk}/run/")


def tell_more(person: Person, remote: Remote) -> None:
    remote.change("remove_member", kind="users", group=2, id=ZOE)
    caught_up(person, "/groups/2/users/")
    person.post("/groups/2/users/select/", {"all": "1"})
    person.post("/handover/", {"text": f"Frau Zoë Groß ({PHONE}) bringt den Bus. Frau Gross kommt."})
    person.post("/users/5/calendar/", {"act": "on"})
    Person().post("/sign-in/", {"username": EMAIL, "password": "wrong"})
    by_hand(Customer.objects.get(flinkey_id="1"))


def by_hand(customer: Customer) -> None:
    """What would take a year, or a fault, to come about."""
    operation, manager = Operation.objects.latest("pk"), Manager.objects.get(email=COORDINATOR)
    Operation.objects.filter(pk=operation.pk).update(reason=f"for Zoe Gross, see {EMAIL}", helpers=[EMAIL.upper()])
    Series.objects.create(customer=customer, name="Zoë Groß, nights", rule={}, cars=[1], users=[ZOE], person=manager)
    Outside.objects.create(
        customer=customer,
        seen_at=timezone.now(),
        what="changed",
        kind="users",
        thing_id=ZOE,
        label=f"Zoë Ehrlich · {EMAIL}",
        before={"first_name": "Zoë", "last_name": "Ehrlich"},
        after={"last_name": "Groß"},
    )
    Selection.objects.create(customer=customer, manager=manager, kind="users", ids=[1, ZOE])
    Feed.objects.get_or_create(
        customer=customer,
        kind="users",
        flinkey_id=ZOE,
        defaults={"digest": "x", "person": manager, "made_at": timezone.now()},
    )
    DBTaskResult.objects.create(
        args_kwargs={"args": [], "kwargs": {}},
        backend_name="default",
        task_path="x",
        run_after=timezone.now(),
        exception_class_path="x",
        traceback=f"ValueError: {EMAIL} of Groß, Zoë",
    )
    session = SessionStore(session_key=SignIn.objects.get(manager=manager).session_key)
    session["stash"] = {"path": "/assignments/new/", "data": "user=zoe.gross%40nordwind.example", "typed": f"x {EMAIL}"}
    session.save()


def files() -> list[Path]:
    """Where the database lies on the disk, once all of it is written there."""
    if connection.vendor == "sqlite":
        connection.close()
        path = Path(str(connection.settings_dict["NAME"]))
        return [path, *path.parent.glob(f"{path.name}-*")]
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute(
            "SELECT current_setting('data_directory'), oid FROM pg_database WHERE datname = current_database()"
        )
        data, number = cursor.fetchone()
    return list(Path(data, "base", str(number)).glob("[0-9]*"))  # tables and indexes, ours and the catalogue's


def raw() -> str:
    """All that is in the files, also where nothing is any more; and what the sessions hold, unpacked."""
    text = "".join(file.read_bytes().decode(errors="replace") for file in files())
    for row in Session.objects.all():  # keys and signatures are chance as well
        text = text.replace(row.session_key, "").replace(row.session_data, "")
    text = LONG.sub(lambda run: "" if re.search("[A-Z]", run[0]) and re.search("[0-9]", run[0]) else run[0], text)
    sessions = [json.dumps(row.get_decoded(), ensure_ascii=False) for row in Session.objects.all()]
    return unicodedata.normalize("NFC", text + "".join(sessions)).casefold()


def found(words: list[str]) -> list[str]:
    text = raw()
    return [word for word in words if word.casefold() in text]


def forget(*options: str) -> str:
    out = StringIO()
    call_command("forget_person", *options, stdout=out)
    return out.getvalue()


def counts() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in (Operation, Step, Outside, Note, Series)}


def sampled() -> None:
    """PostgreSQL has looked at its tables, as it does now and then, and its statistics have words of them."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def without_notes() -> None:
    """The note with the last name alone is for whoever knows it."""
    Note.objects.update(text="")
    persons.erasure._sweep_out()


def test_the_stage_has_the_person_everywhere(known: Person) -> None:
    """So that the tests below are about something."""
    said = forget(EMAIL, "--also", PHONE, "--dry-run")
    tables = {line.split()[1] for line in said.splitlines() if line.startswith("  ")}
    assert tables >= {
        *("accounts_manager", "assignments_feed", "assignments_series", "axes_accessattempt", "django_session"),
        *(DBTaskResult._meta.db_table, "fleet_note", "fleet_selection", "mirror_membership", "mirror_user"),
        *("operations_operation", "operations_outside", "operations_step", "operations_webhook"),
    } - {"accounts_manager"}
    assert len(found(WORDS)) > 6
    assert User.objects.filter(flinkey_id=ZOE).exists(), "a dry run changes nothing"


def test_no_byte_of_the_database_names_the_person(known: Person, remote: Remote) -> None:
    remote.change("delete_user", user=ZOE)
    caught_up(known, "/users/")
    before = counts()
    sampled()
    said = forget(EMAIL, "--also", PHONE)
    assert "flinkey still lists" not in said
    assert f"The last name alone stands in: note {Note.objects.get().pk}" in said, "Frau Gross may be somebody else"
    assert found(WORDS) == OF_THE_NOTE
    without_notes()
    assert found(WORDS) == []
    assert counts() == before, "receipts count as before"
    assert forget(EMAIL, "--also", PHONE).splitlines()[1] == "  none: nothing here names this person."


class Killed(BaseException):
    """The process ends here, as far as the database can tell."""


class Killer:
    """Ends the process each time that it is about to write a table which none before it has come to."""

    def __init__(self) -> None:
        self.met: set[str] = set()

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        table = re.match(r'(?:UPDATE|DELETE FROM|INSERT INTO) "(\w+)"', sql)
        if table and table[1] not in self.met:
            self.met.add(table[1])
            raise Killed
        return execute(sql, params, many, context)


def test_whatever_was_interrupted_is_finished_by_the_next_run(known: Person, remote: Remote) -> None:
    """Killed at one table after the other, each run with no more than what the one before has left of the person.

    That includes names that stand in other tables and are known by the history alone.
    """
    remote.change("delete_user", user=ZOE)
    caught_up(known, "/users/")
    about = Step.objects.filter(kind="users", thing_id=ZOE).latest("pk")
    Step.objects.filter(pk=about.pk).update(label=f"Zoë Einstmals · {EMAIL}")
    Series.objects.update(name="Zoë Ehrlich, nights, then Zoë Einstmals")
    Outside.objects.filter(kind="users", thing_id=ZOE).update(after={"last_name": "Groß", "email": "z@first.example"})
    Operation.objects.filter(pk=about.operation_id).update(reason="for Zoë Einstmals and z@first.example")
    tables = {line.split()[1] for line in forget(EMAIL, "--also", PHONE, "--dry-run").splitlines() if line[:2] == "  "}
    before = counts()
    killer, runs = Killer(), 0
    while runs == len(killer.met):
        runs += 1
        with connection.execute_wrapper(killer), suppress(Killed):
            forget(EMAIL, "--also", PHONE)
    assert killer.met >= tables, "each of them was met by a run that still knew whom to look for"
    without_notes()
    assert found([*WORDS, "Zoë Einstmals", "Zoë Ehrlich", "z@first.example"]) == []
    assert counts() == before


def test_the_pages_go_on_without_the_name(known: Person, remote: Remote) -> None:
    remote.change("delete_user", user=ZOE)
    caught_up(known, "/users/")
    forget(EMAIL)
    for operation in Operation.objects.all():
        page = known.get(f"/operations/{operation.pk}/")
        assert page.status_code == 200
        assert "Groß" not in page.content.decode()
    assert "forgotten person 5" in known.get(f"/operations/{Operation.objects.latest('pk').pk}/").content.decode()
    for path in ("/users/", "/cars/2/", "/handover/", "/operations/", "/assignments/series/"):
        assert known.get(path).status_code == 200


def test_others_are_left_as_they_are(known: Person) -> None:
    """Ayşe, and a namesake of Zoë for the other customer."""
    other = Customer.objects.create(flinkey_id="9", name="Other")
    facts = {"first_name": "Zoë", "last_name": "Groß", "seen_at": timezone.now()}
    User.objects.create(customer=other, flinkey_id=ZOE, email="zoe@elsewhere.example", **facts)
    Outside.objects.create(
        customer=other,
        seen_at=timezone.now(),
        what="new",
        kind="users",
        thing_id=ZOE,
        label="Zoë Groß · zoe@elsewhere.example",
    )
    rows = [row for row in Step.objects.values("pk", "label", "args") if row["label"].startswith("Ayşe")]
    assert rows
    said = forget(EMAIL)
    assert "Another user has the very same name" in said
    assert [row for row in Step.objects.values("pk", "label", "args") if row["label"].startswith("Ayşe")] == rows
    assert Outside.objects.get(customer=other).label == "Zoë Groß · zoe@elsewhere.example"
    assert User.objects.get(customer=other).last_name == "Groß"
    assert known.get("/groups/").status_code == 200, "nobody else is signed out"


def test_a_message_about_the_person_goes_however_the_number_is_written(known: Person) -> None:
    """And one that cannot be read stands in nobody's way."""
    odd = ["2", [ZOE], {"id": ZOE}]
    for number in (str(ZOE), ZOE, *odd):
        send({"customerId": "1", "userId": number, "what": "is this, too?"})
    send(b"[" * 50_000)
    forget(EMAIL)
    bodies = [row.body for row in Webhook.objects.order_by("pk")]
    assert [json.loads(one)["userId"] for one in bodies if "too?" in one] == odd
    assert "[" * 50_000 in bodies


def test_a_current_user_is_said_to_come_back(known: Person) -> None:
    assert "flinkey still lists this person" in forget(EMAIL)
    caught_up(known, "/users/")
    assert User.objects.filter(flinkey_id=ZOE, ended_at=None).exists()


def test_a_manager_stays_as_a_number(known: Person, remote: Remote) -> None:
    """Who made a change is still one and the same; the address is gone, and so is the session."""
    Person().post("/sign-in/", {"username": COORDINATOR, "password": "wrong"})
    made = Operation.objects.values_list("person", flat=True).distinct()
    assert AccessAttempt.objects.filter(username=COORDINATOR).exists()
    (before,) = made
    forget(COORDINATOR)
    assert [*made] == [before]
    assert Manager.objects.get(pk=before).email == f"forgotten-{before}@person.invalid"
    assert found([COORDINATOR]) == []
    assert known.get("/groups/").status_code == 302
    assert Person().sign_in(COORDINATOR).status_code == 302, "who is still a manager at flinkey begins anew"
    assert Manager.objects.get(email=COORDINATOR).pk != before


def test_by_number(known: Person) -> None:
    assert "mirror_user" in forget("--user-id", str(ZOE), "--customer", "1", "--dry-run")
    for options in (["--user-id", "77"], []):
        with pytest.raises(CommandError):
            forget(*options)
    other = Customer.objects.create(flinkey_id="9", name="Other")
    User.objects.create(customer=other, flinkey_id=ZOE, email="b@x.example", seen_at=timezone.now())
    with pytest.raises(CommandError, match="--customer"):
        forget("--user-id", str(ZOE))
    assert persons.find(number=ZOE, customer="9").emails == {"b@x.example"}


def test_a_part_of_another_s_address_is_not_the_person(known: Person) -> None:
    person = persons.Person("b@x.de", emails={"b@x.de"}, names={"Bo Li"})
    texts = ["ab@x.de", "b@x.de.example", "b@x.design", "Bo Lindner", "JumBo Li", "b@x.de-x"]
    assert [text for text in texts if person.words.search(text)] == []
    texts = ["(b@x.de)", "write to B@X.DE.", "Bo Li, Bo Li's car", "bo li", "x=b@x.de&y"]
    assert [text for text in texts if not person.words.search(text)] == []


def test_what_is_stored_is_told(known: Person) -> None:
    out = StringIO()
    call_command("export_person", EMAIL, "--also", PHONE, stdout=out)
    told = json.loads(out.getvalue())
    assert told["mirror_user"][0]["email"] == EMAIL
    assert {"operations_step", "operations_outside", "fleet_note", "mirror_membership", "axes_accessattempt"} <= set(
        told
    )
    assert "django_session" not in told
    session = SignIn.objects.first()
    assert session
    assert session.session_key not in out.getvalue()


def test_of_a_manager_is_told_what_the_manager_did(known: Person, remote: Remote) -> None:
    out = StringIO()
    call_command("export_person", COORDINATOR, stdout=out)
    told = json.loads(out.getvalue())
    assert told["accounts_manager"][0]["email"] == COORDINATOR
    assert len(told["operations_operation"]) == Operation.objects.count()
    assert Person().sign_in(BOTH).status_code == 302


def test_the_search_of_bytes_would_find(known: Person) -> None:
    """On PostgreSQL also what is gone: its file keeps that until it is written anew."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_content_type (app_label, model) VALUES ('x', 'A NEEDLE')")
    assert found(["a needle", "no such needle"]) == ["a needle"]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_content_type WHERE app_label = 'x'")
    assert connection.vendor == "sqlite" or found(["a needle"]) == ["a needle"]
    assert Webhook.objects.exists()


def test_for_whoever_still_reads_the_words_are_kept_and_that_is_said(
    known: Person, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.change("delete_user", user=ZOE)
    caught_up(known, "/users/")
    patience = persons.erasure.PATIENCE
    monkeypatch.setattr(persons.erasure, "PATIENCE", 1)
    with closing(connection.copy()) as other, other.cursor() as reader:
        reader.execute(READS[connection.vendor])
        reader.execute("SELECT count(*) FROM django_migrations")
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA busy_timeout=100")
        with pytest.raises(CommandError, match="run this once more"):
            forget(EMAIL, "--also", PHONE)
        assert EMAIL in found(WORDS)
    monkeypatch.setattr(persons.erasure, "PATIENCE", patience)
    forget(EMAIL, "--also", PHONE)
    assert found(WORDS) == OF_THE_NOTE
