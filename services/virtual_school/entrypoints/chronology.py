"""All that the Virtual School has of a child, for a copy of the record: attendance, suspensions, concerns, ratings."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from services.virtual_school.adapters import (
    attendance_store,
    children_store,
    concerns_store,
    plans_store,
    suspensions_store,
)
from services.virtual_school.domain.attendance import EARLIEST_MARK, Mark, add_up, monday_of
from services.virtual_school.domain.plans import KIND_WORDS, term_words
from services.virtual_school.domain.suspensions import REASONS
from services.virtual_school.entrypoints.words import answer_words, closing_words, evidence_words
from shared.kernel.clock import london_date
from shared.platform import roster
from shared.platform.chronology import Entry, entry
from shared.platform.web.filters import day, short_day
from shared.platform.work import Work


def chronology(work: Work, child_id: str) -> list[Entry]:
    """Return everything that the Virtual School has of a child; the caller has asked the access policy."""
    return [
        *_child(work, child_id),
        *_plans(work, child_id),
        *_attendance(work, child_id),
        *_suspensions(work, child_id),
        *_concerns(work, child_id),
    ]


def _child(work: Work, child_id: str) -> Iterator[Entry]:
    child = children_store.load(work.connection, child_id)
    if child is None:
        return
    school = children_store.load_school(work.connection, child.school_urn)
    yield entry(
        "child",
        child.entered_care_on,
        "What the Virtual School is told of the child",
        "child",
        name=child.name,
        reference=child.reference,
        unique_pupil_number=child.upn,
        year_group=child.year_group,
        school=school.name if school else child.school_urn,
        without_a_school_since=day(child.no_school_since) if child.no_school_since else "",
        left_care=day(child.left_care_on) if child.left_care_on else "",
    )


def _plans(work: Work, child_id: str) -> Iterator[Entry]:
    terms: dict[str, str] = {}
    for plan in plans_store.of_children(work.connection, [child_id])[child_id]:
        terms[plan.id] = term_words(plan.term)
        yield entry(
            f"plan/{plan.id}/{plan.version}",
            plan.opened_on,
            f"{KIND_WORDS.get(plan.kind, plan.kind)}, {term_words(plan.term)}",
            "plan",
            due=day(plan.due_on),
            state=plan.state.value.capitalize(),
            submitted=day(plan.submitted_on) if plan.submitted_on else "",
            headings_answered=f"{plan.answered} of {plan.headings}",
            targets=plan.targets,
            views_given="Yes" if plan.views_given else "No",
        )
    for rated in plans_store.ratings_of(work.connection, child_id=child_id):
        yield entry(
            f"rating/{rated.id}",
            london_date(rated.decided_at),
            f"A plan was rated, {terms.get(rated.plan_id, 'an earlier plan')}",
            "rating",
            decision=rated.words,
            reasons=", ".join(code.replace("_", " ") for code in rated.reasons),
            feedback=rated.feedback,
            who=rated.decided_by_name,
        )


def _attendance(work: Work, child_id: str) -> Iterator[Entry]:
    marks = attendance_store.marks_between(work.connection, child_id, EARLIEST_MARK, work.today)
    for monday, of_week in groupby(marks, key=lambda mark: monday_of(mark.day)):
        week = list(of_week)
        yield entry(
            f"week/{monday}",
            monday,
            f"Attendance in the week of {short_day(monday)}",
            "mark",
            attendance=add_up(mark.code for mark in week).words,
            marks=", ".join(_mark(mark) for mark in week),
        )


def _mark(mark: Mark) -> str:
    return f"{mark.day:%a} {mark.session.value.lower()} {mark.code}"


def _suspensions(work: Work, child_id: str) -> Iterator[Entry]:
    for one in suspensions_store.of_children(work.connection, [child_id])[child_id]:
        yield entry(
            f"suspension/{one.id}/{one.version}",
            one.starts_on,
            one.words,
            "suspension",
            until=day(one.ends_on) if one.ends_on else "",
            sessions_missed=one.sessions,
            reasons=", ".join(REASONS.get(code, code) for code in one.reasons),
            recorded_by=one.recorded_by,
        )


def _concerns(work: Work, child_id: str) -> Iterator[Entry]:
    concerns = concerns_store.of_children(work.connection, [child_id])[child_id]
    owners = roster.people_by_id(work.connection, {one.owner_id for one in concerns if one.owner_id})
    names = {person_id: person.name for person_id, person in owners.items()}
    for one in concerns:
        yield entry(
            f"concern/{one.id}/{one.version}",
            one.raised_on,
            f"Concern: {one.rule.words}",
            "concern",
            what_happened=evidence_words(one.rule, one.evidence),
            answer=answer_words(one, names),
            end=closing_words(one),
        )
