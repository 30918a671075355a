"""The client: one manager acting for one customer, or nobody yet."""

from typing import TypeVar

from .assignments import Assignments
from .auth import Auth, Token
from .calls import Call
from .cars import Cars
from .catalog import Catalog
from .customers import Customers
from .fields import ShapeError, integer
from .groups import Groups
from .transport import Transport, header_safe
from .users import Users

T = TypeVar("T")

# Every operationId of openapi.yaml and the method for it.
OPERATIONS = (
    ("getToken", "auth.token"),
    ("getCustomers", "customers.list"),
    ("getGroups", "groups.list"),
    ("createGroup", "groups.create"),
    ("updateGroup", "groups.rename"),
    ("deleteGroup", "groups.delete"),
    ("getCarsOfGroup", "groups.cars"),
    ("getUsersOfGroup", "groups.users"),
    ("getServicesOfGroup", "groups.services"),
    ("getProductsOfGroup", "groups.products"),
    ("assignCarToGroup", "groups.assign_car"),
    ("assignUserToGroup", "groups.assign_user"),
    ("assignServiceToGroup", "groups.assign_service"),
    ("assignProductToGroup", "groups.assign_product"),
    ("removeCarFromGroup", "groups.remove_car"),
    ("removeUserFromGroup", "groups.remove_user"),
    ("removeServiceFromGroup", "groups.remove_service"),
    ("removeProductFromGroup", "groups.remove_product"),
    ("getAssignment", "assignments.get"),
    ("createAssignment", "assignments.create"),
    ("updateAssignment", "assignments.update"),
    ("deleteAssignment", "assignments.delete"),
    ("getAssignmentsOfCar", "cars.assignments"),
    ("getAssignmentsOfUser", "users.assignments"),
    ("getCars", "cars.list"),
    ("getCar", "cars.get"),
    ("getUsers", "users.list"),
    ("getUser", "users.get"),
    ("getServices", "catalog.services"),
    ("getProducts", "catalog.products"),
)


class Flinkey:
    """The flinkey API as seen by one manager for one customer. Cheap to make, safe to share by threads.

    transport: the process's connections. token: from auth.token, or its value; without one only auth.token
    works. customer_id: a customer's id; without one only auth.token and customers.list work.
    Raises ValueError for a token or an id that cannot be a header, and for a call that lacks one of them.
    """

    def __init__(
        self, transport: Transport, token: Token | str | None = None, customer_id: str | int | None = None
    ) -> None:
        value = token.value if isinstance(token, Token) else token
        self._transport = transport
        self._token = None if value is None else header_safe(value, "the token")
        self._customer_id = None if customer_id is None else _plain_id(customer_id)
        self.auth = Auth(self._send)
        self.customers = Customers(self._send)
        self.groups = Groups(self._send)
        self.cars = Cars(self._send)
        self.users = Users(self._send)
        self.catalog = Catalog(self._send)
        self.assignments = Assignments(self._send)

    def __repr__(self) -> str:
        return f"Flinkey({self._transport.base_url!r}, customer_id={self._customer_id!r})"

    def _send(self, call: Call[T]) -> T:
        return self._transport.send(call, self._token, self._customer_id)


def _plain_id(value: str | int) -> str:
    try:
        return str(integer(value))
    except ShapeError:
        raise ValueError("a customer's id is a whole number") from None
