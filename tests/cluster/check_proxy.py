"""The example for nginx with a real nginx: who calls, from where, over what, and what is served."""

import re
import signal
import socket
import ssl
import time

import pytest
import requests
import urllib3
from requests.adapters import HTTPAdapter

from tests.browser.standing import eventually
from tests.cluster.conftest import STARTS, Cluster
from tests.cluster.servers import served_by
from tests.conftest import COORDINATOR, PASSWORD

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@pytest.fixture(autouse=True)
def unsigned(monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificate is our own; nobody need be warned of that."""
    urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)


class From(HTTPAdapter):
    """Calls from one of the machine's own addresses."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__()

    def init_poolmanager(self, *args: object, **options: object) -> None:
        super().init_poolmanager(*args, source_address=(self.address, 0), **options)  # type: ignore[arg-type]


def caller(address: str = "127.0.0.1") -> requests.Session:
    session = requests.Session()
    session.verify = False
    session.trust_env = False
    session.mount("https://", From(address))
    return session


def sign_in(session: requests.Session, url: str, password: str, **headers: str) -> requests.Response:
    page = session.get(f"{url}/sign-in/", timeout=30)
    found = TOKEN.search(page.text)
    assert found
    form = {"username": COORDINATOR, "password": password, "csrfmiddlewaretoken": found[1]}
    return session.post(f"{url}/sign-in/", form, headers={"Origin": url, **headers}, allow_redirects=False, timeout=60)


def test_it_is_spoken_to_over_https_and_knows_it(whole: Cluster) -> None:
    session = caller()
    page = session.get(f"{whole.url}/sign-in/", timeout=30)
    assert page.status_code == 200, "no redirect to https: the scheme has come through"
    assert page.headers["Strict-Transport-Security"].startswith("max-age=63072000")
    assert {cookie.name for cookie in session.cookies if cookie.secure} == {"__Host-csrf"}
    assert sign_in(session, whole.url, PASSWORD).status_code == 302
    groups = session.get(f"{whole.url}/groups/", timeout=60)
    assert (groups.url, groups.status_code) == (f"{whole.url}/groups/", 200)
    assert 'data-id="1"' in groups.text
    refused = session.post(f"{whole.url}/sign-out/", headers={"Origin": "https://elsewhere.example"}, timeout=30)
    assert refused.status_code == 403


def test_files_are_served_compressed_and_for_ever(whole: Cluster) -> None:
    session = caller()
    page = session.get(f"{whole.url}/sign-in/", timeout=30).text
    paths = set(re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js))"', page))
    assert len(paths) > 3
    for path in paths:
        answer = session.get(f"{whole.url}{path}", headers={"Accept-Encoding": "br"}, timeout=30)
        assert (answer.status_code, answer.headers["Content-Encoding"]) == (200, "br")
        assert "immutable" in answer.headers["Cache-Control"]


def test_a_file_that_one_node_lacks_comes_from_the_other(whole: Cluster) -> None:
    """As during an upgrade, when pages of the new version ask the old one for their files."""
    newer = whole.nodes[0]
    (newer.folder / newer.name / "static" / "of-the-new-version.0123456789ab.css").write_text("a{}")
    newer.stop()
    newer.start()
    eventually(lambda: newer.ready, STARTS)
    for _time in range(6):
        assert caller().get(f"{whole.url}/static/of-the-new-version.0123456789ab.css", timeout=30).text == "a{}"


def test_wrong_passwords_are_counted_by_the_caller_s_own_address(whole: Cluster) -> None:
    for number in range(6):
        claimed = {"X-Forwarded-For": f"203.0.113.{number}"}
        answer = sign_in(caller("127.0.0.2"), whole.url, "wrong", **claimed)
    assert answer.status_code == 429, "whatever it claims to be"
    assert sign_in(caller("127.0.0.3"), whole.url, PASSWORD).status_code == 302, "somebody else is let in"
    seen = whole.sql("SELECT DISTINCT host(ip_address) FROM axes_accessattempt")
    assert seen == [("127.0.0.2",)]


def test_a_form_that_is_too_large_is_turned_away(whole: Cluster) -> None:
    answer = caller().post(f"{whole.url}/sign-in/", data=b"x" * 4_000_000, timeout=30)
    assert answer.status_code == 413


def test_what_is_searched_for_and_a_calendar_s_secret_are_not_in_its_log(whole: Cluster) -> None:
    session = caller()
    for path in ("/users/?q=Zoe-Muster", "/sign-in/?next=/cars/%3Fq%3DHH-FK", "/calendar/a-secret-of-somebody.ics"):
        session.get(f"{whole.url}{path}", headers={"Referer": f"{whole.url}/users/?q=Zoe-Muster"}, timeout=30)
    log = whole.folder / "nginx-own.log"
    eventually(lambda: '"GET /calendar/-" 404 ' in log.read_text(encoding="utf-8"))
    text = log.read_text(encoding="utf-8")
    assert ('"GET /users/" 302 ' in text, '"GET /sign-in/" 200 ' in text) == (True, True)
    assert [word for word in ("Zoe", "HH-FK", "a-secret", "?") if word in text] == []


def test_a_node_that_hangs_keeps_no_reader_for_long(whole: Cluster) -> None:
    """It takes requests and says nothing; the next one is asked."""
    session = caller()
    assert sign_in(session, whole.url, PASSWORD).status_code == 302
    since = len(served_by(whole.folder))
    whole.nodes[0].tell(signal.SIGSTOP)
    try:
        waited = []
        for _time in range(3):
            began = time.monotonic()
            assert session.get(f"{whole.url}/groups/", timeout=60).status_code == 200
            waited.append(time.monotonic() - began)
    finally:
        whole.nodes[0].tell(signal.SIGCONT)
    print(f"waited for a page while a node hung: {', '.join(f'{one:.1f}' for one in waited)} s")
    assert 24 < max(waited) < 40
    assert [node for _status, node, _request in served_by(whole.folder, since) if "," in node], "both were asked"
    eventually(lambda: whole.nodes[0].ready)


@pytest.mark.parametrize(
    ("offered", "taken"),
    [("ECDHE+AESGCM", True), ("ECDHE+CHACHA20", True), ("ECDHE+AES:!AESGCM:!AESCCM", False), ("AES128-SHA", False)],
)
def test_only_good_ciphers_are_taken(whole: Cluster, offered: str, taken: bool) -> None:
    """By TLS 1.2, which has others as well."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"{offered}:@SECLEVEL=0")
    port = int(whole.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=30) as plain:
        try:
            with context.wrap_socket(plain) as spoken:
                assert (taken, spoken.version()) == (True, "TLSv1.2")
        except ssl.SSLError:
            assert not taken
