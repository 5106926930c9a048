from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.pep.adapters.policies import load_calendar, load_policy
from services.pep.domain import clocks
from services.pep.domain.children import Child
from services.pep.domain.clocks import Kind
from services.pep.domain.periods import Calendar, Period, Unit, add_months, add_school_days, after, before
from services.pep.domain.policy import Policy, Rule, UnreadablePolicy, read_policy
from services.pep.domain.terms import Term, TermCalendar
from shared.kernel.working_days import is_working_day
from shared.platform.bank_holidays import ENGLAND_AND_WALES

MakeChild = Callable[..., Child]
DAYS = st.dates(date(2015, 1, 1), date(2032, 12, 31))
CALENDAR = load_calendar("northmoor")


@pytest.mark.parametrize(
    ("event", "first_pep", "first_review"),
    [
        (date(2026, 11, 21), date(2026, 12, 4), date(2026, 12, 18)),
        (date(2026, 12, 14), date(2026, 12, 30), date(2027, 1, 14)),
        (date(2026, 12, 24), date(2027, 1, 12), date(2027, 1, 26)),
        (date(2026, 3, 30), date(2026, 4, 15), date(2026, 4, 29)),
        (date(2027, 3, 22), date(2027, 4, 7), date(2027, 4, 21)),
        (date(2026, 8, 24), date(2026, 9, 8), date(2026, 9, 22)),
    ],
)
def test_the_first_pep_and_the_first_review_fall_due_as_the_regulations_count(
    event: date, first_pep: date, first_review: date, calendar: Calendar
) -> None:
    assert clocks.first_pep(event, calendar).on == first_pep
    assert clocks.first_review(event, calendar).on == first_review


def test_a_deadline_says_its_rule_its_unit_and_what_it_skipped(calendar: Calendar) -> None:
    deadline = clocks.first_pep(date(2026, 12, 14), calendar)

    assert deadline.unit is Unit.WORKING_DAYS
    assert deadline.citation.endswith("regulation 4(2)")
    assert deadline.why == (
        "10 working days from 14 December 2026, skipping weekends, 25 December 2026 (Christmas Day) and "
        "28 December 2026 (Boxing Day (observed))"
    )


@pytest.mark.parametrize(
    ("held", "by"),
    [
        (date(2026, 11, 30), date(2027, 2, 28)),
        (date(2027, 11, 30), date(2028, 2, 29)),
        (date(2026, 10, 15), date(2027, 1, 15)),
    ],
)
def test_the_second_review_is_within_three_calendar_months(held: date, by: date, calendar: Calendar) -> None:
    assert clocks.second_review(held, calendar).on == by


def test_the_next_review_depends_on_how_many_were_held(make_child: MakeChild, calendar: Calendar) -> None:
    first, second = date(2026, 8, 31), date(2026, 11, 2)

    kinds = [
        clocks.next_review(make_child(entered_care_on=date(2026, 8, 3), reviews_held=held), calendar)
        for held in [(), (first,), (first, second)]
    ]

    assert [(deadline.kind, deadline.on) for deadline in kinds] == [
        (Kind.FIRST_REVIEW, date(2026, 9, 1)),
        (Kind.SECOND_REVIEW, date(2026, 11, 30)),
        (Kind.LATER_REVIEW, date(2027, 5, 2)),
    ]


@pytest.mark.parametrize("status", ["V3", "V4"])
def test_no_clock_runs_for_a_child_on_short_breaks(
    status: str, make_child: MakeChild, policy: Policy, calendar: Calendar
) -> None:
    child = make_child(legal_status=status, no_school_since=date(2026, 11, 11))

    assert clocks.deadlines(child, date(2026, 11, 21), policy, calendar) == ()


def test_no_clock_runs_after_care_has_ended(make_child: MakeChild, policy: Policy, calendar: Calendar) -> None:
    child = make_child(left_care_on=date(2026, 11, 20))

    assert clocks.deadlines(child, date(2026, 11, 21), policy, calendar) == ()


def test_a_child_new_in_care_has_the_clocks_of_the_first_pep(
    make_child: MakeChild, policy: Policy, calendar: Calendar
) -> None:
    found = clocks.deadlines(make_child(), date(2026, 11, 21), policy, calendar)

    assert {deadline.kind: deadline.on for deadline in found} == {
        Kind.FIRST_PEP: date(2026, 11, 25),
        Kind.FIRST_MEETING: date(2026, 11, 25),
        Kind.PLAN_TO_IRO: date(2026, 12, 4),
        Kind.FIRST_REVIEW: date(2026, 12, 9),
    }
    assert [deadline.on for deadline in found] == sorted(deadline.on for deadline in found)


def test_a_child_in_care_since_an_earlier_term_has_the_clock_of_the_term(
    make_child: MakeChild, policy: Policy, calendar: Calendar
) -> None:
    child = make_child(entered_care_on=date(2025, 5, 6), reviews_held=(date(2025, 6, 2), date(2025, 8, 29)))

    found = {deadline.kind: deadline for deadline in clocks.deadlines(child, date(2026, 11, 21), policy, calendar)}

    assert found[Kind.TERMLY_PEP].on == date(2026, 12, 11)
    assert "autumn term 2026" in found[Kind.TERMLY_PEP].why
    assert Kind.FIRST_PEP not in found


def test_care_that_began_late_in_a_term_has_its_first_pep_in_the_next(
    make_child: MakeChild, calendar: Calendar
) -> None:
    child = make_child(entered_care_on=date(2026, 12, 21))

    assert clocks.needs_first_plan(child, date(2027, 1, 11), calendar)
    assert not clocks.needs_first_plan(child, date(2027, 4, 20), calendar)


def test_a_child_without_a_school_has_twenty_school_days(
    make_child: MakeChild, policy: Policy, calendar: Calendar
) -> None:
    child = make_child(no_school_since=date(2026, 12, 14))

    found = {deadline.kind: deadline for deadline in clocks.deadlines(child, date(2026, 12, 15), policy, calendar)}

    assert found[Kind.NO_SCHOOL].on == date(2027, 1, 26)
    assert found[Kind.NO_SCHOOL].unit is Unit.SCHOOL_DAYS


def test_a_looser_rule_of_the_authority_does_not_loosen_the_law(policy: Policy, calendar: Calendar) -> None:
    loose = _with_rule(policy, Rule.FIRST_MEETING, 20, "working_days")
    strict = _with_rule(policy, Rule.FIRST_MEETING, 7, "days")

    assert clocks.first_meeting(date(2026, 11, 11), loose, calendar).rule == Kind.FIRST_PEP
    assert clocks.first_meeting(date(2026, 11, 11), strict, calendar).on == date(2026, 11, 18)


def test_a_rule_holds_from_its_date_on(policy: Policy) -> None:
    value = {"count": 10, "unit": "working_days", "source": "policy"}
    data = _policy_data()
    data["rules"]["first_meeting"] = [
        {**value, "effective_from": "2026-09-01", "count": 5},
        {**value, "effective_from": "2020-09-01"},
    ]
    read = read_policy(data)

    assert read.at(Rule.FIRST_MEETING, date(2026, 8, 31)).period.count == 10
    assert read.at(Rule.FIRST_MEETING, date(2026, 9, 1)).period.count == 5
    assert read.at(Rule.FIRST_MEETING, date(2010, 1, 1)).period.count == 10


def test_a_policy_that_says_nothing_of_keeping_records_keeps_them_as_the_law_asks() -> None:
    data = _policy_data()
    data.pop("keeping", None)
    rule = read_policy(data).keeping_at(date(2026, 11, 1))
    assert (rule.until_birthday, rule.years_after_death) == (75, 15)
    assert "regulation 50" in rule.source


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rules": {}}, "first_meeting is missing"),
        ({"year_groups": [0]}, "not enough values"),
        ({"terms": {"autumn": {"starts": "2026-09-01", "ends": "2026-12-31", "teaching": []}}}, "terms.autumn"),
        (
            {"terms": {"2026-autumn": {"starts": "2026-31-01", "ends": "2026-12-31", "teaching": []}}},
            r"terms\.2026-autumn",
        ),
    ],
)
def test_a_fault_in_the_policy_is_named(change: dict[str, object], says: str) -> None:
    with pytest.raises(UnreadablePolicy, match=says):
        read_policy({**_policy_data(), **change})


def test_the_twenty_school_days_follow_the_given_calendar() -> None:
    terms = [
        Term("2026-summer", date(2026, 4, 20), date(2026, 8, 31), ((date(2026, 6, 1), date(2026, 7, 22)),)),
        Term(
            "2026-autumn",
            date(2026, 9, 1),
            date(2026, 12, 31),
            ((date(2026, 9, 1), date(2026, 10, 16)), (date(2026, 11, 2), date(2026, 12, 18))),
        ),
        Term(
            "2027-spring",
            date(2027, 1, 1),
            date(2027, 3, 27),
            ((date(2027, 1, 4), date(2027, 2, 11)), (date(2027, 2, 22), date(2027, 3, 25))),
        ),
    ]
    closed = {date(2026, 7, 6), date(2026, 9, 21), date(2026, 11, 20)}
    own = TermCalendar({term.key: term for term in terms})

    def meets(day: date) -> bool:
        return is_working_day(day, ENGLAND_AND_WALES) and own.schools_meet(day) and day not in closed

    assert add_school_days(date(2026, 7, 10), 20, meets) == date(2026, 9, 16)
    assert add_school_days(date(2026, 10, 12), 20, meets) == date(2026, 11, 24)
    assert add_school_days(date(2026, 12, 14), 20, meets) == date(2027, 1, 25)


def test_a_calendar_without_school_days_is_refused() -> None:
    with pytest.raises(ValueError, match="no school day"):
        add_school_days(date(2026, 1, 1), 1, lambda day: False)


@given(DAYS, st.integers(0, 240))
def test_months_keep_the_day_or_fall_on_the_last_of_the_month(day: date, count: int) -> None:
    end = add_months(day, count)

    assert (end.year * 12 + end.month) - (day.year * 12 + day.month) == count
    assert end.day == day.day or (end + timedelta(days=1)).day == 1


@given(DAYS, st.sampled_from(list(Unit)), st.integers(0, 12))
def test_no_deadline_is_before_its_event_and_a_longer_period_is_never_shorter(
    day: date, unit: Unit, count: int
) -> None:
    if unit is not Unit.TERMS:
        assert after(day, Period(count, unit), CALENDAR) >= day
    assert after(day, Period(count, unit), CALENDAR) <= after(day, Period(count + 1, unit), CALENDAR)


@given(DAYS.filter(lambda day: is_working_day(day, ENGLAND_AND_WALES)), st.integers(1, 30))
def test_working_days_before_leave_that_many(day: date, count: int) -> None:
    start = before(day, Period(count, Unit.WORKING_DAYS), CALENDAR)

    assert start < day
    assert after(start, Period(count, Unit.WORKING_DAYS), CALENDAR) == day


@given(DAYS)
def test_the_first_review_is_never_before_the_first_pep(day: date) -> None:
    assert clocks.first_pep(day, CALENDAR).on < clocks.first_review(day, CALENDAR).on


@given(DAYS)
def test_every_day_belongs_to_one_term_and_terms_follow_one_another(day: date) -> None:
    terms = TermCalendar()
    term = terms.term_of(day)

    assert term.starts <= day <= term.ends
    assert terms.next_term(term).starts == term.ends + timedelta(days=1)
    assert terms.previous_term(terms.next_term(term)) == term
    assert term.starts <= term.teaching[0][0] <= term.last_school_day <= term.ends


def test_the_packaged_policy_is_used_for_an_authority_without_one() -> None:
    assert load_policy("northmoor").authority == "default"
    assert load_policy("../../secret").authority == "default"


def _policy_data() -> dict[str, dict[str, list[dict[str, object]]]]:
    value = {"effective_from": "2020-09-01", "count": 10, "unit": "working_days", "source": "the policy"}
    return {
        "authority": "northmoor",  # type: ignore[dict-item]
        "year_groups": [-1, 13],  # type: ignore[dict-item]
        "rules": {rule.value: [dict(value)] for rule in Rule},
    }


def _with_rule(policy: Policy, rule: Rule, count: int, unit: str) -> Policy:
    data = _policy_data()
    data["rules"][rule.value][0].update(count=count, unit=unit)
    return read_policy(data)
