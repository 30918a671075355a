"""The customer's things as plain lists: services and products, and any of the four kinds by name."""

from .calls import Call, Send
from .fields import many
from .odata import Odata, params
from .records import READERS, Kind, Member, Product, Service


class Catalog:
    """Operations of the pages Services and Products.

    All of them can raise errors.NotFound("manager"), Unauthorized, BadApiKey, RateLimited, Unavailable, and
    Rejected for query options that flinkey does not understand.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    def services(self, odata: Odata | None = None) -> list[Service]:
        """The customer's services (contracts). Page: Services."""
        return self._send(Call("getServices", "GET", "/services", many(Service.parse), query=params(odata)))

    def products(self, odata: Odata | None = None) -> list[Product]:
        """The customer's products (boxes). Page: Products."""
        return self._send(Call("getProducts", "GET", "/products", many(Product.parse), query=params(odata)))

    def list(self, kind: Kind, odata: Odata | None = None) -> list[Member]:
        """The customer's things of one kind. Pages: Cars, Users, Services, Products."""
        return self._send(Call(f"get{kind.title()}", "GET", f"/{kind}", many(READERS[kind]), query=params(odata)))
