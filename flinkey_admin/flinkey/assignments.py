"""Assignments: who may open which car, from when until when."""

from .calls import Call, Send
from .changes import AssignmentChange, NewAssignment
from .fields import nothing
from .odata import Odata, params
from .records import Assignment


class Assignments:
    """Operations of the page Assignments; the lists by car and by user are at `cars` and `users`.

    Writing is asynchronous: no error means that flinkey has accepted the request, not that it has carried it
    out. The outcome comes by webhook, or is seen by reading; an unknown id too is only told that way.
    All can raise errors.NotFound("manager"), Unauthorized, BadApiKey, RateLimited and Unavailable; those that
    write can also raise OutcomeUnknown and Rejected.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    def get(self, assignment_id: int, odata: Odata | None = None) -> Assignment:
        """One assignment, with lifetime and renewable_after in seconds.

        Raises errors.NotFound("assignment").
        Page: Assignments, "Get assignment".
        """
        path = f"/assignments/{assignment_id:d}"
        return self._send(Call("getAssignment", "GET", path, Assignment.parse, query=params(odata)))

    def create(self, new: NewAssignment) -> None:
        """Asks for a new assignment; the answer holds no id.

        After errors.OutcomeUnknown never send it again: that may make a twin.
        Page: Assignments, "Create assignment".
        """
        self._send(Call("createAssignment", "PUT", "/assignments", nothing, body=new.body(), once=True))

    def update(self, assignment_id: int, change: AssignmentChange) -> None:
        """Asks for a change. Can be repeated.

        Page: Assignments, "Update assignment".
        """
        path = f"/assignments/{assignment_id:d}"
        self._send(Call("updateAssignment", "PATCH", path, nothing, body=change.patch()))

    def delete(self, assignment_id: int) -> None:
        """Asks for the removal. Can be repeated. A phone may keep its key until the lifetime is over.

        Page: Assignments, "Delete assignment".
        """
        self._send(Call("deleteAssignment", "DELETE", f"/assignments/{assignment_id:d}", nothing))
