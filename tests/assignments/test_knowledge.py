"""What is known of a window at a moment, against a window whose whole life is known."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from flinkey_admin.assignments.knowledge import Change, Finding, Grade, Terms, Version, at, versions

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def hour(number: float) -> dt.datetime:
    return START + dt.timedelta(hours=number)


@dataclass(frozen=True)
class Life:
    """A window as it truly was: from these hours on it said this, None for nothing. Read at these hours."""

    truth: list[tuple[float, Terms | None]]
    readings: list[int]
    ours: list[bool]  # whether a change was made here, and so noted with its call and its confirmation

    def true_at(self, moment: dt.datetime) -> Terms | None:
        said = None
        for begins, terms in self.truth:
            if hour(begins) <= moment:
                said = terms
        return said


TERMS = st.builds(
    lambda user, start, length: Terms(1, user, hour(start), hour(start + length) if length else None),
    st.integers(1, 2),
    st.integers(0, 40),
    st.integers(0, 40),
)


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """One change between two readings at most; the first may come before anybody has ever looked."""
    readings = sorted(draw(st.sets(st.integers(1, 50), min_size=2, max_size=8)))
    places = draw(st.lists(st.integers(0, len(readings) - 1), min_size=1, max_size=4, unique=True))
    truth: list[tuple[float, Terms | None]] = []
    for place in sorted(places):
        before = readings[place - 1] if place else 0
        share = draw(st.floats(0.1, 0.9))
        is_gone = bool(truth) and truth[-1][1] is not None and draw(st.booleans())
        truth.append((before + share * (readings[place] - before), None if is_gone else draw(TERMS)))
        if is_gone:
            break  # a window that is gone does not come back under its number
    return Life(truth, readings, [draw(st.booleans()) for _one in truth])


def observed(life: Life) -> list[Version[str]]:
    """What the copy and the journal make of it."""
    changes: list[Change[str]] = []
    seen_at, last = None, None
    said: Terms | None = None
    for (begins, terms), is_ours in zip(life.truth, life.ours, strict=True):
        earlier = [reading for reading in life.readings if reading < begins]
        since, found = max(earlier, default=None), min(reading for reading in life.readings if reading > begins)
        seen_at = seen_at or hour(found)
        last = terms or last
        if since is not None or is_ours:
            # Ours: noted from shortly before to shortly after.
            gap = (begins - 0.01, begins + 0.01) if is_ours else (float(since or 0), float(found))
            changes.append(Change(hour(gap[0]), hour(gap[1]), said, terms, "it"))
        said = terms
    assert seen_at and last
    return versions(changes, seen_at, last, is_there=said is not None)


def sure(found: Sequence[Finding[str]]) -> list[tuple[int | None, int | None]]:
    return [one.version.terms.pair for one in found if one.grade == Grade.COULD]


MOMENTS = st.floats(0, 60).map(hour)


@given(lives(), MOMENTS)
def test_what_is_called_certain_was_so(life: Life, moment: dt.datetime) -> None:
    truth = life.true_at(moment)
    for pair in sure(at(observed(life), moment)):
        assert truth is not None
        assert truth.hold(moment)
        assert truth.pair == pair


@given(lives(), MOMENTS)
def test_whoever_could_open_it_is_named(life: Life, moment: dt.datetime) -> None:
    truth = life.true_at(moment)
    if truth is not None and truth.hold(moment):
        found = at(observed(life), moment)
        assert truth.pair in [one.version.terms.pair for one in found if one.grade != Grade.PHONE]


@given(lives(), MOMENTS)
def test_nobody_is_named_twice_for_the_same_and_a_phone_only_where_access_was_taken_away(
    life: Life, moment: dt.datetime
) -> None:
    found = at(observed(life), moment)
    certain = sure(found)
    assert len(certain) <= 1, "a window says one thing at a time"
    allowed = {one.version.terms.pair for one in found if one.grade != Grade.PHONE}
    for one in found:
        if one.grade == Grade.PHONE:
            until = one.version.key_until
            assert until is not None
            assert moment < until <= (one.version.terms.end or until)
            assert one.version.terms.pair not in allowed


@given(lives(), MOMENTS)
def test_outside_of_every_gap_nothing_is_in_doubt(life: Life, moment: dt.datetime) -> None:
    found = observed(life)
    gaps = [(one.begun.since, one.begun.at) for one in found if one.begun]
    gaps += [(one.ended.since, one.ended.at) for one in found if one.ended]
    known_from = min((one.begun.since if one.begun else one.seen_at) for one in found)
    if moment >= known_from and not any(since < moment < (until or moment) for since, until in gaps):
        assert Grade.PERHAPS not in [one.grade for one in at(found, moment)]


# By hand --------------------------------------------------------------------------------------------------------------

ALL_DAY = Terms(1, 1, hour(0), hour(24))
LONGER = Terms(1, 1, hour(0), hour(48))


def grades(found: list[Version[str]], moment: float) -> list[tuple[int | None, str]]:
    return [(one.version.terms.user_id, str(one.grade)) for one in at(found, hour(moment))]


def test_a_window_that_is_being_asked_for_may_or_may_not_be_there() -> None:
    found = versions([Change(hour(5), None, None, ALL_DAY, "asked")], hour(5), ALL_DAY, is_there=False)
    assert [grades(found, moment) for moment in (4, 5, 6, 25)] == [[], [], [(1, "perhaps")], []]


def test_a_removal_that_is_not_confirmed_leaves_it_in_doubt() -> None:
    found = versions([Change(hour(5), None, ALL_DAY, None, "asked")], hour(1), ALL_DAY)
    assert [grades(found, moment) for moment in (5, 6)] == [[(1, "could")], [(1, "perhaps")]]


def test_before_anybody_has_looked_it_was_there_perhaps() -> None:
    found: list[Version[str]] = versions([], hour(5), ALL_DAY)
    assert [grades(found, moment) for moment in (4, 5)] == [[(1, "perhaps")], [(1, "could")]]


def test_whichever_of_two_was_true_it_let_the_person_in() -> None:
    found = versions([Change(hour(5), hour(9), ALL_DAY, LONGER, "seen")], hour(1), LONGER)
    assert [grades(found, moment) for moment in (4, 7, 9)] == [[(1, "could")]] * 3
    assert [grades(found, moment) for moment in (25, 48)] == [[(1, "could")], []]


def test_a_key_works_on_after_the_removal_but_not_beyond_its_window() -> None:
    found = versions([Change(hour(5), hour(6), ALL_DAY, None, "it")], hour(1), ALL_DAY, is_there=False)
    assert [grades(found, moment) for moment in (5.5, 6, 23.9, 24)] == [
        [(1, "perhaps")],
        [(1, "phone")],
        [(1, "phone")],
        [],
    ]


def test_the_lifetime_of_its_keys_counts() -> None:
    open_end = Terms(1, 1, hour(0), None)
    short = Change(hour(5), hour(5), open_end, None, "it", lifetime=3600)
    found = versions([short], hour(1), open_end, is_there=False)
    assert [grades(found, moment) for moment in (5, 5.9, 6)] == [[(1, "phone")], [(1, "phone")], []]


def test_one_that_comes_back_is_known_from_then_on() -> None:
    gone = Change(hour(5), hour(6), ALL_DAY, None, "gone")
    found = versions([gone], hour(1), LONGER, is_there=True)
    assert [grades(found, moment) for moment in (4, 7, 30)] == [[(1, "could")], [(1, "could")], [(1, "could")]]
