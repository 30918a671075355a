"""What tests of pages read in the HTML."""

import html
import re
from html.parser import HTMLParser

SENTENCE = re.compile(r'<div class="sheet inside stack">\s*<p>(.*?)</p>', re.DOTALL)
TOAST = re.compile(r'<div class="toast bad" role="alert">.*?<div>\s*(.*?)\s*<details', re.DOTALL)
REFERENCE = re.compile(r"<code>([0-9A-F]{8})</code>")


def only(pattern: "re.Pattern[str]", text: str) -> str:
    """The one thing that the pattern finds, as a reader sees it."""
    found = pattern.findall(text)
    assert len(found) == 1, text
    return html.unescape(" ".join(found[0].split()))


def headings(text: str) -> list[str]:
    return [html.unescape(" ".join(found.split())) for found in re.findall(r"<h1>(.*?)</h1>", text, re.DOTALL)]


class _Reader(HTMLParser):
    """Collects what a person reads."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.silent += tag in {"script", "style", "svg", "head"}

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in {"script", "style", "svg", "head"}

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.words.append(data)


def read(text: str) -> str:
    """The words on a page, without its markup."""
    reader = _Reader()
    reader.feed(text)
    return " ".join(" ".join(reader.words).split())
