"""The sheet of icons: it has what the templates use and nothing else, and a browser may keep it."""

import re
from pathlib import Path
from xml.etree import ElementTree

from django.contrib.staticfiles import finders

from flinkey_admin.web import icons

TEMPLATES = Path(__file__).parents[2] / "templates"
SVG = "{http://www.w3.org/2000/svg}"


def test_the_sheet_has_the_icons_of_the_templates_and_no_others() -> None:
    used = {name for file in TEMPLATES.rglob("*.html") for name in re.findall(r'{% icon "([^"]+)"', file.read_text())}
    assert used == set(icons.NAMES)
    drawn = ElementTree.fromstring(icons.sheet()).findall(f"{SVG}symbol")
    assert {symbol.attrib["id"] for symbol in drawn} == used
    assert all(symbol.attrib["viewBox"] and symbol.findall(f"{SVG}path") for symbol in drawn)


def test_it_is_a_static_file_like_any_other() -> None:
    path = finders.find(icons.FILE)
    assert path
    assert Path(path).read_text(encoding="utf-8") == icons.sheet()
    found = [name for finder in finders.get_finders() for name, _storage in finder.list([])]
    assert found.count(icons.FILE) == 1
