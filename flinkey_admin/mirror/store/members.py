"""What is in which group."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from flinkey_admin.accounts.models import Customer
from flinkey_admin.flinkey import Kind
from flinkey_admin.mirror import lists
from flinkey_admin.mirror.models import Group, Membership
from flinkey_admin.mirror.store.story import Page, Story, Values, What, labels, recount
from flinkey_admin.mirror.store.things import take_things
from flinkey_admin.mirror.writing import insert
from flinkey_admin.web.names import Thing as Record
from flinkey_admin.web.names import label_of


def take_members(customer: Customer, pages: Sequence[Page], story: Story) -> None:
    numbers = {lists.parts(page.answer.name)[1] for page in pages}
    groups = {group.flinkey_id: group for group in Group.objects.filter(customer=customer, flinkey_id__in=numbers)}
    inside = _inside(groups.values(), {Kind(lists.parts(page.answer.name)[2]) for page in pages})
    touched: dict[Kind, set[int]] = {kind: set() for kind in Kind}
    for page in pages:
        _first, number, word = lists.parts(page.answer.name)
        group, kind = groups.get(number), Kind(word)
        if group is None or group.ended_at:
            page.listing.size = 0
            page.doubt()  # should the group be there again, what is in it still counts
            story.void += [page.answer.name] if group is None else []
            continue
        found: Sequence[Record] = page.answer.found or []
        fresh = take_things(customer, page, kind, found, story, whole=False, inside=1)
        live = inside.get((group.pk, kind), {})
        moved = _take_members_of(customer, page, group, kind, {one.id: one for one in found}, live, story)
        touched[kind] |= moved - fresh  # what nobody had met is in this group alone
        page.listing.size = len(found)
    for kind, things in touched.items():
        recount(customer, kind, things)


Live = dict[int, int]  # the key of each membership, by the thing's id


def _inside(groups: Iterable[Group], kinds: Collection[Kind]) -> dict[tuple[int, Kind], Live]:
    """What is in these groups, by group and kind."""
    found: dict[tuple[int, Kind], Live] = defaultdict(dict)
    rows = Membership.objects.filter(group__in=[group.pk for group in groups], kind__in=kinds, ended_at=None)
    for group, kind, thing_id, key in rows.values_list("group_id", "kind", "thing_id", "pk"):
        found[group, Kind(kind)][thing_id] = key
    return found


def _take_members_of(
    customer: Customer,
    page: Page,
    group: Group,
    kind: Kind,
    found: Mapping[int, Record],
    live: Live,
    story: Story,
) -> set[int]:
    """Who has joined and who has left a group; returns their ids."""
    joined, left = found.keys() - live.keys(), live.keys() - found.keys()
    where: Values = {"customer": customer.pk, "group": group.pk, "kind": str(kind), "seen_at": story.now}
    insert(Membership, {"thing_id": sorted(joined)}, **where)
    Membership.objects.filter(pk__in=[live[thing_id] for thing_id in left]).update(ended_at=story.now)
    names = labels(customer, kind, left) if page.known else {}
    facts: Values = {"group_id": group.flinkey_id, "group_label": group.name}
    for thing_id in sorted(joined):
        story.tell(page, What.JOINED, str(kind), thing_id, label_of(found[thing_id]), **facts)
    for thing_id in sorted(left):
        story.tell(page, What.LEFT, str(kind), thing_id, names.get(thing_id, str(thing_id)), **facts)
    return joined | left
