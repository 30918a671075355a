"""Groups, and the cars, users, services and boxes: from the list of all, from a group's list, or one by itself."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flinkey_admin.accounts.models import Customer
from flinkey_admin.flinkey import Kind, records
from flinkey_admin.mirror import lists
from flinkey_admin.mirror.models import THINGS, Group, Listing, Membership, Thing
from flinkey_admin.mirror.store.story import GONE, Page, Story, Values, What, label, recount, told
from flinkey_admin.mirror.store.windows import end_windows
from flinkey_admin.mirror.writing import insert
from flinkey_admin.web.names import Thing as Record
from flinkey_admin.web.names import haystacks, sort_keys, sort_names, text_of

# What a list within a group may leave out without saying that it is not so (README of the API, traps 19 and 20).
LEFT_OUT = {"product_id", "terminated_at"}


KEYS = ("search", "squeezed", "sort_name", "sort_second")


def keys_of(found: Sequence[Record | records.Group]) -> dict[str, Sequence[str]]:
    """What finds and what sorts things of one kind: a column for each of KEYS."""
    groups = [one.name for one in found if isinstance(one, records.Group)]
    things = [one for one in found if not isinstance(one, records.Group)]
    hays = haystacks(groups or [" ".join(text_of(one)) for one in things])
    names = (sort_keys(groups), [""] * len(groups)) if groups else sort_names(things)
    return dict(zip(KEYS, (*hays, *names), strict=True))


def keys_of_one(record: Record | records.Group) -> Values:
    """The same of one thing."""
    return {key: column[0] for key, column in keys_of([record]).items()}


def values_of(record: Record | records.Group) -> Values:
    """The columns of a record; a text that is missing is empty."""
    return {name: _value(record, name) for name in COLUMNS[type(record)]}


def _columns_of(found: Sequence[Record | records.Group]) -> dict[str, Sequence[Any]]:
    """The columns of records of one kind; a text that is missing is empty."""
    if not found:
        return {}
    return {name: [_value(one, name) for one in found] for name in COLUMNS[type(found[0])]}


def _value(record: Record | records.Group, name: str) -> Any:
    value = getattr(record, name)
    return "" if value is None and name not in _NULLABLE else value


COLUMNS: dict[type, tuple[str, ...]] = {
    records.Group: ("name",),
    records.Car: ("name", "description", "vin", "license_plate", "brand", "model"),
    records.User: ("email", "first_name", "last_name"),
    records.Service: ("name", "is_terminated", "termination_date", "termination_cause", "product_id"),
    records.Product: ("unique_id", "serial_number", "sap_number", "type", "terminated_at"),
}
_NULLABLE = {"termination_date", "product_id", "terminated_at"}


@dataclass(frozen=True)
class Taken:
    """The ids of what an answer has brought for the first time, of what has gone, and of what is there again."""

    fresh: set[int]
    gone: list[int]
    back: list[int]


def take_groups(customer: Customer, page: Page, story: Story) -> None:
    found: list[records.Group] = page.answer.found
    taken = _take_rows(customer, Group, page, found, "groups", story, whole=True)
    end_groups(customer, taken.gone, story.now)
    story.has_ended_lists = bool(taken.gone or taken.back)
    # What is in a group that is there again, nobody has read yet.
    again = [name for number in taken.back for name in lists.of_group(number)]
    if again:
        Listing.objects.filter(customer=customer, name__in=again).delete()
    page.listing.size = len(found)


def end_groups(customer: Customer, groups: Sequence[int], now: dt.datetime) -> None:
    """Nothing is in a group that has gone. Its lists are as good as read, so a page left open asks for them no more."""
    if not groups:
        return
    left = Membership.objects.filter(customer=customer, group__flinkey_id__in=groups, ended_at=None)
    inside = list(left.values_list("kind", "thing_id"))
    left.update(ended_at=now)
    for kind in Kind:
        recount(customer, kind, {thing_id for one, thing_id in inside if one == kind})
    names = [name for number in groups for name in lists.of_group(number)]
    Listing.objects.filter(customer=customer, name__in=names).update(size=0, digest="")


def take_things(
    customer: Customer, page: Page, kind: Kind, found: Sequence[Record], story: Story, *, whole: bool, inside: int = 0
) -> set[int]:
    """The things of one list. `inside`: in how many groups those are that nobody has met yet; returns their ids."""
    taken = _take_rows(customer, THINGS[kind], page, found, str(kind), story, whole=whole, groups=inside)
    if kind == Kind.CARS:
        end_windows(customer, page, taken.gone, story)
    return taken.fresh


def _take_rows(
    customer: Customer,
    model: type[Thing],
    page: Page,
    found: Sequence[Record | records.Group],
    kind: str,
    story: Story,
    *,
    whole: bool,
    **more: int,
) -> Taken:
    """Writes what differs. `whole`: the list is all there is, so what it lacks has gone. `more`: values of new rows."""
    rows: Any = model._default_manager.filter(customer=customer)
    known = {row.flinkey_id: row for row in (rows if whole else rows.filter(flinkey_id__in=[one.id for one in found]))}
    fresh, changed = list[Record | records.Group](), []
    ended = {number for number, row in known.items() if row.ended_at is not None}
    for record in {record.id: record for record in found}.values():
        row = known.get(record.id)
        if row is None:
            fresh.append(record)
            if whole and page.known:
                story.tell(page, What.NEW, kind, record.id, label(record), after=told(values_of(record)))
        elif _update(row, record, page, kind, story, whole=whole):
            changed.append(row)
    named = {one.id for one in found}
    gone = [row for number, row in known.items() if whole and row.ended_at is None and number not in named]
    if any(row.seen_at > page.answer.asked_at for row in gone):
        page.doubt()  # another list has brought it meanwhile, which this one could not know yet
        gone = [row for row in gone if row.seen_at <= page.answer.asked_at]
    for row in gone:
        row.ended_at = story.now
        story.tell(page, What.GONE, kind, row.flinkey_id, label(row.record()), before=told(values_of(row.record())))
        changed.append(row)
    columns = {"flinkey_id": [one.id for one in fresh], **_columns_of(fresh), **keys_of(fresh)}
    insert(model, columns, customer=customer.pk, seen_at=story.now, **more)
    if changed:
        different = [*COLUMNS[type(changed[0].record())], *KEYS, "ended_at", "seen_at"]
        model._default_manager.bulk_update(changed, different, batch_size=200)
    if kind != "groups" and (fresh or changed):
        story.doubted_kinds.add(Kind(kind))
    return Taken(
        {one.id for one in fresh},
        [row.flinkey_id for row in gone],
        [row.flinkey_id for row in changed if row.flinkey_id in ended],
    )


def _update(row: Any, record: Any, page: Page, kind: str, story: Story, *, whole: bool) -> bool:
    """Takes the record's values into the row; whether anything differed."""
    if row.ended_at is not None and row.ended_at >= page.answer.asked_at:
        page.doubt()  # it may have gone after that: the next answer says whether it is there again
        return False
    wanted = values_of(record)
    for name in LEFT_OUT & wanted.keys():
        if wanted[name] is None and (not whole or name == "terminated_at"):
            wanted[name] = getattr(row, name)
    before = {name: getattr(row, name) for name, value in wanted.items() if getattr(row, name) != value}
    back = row.ended_at is not None
    if not before and not back:
        return False
    for name, value in {**wanted, **keys_of_one(record)}.items():
        setattr(row, name, value)
    if back:
        # Met anew, so a list that was asked for before, and lacks it, does not end it again.
        row.ended_at, row.seen_at = None, story.now
        story.tell(page, What.NEW, kind, record.id, label(record), after=told(wanted))
    else:
        after = {name: wanted[name] for name in before}
        facts: Values = {"before": told(before), "after": told(after)}
        story.tell(page, What.CHANGED, kind, record.id, label(record), known=True, **facts)
    return True


def take_thing(customer: Customer, page: Page, story: Story) -> None:
    """One car or user; gone, when flinkey no longer knows it."""
    word, _number, _last = lists.parts(page.answer.name)
    if page.answer.found is GONE:
        end_thing(customer, page, story)
    else:
        take_things(customer, page, Kind(word), [page.answer.found], story, whole=False)


def end_thing(customer: Customer, page: Page, story: Story) -> None:
    """flinkey no longer knows the car or user that a list is about."""
    word, number, _last = lists.parts(page.answer.name)
    kind = Kind(word)
    row: Any = THINGS[kind]._default_manager.filter(customer=customer, flinkey_id=number).first()
    if row is None:
        story.void.append(page.answer.name)
    elif row.seen_at > page.answer.asked_at:
        page.doubt()
    elif row.ended_at is None:
        row.ended_at = story.now
        row.save(update_fields=["ended_at"])
        story.tell(page, What.GONE, word, number, label(row.record()), before=told(values_of(row.record())))
        story.doubted_kinds.add(kind)
        if kind == Kind.CARS:
            end_windows(customer, page, [number], story)
