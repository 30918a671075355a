"""Every address of the project, taken from its URL configuration, so that no new one can be forgotten."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

PART = re.compile(r"<(?:(\w+):)?(\w+)>")
SAMPLES = {"id": "1", "kind": "cars", "slug": "buttons", "str": "x"}
# Not behind the session: flinkey itself calls here, and shows a secret instead.
WITHOUT_TOKEN = "/webhooks/flinkey/assignments/"


def patterns(entries: list[Any] | None = None, before: str = "", space: str = "") -> Iterator[tuple[str, str, Any]]:
    """The route, the name and the view of each."""
    for one in get_resolver().url_patterns if entries is None else entries:
        if isinstance(one, URLResolver):
            inner = f"{space}{one.namespace}:" if one.namespace else space
            yield from patterns(one.url_patterns, before + str(one.pattern), inner)
        elif isinstance(one, URLPattern):
            yield before + str(one.pattern), f"{space}{one.name}", one.callback


def sample(route: str) -> str:
    """An address of this route."""
    return "/" + PART.sub(lambda part: SAMPLES[part[1]], route)


def about(ids: Mapping[str, Sequence[object]]) -> Iterator[tuple[str, str]]:
    """Every address with its name, about each of these things. ids: by the names of parts; the rest as in `sample`."""
    for route, name, _view in patterns():
        values = [ids.get(part[2], [SAMPLES[part[1]]]) for part in PART.finditer(route)]
        for chosen in itertools.product(*values):
            yield "/" + PART.sub("{}", route).format(*chosen), name


ADDRESSES = {sample(route): name for route, name, _view in patterns()}
