"""Members of groups: twelve operations of one pattern, four kinds times read, assign and remove."""

from typing import TypeVar

from .calls import Call, Send
from .fields import many, nothing
from .records import READERS, Car, Kind, Member, Product, Service, User

T = TypeVar("T")


class Members:
    """The operations of the page Grouping that concern what is in a group.

    Reading raises errors.NotFound("group"). Assigning raises Conflict("member") when the item is in the group
    already, and NotFound with "group" or the kind; removing raises NotFound with "member" when it is not in
    the group, "group" or the kind. Both can be repeated: a repetition gives Conflict or NotFound("member").
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    def members(self, kind: Kind, group_id: int) -> list[Member]:
        """Every member of one kind, in one answer. Page: Grouping, "Get … of group"."""
        operation = f"get{kind.title()}OfGroup"
        return self._send(Call(operation, "GET", f"/groups/{group_id:d}/{kind}", many(READERS[kind])))

    def assign(self, kind: Kind, group_id: int, item_id: int) -> None:
        """Puts an item into the group. Page: Grouping, "Assign … to group"."""
        operation = f"assign{kind.singular.title()}ToGroup"
        body = {f"{kind.singular}Id": item_id}
        self._send(Call(operation, "PUT", f"/groups/{group_id:d}/{kind}", nothing, body=body))

    def remove(self, kind: Kind, group_id: int, item_id: int) -> None:
        """Takes an item out of the group. Page: Grouping, "Remove … from group"."""
        operation = f"remove{kind.singular.title()}FromGroup"
        self._send(Call(operation, "DELETE", f"/groups/{group_id:d}/{kind}/{item_id:d}", nothing))

    def cars(self, group_id: int) -> list[Car]:
        """The group's cars. Page: Grouping, "Get cars of group"."""
        return self._send(Call("getCarsOfGroup", "GET", f"/groups/{group_id:d}/cars", many(Car.parse)))

    def users(self, group_id: int) -> list[User]:
        """The group's users. Page: Grouping, "Get users of group"."""
        return self._send(Call("getUsersOfGroup", "GET", f"/groups/{group_id:d}/users", many(User.parse)))

    def services(self, group_id: int) -> list[Service]:
        """The group's services. Page: Grouping, "Get services of group"."""
        path = f"/groups/{group_id:d}/services"
        return self._send(Call("getServicesOfGroup", "GET", path, many(Service.parse)))

    def products(self, group_id: int) -> list[Product]:
        """The group's products. Page: Grouping, "Get products of group"."""
        path = f"/groups/{group_id:d}/products"
        return self._send(Call("getProductsOfGroup", "GET", path, many(Product.parse)))

    def assign_car(self, group_id: int, car_id: int) -> None:
        """Puts a car into the group. Page: Grouping, "Assign car to group"."""
        self.assign(Kind.CARS, group_id, car_id)

    def assign_user(self, group_id: int, user_id: int) -> None:
        """Puts a user into the group. Page: Grouping, "Assign user to group"."""
        self.assign(Kind.USERS, group_id, user_id)

    def assign_service(self, group_id: int, service_id: int) -> None:
        """Puts a service into the group. Page: Grouping, "Assign service to group"."""
        self.assign(Kind.SERVICES, group_id, service_id)

    def assign_product(self, group_id: int, product_id: int) -> None:
        """Puts a product into the group. Page: Grouping, "Assign product to group"."""
        self.assign(Kind.PRODUCTS, group_id, product_id)

    def remove_car(self, group_id: int, car_id: int) -> None:
        """Takes a car out of the group. Page: Grouping, "Remove car from group"."""
        self.remove(Kind.CARS, group_id, car_id)

    def remove_user(self, group_id: int, user_id: int) -> None:
        """Takes a user out of the group. Page: Grouping, "Remove user from group"."""
        self.remove(Kind.USERS, group_id, user_id)

    def remove_service(self, group_id: int, service_id: int) -> None:
        """Takes a service out of the group. Page: Grouping, "Remove service from group"."""
        self.remove(Kind.SERVICES, group_id, service_id)

    def remove_product(self, group_id: int, product_id: int) -> None:
        """Takes a product out of the group. Page: Grouping, "Remove product from group"."""
        self.remove(Kind.PRODUCTS, group_id, product_id)
