"""The HTML of every page, as a strict parser reads it: nothing mends itself, nothing points nowhere, nothing
that can be pressed needs a script.

The pages are found by following links with Django's client: the same as in the browser, at a hundredth of the time.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import html5lib
import pytest

from flinkey_admin.web.components import PARTS
from tests.browser.tour import BESIDE, shape
from tests.conftest import Person

# Of HTML's content models the two that are broken by chance: what holds words alone, and what is pressed.
WORDS = {"p", "span", "h1", "h2", "h3", "label", "button", "b", "small", "summary", "dt", "legend", "time", "a"}
BLOCKS = {"div", "p", "ul", "ol", "dl", "table", "section", "form", "details", "fieldset", "nav", "h1", "h2", "h3"}
MAY = {("summary", "h2"), ("summary", "h3"), ("legend", "h2"), ("legend", "h3"), ("a", "div"), ("a", "p")}
PRESSED = {"a", "button", "label", "summary", "select", "textarea"}
FIELDS = {"input", "select", "textarea"}
POINTERS = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "aria-owns", "list")
HREF = re.compile(r'<a\b[^>]*?\bhref="([^"]+)"')


def faults(text: str) -> list[str]:
    """What a browser would have to mend in a page, ids that come twice and those that nothing has."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree = parser.parse(text)
    lines = text.splitlines()
    found = [f"{code} {facts or ''}: {lines[line - 1].strip()[:90]}" for (line, _column), code, facts in parser.errors]
    ids = [one.attrib["id"] for one in tree.iter() if "id" in one.attrib]
    found += [f"twice: #{one}" for one in sorted({one for one in ids if ids.count(one) > 1})]
    for one in tree.iter():
        wanted = " ".join(one.attrib.get(name, "") for name in POINTERS).split()
        wanted += [one.attrib["href"][1:]] if one.attrib.get("href", "").startswith("#") else []
        found += [f"nowhere: {one.tag} #{name}" for name in wanted if name not in ids]
    return [*found, *_misplaced(tree)]


def _misplaced(tree: Element, outer: tuple[str, ...] = ()) -> Iterator[str]:
    """Blocks among words, and what is pressed inside of what is pressed."""
    for one in tree:
        tag = str(one.tag)
        inside = [up for up in outer[-1:] if tag in BLOCKS and up in WORDS and (up, tag) not in MAY]
        inside += [up for up in outer if tag in PRESSED - {"label"} and up in PRESSED - {"label"}]
        yield from (f"{tag} in {up}: {' '.join(''.join(one.itertext()).split())[:60]}" for up in inside)
        yield from _misplaced(one, (*outer, tag))


def needing_scripts(text: str) -> list[str]:
    """What would do nothing in a browser without scripts and says so nowhere (`only-scripts` hides it there)."""
    tree = html5lib.parse(text, namespaceHTMLElements=False)
    pressed = {one.attrib["form"] for one in tree.iter("button") if "form" in one.attrib}
    found = []
    for form in tree.iter("form"):
        fields = [
            one for one in form.iter() if one.tag in FIELDS and one.attrib.get("type") not in {"hidden", "checkbox"}
        ]
        submits = [one for one in form.iter("button") if one.attrib.get("type") != "button"]
        if not submits and form.attrib.get("id") not in pressed and len(fields) > 1:  # Return sends a single field
            found.append(f"form without a button: {form.attrib}")
    return found + list(_idle(tree))


def _idle(tree: Element, *, in_form: bool = False) -> Iterator[str]:
    for one in tree:
        if "only-scripts" in one.attrib.get("class", "").split():
            continue
        of_form = in_form or one.tag == "form" or "form" in one.attrib
        leads = "href" in one.attrib if one.tag == "a" else of_form if one.tag in {"button", *FIELDS} else True
        if not leads or (one.tag == "button" and one.attrib.get("type") == "button"):
            yield f"{one.tag} {one.attrib}"
        yield from _idle(one, in_form=of_form)


def is_page(answer: Any) -> bool:
    return str(answer.headers.get("Content-Type", "")).startswith("text/html")


def traces(person: Person) -> Iterator[tuple[str, Any]]:
    """What only forms lead to: errors, a choice, reviews, receipts."""
    move = {"id": ["1", "2"]}
    yield "sign-in with errors", Person().post("/sign-in/", {"username": "x"})
    yield "a choice of group", person.post("/groups/1/cars/move/", move)
    yield "a review", person.post("/groups/1/cars/move/", move | {"to": "2"}, follow=True)
    yield "a receipt", person.post("/groups/1/cars/also/", move | {"to": "4", "next": "/"}, follow=True)
    yield "a group with an error", person.post("/groups/new/", {"name": "hamburg"})
    yield "an access with errors", person.post("/assignments/new/", {"car": "none", "user": "nordwind", "end": "x"})
    window = {"car": "4", "user": "2", "start": "2031-01-01T10:00", "end": "2031-01-01T12:00", "next": "/cars/4/"}
    yield "an access asked for", person.post("/assignments/new/", window, follow=True)
    times = {"begins": "22:00", "ends": "06:00", "first": "2031-01-01", "last": "2031-01-20"}
    yield "a series", person.post("/assignments/series/new/", {"cars": "6", "users": "3", **times}, follow=True)


def walk(person: Person) -> Iterator[tuple[str, str]]:
    """Each kind of page once, its address and text."""
    for path in ("/sign-in/", "/settings/", *(f"/components/{part}/" for part in PARTS)):
        yield path, Person().get(path).content.decode()
    for name, answer in traces(person):
        assert is_page(answer), name
        yield name, answer.content.decode()
    queue, known = ["/", *BESIDE], {shape(path) for path in ("/", *BESIDE)}
    while queue:
        answer = person.get(path := queue.pop(0), follow=True)
        if not is_page(answer):
            continue
        yield path, (text := answer.content.decode())
        for link in HREF.findall(text):
            to = urlsplit(link.replace("&amp;", "&"))
            address = f"{to.path or path.partition('?')[0]}?{to.query}".removesuffix("?")
            if not to.netloc and (to.path or to.query) and shape(address) not in known:
                if to.query and "?" in path:
                    continue
                known.add(shape(address))
                queue.append(address)


def test_every_page_is_whole_html_that_works_without_scripts(coordinator: Person) -> None:
    wrong, seen = {}, 0
    for path, text in walk(coordinator):
        seen += 1
        if found := faults(text) + ([] if path.startswith("/components/") else needing_scripts(text)):
            wrong[path] = found[:5]
    assert wrong == {}
    assert seen > 60


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ('<p id="a"><i id="a"></i></p>', "twice: #a"),
        ('<label for="b">x</label>', "nowhere: label #b"),
        ('<a href="#c">x</a>', "nowhere: a #c"),
        ("<div>", "expected-one-end-tag"),
        ("<p>x<div></div></p>", "unexpected-end-tag"),
        ("<span><div></div></span>", "div in span"),
        ('<a href="/">x<button>y</button></a>', "button in a"),
        ('<i class="a" class="b"></i>', "duplicate-attribute"),
        ("<table><div></div></table>", "table-voodoo"),
    ],
)
def test_the_reader_finds(inside: str, said: str) -> None:
    page = f'<!doctype html><html lang="en"><head><title>x</title></head><body>{inside}</body></html>'
    assert any(said in one for one in faults(page)), faults(page)
    assert faults(page.replace(inside, "<p>x</p>")) == []


@pytest.mark.parametrize(
    "inside",
    [
        '<button type="button">x</button>',
        "<a>x</a>",
        '<input name="a">',
        '<form><input name="a"><select name="b"></select></form>',
    ],
)
def test_the_reader_finds_what_needs_scripts(inside: str) -> None:
    assert needing_scripts(inside)
    assert needing_scripts(f'<div class="only-scripts">{inside.replace("form", "div")}</div>') == []
    assert needing_scripts('<form><input name="a"></form><a href="/">x</a><button form="a">y</button>') == []
