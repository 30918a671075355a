"""Groups: the groups themselves. What is in them comes from `members.Members`."""

from . import fields
from .calls import Call
from .fields import many
from .members import Members
from .records import Group


def _new_id(value: object) -> int:
    return fields.integer(fields.mapping(value).get("id"))


class Groups(Members):
    """Operations of the page Grouping.

    All of them can raise errors.NotFound("manager"), Unauthorized, BadApiKey, RateLimited and Unavailable;
    those that write can also raise OutcomeUnknown.
    """

    def list(self) -> list[Group]:
        """Every group of the customer, in one answer. The page knows no query options.

        Page: Grouping, "Get groups".
        """
        return self._send(Call("getGroups", "GET", "/groups", many(Group.parse)))

    def create(self, name: str) -> int:
        """A new group; gives its id. After OutcomeUnknown, list the groups instead of sending it again.

        Raises errors.Conflict("name") when the name is taken, Rejected for a blank name.
        Page: Grouping, "Create group".
        """
        return self._send(Call("createGroup", "PUT", "/groups", _new_id, body={"name": name}, once=True))

    def rename(self, group_id: int, name: str) -> None:
        """Gives the group a new name of 1 to 250 characters, not blank. Can be repeated.

        Raises errors.Rejected for another name, NotFound("group").
        Page: Grouping, "Update group".
        """
        patch = [{"op": "replace", "path": "/name", "value": name}]
        self._send(Call("updateGroup", "PATCH", f"/groups/{group_id:d}", fields.nothing, body=patch))

    def delete(self, group_id: int) -> None:
        """Deletes an empty group. Repeated, it gives NotFound.

        Raises errors.Conflict("relations") while anything is in it, NotFound("group").
        Page: Grouping, "Delete group".
        """
        self._send(Call("deleteGroup", "DELETE", f"/groups/{group_id:d}", fields.nothing))
