"""Saying again how things stand, for a service that lost its copies: the same facts, with the next numbers.

A service that lost nothing hears what it knows already, and nothing changes there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from services.pep.adapters import (
    care_plan_store,
    children_store,
    history_store,
    plans_store,
    reviews_store,
    schools_store,
)
from services.pep.application.facts import (
    emergency_opened,
    entered_care,
    member_joined,
    member_left,
    person_recorded,
    plan_opened,
    school_recorded,
)
from services.pep.application.parents import TOLD_OF
from services.pep.application.plans import parts_of, submission_of
from services.pep.application.retention import record_erased
from services.pep.application.reviews import review_due
from services.pep.domain.children import Child
from services.pep.domain.plan import Plan, PlanState
from shared.contracts.pep import ChildLeftCare, ParentStandingChanged, PlanApproved, PlanReturned, PlanSuperseded
from shared.kernel.clock import london_date
from shared.platform import emergencies, erasure, roster, sessions, standings
from shared.platform.erasure import RECORD
from shared.platform.work import Work

SUBMITTED = ("plan_submitted", "plan_submitted_without_meeting")


def subjects(work: Work) -> list[str]:
    """Return everything pep tells of: people and schools first, so that children find them."""
    people = [f"person/{person.id}" for person in roster.people(work.connection, active_only=False)]
    kept = schools_store.everything(work.connection).values()
    attended = children_store.schools_attended(work.connection)
    schools = [f"school/{school.urn}" for school in kept if school.is_open or school.urn in attended]
    left = {one.person_id for one in sessions.ended_lately(work.connection, work.now)}
    signed_out = [f"sessions/{person_id}" for person_id in sorted(left)]
    erased = [f"{RECORD}{stone.child_id}" for stone in erasure.tombstones(work.connection)]
    return [
        *erased,
        *people,
        *schools,
        *signed_out,
        *(f"child/{child_id}" for child_id in children_store.every_id(work.connection)),
    ]


def announce(work: Work, chosen: Sequence[str]) -> None:
    """Publish anew how things stand with these subjects."""
    by_kind: dict[str, list[str]] = {"record": [], "person": [], "school": [], "sessions": [], "child": []}
    for subject in chosen:
        kind, _, identity = subject.partition("/")
        by_kind[kind].append(identity)
    for child_id in by_kind["record"]:
        stone = erasure.find(work.connection, child_id)
        if stone is not None:
            work.publish(f"{RECORD}{child_id}", record_erased(stone))
    for person in roster.people_by_id(work.connection, by_kind["person"]).values():
        work.publish(f"person/{person.id}", person_recorded(person))
    for school in schools_store.find_many(work.connection, by_kind["school"]).values():
        work.publish(f"school/{school.urn}", school_recorded(school))
    for ended in sessions.ended_lately(work.connection, work.now, by_kind["sessions"]):
        work.publish(f"sessions/{ended.person_id}", sessions.session_ended(ended))
    for child in children_store.load_many(work.connection, by_kind["child"]).values():
        for fact in _of_child(work, child):
            work.publish(f"child/{child.id}", fact)


def _of_child(work: Work, child: Child) -> Iterator[object]:
    # Whoever lost the child would look for a school for one who has left already.
    yield entered_care(child if child.in_care else replace(child, no_school_since=None))
    for member in roster.whole_team(work.connection, child.id):
        yield member_joined(member)
        if member.until is not None:
            yield member_left(member, member.until)
    for matter in TOLD_OF:
        for parent_id, kept in standings.of_child(work.connection, child.id, matter).items():
            yield ParentStandingChanged(child.id, parent_id, matter.value, kept.standing.value, kept.until)
    for opening in emergencies.of_child(work.connection, child.id):
        if opening.is_open(work.now):
            yield emergency_opened(opening)
    plans = sorted(plans_store.plans_of(work.connection, child.id), key=lambda plan: (plan.due_on, plan.opened_on))
    for plan in plans:
        yield from _of_plan(work, plan, plans)
    for review in reversed(reviews_store.of_child(work.connection, child.id)):
        if review.state.is_open:
            yield review_due(review)
    if child.left_care_on is not None:
        yield ChildLeftCare(child.id, child.left_care_on)


def _of_plan(work: Work, plan: Plan, plans: Sequence[Plan]) -> Iterator[object]:
    yield plan_opened(plan)
    if plan.submission and plan.submitted_on is not None:
        last = submission_of(plan, parts_of(work, plan), plan.submitted_on)
        if plan.submission > 1:
            # Whether a plan was in time is decided by its first submission.
            yield replace(last, submission=1, submitted_on=_first_submitted(work, plan) or plan.submitted_on)
        yield last
    if plan.state is PlanState.RETURNED:
        yield PlanReturned(
            plan.child_id, plan.id, plan.submission, _last_day(work, plan, "plan_returned") or work.today
        )
    elif plan.approved_on is not None and plan.state is not PlanState.SUBMITTED:
        parts = care_plan_store.education_parts_of(work.connection, plan.child_id)
        next_due = next((part.next_due_on for part in parts if part.plan_id == plan.id), None)
        yield PlanApproved(plan.child_id, plan.id, plan.submission, plan.approved_on, next_due_on=next_due)
    if plan.state is PlanState.SUPERSEDED:
        later = [each for each in plans if each.due_on > plan.due_on and each.approved_on is not None]
        first = min(later, key=lambda each: each.approved_on or plan.due_on, default=None)
        if first is not None and first.approved_on is not None:
            yield PlanSuperseded(plan.child_id, plan.id, first.approved_on, first.id)


def _first_submitted(work: Work, plan: Plan) -> date | None:
    steps = history_store.history_of(work.connection, plan.child_id, plan.id)
    days = [london_date(each.at) for each in steps if each.plan_id == plan.id and each.code in SUBMITTED]
    return min(days, default=None)


def _last_day(work: Work, plan: Plan, code: str) -> date | None:
    steps = history_store.history_of(work.connection, plan.child_id, plan.id)
    return next((london_date(each.at) for each in steps if each.plan_id == plan.id and each.code == code), None)
