"""What happened in Northmoor, step by step and relative to today; pure.

A step that would lie today or later has not happened yet and is left out, so a plan is always as far as it can be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.pep.domain.terms import TermCalendar
from shared.kernel.working_days import add_working_days, subtract_working_days
from shared.platform.bank_holidays import ENGLAND_AND_WALES
from suite.demo.children import Child, Story


class Act(StrEnum):
    """What somebody did."""

    ENTER_CARE = "enter_care"
    ASK_TIMES = "ask_times"
    SAY_TIMES = "say_times"
    ARRANGE = "arrange"
    ANSWER = "answer"
    DECLINE = "decline"
    SEND_LINKS = "send_links"
    HOLD = "hold"
    WRITE_CARE = "write_care"
    WRITE_SCHOOL = "write_school"
    WRITE_HALF = "write_half"
    SET_TARGETS = "set_targets"
    GIVE_VIEWS = "give_views"
    SUBMIT = "submit"
    RETURN = "return"
    APPROVE = "approve"
    REVIEW = "review"
    SUSPEND = "suspend"
    ANSWER_WITH_ACTION = "answer_with_action"
    ANSWER_WITH_MEETING = "answer_with_meeting"
    LOSE_SCHOOL = "lose_school"
    LEAVE_CARE = "leave_care"
    VISIT = "visit"
    ARRANGE_REVIEW = "arrange_review"
    HOLD_REVIEW = "hold_review"
    RECORD_REVIEW = "record_review"
    SETTLE_AGREED = "settle_agreed"


@dataclass(frozen=True, slots=True)
class Step:
    """One act on one child's record. `kind` is the kind of plan it is about, `meeting_on` the day of the meeting."""

    on: date
    act: Act
    child: Child
    number: int
    kind: str = "first"
    meeting_on: date | None = None


DAYS_IN_CARE: dict[Story, int] = {
    Story.NEW: 3,
    Story.ASKED: 3,
    Story.DATED: 7,
    Story.PUT_BACK: 8,
    Story.LATE: 16,
    Story.HELD: 9,
    Story.SUBMITTED: 14,
    Story.RETURNED: 20,
    Story.APPROVED: 40,
    Story.NEXT_TERM: 80,
    Story.LOW_ATTENDANCE: 45,
    Story.SUSPENDED: 42,
    Story.NO_SCHOOL: 50,
    Story.LEFT_CARE: 60,
}
"""How many working days before today the child became looked after."""

FIRST_REVIEW_AFTER = 18
"""The working day in care on which the first review is held; the law allows 20 (regulation 33(1))."""

FIRST_VISIT, NEXT_VISITS = 4, range(32, 100, 28)
"""The working days in care on which the social worker visits: within a week, then within six weeks."""

REVIEWED = ("tyrone", "fatima", "ayaan")
"""Whose first review was held on the suite; of the others it was recorded that one was held."""

TO_BE_REVIEWED = ("jamal",)
"""Whose first review is arranged."""

APPROVED_IN_THE_END = (
    Story.APPROVED,
    Story.NEXT_TERM,
    Story.LOW_ATTENDANCE,
    Story.SUSPENDED,
    Story.NO_SCHOOL,
    Story.LEFT_CARE,
)

ANSWERED = ("dominik", "ethan")
"""Whose concern the social worker has already answered."""


def steps(children: tuple[Child, ...], today: date) -> list[Step]:
    """Return all that happened before `today`, in the order in which it happened."""
    found = [step for number, child in enumerate(children) for step in _of(child, number, today) if step.on < today]
    order = list(Act)
    return sorted(found, key=lambda step: (step.on, order.index(step.act), step.number))


def entered_care_on(child: Child, number: int, today: date) -> date:
    """Return the day a child became looked after."""
    days = DAYS_IN_CARE[child.row.story]
    if child.row.story is Story.APPROVED and number % 3 == 0:
        days = DAYS_IN_CARE[Story.NEXT_TERM]
    return subtract_working_days(today, days, ENGLAND_AND_WALES)


@dataclass(frozen=True, slots=True)
class _Line:
    """The steps about one plan of a child, counted in working days from the day the plan was opened."""

    child: Child
    number: int
    start: date
    kind: str = "first"

    def step(self, days: int, act: Act, *, meeting: int | None = None) -> Step:
        meeting_on = None if meeting is None else add_working_days(self.start, meeting, ENGLAND_AND_WALES)
        on = add_working_days(self.start, days, ENGLAND_AND_WALES)
        return Step(on, act, self.child, self.number, self.kind, meeting_on)

    def met(self, arranged: int, held: int) -> Iterator[Step]:
        yield self.step(arranged, Act.ARRANGE, meeting=held)
        yield self.step(arranged + 1, Act.ANSWER)
        yield self.step(held, Act.HOLD)

    def written(self, day: int) -> Iterator[Step]:
        for act in (Act.WRITE_CARE, Act.WRITE_SCHOOL, Act.SET_TARGETS, Act.GIVE_VIEWS):
            yield self.step(day, act)
        yield self.step(day + 1, Act.SUBMIT)


def _of(child: Child, number: int, today: date) -> Iterator[Step]:
    story = child.row.story
    line = _Line(child, number, entered_care_on(child, number, today))
    yield line.step(0, Act.ENTER_CARE)
    yield from _reviewed(line)
    if story is Story.ASKED:
        yield line.step(1, Act.ASK_TIMES)
        yield line.step(2, Act.SAY_TIMES)
    if story in (Story.NEW, Story.ASKED, Story.LATE):
        return
    if story in (Story.DATED, Story.PUT_BACK):
        yield line.step(3, Act.ARRANGE, meeting=9 if story is Story.DATED else 10)
        yield line.step(5, Act.ANSWER if story is Story.DATED else Act.DECLINE)
        if story is Story.DATED:
            yield line.step(6, Act.SEND_LINKS)
        return
    yield from line.met(arranged=2, held=7 if story is Story.HELD else 6)
    if story is Story.HELD:
        yield line.step(8, Act.WRITE_CARE)
        yield line.step(8, Act.WRITE_HALF)
        return
    yield from line.written(8)
    if story is Story.RETURNED:
        yield line.step(13, Act.RETURN)
    if story not in APPROVED_IN_THE_END:
        return
    yield line.step(12, Act.APPROVE)
    term = TermCalendar().term_of(today)
    if story is Story.APPROVED and line.start < term.starts:
        later = _Line(child, number, term.starts, "termly")
        yield from later.met(arranged=8, held=16)
        yield from later.written(18)
        yield later.step(23, Act.APPROVE)
    yield from _afterwards(child, number, today)


def _reviewed(line: _Line) -> Iterator[Step]:
    """Yield the first review and the social worker's visits."""
    for day in (FIRST_VISIT, *NEXT_VISITS):
        yield line.step(day, Act.VISIT)
    key = line.child.key
    if key in TO_BE_REVIEWED:
        yield line.step(8, Act.ARRANGE_REVIEW, meeting=16)
    if key not in REVIEWED:
        yield line.step(FIRST_REVIEW_AFTER, Act.REVIEW)
        return
    yield line.step(8, Act.ARRANGE_REVIEW, meeting=FIRST_REVIEW_AFTER)
    yield line.step(FIRST_REVIEW_AFTER, Act.HOLD_REVIEW)
    yield line.step(FIRST_REVIEW_AFTER + 1, Act.RECORD_REVIEW)
    if key == REVIEWED[0]:
        yield line.step(FIRST_REVIEW_AFTER + 9, Act.SETTLE_AGREED)


def _afterwards(child: Child, number: int, today: date) -> Iterator[Step]:
    """Yield what happened to some children after their plan was approved."""

    def before(days: int, act: Act) -> Step:
        return Step(subtract_working_days(today, days, ENGLAND_AND_WALES), act, child, number)

    match child.row.story:
        case Story.SUSPENDED:
            yield before(4, Act.SUSPEND)
            if child.key in ANSWERED:
                yield before(2, Act.ANSWER_WITH_MEETING)
        case Story.LOW_ATTENDANCE:
            if child.key in ANSWERED:
                yield before(1, Act.ANSWER_WITH_ACTION)
        case Story.NO_SCHOOL:
            yield before(25, Act.LOSE_SCHOOL)
        case Story.LEFT_CARE:
            yield before(8, Act.LEAVE_CARE)
