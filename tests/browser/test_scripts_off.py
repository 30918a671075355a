"""Every page without JavaScript: its content is there, and whatever it offers to send can be sent and is answered."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Page

from flinkey_admin.sandbox import Remote
from tests.browser.conftest import Complaints, Open
from tests.browser.tour import shape, walk

TOKEN = "csrfmiddlewaretoken"
ANSWERS = {200, 422}  # redirects are followed; 422 is a form that asks for what is missing
LAST = ("/delete/", "/remove/", "/end/", "/customers/", "/sign-out/")  # what takes away what others are about

# A folded part unfolds without scripts, so what is in it counts as shown.
CONTENT = """() => {
  const shown = (one) => {
    for (let up = one; up; up = up.parentElement) if (getComputedStyle(up).display === 'none') return false;
    return true;
  };
  const main = document.querySelector('main');
  const say = (one) => `${one.tagName} ${one.className} ${one.textContent.trim().slice(0, 40)}`;
  return {
    heading: main.querySelector('h1')?.checkVisibility() ?? false,
    words: [...main.children].filter(one => !one.matches('.head')).some(one => one.innerText.trim() !== ''),
    idle: [...document.querySelectorAll('button[type=button], [data-select-all], a:not([href]), [popovertarget]')]
      .filter(shown).map(say),
    awaited: [...main.querySelectorAll('[hx-trigger*=load], [hx-trigger*=revealed], [aria-busy=true]')]
      .filter(one => one.id !== 'watch' && !one.querySelector('a[href="' + one.getAttribute('hx-get') + '"]')).map(say),
  };
}"""

FORMS = """() => {
  const shown = (one) => {
    for (let up = one; up; up = up.parentElement) if (getComputedStyle(up).display === 'none') return false;
    return true;
  };
  return [...document.forms].map((form) => ({
    method: form.getAttribute('method') ?? 'get',
    action: new URL(form.getAttribute('action') ?? location.href, location.href).href,
    idle: ![...form.elements].some((one) => one.type !== 'hidden' && shown(one)), // it lends its fields
    fields: [...new FormData(form)].filter(([, value]) => typeof value === 'string'),
    buttons: [...form.elements].filter((one) => one.type === 'submit' && shown(one)).map((one) => ({
      action: one.hasAttribute('formaction') ? new URL(one.getAttribute('formaction'), location.href).href : null,
      field: one.name ? [one.name, one.value] : null,
    })),
  }));
}"""


@dataclass(frozen=True)
class Sent:
    """What a press of a button sends."""

    page: str
    method: str
    action: str
    fields: tuple[tuple[str, str], ...]

    @property
    def kind(self) -> str:
        return f"{self.method} {shape(self.action)} {sorted({name for name, _value in self.fields})}"

    @property
    def order(self) -> tuple[int, str]:
        """Reading first, what destroys last."""
        path = urlsplit(self.action).path
        late = next((place for place, part in enumerate(LAST, 1) if part in path), 0)
        return (late, self.method)


def presses(page: Page) -> Iterator[Sent | str]:
    """What the buttons of the page's forms would send; the form itself where it has no button."""
    for form in page.evaluate(FORMS):
        if not form["buttons"] and not form["idle"]:
            yield f"a form without a button: {form['action']}"
        for button in form["buttons"]:
            fields = [tuple(one) for one in (*form["fields"], *([button["field"]] if button["field"] else []))]
            yield Sent(page.url, form["method"].lower(), button["action"] or form["action"], tuple(fields))


def answer(page: Page, sent: Sent) -> int:
    """The status of what this press leads to."""
    found = re.search(f'name="{TOKEN}" value="([^"]+)"', page.request.get("/settings/").text())
    token = found[1] if found else ""
    fields = [(name, token if name == TOKEN else value) for name, value in sent.fields]
    if sent.method == "get":
        return page.request.get(f"{sent.action.partition('?')[0]}?{urlencode(fields)}").status
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Referer": sent.page}
    return page.request.post(sent.action, data=urlencode(fields), headers=headers).status


@pytest.fixture
def plain(open_window: Open, complaints: Complaints, page: Page, live_server: Any) -> Page:
    """A window that runs no scripts; nobody has signed in."""
    opened = open_window(base_url=live_server.url, java_script_enabled=False).new_page()
    complaints.listen(opened)
    return opened


def test_every_page_says_what_it_is_about_and_every_form_is_answered(
    plain: Page, complaints: Complaints, flinkey: Remote
) -> None:
    complaints.expect(404, 422)
    wrong: dict[str, Any] = {}
    met: dict[str, Sent] = {}

    def look(page: Page, address: str) -> None:
        built = page.evaluate(CONTENT)
        if built != {"heading": True, "words": True, "idle": [], "awaited": []}:
            wrong[address] = built
        for press in presses(page):
            if isinstance(press, str):
                wrong[f"{address}: {press}"] = True
            else:
                met.setdefault(press.kind, press)

    walk(plain, look, filters=False)
    assert wrong == {}

    statuses = {sent.kind: answer(plain, sent) for sent in sorted(met.values(), key=lambda one: one.order)}
    assert {kind: status for kind, status in statuses.items() if status not in ANSWERS} == {}
    assert len(statuses) > 40
