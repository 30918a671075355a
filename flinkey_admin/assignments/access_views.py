"""Who could open a car at a moment, and what a person could: a page and a table."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from flinkey_admin.accounts.requests import ManagerRequest
from flinkey_admin.accounts.scoping import Scope, scoped
from flinkey_admin.assignments import past, services, telling
from flinkey_admin.assignments.access_forms import QuestionForm
from flinkey_admin.assignments.knowledge import Terms
from flinkey_admin.assignments.past import Question
from flinkey_admin.assignments.telling import Said
from flinkey_admin.flinkey import Kind
from flinkey_admin.mirror import lists, pages
from flinkey_admin.mirror.models import THINGS, Member
from flinkey_admin.mirror.pages import Shown
from flinkey_admin.mirror.reading import Copy, Wanted
from flinkey_admin.web.names import label_of
from flinkey_admin.web.sheets import csv_file


@dataclass(frozen=True)
class Line:
    """A line of the answer. `grade`: could, perhaps, phone or never; `word`: the same for people."""

    grade: str
    word: str
    other_id: int | None
    label: str
    second: str
    terms: Terms
    said: Sequence[Said]
    window_id: int | None = None


@require_safe
def access(request: ManagerRequest) -> HttpResponse:
    """`?car=` or `?user=`, or both, and `?at=`: a local time, now without one."""
    scope = request.manager
    form = QuestionForm(request.GET, scope=scope)
    question = form.question()
    if question is None:
        # What is not found may never have been read.
        services.open_form(scope)
        form = QuestionForm(request.GET, scope=scope)
        question = form.question()
    context = {"section": "questions", "tab": "access", "form": form}
    if question is None:
        return render(request, "assignments/access.html", context, status=422 if form.is_bound else 200)

    thing = _thing(scope, question)

    def build(copy: Copy) -> Shown:
        return Shown({**context, **_answer(scope, question, thing, copy), "query": _query(question, form)})

    about, *once = _lists(question, thing)
    return pages.show(
        request, "assignments/access.html", {"answer": "assignments/_access.html"}, Wanted(about, once), build
    )


@require_safe
def access_csv(request: ManagerRequest) -> HttpResponse:
    """The same answer as a table for a spreadsheet, from the copy alone."""
    scope = request.manager
    form = QuestionForm(request.GET, scope=scope)
    question = form.question()
    if question is None:
        return redirect(f"{reverse('assignments:access')}?{request.GET.urlencode()}")
    lines = _lines(scope, question, None)
    thing = _name(_thing(scope, question), question)
    mine, other = (_("Car"), _("User")) if question.kind == Kind.CARS else (_("User"), _("Car"))
    second = _("E-mail") if question.kind == Kind.CARS else _("Plate")
    head = [mine, _("When"), other, second, _("From"), _("Until"), _("Result"), _("How this is known")]
    rows = [
        [
            *(thing, _iso(question.moment), line.label, line.second),
            *(_iso(line.terms.start), _iso(line.terms.end) if line.terms.end else "", line.word),
            " ".join(said.text for said in line.said),
        ]
        for line in lines
    ]
    return csv_file(f"access-{timezone.localtime(question.moment):%Y-%m-%d-%H%M}.csv", head, rows)


def _iso(moment: dt.datetime) -> str:
    return timezone.localtime(moment).isoformat(timespec="seconds")


def _query(question: Question, form: QuestionForm) -> str:
    """The question as an address that stays what it is: with its moment."""
    mine, other = ("car", "user") if question.kind == Kind.CARS else ("user", "car")
    query = {
        mine: question.thing_id,
        other: question.other_id,
        "at": form.data["at"],
        "at_fold": form.data.get("at_fold"),
    }
    return urlencode({name: value for name, value in query.items() if value})


def _lists(question: Question, thing: Member | None) -> list[Any]:
    """The windows of the car or the person, unless flinkey has it no more, then who and what there is."""
    is_car = question.kind == Kind.CARS
    own = lists.car_windows(question.thing_id) if is_car else lists.user_windows(question.thing_id)
    is_there = thing is not None and thing.ended_at is None
    return [[own] if is_there else [], lists.CATALOG[Kind.CARS], lists.CATALOG[Kind.USERS]]


def _thing(scope: Scope, question: Question) -> Member | None:
    rows = scoped(THINGS[question.kind]._default_manager.all(), scope)
    row: Member | None = rows.filter(flinkey_id=question.thing_id).first()
    return row


def _name(thing: Member | None, question: Question) -> str:
    return label_of(thing.record()) if thing else str(question.thing_id)


def _answer(scope: Scope, question: Question, thing: Member | None, copy: Copy) -> dict[str, Any]:
    read_at = next((copy.listings[name].read_at for name in copy.wanted.names), None)
    lines = _lines(scope, question, read_at)
    return {
        "question": question,
        "on_car": question.kind == Kind.CARS,
        "thing": _name(thing, question),
        "lines": [line for line in lines if line.grade != "never"],
        "never": [line for line in lines if line.grade == "never"],
        "is_future": _is_future(question),
        "known_since": thing.seen_at if thing and question.moment < thing.seen_at else None,
        "is_pruned": timezone.now() - question.moment > dt.timedelta(days=settings.RETENTION_DAYS),
        "retention": settings.RETENTION_DAYS,
    }


def _is_future(question: Question) -> bool:
    return question.moment > timezone.now()


def _lines(scope: Scope, question: Question, read_at: dt.datetime | None) -> list[Line]:
    found = past.ask(scope, question)
    lines = [
        Line(
            one.finding.grade,
            telling.grade_word(one.finding.grade, is_future=_is_future(question)),
            *(one.other_id, one.label, one.second, one.terms, telling.how(one, read_at)),
            window_id=one.row.flinkey_id if one.row else None,
        )
        for one in found.known
    ]
    return lines + [
        Line("never", _("Never given"), one.other_id, one.label, one.second, one.terms, telling.why_not(one))
        for one in found.never
    ]
