"""What was typed when a session ended or flinkey failed, kept until the same person is back on that page.

The form is put into the session of the same browser, a new and empty one after a dead token. When the page is shown
again by GET, its view asks here first: nothing is sent by itself.
"""

from urllib.parse import urlsplit

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, QueryDict

from flinkey_admin.web.requests import in_address_bar

KEY = "stash"
SECRET = {"csrfmiddlewaretoken", "password"}
LIMIT = 200_000  # characters; beyond that it is no form somebody has typed


def keep(session: SessionBase, request: HttpRequest, email: str) -> None:
    """Keeps the form of this request for the person with this address."""
    data = request.POST.copy()
    for name in SECRET & set(data):
        del data[name]
    if len(text := data.urlencode()) <= LIMIT:
        session[KEY] = {"path": _page(request), "data": text, "email": email, "customer": session.get("customer")}


def _page(request: HttpRequest) -> str:
    """Whose form it is: of the page in the browser's address bar, where HTMX has sent it while somebody was typing."""
    shown = in_address_bar(request)
    return urlsplit(shown).path if shown else request.path


def typed(request: HttpRequest) -> QueryDict | None:
    """The data for a page's form: what was posted, else what was kept for this very page and person, else None.

    What was kept is handed out once.
    """
    if request.method == "POST":
        return request.POST
    kept = request.session.get(KEY)
    if not kept or kept["path"] != request.path:
        return None
    del request.session[KEY]
    mine = (kept["email"], kept.get("customer")) == (str(request.user), request.session.get("customer"))
    return QueryDict(kept["data"]) if mine else None
