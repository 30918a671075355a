"""What a keyboard and a mouse ask for beside the pages: the shortcuts in words, places and acts to choose from, and the
groups onto which rows may be dragged. static/js/keys.js fetches each when a hand first asks for it."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.fleet import services
from flinkey_admin.web.converters import id_of
from flinkey_admin.web.fragments import page_or_fragment


@dataclass(frozen=True)
class Place:
    """Where one can go: a page's name, its word, and the key that leads there behind a g."""

    name: str
    word: str | Promise
    key: str = ""

    @property
    def url(self) -> str:
        return reverse(self.name)


@dataclass(frozen=True)
class Act:
    """What can be done with something that was found. `posts`: it is asked for by a form, and a review comes."""

    word: str
    url: str
    posts: bool = False


PLACES = (
    Place("fleet:home", gettext_lazy("Overview"), "o"),
    Place("assignments:timeline", gettext_lazy("Timeline"), "t"),
    Place("assignments:series_list", gettext_lazy("Series"), "r"),
    Place("fleet:group_list", gettext_lazy("Groups"), "g"),
    Place("fleet:car_list", gettext_lazy("Cars"), "c"),
    Place("fleet:user_list", gettext_lazy("Users"), "u"),
    Place("fleet:service_list", gettext_lazy("Services"), "s"),
    Place("fleet:product_list", gettext_lazy("Boxes"), "b"),
    Place("operations:list", gettext_lazy("Changes"), "e"),
    Place("fleet:handover", gettext_lazy("Shift hand-over"), "h"),
    Place("assignments:access", gettext_lazy("Who could open it?"), "q"),
    Place("assignments:free_cars", gettext_lazy("Free cars"), "f"),
    Place("assignments:mismatches", gettext_lazy("Things to check")),
    Place("assignments:key_list", gettext_lazy("Keys that may still work")),
    Place("operations:messages", gettext_lazy("Messages from flinkey")),
    Place("accounts:preferences", gettext_lazy("Colours and language")),
    Place("help", gettext_lazy("Help")),
)
ACTS = (
    Place("assignments:window_new", gettext_lazy("Give access"), "n"),
    Place("assignments:several_new", gettext_lazy("Give access to several")),
    Place("assignments:series_new", gettext_lazy("New series")),
    Place("fleet:group_new", gettext_lazy("Create a group")),
)


@require_safe
def keys(request: ManagerRequest) -> HttpResponse:
    """The shortcuts as a page; as a part, the dialogs that scripts open."""
    context = {"section": "keys", "places": PLACES, "acts": ACTS}
    return page_or_fragment(request, "fleet/keys.html", "fleet/_keys.html", context)


@require_safe
def targets(request: ManagerRequest) -> HttpResponse:
    """The groups that rows may be dropped on: all but `?not=`, which they are in."""
    if not request.htmx:
        return redirect("fleet:group_list")
    but = id_of(request.GET.get("not"))
    groups = [group for group in services.list_groups(request.manager) if group.id != but]
    return render(request, "fleet/_targets.html", {"groups": groups})


def acts_on(kind: str, thing_id: int, name: str) -> list[Act]:
    """What can be done with a car, a user or a group that was found; nothing with a service or a box."""
    words: dict[str, Any] = {"name": name}
    if kind == "cars":
        return [
            Act(_("Give access to %(name)s") % words, _about("assignments:window_new", car=thing_id)),
            Act(_("Who could open %(name)s?") % words, _about("assignments:access", car=thing_id)),
            Act(_("New series with %(name)s") % words, _about("assignments:series_new", car=thing_id)),
            Act(_("End all access to %(name)s…") % words, reverse("assignments:end_car", args=[thing_id]), posts=True),
        ]
    if kind == "users":
        return [
            Act(_("Give %(name)s a car") % words, _about("assignments:window_new", user=thing_id)),
            Act(_("What could %(name)s open?") % words, _about("assignments:access", user=thing_id)),
            Act(_("New series for %(name)s") % words, _about("assignments:series_new", user=thing_id)),
            Act(_("End all access of %(name)s…") % words, reverse("assignments:end_user", args=[thing_id]), posts=True),
        ]
    if kind == "groups":
        return [
            Act(_("Timeline of %(name)s") % words, _about("assignments:timeline", group=thing_id)),
            Act(_("Free cars of %(name)s") % words, _about("assignments:free_cars", group=thing_id)),
            Act(_("Add cars to %(name)s") % words, reverse("fleet:add", args=[thing_id, "cars"])),
            Act(_("Add users to %(name)s") % words, reverse("fleet:add", args=[thing_id, "users"])),
        ]
    return []


def _about(name: str, **query: int) -> str:
    return f"{reverse(name)}?{urlencode(query)}"
