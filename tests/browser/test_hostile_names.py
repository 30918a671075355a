"""Whatever stands in flinkey: no script of it runs in Chromium, nothing of it becomes a part of a page.

Numbers tried: 200 strings (tests/security/hostile.py) in every field of cars, users, contracts, boxes and groups and in
flinkey's refusals and messages, ten of them as the customer's name; the pages of each thing and all others are opened,
without the policy that would stop a script, so that the escaping alone must: 3,000 pages. `make test` opens 20.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from playwright.sync_api import BrowserContext, Dialog, Page

from flinkey_admin.operations.models import Operation
from flinkey_admin.sandbox import Remote
from tests.accounts.test_scoping import ROUTES, SEEN
from tests.browser.conftest import Complaints, Open
from tests.conftest import COORDINATOR, Person, work_off
from tests.operations.windows import agree, created, send
from tests.security.hostile import STRINGS, VECTORS, put
from tests.web.test_html import faults

PARTS = 10
FORMS = {"/groups/new/", "/assignments/new/", "/assignments/series/new/", "/assignments/several/", "/customers/", "/"}
# Of each thing; {id}: of all kinds the same.
OWN = (
    *("/cars/{id}/", "/users/{id}/", "/groups/{id}/", "/groups/{id}/delete/", "/groups/{id}/rename/"),
    *("/groups/{id}/users/", "/groups/{id}/services/", "/groups/{id}/products/", "/access/?car={id}"),
    *("/assignments/{id}/", "/assignments/{id}/delete/", "/assignments/{id}/hand-over/", "/cars/{id}/calendar/"),
)

# What of a page is not ours: its elements and attributes that could run, load, or lead to another host.
FOREIGN = """() => {
  const bad = [];
  const never = 'iframe object embed base math video audio template style source plaintext xmp listing'.split(' ');
  const leading = 'href src action formaction xlink:href data srcdoc poster hx-get hx-post'.split(' ');
  for (const one of document.querySelectorAll('*')) {
    const tag = one.localName;
    if (never.includes(tag) || (tag === 'script' && !one.src) || one.httpEquiv) bad.push(`<${tag}>`);
    if (tag.includes('kanari')) bad.push(`<${tag}>`);
    for (const { name, value } of one.attributes) {
      if (/^(on|hx-on|data-hx-on)/.test(name) || name.includes('kanari')) bad.push(`${tag} ${name}`);
      if (leading.includes(name) && new URL(value, location.href).origin !== location.origin)
        bad.push(`${tag} ${name}=${value.slice(0, 60)}`);
    }
  }
  return bad;
}"""

PUT_IN = f"""text => {{
  document.body.append(document.createRange().createContextualFragment(text + ">")); // as a page would go on
  return ({FOREIGN})();
}}"""
# Its scripts have run. Without the policy, Chromium now and then waits for ever for a picture it has asked for twice.
READY: Literal["domcontentloaded"] = "domcontentloaded"
PATIENCE = 120_000  # milliseconds for a page: one of 250


@dataclass
class Alarm:
    """What a string of flinkey's has brought about: calls of `kanari`, dialogs, requests to other hosts."""

    url: str
    heard: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> Page:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.expose_function("kanari", lambda *_said: self.heard.append("kanari was called"))
        page.on("dialog", self._dismiss)
        page.on("request", lambda asked: self.heard.append(asked.url) if not asked.url.startswith(self.url) else None)
        return page

    def _dismiss(self, dialog: Dialog) -> None:
        self.heard.append(f"dialog: {dialog.message}")
        dialog.dismiss()


def settle(remote: Remote, strings: list[str]) -> tuple[Person, dict[str, Any]]:
    """A customer with these strings, and changes about its things: done, refused with flinkey's words, planned."""
    put(remote, strings)
    person = Person()
    assert person.sign_in(COORDINATOR).status_code == 302
    for path in ("/cars/", "/users/", "/groups/", "/services/", "/products/", "/cars/1/", "/groups/1/", "/groups/2/"):
        assert person.get(path).status_code == 200, path
    for text in strings:
        remote.fault("assignCarToGroup", "status", status=400, body=text, times=1)
    ids = [str(number + 1) for number in range(len(strings))]
    review = person.post("/groups/1/cars/add/", {"id": ids[1:]}, follow=True)
    refused = Operation.objects.latest("pk")
    person.post(f"/operations/{refused.pk}/run/")
    assert review.status_code == 200
    remote.clear_faults()
    remote.settings(fail_assignments=strings[0])
    window = {"car": "2", "user": "2", "start": "2032-01-01T10:00", "end": "2032-01-01T12:00"}
    agree(person, "/assignments/new/", window)
    access = Operation.objects.latest("pk")
    times = {"start": "2032-01-01T09:00:00Z", "end": "2032-01-01T11:00:00Z"}
    for text in strings:
        send(created(userId=2, **times, operationSucceeded=False, errorMessage=text), "created")
    person.post("/groups/1/cars/move/", {"id": ["1"], "to": "2"})
    plan = Operation.objects.latest("pk")
    work_off("sweep", "default")
    known = {"done": refused.pk, "access": access.pk, "plan": plan.pk}
    return person, known | dict.fromkeys(("car", "user", "window", "service", "product"), 1)


def addresses(ids: dict[str, Any], count: int) -> Iterator[str]:
    """The pages that show all of the strings or the first, then those of each."""
    for paths in ROUTES.values():
        for template, how in paths.items():
            if (how == SEEN and "{se" not in template and "/csv/" not in template) or template in FORMS:
                yield template.format(**ids)
    for number in range(2, count + 1):
        yield from (one.format(id=number) for one in OWN)


def carry(person: Person, context: BrowserContext, url: str) -> None:
    """The browser is signed in as the person is."""
    kept = [(one.key, one.value) for one in person.cookies.values()]
    context.add_cookies([{"name": name, "value": value, "url": url} for name, value in kept])


def found_by_typing(page: Page) -> list[str]:
    """What scripts of ours put into a page: the palette's hits, and a list that follows the words."""
    page.goto("/cars/", wait_until=READY)
    page.get_by_role("searchbox", name="Search this list").fill("kanari")
    page.wait_for_url(re.compile(r"q=kanari"), wait_until=READY)
    told: list[str] = page.evaluate(FOREIGN)
    page.keyboard.press("Control+k")
    page.locator("#palette [role=combobox]").fill("kanari")
    page.locator("#options-found [role=option]").first.wait_for()
    return told + list(page.evaluate(FOREIGN))


@pytest.mark.first
@pytest.mark.sampled(10)
@pytest.mark.parametrize("part", range(PARTS))
def test_no_string_of_flinkey_s_becomes_part_of_a_page(
    open_window: Open, complaints: Complaints, live_server: Any, remote: Remote, settings: Any, part: int, request: Any
) -> None:
    settings.FLINKEY_CALLS_PER_SECOND = 10_000.0
    strings = STRINGS[part::PARTS]
    thorough = request.config.getoption("--thorough")
    person, ids = settle(remote, strings)
    alarm = Alarm(live_server.url)
    context = open_window(base_url=live_server.url, bypass_csp=True)
    page = alarm.watch(context)
    complaints.listen(page)
    carry(person, context, live_server.url)
    wrong, opened = {}, 0
    for number, address in enumerate(addresses(ids, len(strings))):
        if not thorough and number % 15:
            continue
        answer = page.goto(address, wait_until=READY)
        opened += 1
        assert answer
        text = answer.text()
        whole = text if text.startswith("<!doctype") else f"<!doctype html><title>a part of a page</title>{text}"
        found = page.evaluate(FOREIGN) + faults(whole) + alarm.heard
        if found or answer.status != 200:
            wrong[address] = (answer.status, found[:4])
        alarm.heard.clear()
    alarm.heard += found_by_typing(page)
    assert (wrong, alarm.heard) == ({}, [])
    assert opened > (250 if thorough else 15)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("policy", [True, False], ids=["as it is", "without the policy"])
def test_what_would_become_part_of_a_page_is_noticed_and_the_policy_stops_it(
    open_window: Open, live_server: Any, policy: bool
) -> None:
    """So that the test above is about something; and a second wall stands behind the first."""
    alarm = Alarm(live_server.url)
    page = alarm.watch(open_window(base_url=live_server.url, bypass_csp=not policy))
    unnoticed, ran = [], 0
    for vector in sorted(VECTORS, key=lambda one: "refresh" in one):  # which leads away, so it comes last
        page.goto("/sign-in/", wait_until=READY)
        assert page.evaluate(FOREIGN) == []
        if not page.evaluate(PUT_IN, vector):
            unnoticed.append(vector)
        page.wait_for_timeout(50)
        ran += "kanari was called" in alarm.heard
        alarm.heard.clear()
    page.close()  # somewhere else by now
    assert unnoticed == []
    assert (ran == 0) == policy
