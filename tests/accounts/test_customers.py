"""For whom a manager acts: the choice, the switch, and what happens when flinkey takes a customer away."""

import re
from typing import Any

import pytest

from flinkey_admin.accounts.models import Customer, Manager, Reach
from flinkey_admin.accounts.scoping import Scope, client_for, scope_for
from flinkey_admin.sandbox import Remote
from flinkey_admin.web import sentences
from tests.accounts.stage import is_sign_in, stored
from tests.conftest import BOTH, COORDINATOR, PASSWORD, SOUTHERNER, Person
from tests.web.pages import SENTENCE, TOAST, headings, only, read

OFFERED = re.compile(
    r'<button type="submit" class="choice" name="customer" value="([^"]*)"><span class="name">(.*?)</span>'
)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def both(visitor: Person) -> Person:
    """Signed in, for one of two customers, not chosen yet."""
    assert visitor.sign_in(BOTH).status_code == 302
    return visitor


def customers_asked_for(remote: Remote) -> set[str]:
    return {call["headers"]["customer-id"] for call in remote.requests() if "customer-id" in call["headers"]}


def choose(person: Person, customer: str, **more: str) -> Any:
    return person.post("/customers/", {"customer": customer, **more})


def test_one_customer_needs_no_choice(coordinator: Person) -> None:
    assert stored(coordinator)["customer"] == "1"
    page = coordinator.get("/groups/").content.decode()
    assert ("Nordwind Flotte GmbH" in page, "Südstern" in page) == (True, False)


def test_several_are_offered_by_name(both: Person, flinkey: Remote) -> None:
    page = both.get("/groups/", follow=True)
    assert headings(page.content.decode()) == ["For which customer?"]
    offered = [("1", "Nordwind Flotte GmbH"), ("2", "Südstern Carsharing AG")]
    assert OFFERED.findall(page.content.decode()) == offered
    assert customers_asked_for(flinkey) == set(), "until then nobody's data is asked for"


def test_the_first_choice_leads_to_the_page_asked_for(both: Person, flinkey: Remote) -> None:
    asked = both.get("/groups/1/users/?q=h")
    page = both.get(asked.headers["Location"])
    hidden = re.search(r'name="next" value="([^"]*)"', page.content.decode())
    assert hidden
    answer = choose(both, "2", next=hidden[1])
    assert (answer.status_code, answer.headers["Location"]) == (302, "/groups/1/users/?q=h")
    assert "Stuttgart" in both.get("/groups/1/users/?q=h").content.decode()
    assert customers_asked_for(flinkey) == {"2"}


def test_the_switch_shows_the_other_customer_and_nothing_of_the_first(both: Person, remote: Remote) -> None:
    choose(both, "1")
    assert "Hamburg" in both.get("/groups/").content.decode()
    remote.clear_requests()
    answer = choose(both, "2", next="/groups/1/")
    assert answer.headers["Location"] == "/", "ids mean other things there"
    page = both.get("/groups/").content.decode()
    assert ("Stuttgart" in page, "Hamburg" in page) == (True, False)
    assert customers_asked_for(remote) == {"2"}


def test_the_header_offers_the_switch(both: Person) -> None:
    choose(both, "1")
    page = both.get("/groups/").content.decode()
    buttons = re.findall(r'name="customer" value="(\d)"( aria-current="true")?', page)
    assert buttons == [("1", ' aria-current="true"'), ("2", "")]
    assert 'name="customer"' not in Person.get(signed_in_as(COORDINATOR), "/groups/").content.decode()


def signed_in_as(email: str) -> Person:
    person = Person()
    person.sign_in(email)
    return person


def test_a_form_of_the_other_customer_is_not_taken_for_this_one(both: Person, remote: Remote) -> None:
    """A review made for one customer cannot be run after the switch, in another tab of the same browser."""
    choose(both, "1")
    review = both.post("/groups/1/cars/move/", {"id": ["1"], "to": "2"}).content.decode()
    run = re.search(r'action="(/operations/\d+/run/)"', review)
    assert run
    choose(both, "2")
    before = remote.state(1), remote.state(2)
    assert both.post(run[1]).status_code == 404
    assert (remote.state(1), remote.state(2)) == before


@pytest.mark.parametrize("form", ["integer", "string"])
@pytest.mark.parametrize("email", [COORDINATOR, BOTH])
def test_ids_may_come_as_numbers_or_as_texts(visitor: Person, flinkey: Remote, form: str, email: str) -> None:
    flinkey.settings(customer_ids=form)
    visitor.sign_in(email)
    if email == BOTH:
        assert choose(visitor, "1").status_code == 302
    assert "Hamburg" in visitor.get("/groups/").content.decode()
    assert customers_asked_for(flinkey) == {"1"}
    assert sorted(Customer.objects.values_list("flinkey_id", flat=True)) == (
        ["1"] if email == COORDINATOR else ["1", "2"]
    )


def test_both_forms_are_the_same_customer(visitor: Person, remote: Remote) -> None:
    for form in ("integer", "string", "integer"):
        remote.settings(customer_ids=form)
        visitor.sign_in(COORDINATOR)
        visitor.post("/sign-out/")
    assert [(one.flinkey_id, one.name) for one in Customer.objects.all()] == [("1", "Nordwind Flotte GmbH")]


# What is not theirs -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("customer", ["2", "", "0", "999", "abc", "1 or 1=1", "-1", "1\x00", "²"])
def test_a_foreign_customer_cannot_be_chosen(coordinator: Person, remote: Remote, customer: str) -> None:
    signed_in_as(SOUTHERNER)  # so that customer 2 is known here
    remote.clear_requests()
    answer = choose(coordinator, customer)
    assert (answer.status_code, only(SENTENCE, answer.content.decode())) == (404, "This customer is not one of yours.")
    assert "Südstern" not in answer.content.decode()
    assert stored(coordinator)["customer"] == "1"
    coordinator.get("/groups/")
    assert customers_asked_for(remote) == {"1"}


def test_a_customer_smuggled_into_the_session_is_of_no_use(coordinator: Person, remote: Remote) -> None:
    signed_in_as(SOUTHERNER)
    session = coordinator.session
    session["customer"] = "2"
    session.save()
    remote.clear_requests()
    assert coordinator.get("/groups/").headers["Location"] == "/customers/?next=%2Fgroups%2F"
    assert remote.requests() == []


def test_the_scoping_function_gives_nobody_more_than_flinkey_listed(coordinator: Person) -> None:
    signed_in_as(SOUTHERNER)
    person = Manager.objects.get(email=COORDINATOR)
    given = {customer: str(scope_for(person, customer)) for customer in ("1", "2", "3", "")}
    assert given == {"1": f"{person.pk} for 1", "2": "None", "3": "None", "": "None"}
    person.is_active = False
    assert scope_for(person, "1") is None


def test_nobody_chooses_without_a_sign_in(visitor: Person) -> None:
    assert is_sign_in(visitor.get("/customers/"))
    assert is_sign_in(choose(visitor, "1"))


# Taken away ---------------------------------------------------------------------------------------------------------


def test_a_manager_who_loses_the_customer_is_told_so(coordinator: Person, remote: Remote) -> None:
    remote.change("revoke_manager", email=COORDINATOR, customer=1)
    answer = coordinator.get("/groups/1/")
    text = answer.content.decode()
    assert (answer.status_code, only(SENTENCE, text)) == (403, str(sentences.MISSING["manager"]))
    assert Reach.objects.count() == 0
    remote.clear_requests()
    page = coordinator.get("/groups/", follow=True)
    assert headings(page.content.decode()) == ["No customer yet"]
    assert "Hamburg" not in read(page.content.decode())
    assert remote.requests() == [], "nothing more is asked in the name of that customer"


@pytest.mark.parametrize("path", ["/operations/", "/groups/", "/cars/1/", "/assignments/new/"])
def test_what_the_dashboard_keeps_is_out_of_reach_too(coordinator: Person, remote: Remote, path: str) -> None:
    coordinator.post("/groups/new/", {"name": "Kanarienvogel"})
    assert "Kanarienvogel" in coordinator.get("/operations/").content.decode()
    remote.change("revoke_manager", email=COORDINATOR, customer=1)
    assert coordinator.get("/groups/2/").status_code == 403
    answer = coordinator.get(path, follow=True)
    assert "Kanarienvogel" not in answer.content.decode()
    assert headings(answer.content.decode()) == ["No customer yet"]


def test_for_htmx_it_is_a_toast(coordinator: Person, remote: Remote) -> None:
    remote.change("revoke_manager", email=COORDINATOR, customer=1)
    toast = coordinator.get("/groups/", headers=HTMX).content.decode()
    assert only(TOAST, toast) == str(sentences.MISSING["manager"])
    assert coordinator.get("/groups/", headers=HTMX).headers["HX-Redirect"] == "/customers/"


def test_a_form_changes_nothing_any_more(coordinator: Person, remote: Remote) -> None:
    before = remote.state(1)
    remote.change("revoke_manager", email=COORDINATOR, customer=1)
    answers = [coordinator.post("/groups/new/", {"name": "Neu"}).status_code for _ in range(2)]
    assert (answers, remote.state(1)) == ([403, 302], before)


def test_the_other_customer_stays(both: Person, remote: Remote) -> None:
    choose(both, "2")
    both.get("/groups/")
    remote.change("revoke_manager", email=BOTH, customer=2)
    assert both.get("/groups/2/").status_code == 403
    page = both.get("/groups/", follow=True).content.decode()
    assert OFFERED.findall(page) == [("1", "Nordwind Flotte GmbH")]
    choose(both, "1")
    assert "Hamburg" in both.get("/groups/").content.decode()


def test_the_choice_after_a_loss_leads_to_no_page_of_the_lost_customer(visitor: Person, remote: Remote) -> None:
    """The page that was asked for last names ids which mean other things for whoever is chosen now."""
    _three_customers(remote)
    visitor.sign_in(BOTH)
    choose(visitor, "3")
    remote.change("revoke_manager", email=BOTH, customer=3)
    remote.expire_tokens()
    asked = visitor.get("/groups/new/", follow=True)
    assert visitor.post("/sign-in/", {"username": BOTH, "password": PASSWORD, "next": "/groups/1/"}).status_code == 302
    page = visitor.get("/groups/1/", follow=True)
    assert OFFERED.findall(page.content.decode()) == [("1", "Nordwind Flotte GmbH"), ("2", "Südstern Carsharing AG")]
    assert asked.status_code == 200
    assert choose(visitor, "2", next="/groups/1/").headers["Location"] == "/"
    assert "Stuttgart" in visitor.get("/groups/1/").content.decode()


def _three_customers(remote: Remote) -> None:
    saved = remote.snapshot()
    third = {**saved["world"]["customers"][1], "id": 3, "name": "Weststern"}
    saved["world"]["customers"].append(third)
    saved["world"]["managers"][BOTH] = [1, 2, 3]
    remote.restore(saved)


def test_the_worker_loses_reach_too(coordinator: Person, remote: Remote) -> None:
    person = Manager.objects.get()
    scope = Scope(person, person.customers.get())
    assert client_for(scope) is not None
    remote.change("revoke_manager", email=COORDINATOR, customer=1)
    coordinator.get("/groups/")
    assert client_for(scope) is None


def test_the_next_sign_in_notes_what_flinkey_lists_now(both: Person, remote: Remote) -> None:
    remote.change("revoke_manager", email=BOTH, customer=1)
    second = signed_in_as(BOTH)
    assert "Stuttgart" in second.get("/groups/").content.decode(), "one is left, so nobody is asked"
    assert [reach.customer.flinkey_id for reach in Reach.objects.all()] == ["2"]
    assert choose(both, "1").status_code == 404, "in the older session neither"


def test_a_sign_in_with_no_customer_left_takes_all_reach_away(coordinator: Person, remote: Remote) -> None:
    remote.change("revoke_manager", email=COORDINATOR, customer=1)
    assert signed_in_as(COORDINATOR).get("/groups/").status_code == 302
    assert Reach.objects.count() == 0
    assert coordinator.get("/operations/").headers["Location"] == "/customers/?next=%2Foperations%2F"
