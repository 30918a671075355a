"""The templates as they are written: nothing inline, nothing unescaped, every word marked for translation."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.project.source import PRODUCT, ROOT, product_files
from tests.web.test_headers import INLINE

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
NAMES = [path.relative_to(ROOT / "templates").as_posix() for path in TEMPLATES]
UNESCAPED = re.compile(r"\|\s*(safe|safeseq)\b|autoescape\s+off|mark_safe|SafeString|SafeText|__html__|format_html")
READ_ALOUD = {"title", "alt", "placeholder", "label", "content", "value", "data-label"}
PRODUCT_NAME = {"flinkey", "admin"}  # the product's name is the same in every language
MACHINE = {"width=device-width", "light dark", "viewport", "color-scheme"}


class Words(HTMLParser):
    """Collects words that stand in a template without a mark."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kind = dict(attrs).get("type")
        for name, value in attrs:
            spoken = name in READ_ALOUD or name in {"aria-label", "aria-description", "aria-roledescription"}
            if (
                not spoken
                or not value
                or tag == "meta"
                or (name == "value" and kind in {"hidden", "checkbox", "radio", None})
            ):
                continue
            self._collect(value)

    def handle_data(self, data: str) -> None:
        self._collect(data)

    def _collect(self, text: str) -> None:
        words = re.findall(r"[^\W\d_]{2,}", text)
        self.found += [word for word in words if word not in PRODUCT_NAME]


def unmarked(text: str) -> list[str]:
    """The words of a template that no translator will ever see."""
    for pattern in (
        r"{#.*?#}",
        r"{%\s*comment\s*%}.*?{%\s*endcomment\s*%}",
        r"{%\s*blocktranslate\b.*?%}.*?{%\s*endblocktranslate\s*%}",
        r"{%.*?%}",
        r"{{.*?}}",
    ):
        text = re.sub(pattern, " ", text, flags=re.DOTALL)
    words = Words()
    words.feed(text)
    words.close()
    return words.found


def test_the_scanner_sees_what_is_not_marked() -> None:
    bare = '<p title="Hello">Some {{ name }} words{# not these #}</p><img alt="A car">{% translate "Fine" %}'
    assert unmarked(bare) == ["Hello", "Some", "words", "car"]
    assert unmarked('<b>flinkey admin</b>{% blocktranslate %}All of it{% endblocktranslate %}<i class="x">·</i>') == []


@pytest.mark.parametrize("path", TEMPLATES, ids=NAMES)
def test_every_word_is_marked_for_translation(path: Path) -> None:
    assert unmarked(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=NAMES)
def test_nothing_is_inline(path: Path) -> None:
    text = re.sub(
        r"{#.*?#}|{%\s*comment\s*%}.*?{%\s*endcomment\s*%}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    assert INLINE.findall(text) == []


def test_the_scanner_sees_what_is_inline() -> None:
    forbidden = [
        "<script>",
        '<script type="module">',
        "<style>",
        '<p style="a">',
        '<p onclick="a">',
        '<p hx-on:click="a">',
        '<a href="javascript:a">',
        "<p hx-vals='js:{a}'>",
        '<p hx-trigger="click[a]">',
    ]
    assert [text for text in forbidden if not INLINE.search(text)] == []
    assert not INLINE.search('<script src="/static/a.js" defer></script><p class="style" hx-trigger="every 2s">')


@pytest.mark.parametrize("path", TEMPLATES, ids=NAMES)
def test_every_template_escapes(path: Path) -> None:
    assert UNESCAPED.findall(path.read_text(encoding="utf-8")) == []


def test_no_code_declares_a_text_safe() -> None:
    files = [path for path in product_files() if "sandbox" not in path.parts]
    wrong = [
        path.relative_to(PRODUCT).as_posix() for path in files if UNESCAPED.search(path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


def test_scripts_evaluate_nothing() -> None:
    pattern = re.compile(
        r"\beval\(|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\.style\b|setTimeout\(['\"]"
    )
    wrong = {path.name: pattern.findall(path.read_text(encoding="utf-8")) for path in (ROOT / "static/js").glob("*.js")}
    names = ("app.js", "carry.js", "keys.js", "over.js", "palette.js", "ticks.js", "timeline.js")
    assert wrong == {name: [] for name in names}


def test_scripts_keep_two_switches_and_a_sign_in_the_browser() -> None:
    """And nothing of a page."""
    text = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "static/js").glob("*.js")))
    pattern = r"(?:local|session)Storage(?:[\w.]*|\[\w+\]) = [^;]*;|\w+Storage\.setItem\([^)]*\)"
    assert re.findall(pattern, text) == [
        'localStorage[OFF] = event.target.checked ? "" : "off";',
        'sessionStorage.hands = "used";',
        'localStorage.setItem(OFF, "")',
    ]
    assert re.findall(r"document\.cookie|indexedDB|\bcaches\b|__proto__|Object\.assign|serviceWorker", text) == []


def test_a_page_speaks_the_browser_s_language(client: object, db: None) -> None:
    """German and English from the browser; whatever else is asked for is English."""
    from tests.conftest import Person

    asked = {"de-AT,de;q=0.9": "de", "en-GB": "en", "fr": "en"}
    told = {
        accept: re.findall(
            r'<html lang="(\w+)"', Person().get("/sign-in/", headers={"Accept-Language": accept}).content.decode()
        )
        for accept in asked
    }
    assert told == {accept: [language] for accept, language in asked.items()}
