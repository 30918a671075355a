"""Cars of the customer, and the assignments of one car."""

from functools import partial

from .calls import Call, Send
from .fields import many
from .odata import Odata, params
from .records import Assignment, Car

# In the class below, `list` is a method.
Windows = list[Assignment]


class Cars:
    """Operations of the page Cars, and the list by car of the page Assignments.

    All of them can raise errors.NotFound("manager"), Unauthorized, BadApiKey, RateLimited and Unavailable.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    def list(self, odata: Odata | None = None) -> list[Car]:
        """The customer's cars.

        Raises errors.Rejected for query options that flinkey does not understand.
        Page: Cars.
        """
        return self._send(Call("getCars", "GET", "/cars", many(Car.parse), query=params(odata)))

    def get(self, car_id: int) -> Car:
        """One car. Raises errors.NotFound("car"). Page: Cars."""
        return self._send(Call("getCar", "GET", f"/cars/{car_id:d}", Car.parse))

    def assignments(self, car_id: int, odata: Odata | None = None) -> Windows:
        """The car's assignments, past and coming ones too, without lifetime and renewable_after.

        Raises errors.NotFound("car"), Rejected for query options that flinkey does not understand.
        Page: Assignments, "Get assignments of car".
        """
        read = many(partial(Assignment.parse, car_id=car_id))
        path = f"/cars/{car_id:d}/assignments"
        return self._send(Call("getAssignmentsOfCar", "GET", path, read, query=params(odata)))
