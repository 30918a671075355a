"""A request that a signed-in manager has made, as a type for views."""

from flinkey_admin.accounts.scoping import Scope
from flinkey_admin.web.requests import HtmxRequest


class ManagerRequest(HtmxRequest):
    """Views behind the sign-in may rely on `manager`: the middleware lets nobody else through."""

    manager: Scope
