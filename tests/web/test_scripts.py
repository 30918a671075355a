"""Scripts carry the hash of what they must be, in production; the browser itself compares."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.template import Context, Template

from tests.project.source import ROOT

TAG = re.compile(r'<script src="/static/([^"]+)" (defer|type=module) integrity="sha256-([^"]+)"></script>')


def rendered(path: str, how: str = "defer") -> str:
    return Template("{% load scripts %}{% script path how %}").render(Context({"path": path, "how": how}))


@pytest.fixture
def production(settings: Any, tmp_path: Path) -> Path:
    """The collected files."""
    settings.LOOPBACK = False
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "flinkey_admin.web.storage.SmallFiles"}}
    call_command("collectstatic", "--no-input", "--verbosity", "0")
    return tmp_path


def test_the_hash_is_that_of_the_file_as_it_is_sent(production: Path) -> None:
    for path, how in (("js/app.js", "defer"), ("js/keys.js", "type=module")):
        found = TAG.fullmatch(rendered(path, how))
        assert found, rendered(path, how)
        name, loaded, digest = found.groups()
        assert loaded == how
        assert Path(name).name.partition(".")[0] == Path(path).name.partition(".")[0]
        assert digest == base64.b64encode(hashlib.sha256((production / name).read_bytes()).digest()).decode()


def test_where_files_are_edited_it_goes_without() -> None:
    assert rendered("js/app.js") == '<script src="/static/js/app.js" defer></script>'


def test_no_template_loads_a_script_otherwise() -> None:
    texts = {path.name: path.read_text("utf-8") for path in (ROOT / "templates").rglob("*.html")}
    assert sum("{% script " in text for text in texts.values()) >= 3
    assert [name for name, text in texts.items() if "<script" in text or "htmx_script" in text] == ["_script.html"]
