"""OData query options over lists of plain records."""

import re
from collections.abc import Callable
from typing import Any

from .fields import Fields
from .messages import malformed
from .odata_filter import compile_filter, value_of
from .world import Record

OPTIONS = ("$filter", "$orderby", "$top", "$skip", "$select", "$expand")
COUNT = re.compile(r"[0-9]{1,9}")


def options_of(query: list[tuple[str, str]]) -> dict[str, str]:
    """The OData options of a query; other names are ignored, unknown options and repetitions refused."""
    options: dict[str, str] = {}
    for name, value in query:
        if not name.startswith("$"):
            continue
        if name not in OPTIONS:
            raise malformed(f"The query option {name} is not supported.")
        if name in options:
            raise malformed(f"The query option {name} is given twice.")
        options[name] = value
    return options


def apply(rows: list[Record], fields: Fields, options: dict[str, str]) -> list[Record]:
    """Filter, sort, cut and narrow a list; a refusal with 400 for anything malformed."""
    if "$filter" in options:
        keep = compile_filter(options["$filter"], fields)
        rows = [row for row in rows if keep(row)]
    if "$orderby" in options:
        rows = _sorted(rows, fields, options["$orderby"])
    skip, top = _count(options, "$skip"), _count(options, "$top")
    if skip or top is not None:
        start = skip or 0
        rows = rows[start : None if top is None else start + top]
    narrow = _narrowing(fields, options)
    return [narrow(row) for row in rows] if narrow else rows


def apply_to_one(row: Record, fields: Fields, options: dict[str, str]) -> Record:
    """What of it makes sense for one record: $select and $expand; the rest is only checked."""
    apply([], fields, {name: text for name, text in options.items() if name not in ("$select", "$expand")})
    narrow = _narrowing(fields, options)
    return narrow(row) if narrow else row


def _count(options: dict[str, str], name: str) -> int | None:
    text = options.get(name)
    if text is None:
        return None
    if not COUNT.fullmatch(text):
        raise malformed(f"Invalid value '{text}' for {name} query option found.")
    return int(text)


def _sorted(rows: list[Record], fields: Fields, text: str) -> list[Record]:
    for item in reversed(text.split(",")):
        words = item.split()
        if len(words) not in (1, 2) or fields.get(words[0], "object") == "object":
            raise malformed(f"Cannot order by '{item.strip()}'.")
        if words[1:] not in ([], ["asc"], ["desc"]):
            raise malformed(f"Unknown direction in '{item.strip()}'.")
        rows = sorted(rows, key=_key(words[0]), reverse=words[1:] == ["desc"])
    return rows


def _key(path: str) -> Callable[[Record], tuple[bool, Any]]:
    def key(row: Record) -> tuple[bool, Any]:
        value = value_of(row, path)
        return (False, 0) if value is None else (True, value)

    return key


def _narrowing(fields: Fields, options: dict[str, str]) -> Callable[[Record], Record] | None:
    _names(fields, options.get("$expand"), "expand")
    paths = _names(fields, options.get("$select"), "select")
    if not paths:
        return None
    return lambda row: _narrowed(row, paths)


def _names(fields: Fields, text: str | None, verb: str) -> list[str]:
    if text is None:
        return []
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in fields and name != "*":
            raise malformed(f"Could not find a property named '{name}' to {verb}.")
    return [] if "*" in names else names


def _narrowed(row: Record, paths: list[str]) -> Record:
    result: Record = {}
    for path in paths:
        outer, _, inner = path.partition("/")
        if inner:
            part = result.setdefault(outer, {})
            part[inner] = value_of(row, path)
        else:
            result[outer] = row.get(outer)
    return result
