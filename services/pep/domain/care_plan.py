"""The education part of a child's care plan, written from an approved plan for the next review."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import groupby

from services.pep.domain.forms import HEADING_WORDS, FieldType, Form, Heading, Value, is_answered
from services.pep.domain.forms import Answers as FormAnswers
from services.pep.domain.plan import Plan
from services.pep.domain.targets import Target


@dataclass(frozen=True, slots=True)
class Agreed:
    """One thing that was agreed: the heading it stands under, the question, the answer in words."""

    heading: str
    label: str
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class AgreedTarget:
    """A target as the care plan shows it; `cost_pence` in pence."""

    what: str
    who: str
    by_date: date | None
    how_often: str
    cost_pence: int


@dataclass(frozen=True, slots=True)
class EducationPart:
    """What a care plan says on education, from one approved submission of one plan."""

    id: str
    child_id: str
    plan_id: str
    submission: int
    term: str
    approved_on: date
    rating: str
    agreed: tuple[Agreed, ...]
    targets: tuple[AgreedTarget, ...]
    next_due_on: date | None
    held_on: date | None
    sources: tuple[str, ...]

    @property
    def by_heading(self) -> tuple[tuple[str, tuple[Agreed, ...]], ...]:
        """Return what was agreed, heading by heading in the order of Schedule 1 paragraph 2."""
        return tuple((heading, tuple(group)) for heading, group in groupby(self.agreed, key=lambda one: one.heading))


def write_education_part(
    part_id: str, plan: Plan, form: Form, answers: FormAnswers, targets: tuple[Target, ...], next_due_on: date | None
) -> EducationPart:
    """Write the education part from an approved plan.

    The personal education plan is part of the care plan: SI 2010/959 regulation 5(b)(ii). Taken over are the answers
    that stand under a heading of Schedule 1 paragraph 2, in the order of the headings, each with its section.
    """
    agreed = tuple(
        Agreed(HEADING_WORDS[heading], field.label, in_words(field.type, answer, field.options), section.title)
        for heading in Heading
        for section in form.sections
        for field in section.fields
        if field.heading is heading and is_answered(answer := answers.get(section.key, {}).get(field.key))
    )
    sources = [f"{form.title}, {plan.term_words}, submission {plan.submission}"]
    if plan.held_on is None and plan.no_meeting_reason:
        sources.append(f"No meeting took place: {plan.no_meeting_reason}")
    return EducationPart(
        id=part_id,
        child_id=plan.child_id,
        plan_id=plan.id,
        submission=plan.submission,
        term=plan.term,
        approved_on=plan.approved_on or plan.due_on,
        rating=plan.rating,
        agreed=agreed,
        targets=tuple(AgreedTarget(t.what, t.who, t.by_date, t.how_often, t.cost_pence) for t in targets),
        next_due_on=next_due_on,
        held_on=plan.held_on,
        sources=tuple(sources),
    )


def in_words(kind: FieldType, value: Value, options: tuple[tuple[str, str], ...] = ()) -> str:
    """Return an answer as a page shows it: options by their words, yes and no, money in pounds, dates in full."""
    if value is None:
        return ""
    if kind is FieldType.YES_NO:
        return "Yes" if value else "No"
    if kind is FieldType.CHOICE:
        return dict(options).get(str(value), str(value))
    if kind is FieldType.MONEY:
        return f"£{int(value) / 100:,.2f}"
    if kind is FieldType.DATE:
        day = date.fromisoformat(str(value))
        return f"{day.day} {day:%B %Y}"
    return f"{value:g}" if isinstance(value, float) else str(value)
