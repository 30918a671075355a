"""Reads a page as a person's browser would: rows with their cells, headings, and everything that has a mark."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from tests.conftest import Person


@dataclass
class Tag:
    """An element with its marks and all its text."""

    name: str
    marks: dict[str, str]
    text: str = ""
    cells: list["Tag"] = field(default_factory=list)


class Reader(HTMLParser):
    """Reads a page as a person's browser would: rows with their cells, headings, and everything with a mark."""

    VOID = {"input", "img", "link", "meta", "hr", "br"}

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[Tag] = []
        self.all: list[Tag] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = Tag(tag, {name: value or "" for name, value in attrs})
        self.all.append(found)
        if tag in {"td", "th"} and (row := self._inside("tr")):
            row.cells.append(found)
        if tag not in self.VOID:
            self.open.append(found)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Only in drawings, where there is nothing to read."""

    def handle_endtag(self, tag: str) -> None:
        if any(one.name == tag for one in self.open):
            while self.open.pop().name != tag:
                pass

    def handle_data(self, data: str) -> None:
        for tag in self.open:
            tag.text += data

    def _inside(self, name: str) -> Tag | None:
        return next((tag for tag in reversed(self.open) if tag.name == name), None)

    def tags(self, name: str = "", /, **marks: str) -> list[Tag]:
        """The elements of this name that have all these marks; an empty mark fits every value."""
        wanted = {key.replace("_", "-"): value for key, value in marks.items()}
        return [
            tag
            for tag in self.all
            if name in {"", tag.name}
            and all(key in tag.marks and value in {"", tag.marks[key]} for key, value in wanted.items())
        ]

    def ids(self) -> list[int]:
        return [int(tag.marks["data-id"]) for tag in self.tags("tr", data_id="")]

    def row(self, thing_id: int) -> list[str]:
        """The texts of the cells of a row."""
        (found,) = self.tags("tr", data_id=str(thing_id))
        return [" ".join(cell.text.split()) for cell in found.cells]

    def total(self) -> int:
        (found,) = self.tags(data_total="")
        return int(found.marks["data-total"])


def read(person: Person, address: str) -> Reader:
    """The page once it has caught up with flinkey."""
    return reader(person.look(address), address)


def by_htmx(person: Person, address: str) -> Reader:
    """What a search gets while somebody types."""
    return reader(person.get(address, headers={"HX-Request": "true"}), address)


def reader(answer: Any, address: str = "") -> Reader:
    assert answer.status_code == 200, address
    return Reader(answer.content.decode())
