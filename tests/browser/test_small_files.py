"""What production leaves out of the styles and scripts changes nothing in them."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from flinkey_admin.web.storage import SMALLER

FILES = [file for file in (Path(__file__).parents[2] / "static").rglob("*") if file.suffix in SMALLER]
RULES = "() => [...document.styleSheets[0].cssRules].map((rule) => rule.cssText).join()"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_smaller_file_says_the_same(browser: Browser, file: Path) -> None:
    whole = file.read_text(encoding="utf-8")
    small = SMALLER[file.suffix](whole)
    assert len(small) < len(whole)
    page = browser.new_page()
    if file.suffix == ".js":
        # Two scripts are the same when the same follows from them; here it is enough that the browser can read it.
        # Without its exports a module is read like any other script.
        assert page.evaluate("(text) => { new Function(text); return true }", re.sub(r"\bexport\b", "", small))
    else:
        read = []
        for text in (whole, small):
            page.set_content(f"<style>{text}</style>")
            read.append(re.sub(r"\s+", "", page.evaluate(RULES)))
        assert read[0] == read[1]
        assert len(read[0]) > len(small) / 2
    page.close()
