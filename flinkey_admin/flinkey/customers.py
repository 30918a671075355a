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
        read = many(Customer.parse)
        return self._send(Call("getCustomers", "GET", "/customers", read, query=params(odata), scope="token"))
