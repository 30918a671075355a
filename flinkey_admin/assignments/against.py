"""What stands against a change of windows, told in the form that asked for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from flinkey_admin.assignments import changing, questions
from flinkey_admin.operations.journal import WindowBusy
from flinkey_admin.web import sentences


@contextmanager
def told(form: forms.Form, page: dict[str, Any]) -> Iterator[None]:
    """Around the change: its Twin, CarGone, Asks or WindowBusy becomes an error of the form, with all that was typed.

    page: gets what is asked as `questions`, and the other change as `open_operation`.
    """
    try:
        yield
    except changing.Twin:
        form.add_error(None, _("This person has exactly this access already."))
    except changing.CarGone:
        form.add_error("car" if "car" in form.fields else None, sentences.MISSING["car"])
    except questions.Asks as asks:
        form.add_error(None, _("Nothing was sent yet. Please look at what is asked below."))
        page["questions"] = asks.questions
    except WindowBusy as busy:
        form.add_error(
            None, _("Another change of this access is not finished yet. Wait for it, or look what became of it.")
        )
        page["open_operation"] = busy.operation
