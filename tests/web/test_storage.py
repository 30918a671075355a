"""The static files of production: whatever one of them loads by name is there under that name."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

IMPORTED = re.compile(r'import\("\./([^"]+)"\)')


@pytest.fixture
def collected(settings: Any, tmp_path: Path) -> Path:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "flinkey_admin.web.storage.SmallFiles"}}
    call_command("collectstatic", "--no-input", "--verbosity", "0")
    return tmp_path


def test_scripts_load_each_other_by_the_names_of_their_content(collected: Path) -> None:
    scripts = collected / "js"
    hashed = {file.name for file in scripts.glob("*.js") if re.search(r"\.[0-9a-f]{12}\.js$", file.name)}
    loads = {name.partition(".")[0]: IMPORTED.findall((scripts / name).read_text("utf-8")) for name in hashed}
    assert {name: [one.partition(".")[0] for one in names] for name, names in loads.items() if names} == {
        "app": ["keys", "over"],
        "keys": ["palette", "carry"],
    }
    assert {one for names in loads.values() for one in names} < hashed


def test_a_stylesheet_has_what_it_begins_with_in_it(collected: Path) -> None:
    (style,) = (file for file in (collected / "css").glob("app.*.css") if file.name != "app.css")
    text = style.read_text("utf-8")
    assert "@import" not in text
    assert text.index("--ground:light-dark(") < text.index("@layer base{")
