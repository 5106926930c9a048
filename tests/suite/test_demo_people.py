"""The invented authority: who is in it, and that nobody in it could be mistaken for somebody real."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from services.pep.domain.terms import phase_of, year_group
from services.scheduling.adapters.term_calendars import read_term_dates
from services.scheduling.domain.term_calendar import TermCalendar, TermDateKind
from shared.contracts.roles import Role
from shared.platform.bank_holidays import ENGLAND_AND_WALES
from suite.demo.children import ROWS, Story, children
from suite.demo.staff import SCHOOLS, STAFF
from suite.demo.term_dates import calendars

DAYS = [
    date(2026, 1, 1),
    date(2026, 4, 5),
    date(2026, 8, 15),
    date(2026, 9, 1),
    date(2026, 11, 21),
    date(2026, 12, 25),
    date(2028, 2, 29),
]


def test_there_are_forty_children_twelve_schools_and_every_kind_of_staff() -> None:
    assert len(ROWS) == 40
    assert len(SCHOOLS) == 12
    kinds = Counter(member.role for member in STAFF)
    assert kinds == {
        Role.VIRTUAL_SCHOOL_HEAD: 1,
        Role.VIRTUAL_SCHOOL_CASEWORKER: 3,
        Role.SOCIAL_WORKER: 5,
        Role.TEAM_MANAGER: 1,
        Role.IRO: 3,
        Role.DESIGNATED_TEACHER: 12,
    }


def test_every_story_is_told_by_at_least_one_child() -> None:
    assert {row.story for row in ROWS} == set(Story)


def test_no_two_people_share_a_name_or_an_address() -> None:
    names = [row.name for row in ROWS] + [row.carer for row in ROWS] + [row.parent for row in ROWS if row.parent]
    names += [member.name for member in STAFF]
    assert [name for name, count in Counter(names).items() if count > 1] == []
    assert len({member.email for member in STAFF}) == len(STAFF)


def test_every_address_is_under_a_domain_that_is_never_given_out() -> None:
    assert all(member.email.endswith(".example") and member.email.isascii() for member in STAFF)
    assert all(school.urn.startswith("99") for school in SCHOOLS)


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_whatever_the_day_each_child_is_in_the_year_group_named_and_under_eighteen(today: date) -> None:
    for child in children(today):
        assert year_group(child.born_on, today) == child.row.group, child.row.name
        assert child.born_on < today
        assert child.born_on.replace(year=child.born_on.year + 18, day=min(child.born_on.day, 28)) > today


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_every_phase_has_children_in_schools_that_teach_it(today: date) -> None:
    phases = Counter(phase_of(child.row.group) for child in children(today))
    assert len(phases) == 4
    assert min(phases.values()) >= 4


def test_references_and_pupil_numbers_are_unique_and_well_formed() -> None:
    placed = children(date(2026, 11, 21))
    assert len({child.reference for child in placed}) == 40
    assert len({child.upn for child in placed}) == 40
    for child in placed:
        assert len(child.upn) == 13
        total = sum(weight * int(digit) for weight, digit in enumerate(child.upn[1:], start=2))
        assert child.upn[0] == "ABCDEFGHJKLMNPQRTUVWXYZ"[total % 23]


def test_the_same_day_gives_the_same_children() -> None:
    assert children(date(2026, 11, 21)) == children(date(2026, 11, 21))


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_most_schools_publish_term_dates_that_the_suite_can_read(today: date) -> None:
    published = calendars(today)
    assert 0 < len(published) < len(SCHOOLS)
    for raw in published.values():
        entries = read_term_dates(raw)
        assert {entry.kind for entry in entries} >= {TermDateKind.HOLIDAY, TermDateKind.CLOSED}
        answers = TermCalendar("the school", entries, ENGLAND_AND_WALES)
        covers = answers.covers
        assert covers is not None
        assert covers[0] <= today <= covers[1]
