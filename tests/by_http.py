"""Somebody at a browser without scripts, before a running dashboard: real requests, cookies, forms with their token."""

import re
from dataclasses import dataclass, field
from urllib.parse import urljoin

import requests

from flinkey_admin.launch import EMAIL, PASSWORD

SEEN = re.compile(r'name="(seen|nonce)" value="(\w+)"')
ASKED = re.compile(r'name="yes" value="([^"]+)"')
Form = dict[str, str | list[str]]


@dataclass
class Visitor:
    """base: where the dashboard is. headers: what a proxy before it would add. verify: the certificate to trust.

    Cookies are carried by hand: they are for HTTPS alone, and a test may speak to the dashboard itself.
    """

    base: str
    headers: dict[str, str] = field(default_factory=dict)
    verify: str | bool = True
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> requests.Response:
        """The page, wherever the address leads within the dashboard."""
        answer = self._send("GET", path)
        while answer.is_redirect:
            answer = self._send("GET", urljoin(path, answer.headers["Location"]).removeprefix(self.base))
        return answer

    def post(self, path: str, form: Form) -> requests.Response:
        """Sends a form, and gives the page that it leads to."""
        token = next(value for name, value in self.cookies.items() if "csrf" in name)
        answer = self._send("POST", path, {**form, "csrfmiddlewaretoken": token})
        return self.get(urljoin(path, answer.headers["Location"])) if answer.is_redirect else answer

    def _send(self, method: str, path: str, form: Form | None = None) -> requests.Response:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Referer": self.base + path, **self.headers, **({"Cookie": cookies} if cookies else {})}
        answer = requests.request(
            method, self.base + path, data=form, headers=headers, verify=self.verify, allow_redirects=False, timeout=60
        )
        self.cookies |= dict(answer.cookies)
        return answer

    def sign_in(self, email: str = EMAIL) -> None:
        assert self.get("/sign-in/").status_code == 200
        page = self.post("/sign-in/", {"username": email, "password": PASSWORD})
        assert page.status_code == 200, page.text
        assert any("session" in name for name in self.cookies), page.text

    def move(self, car: int, source: int, to: int) -> str:
        """Plans it, says yes; the address of its receipt."""
        review = self.post(f"/groups/{source}/cars/move/", {"id": [str(car)], "to": str(to)})
        found = re.search(r'action="(/operations/\d+/)run/"', review.text)
        assert found, review.text
        receipt = self.post(f"{found[1]}run/", dict(SEEN.findall(review.text)))
        assert receipt.status_code == 200, receipt.text
        return found[1]

    def give(self, car: int, user: int, start: str, end: str) -> None:
        """An access window, its times in the fleet's zone; whatever the page asks is answered yes."""
        page = self.get("/assignments/new/")
        form: Form = {"car": str(car), "user": str(user), "start": start, "end": end, **dict(SEEN.findall(page.text))}
        answer = self.post("/assignments/new/", form)
        if answer.status_code == 422 and (marks := ASKED.findall(answer.text)):
            answer = self.post("/assignments/new/", {**form, "yes": marks})
        assert answer.status_code == 200, answer.text
