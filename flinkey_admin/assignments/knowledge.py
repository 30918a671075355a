"""What is known of one window at one moment: intervals of knowledge. It asks nobody.

A change of ours came true between its call and its confirmation, one made elsewhere between two readings. Outside of
such a gap it is certain how the window was; inside of it, it was as before or as after. One change a gap is assumed:
what flinkey was told and told otherwise between two readings, nobody has seen.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Generic, TypeVar

from flinkey_admin.assignments import residual

S = TypeVar("S")


class Grade(StrEnum):
    """How sure it is that somebody could open a car. PHONE: not by flinkey, but perhaps with the key on a phone."""

    COULD = "could"
    PERHAPS = "perhaps"
    PHONE = "phone"


@dataclass(frozen=True)
class Terms:
    """What a window says: who, which car, from when until when. The end itself does not belong to it; None: open."""

    car_id: int | None
    user_id: int | None
    start: dt.datetime
    end: dt.datetime | None

    def hold(self, moment: dt.datetime) -> bool:
        """Whether the window lets somebody open the car at this moment."""
        return self.start <= moment and (self.end is None or moment < self.end)

    @property
    def pair(self) -> tuple[int | None, int | None]:
        """The car and the person."""
        return self.car_id, self.user_id


@dataclass(frozen=True)
class Change(Generic[S]):
    """Something that happened to a window between `since` and `at`. `at` None: it is not known whether it came true.

    before, after: what the window said; None: it was not there. lifetime: of its keys before, in seconds, None for
    flinkey's default. source: whatever tells a person more.
    """

    since: dt.datetime
    at: dt.datetime | None
    before: Terms | None
    after: Terms | None
    source: S
    lifetime: int | None = None


@dataclass(frozen=True)
class Version(Generic[S]):
    """What a window said between two changes. begun None: it was there already when it was first seen, at `seen_at`.

    ended None: nothing else is known of it since. not_before: it was gone until then.
    """

    terms: Terms
    seen_at: dt.datetime
    begun: Change[S] | None
    ended: Change[S] | None
    not_before: dt.datetime | None = None

    def grade(self, moment: dt.datetime) -> Grade | None:
        """Whether it let somebody open the car then; None: it did not."""
        if not self.terms.hold(moment) or (self.not_before and moment < self.not_before):
            return None
        if self.ended and self.ended.at and moment >= self.ended.at:
            until = self.key_until
            return Grade.PHONE if until and moment < until else None
        if self.has_come(moment) and self.stands(moment):
            return Grade.COULD
        may_have_come = self.begun is None or moment > self.begun.since or self.has_come(moment)
        return Grade.PERHAPS if may_have_come else None

    def has_come(self, moment: dt.datetime) -> bool:
        """Whether it certainly was there by then."""
        came = self.begun.at if self.begun else self.seen_at
        return came is not None and moment >= came

    def stands(self, moment: dt.datetime) -> bool:
        """Whether it certainly had not come to its end by then."""
        ended = self.ended
        return ended is None or (moment <= ended.since and (ended.at is None or moment < ended.at))

    @property
    def key_until(self) -> dt.datetime | None:
        """Until when a phone might hold a key after it has ended; None where it cannot."""
        if self.ended is None or self.ended.at is None:
            return None
        return residual.until(self.terms.end, self.ended.at, self.ended.lifetime)


@dataclass(frozen=True)
class Finding(Generic[S]):
    """A version of a window that mattered at a moment, and how much."""

    version: Version[S]
    grade: Grade


def versions(
    changes: Sequence[Change[S]], seen_at: dt.datetime, last: Terms, *, is_there: bool = True
) -> list[Version[S]]:
    """What a window has said, one after the other, the latest first.

    changes: all that is known of it, the earliest first; the last of them say why it is gone, if it is. seen_at: when
    it was first seen. last: what it says, or said last. is_there: whether it was there when last looked for.
    """
    done = [change for change in changes if change.at is not None]
    waiting = [change for change in changes if change.at is None]
    found = [Version(one.after, seen_at, one, None) for one in waiting if one.after]
    later = waiting[0] if waiting else None
    terms = last if is_there else None
    for change in reversed(done):
        if change.after is not None:
            found.append(Version(terms or change.after, seen_at, change, later))
        elif terms is not None:
            # It is back, and nobody has noted since when.
            found.append(Version(terms, change.at or seen_at, None, later, change.at))
        terms, later = change.before, change
    if terms is not None:
        found.append(Version(terms, seen_at, None, later))
    return found


def at(found: Iterable[Version[S]], moment: dt.datetime) -> list[Finding[S]]:
    """What of one window's versions mattered then. Inside a gap in which it lets the same person open the same car
    before as after, that is certain; a key on a phone adds nothing where flinkey let the person in anyhow."""
    graded = [Finding(one, grade) for one in found if (grade := one.grade(moment))]
    perhaps = [one.version for one in graded if one.grade == Grade.PERHAPS]
    bridged = [(one, other) for one in perhaps for other in perhaps if _bridges(one, other, moment)]
    sure, merged = {id(one) for one, _other in bridged}, {id(other) for _one, other in bridged}
    result = [
        replace(one, grade=Grade.COULD) if id(one.version) in sure else one
        for one in graded
        if one.grade != Grade.PHONE and (id(one.version) not in merged or id(one.version) in sure)
    ]
    known = {one.version.terms.pair for one in result}
    return result + [one for one in graded if one.grade == Grade.PHONE and one.version.terms.pair not in known]


def _bridges(earlier: Version[S], later: Version[S], moment: dt.datetime) -> bool:
    """Whether one became the other by a change that kept person and car: then it matters not when in its gap."""
    is_one_change = later.begun is not None and later.begun is earlier.ended
    return (
        is_one_change and later.terms.pair == earlier.terms.pair and earlier.has_come(moment) and later.stands(moment)
    )
