"""The 30 operations of the contract: method, path, and who handles them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from . import assignments, fleet, groups
from .calls import Call
from .messages import Answer
from .world import KINDS

JSON_BODY, FORM_BODY = "application/json", "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Route:
    """One operation. `odata` says that its page carries the OData tip; `says_400` that 400 is documented."""

    operation: str
    method: str
    pattern: re.Pattern[str]
    handler: Callable[[Call], Answer]
    kind: str = ""
    odata: bool = False
    body: str = ""

    @property
    def has_customer(self) -> bool:
        """Whether the Customer-ID header belongs to it."""
        return self.operation not in ("getToken", "getCustomers")

    @property
    def says_400(self) -> bool:
        """Whether the contract lists a 400 for it."""
        return bool(self.body) or (self.odata and self.operation not in ("getCar", "getUser"))


def _route(
    operation: str,
    verb: str,
    path: str,
    handler: Callable[[Call], Answer],
    kind: str = "",
    *,
    odata: bool = False,
) -> Route:
    body = {"PUT": JSON_BODY, "PATCH": JSON_BODY, "POST": FORM_BODY}.get(verb, "")
    pattern = re.compile(path.replace("{}", "([^/]+)"))
    return Route(operation, verb, pattern, handler, kind, odata, body)


def _routes_of_members(kind: str) -> list[Route]:
    noun = kind[:-1].capitalize()
    return [
        _route(f"get{noun}sOfGroup", "GET", f"/groups/{{}}/{kind}", groups.get_members, kind),
        _route(f"assign{noun}ToGroup", "PUT", f"/groups/{{}}/{kind}", groups.assign_member, kind),
        _route(f"remove{noun}FromGroup", "DELETE", f"/groups/{{}}/{kind}/{{}}", groups.remove_member, kind),
    ]


ROUTES: tuple[Route, ...] = (
    _route("getToken", "POST", "/oauth2/token", fleet.get_token),
    _route("getCustomers", "GET", "/customers", fleet.get_customers, odata=True),
    _route("getGroups", "GET", "/groups", groups.get_groups),
    _route("createGroup", "PUT", "/groups", groups.create_group),
    _route("updateGroup", "PATCH", "/groups/{}", groups.update_group),
    _route("deleteGroup", "DELETE", "/groups/{}", groups.delete_group),
    *(route for kind in KINDS for route in _routes_of_members(kind)),
    _route("createAssignment", "PUT", "/assignments", assignments.create_assignment),
    _route("getAssignment", "GET", "/assignments/{}", assignments.get_assignment, odata=True),
    _route("updateAssignment", "PATCH", "/assignments/{}", assignments.update_assignment),
    _route("deleteAssignment", "DELETE", "/assignments/{}", assignments.delete_assignment),
    _route("getAssignmentsOfCar", "GET", "/cars/{}/assignments", assignments.of_car, odata=True),
    _route("getAssignmentsOfUser", "GET", "/users/{}/assignments", assignments.of_user, odata=True),
    _route("getCars", "GET", "/cars", fleet.get_things, "cars", odata=True),
    _route("getCar", "GET", "/cars/{}", fleet.get_thing, "cars", odata=True),
    _route("getUsers", "GET", "/users", fleet.get_things, "users", odata=True),
    _route("getUser", "GET", "/users/{}", fleet.get_thing, "users", odata=True),
    _route("getServices", "GET", "/services", fleet.get_things, "services", odata=True),
    _route("getProducts", "GET", "/products", fleet.get_things, "products", odata=True),
)
OPERATIONS = frozenset(route.operation for route in ROUTES)


@dataclass(frozen=True)
class Match:
    """The operation a request means and the ids in its path; without one, the methods of the path."""

    route: Route | None = None
    ids: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()

    @property
    def operation(self) -> str:
        """The operationId, or "unknown"."""
        return self.route.operation if self.route else "unknown"


def find(method: str, path: str) -> Match:
    """The operation that a method and a path below the API base mean."""
    allowed = []
    for route in ROUTES:
        found = route.pattern.fullmatch(path)
        if found is None:
            continue
        if route.method == method:
            return Match(route, tuple(unquote(text) for text in found.groups()))
        allowed.append(route.method)
    return Match(allowed=tuple(allowed))
