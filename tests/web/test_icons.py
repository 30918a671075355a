"""The sheets of icons: they have what the templates use and nothing else, and a browser may keep them."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.contrib.staticfiles import finders

from flinkey_admin.web import icons

TEMPLATES = Path(__file__).parents[2] / "templates"
SVG = "{http://www.w3.org/2000/svg}"


def test_the_sheets_have_the_icons_of_the_templates_and_no_others() -> None:
    used = {name for file in TEMPLATES.rglob("*.html") for name in re.findall(r'{% icon "([^"]+)"', file.read_text())}
    assert used == set(icons.NAMES)
    drawn = [one for file in icons.SHEETS for one in ElementTree.fromstring(icons.sheet(file)).findall(f"{SVG}symbol")]
    assert sorted(symbol.attrib["id"] for symbol in drawn) == sorted(used)
    assert all(symbol.attrib["viewBox"] and symbol.findall(f"{SVG}path") for symbol in drawn)


@pytest.mark.parametrize("file", list(icons.SHEETS))
def test_they_are_static_files_like_any_other(file: str) -> None:
    path = finders.find(file)
    assert path
    assert Path(path).read_text(encoding="utf-8") == icons.sheet(file)
    found = [name for finder in finders.get_finders() for name, _storage in finder.list([])]
    assert found.count(file) == 1


def test_what_frames_every_page_needs_one_sheet() -> None:
    frame = re.findall(r'{% icon "([^"]+)"', (TEMPLATES / "web" / "base.html").read_text("utf-8"))
    assert {icons.file_of(name) for name in frame} == {icons.FILE}
