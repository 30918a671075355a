"""Customers: whom the signed-in manager may act for."""

from .calls import Call, Send
from .fields import many
from .odata import Odata, params
from .records import Customer


class Customers:
    """Operations of the page Customers."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def list(self, odata: Odata | None = None) -> list[Customer]:
        """The manager's customers. Needs a token, no customer.

        Raises errors.NotFound("manager") for an account that is no manager, Unauthorized, BadApiKey,
        RateLimited, Unavailable, and Rejected for query options that flinkey does not understand.
        Page: Customers.
        """
        return self._send(listing(odata))


def listing(odata: Odata | None = None) -> Call["list[Customer]"]:
    """The call for the customers of whoever has the token."""
    return Call("getCustomers", "GET", "/customers", many(Customer.parse), query=params(odata), scope="token")
