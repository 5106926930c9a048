"""The story of the invented authority: what is told, in which order, and in whose words."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest

from services.pep.adapters.form_files import current_version, form_of
from services.pep.domain.form_reading import read_answers
from services.pep.domain.forms import missing
from services.pep.domain.plan import Plan, PlanKind
from services.pep.domain.targets import Category, Target, smart_gaps
from services.pep.domain.terms import TermCalendar, phase_of
from shared.platform.bank_holidays import ENGLAND_AND_WALES
from suite.demo import words
from suite.demo.attendance import first_day, marks_file
from suite.demo.children import Story, children
from suite.demo.story import Act, Step, entered_care_on, steps

TODAY = date(2026, 11, 21)
DAYS = [TODAY, date(2026, 8, 15), date(2026, 9, 1), date(2027, 1, 4), date(2027, 4, 5), date(2028, 2, 29)]
CAST = children(TODAY)


def of(story: Story, told: list[Step]) -> list[Step]:
    return [step for step in told if step.child.row.story is story]


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_only_what_is_past_is_told_and_in_its_order(today: date) -> None:
    told = steps(children(today), today)
    assert all(step.on < today for step in told)
    assert [step.on for step in told] == sorted(step.on for step in told)
    assert len([step for step in told if step.act is Act.ENTER_CARE]) == 40


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_whatever_the_day_a_plan_of_every_kind_of_story_is_under_way(today: date) -> None:
    told = steps(children(today), today)
    assert {step.act for step in of(Story.NEW, told)} == {Act.ENTER_CARE}
    assert {step.act for step in of(Story.ASKED, told)} == {Act.ENTER_CARE, Act.ASK_TIMES, Act.SAY_TIMES}
    assert Act.SUBMIT not in {step.act for step in of(Story.HELD, told)}
    assert {Act.SUBMIT, Act.RETURN} <= {step.act for step in of(Story.RETURNED, told)}
    assert Act.APPROVE not in {step.act for step in of(Story.SUBMITTED, told)}
    for story in (Story.DATED, Story.PUT_BACK):
        days = [step.meeting_on for step in of(story, told) if step.meeting_on]
        assert days
        assert min(days) > today, "the meeting is still to come"


def test_no_meeting_is_held_before_its_day_or_arranged_for_a_day_off() -> None:
    told = steps(CAST, TODAY)
    arranged = {(step.number, step.kind): step.meeting_on for step in told if step.act is Act.ARRANGE}
    for step in told:
        if step.act is Act.HOLD:
            assert step.on == arranged[step.number, step.kind]
    assert all(day and day.weekday() < 5 and day not in ENGLAND_AND_WALES for day in arranged.values())


@pytest.mark.parametrize("number", range(len(CAST)))
def test_what_is_written_answers_all_that_a_plan_must_hold(number: int) -> None:
    child = CAST[number]
    form = form_of(phase_of(child.row.group).value, current_version())
    answers = {}
    for section in form.sections:
        values, errors = read_answers(section, words.section_answers(section, child, number, TODAY))
        assert errors == {}, section.key
        answers[section.key] = values
        assert not any("{" in str(value) for value in values.values()), "a name or pronoun was not filled in"
    assert missing(form, answers) == []


@pytest.mark.parametrize("phase", ["early_years", "primary", "secondary", "post_16"])
def test_the_targets_written_are_smart(phase: str) -> None:
    plan = Plan("p", "c", "northmoor", PlanKind.FIRST, "2026-autumn", phase, "1", TODAY, TODAY, TODAY, "rule")
    written = words.targets(CAST[0], phase)
    assert written
    for one in written:
        target = Target(
            "t",
            plan.id,
            plan.child_id,
            Category(one.category),
            what=one.what,
            measure=one.measure,
            who=one.who,
            by_date=TODAY + timedelta(days=91),
            how_often=one.how_often,
        )
        assert smart_gaps(target, plan.opened_on) == ()


def test_marks_are_kept_on_school_days_in_care_only() -> None:
    told = steps(CAST, TODAY)
    last = TODAY - timedelta(days=1)
    raw = marks_file(CAST, told, first_day(TODAY), last, TODAY)
    rows = list(csv.DictReader(io.StringIO(raw.decode(), newline="")))
    assert len(rows) > 1000
    assert len({(row["reference"], row["date"], row["session"]) for row in rows}) == len(rows)
    by_reference = {child.reference: (number, child) for number, child in enumerate(CAST)}
    terms = TermCalendar()
    for row in rows:
        number, child = by_reference[row["reference"]]
        day = date.fromisoformat(row["date"])
        assert terms.schools_meet(day)
        assert day not in ENGLAND_AND_WALES
        assert entered_care_on(child, number, TODAY) < day <= last
    suspended = [step for step in told if step.act is Act.SUSPEND]
    for step in suspended:
        marks = [row["code"] for row in rows if (row["reference"], row["date"]) == (step.child.reference, str(step.on))]
        assert marks == ["E", "E"]
