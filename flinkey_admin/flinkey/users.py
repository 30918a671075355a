"""Users of the customer, and the assignments of one user."""

from functools import partial

from .calls import Call, Send
from .fields import many
from .odata import Odata, params
from .records import Assignment, User

# In the class below, `list` is a method.
Windows = list[Assignment]


class Users:
    """Operations of the page Users, and the list by user of the page Assignments.

    All of them can raise errors.NotFound("manager"), Unauthorized, BadApiKey, RateLimited and Unavailable.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    def list(self, odata: Odata | None = None) -> list[User]:
        """The customer's users.

        Raises errors.Rejected for query options that flinkey does not understand.
        Page: Users.
        """
        return self._send(Call("getUsers", "GET", "/users", many(User.parse), query=params(odata)))

    def get(self, user_id: int) -> User:
        """One user. Raises errors.NotFound("user"). Page: Users."""
        return self._send(Call("getUser", "GET", f"/users/{user_id:d}", User.parse))

    def assignments(self, user_id: int, odata: Odata | None = None) -> Windows:
        """The user's assignments, past and coming ones too, without lifetime and renewable_after.

        Raises errors.NotFound("user"), Rejected for query options that flinkey does not understand.
        Page: Assignments, "Get assignments of user".
        """
        read = many(partial(Assignment.parse, user_id=user_id))
        path = f"/users/{user_id:d}/assignments"
        return self._send(Call("getAssignmentsOfUser", "GET", path, read, query=params(odata)))
