"""What a caller claims about itself behind reverse proxies is not believed: only what they have set counts."""

from collections.abc import Iterable
from typing import Any

import pytest
from django.test import RequestFactory

from flinkey_admin.web.proxies import behind, client_place


def passed(path: str = "/groups/", **headers: str) -> dict[str, Any]:
    """What the application is told of a request."""
    seen: dict[str, Any] = {}

    def application(environ: dict[str, Any], _start: Any) -> Iterable[bytes]:
        seen.update(environ)
        return []

    behind(application)({"PATH_INFO": path, **headers}, lambda *_: None)
    return seen


@pytest.mark.parametrize(
    ("proxies", "said", "believed"),
    [
        (1, "https", "https"),
        (1, "https, http", "http"),  # the caller's claim, and what a proxy that appends has seen
        (1, "http,https", "https"),
        (2, "https", "https"),  # the inner proxy leaves the outer one's alone
        (2, "https, http", "https"),
        (2, "https, http, http", "http"),
        (0, "https, http", "https, http"),  # nobody in front: Django does not look at it at all
    ],
)
def test_the_scheme_that_the_outermost_trusted_proxy_has_set_counts(
    settings: Any, proxies: int, said: str, believed: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    assert passed(HTTP_X_FORWARDED_PROTO=said)["HTTP_X_FORWARDED_PROTO"] == believed


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/flinkey/groups/", "/groups/"),
        ("/flinkey/", "/"),
        ("/flinkey", ""),
        ("/flinkeys/groups/", "/flinkeys/groups/"),
        ("/groups/", "/groups/"),  # a proxy that has taken the path off, and whoever asks for health on the spot
        ("/flinkey/flinkey/", "/flinkey/"),
    ],
)
def test_the_path_is_told_without_its_beginning(settings: Any, path: str, told: str) -> None:
    settings.URL_PREFIX = "/flinkey"
    assert passed(path)["PATH_INFO"] == told
    settings.URL_PREFIX = ""
    assert passed(path)["PATH_INFO"] == path


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),  # a socket that listens for both kinds says it so
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),  # a socket of the file system has none
        ("unknown", "unknown"),
    ],
)
def test_a_place_is_an_address_or_a_network_of_ipv6(address: str, place: str) -> None:
    assert client_place(RequestFactory().get("/", REMOTE_ADDR=address)) == place
