"""A plain HTTP caller for the sandbox: what it sends is visible in the test."""

import json
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from flinkey_admin.sandbox import API_KEY

COORDINATOR = "coordinator@nordwind.example"
BOTH = "both@nordwind.example"
NOBODY = "nobody@nordwind.example"
PASSWORD = "flinkey-demo"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Reply:
    """Status, body and headers (lower case) of one answer."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Caller:
    """Signed in as a manager of customer 1, unless told otherwise."""

    url: str
    email: str = COORDINATOR
    customer: str = "1"
    headers: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.headers = {"flinkey-API-Key": API_KEY}
        token = sign_in(self.url, self.email).json["access_token"]
        self.headers |= {"Authorization": f"Bearer {token}", "Customer-ID": self.customer}

    def __call__(self, method: str, path: str, body: Any = None, **query: Any) -> Reply:
        """Send JSON if there is a body; `query` names lack their dollar sign."""
        headers, data = dict(self.headers), None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        if query:
            path = f"{path}?{urlencode({f'${name}': value for name, value in query.items()})}"
        return send(method, self.url + path, headers, data)


def sign_in(url: str, email: str, password: str = PASSWORD) -> Reply:
    """The token request."""
    form = urlencode({"username": email, "password": password, "grant_type": "password"})
    headers = {"flinkey-API-Key": API_KEY, "Content-Type": FORM}
    return send("POST", f"{url}/oauth2/token", headers, form.encode())


def send(method: str, url: str, headers: dict[str, str], body: bytes | None = None) -> Reply:
    """One request on a connection of its own."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        target = quote(parts.path, safe="/%") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, answer.read(), found)
    finally:
        connection.close()
