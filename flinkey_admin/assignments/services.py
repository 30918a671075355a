"""Windows for those who are about to change one: as the copy has them, or as flinkey says now."""

from django.http import Http404

from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.flinkey import Kind
from flinkey_admin.flinkey.errors import FlinkeyError, Unauthorized
from flinkey_admin.flinkey.records import Assignment
from flinkey_admin.mirror import lists, queries, reading
from flinkey_admin.mirror.models import Window
from flinkey_admin.web.sentences import MISSING


def open_form(scope: Scope) -> None:
    """Sees to it that the copy knows the cars and the people that a form asks for."""
    reading.open_copy(scope, reading.Wanted([lists.CATALOG[Kind.CARS], lists.CATALOG[Kind.USERS]]))


def know_car(scope: Scope, car_id: int | None) -> None:
    """Has the copy know a car's windows, so that a form can name those at the same time.

    If flinkey does not answer, they are named once the form is sent.
    """
    if car_id is not None:
        try:
            reading.open_copy(scope, reading.Wanted([lists.car_windows(car_id)]))
        except Unauthorized:
            raise  # leads to the sign-in and back to the form
        except FlinkeyError:
            return


def read_window(scope: Scope, window_id: int, *, now: bool = False) -> Assignment:
    """One window with its lifetime and renewal. `now`: as flinkey says it now, for whoever is about to change it.

    Raises Http404 for one that is gone.
    """
    name = lists.window(window_id)
    if now:
        reading.read_now(scope, [name])
    row = _row_of(scope, window_id)
    if row is None or row.lifetime_read_at is None:
        reading.read_now(scope, [name])
        row = _row_of(scope, window_id)
    if row is None:
        raise Http404(str(MISSING["assignment"]))
    return row.record()


def known_window(scope: Scope, window_id: int) -> Assignment | None:
    """A window as the copy has it; asks nobody."""
    row = _row_of(scope, window_id)
    return row.record() if row else None


def was_known(scope: Scope, window_id: int) -> bool:
    """Whether the copy has ever had this window."""
    return scoped(Window.objects.all(), scope).filter(flinkey_id=window_id).exists()


def _row_of(scope: Scope, window_id: int) -> Window | None:
    return queries.windows(scope).filter(flinkey_id=window_id).first()
