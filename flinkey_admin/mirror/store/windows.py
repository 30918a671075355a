"""Windows: those of a car, those of a user, and a single one with its lifetime."""

import datetime as dt
from collections.abc import Sequence

from flinkey_admin.accounts.models import Customer
from flinkey_admin.flinkey import Kind, records
from flinkey_admin.flinkey.fields import optional_written, written
from flinkey_admin.mirror import lists
from flinkey_admin.mirror.models import Car, Window
from flinkey_admin.mirror.store.story import Page, Story, Values, What, labels, told

WINDOW_FIELDS = ("car_id", "user_id", "start", "end")
Note = tuple[Page, What, Window, Values]  # what an answer says of a window, and what was otherwise before


def take_windows(customer: Customer, pages: Sequence[Page], story: Story) -> None:
    """The windows of cars and of users: what a list lacks, its car or user has no more."""
    ids = {window.id for page in pages for window in page.answer.found or []}
    cars = {number for page in pages for first, number, _last in [lists.parts(page.answer.name)] if first == "cars"}
    users = {number for page in pages for first, number, _last in [lists.parts(page.answer.name)] if first == "users"}
    rows = Window.objects.filter(customer=customer).order_by("flinkey_id")
    known = {row.flinkey_id: row for row in rows.filter(flinkey_id__in=ids)}
    known |= {row.flinkey_id: row for row in rows.filter(car_id__in=cars, ended_at=None)}
    known |= {row.flinkey_id: row for row in rows.filter(user_id__in=users, ended_at=None)}
    left = _gone_since(customer, pages)
    fresh: dict[int, Window] = {}
    changed: dict[int, Window] = {}
    notes: list[Note] = []
    for page in pages:
        first, number, _last = lists.parts(page.answer.name)
        found = {window.id: window for window in page.answer.found or []}
        page.listing.size = len(found)
        for window in found.values():
            if left.get(window.car_id or 0, page.answer.asked_at) > page.answer.asked_at:
                page.doubt()
                continue
            row = known.get(window.id) or fresh.get(window.id)
            if row is None:
                fresh[window.id] = row = _new_window(customer, window, story.now)
                notes.append((page, What.NEW, row, {}))
            elif (before := _update_window(row, window)) is not None:
                changed[window.id] = row
                notes.append((page, What.CHANGED if before else What.NEW, row, before))
        column = "car_id" if first == "cars" else "user_id"
        for row in known.values():
            if getattr(row, column) != number or row.ended_at is not None or row.flinkey_id in found:
                continue
            if row.seen_at > page.answer.asked_at:
                page.doubt()  # another list has brought it meanwhile, which this one could not know yet
                continue
            row.ended_at = story.now
            changed[row.flinkey_id] = row
            notes.append((page, What.GONE, row, {}))
    Window.objects.bulk_create(fresh.values(), batch_size=1000)
    columns = [*WINDOW_FIELDS, "ended_at", "lifetime", "renewable_after", "lifetime_read_at"]
    Window.objects.bulk_update([row for row in changed.values() if row.pk], columns, batch_size=200)
    _note(customer, notes, story)


def _gone_since(customer: Customer, pages: Sequence[Page]) -> dict[int, dt.datetime]:
    """When cars have gone that these lists name: whatever was asked for before tells of windows that went along."""
    cars = {window.car_id for page in pages for window in page.answer.found or []}
    first = min(page.answer.asked_at for page in pages)
    rows = Car.objects.filter(customer=customer, flinkey_id__in=cars - {None}, ended_at__gt=first)
    return {row.flinkey_id: row.ended_at for row in rows if row.ended_at}


def _lists_with_window(row: Window, before: Values) -> set[str]:
    """The lists in which a window stands, or stood before."""
    cars = {lists.car_windows(number) for number in (row.car_id, before.get("car_id")) if number}
    users = {lists.user_windows(number) for number in (row.user_id, before.get("user_id")) if number}
    return {*cars, *users, lists.window(row.flinkey_id)}


def end_windows(customer: Customer, page: Page, cars: Sequence[int], story: Story) -> None:
    """A car that has gone takes its windows along, for nobody asks for its list any more."""
    found = Window.objects.filter(customer=customer, car_id__in=cars, ended_at=None).order_by("flinkey_id")
    rows = list(found) if cars else []
    Window.objects.filter(pk__in=[row.pk for row in rows]).update(ended_at=story.now)
    _note(customer, [(page, What.GONE, row, {}) for row in rows], story)


def _new_window(customer: Customer, window: records.Assignment, now: dt.datetime) -> Window:
    return Window(
        customer=customer,
        flinkey_id=window.id,
        seen_at=now,
        car_id=window.car_id,
        user_id=window.user_id,
        start=window.start,
        end=window.end,
    )


def _update_window(row: Window, window: records.Assignment) -> Values | None:
    """Takes the record into the row. What was otherwise before; an empty dict for one that is back; None: no change.

    A car's list that names no user says that there is none; a user's list may lack the car (README of the API, 2.11).
    """
    wanted = {name: getattr(window, name) for name in WINDOW_FIELDS}
    if wanted["car_id"] is None:
        wanted["car_id"] = row.car_id
    before = {name: getattr(row, name) for name, value in wanted.items() if getattr(row, name) != value}
    back = row.ended_at is not None
    if not before and not back:
        return None
    for name, value in wanted.items():
        setattr(row, name, value)
    row.ended_at = None
    row.lifetime_read_at = None  # its lifetime may have changed as well
    return {} if back else before


def take_window(customer: Customer, page: Page, story: Story) -> None:
    """A single window with its lifetime; gone, when flinkey no longer knows it."""
    number = lists.parts(page.answer.name)[1]
    row = Window.objects.filter(customer=customer, flinkey_id=number).first()
    window: records.Assignment | None = page.answer.found
    if window is None:
        if row is not None and row.ended_at is None:
            row.ended_at = story.now
            row.save(update_fields=["ended_at"])
            _note(customer, [(page, What.GONE, row, {})], story)
        return
    before = _update_window(row, window) if row else {}
    row = row or _new_window(customer, window, story.now)
    row.lifetime, row.renewable_after, row.lifetime_read_at = (
        window.lifetime,
        window.renewable_after,
        page.answer.asked_at,
    )
    row.save()
    if before is not None:
        _note(customer, [(page, What.CHANGED if before else What.NEW, row, before)], story)


def _note(customer: Customer, notes: Sequence[Note], story: Story) -> None:
    """The lists in which these windows stand or stood are doubted, and what is news is told.

    What others had been asked before is older than a window that was changed; of a new one `take_windows` sees that.
    """
    for _page, _what, row, before in notes:
        names = _lists_with_window(row, before)
        story.doubted |= names
        if row.seen_at != story.now:
            story.outrun |= names
    _tell_windows(customer, notes, story)


def _tell_windows(customer: Customer, notes: Sequence[Note], story: Story) -> None:
    news = [note for note in notes if note[0].known]
    cars = labels(customer, Kind.CARS, {row.car_id for _page, _what, row, _before in news if row.car_id})
    users = labels(customer, Kind.USERS, {row.user_id for _page, _what, row, _before in news if row.user_id})
    for page, what, row, before in news:
        called = f"{users.get(row.user_id or 0, '-')} → {cars.get(row.car_id or 0, '-')}"
        now = {"start": written(row.start), "end": optional_written(row.end)}
        after = {name: now.get(name, getattr(row, name)) for name in before} if before else now
        facts = {"before": now} if what == What.GONE else {"before": told(before), "after": after}
        number = row.flinkey_id
        story.tell(page, what, "windows", number, called, car_id=row.car_id, user_id=row.user_id, **facts)
