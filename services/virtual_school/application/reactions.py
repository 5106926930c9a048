"""What the Virtual School does when it hears of the others' facts: keep its copies, and run the rules.

The facts of one child from one service arrive in order and once; those of different services and of people and schools
in any order. The rules run only where a fact could change what they find, as an import brings thousands of children.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from services.virtual_school.adapters import children_store, concerns_store, plans_store
from services.virtual_school.application.erasing import when_record_erased
from services.virtual_school.application.monitoring import monitor
from services.virtual_school.domain.children import Child, School
from services.virtual_school.domain.concerns import ConcernState
from services.virtual_school.domain.plans import Plan, PlanMeeting, PlanState
from services.virtual_school.domain.ratings import STATE_AFTER
from shared.contracts.pep import (
    ChildDetailsChanged,
    ChildEnteredCare,
    ChildLeftCare,
    ChildSchoolChanged,
    ConcernAnswered,
    PlanApproved,
    PlanOpened,
    PlanReturned,
    PlanSubmitted,
    PlanSuperseded,
    RecordErased,
    SchoolRecorded,
)
from shared.contracts.scheduling import (
    MeetingArranged,
    MeetingCancelled,
    MeetingHeld,
    MeetingMoved,
    MeetingRestated,
)
from shared.kernel.clock import london_date
from shared.platform.work import Work


def when_school_recorded(work: Work, fact: SchoolRecorded) -> None:
    """Keep the copy of a school."""
    children_store.save_school(work.connection, School(fact.urn, fact.name, fact.phase, fact.town, fact.open))


def when_child_entered_care(work: Work, fact: ChildEnteredCare) -> None:
    """Keep the copy of a child; one who comes back into care is the same child."""
    known = children_store.load(work.connection, fact.child_id)
    children_store.save(
        work.connection,
        Child(
            id=fact.child_id,
            authority=fact.authority,
            reference=fact.reference,
            upn=fact.upn or (known.upn if known else None),
            name=fact.name,
            phase=fact.phase,
            year_group=fact.year_group,
            school_urn=fact.school_urn,
            no_school_since=fact.no_school_since,
            entered_care_on=fact.entered_care_on,
            # The same entering, said again, brings nobody back into care.
            left_care_on=known.left_care_on if known and known.entered_care_on == fact.entered_care_on else None,
        ),
    )
    if known is not None or fact.no_school_since is not None:
        monitor(work, [fact.child_id])


def when_child_details_changed(work: Work, fact: ChildDetailsChanged) -> None:
    """Keep a child's new name, phase or year group."""
    child = children_store.load(work.connection, fact.child_id)
    if child is not None:
        changed = replace(child, name=fact.name, phase=fact.phase, year_group=fact.year_group)
        children_store.save(work.connection, changed)
        if child.no_school_since is not None and child.year_group != fact.year_group:
            monitor(work, [child.id])


def when_child_school_changed(work: Work, fact: ChildSchoolChanged) -> None:
    """Keep a child's new school, or since when there is none."""
    child = children_store.load(work.connection, fact.child_id)
    if child is not None:
        since = None if fact.school_urn else fact.since
        children_store.save(work.connection, replace(child, school_urn=fact.school_urn, no_school_since=since))
        monitor(work, [child.id])


def when_child_left_care(work: Work, fact: ChildLeftCare) -> None:
    """Keep that a child left care; their concerns close."""
    child = children_store.load(work.connection, fact.child_id)
    if child is not None:
        children_store.save(work.connection, replace(child, left_care_on=fact.left_on))
        monitor(work, [child.id])


def when_plan_opened(work: Work, fact: PlanOpened) -> None:
    """Keep the copy of a plan and its due date."""
    if plans_store.load(work.connection, fact.plan_id) is None:
        plans_store.add(
            work.connection,
            Plan(
                id=fact.plan_id,
                child_id=fact.child_id,
                kind=fact.kind,
                term=fact.term,
                opened_on=fact.opened_on,
                meet_by=fact.meet_by,
                due_on=fact.due_on,
            ),
        )
        if fact.due_on < work.today and not _said_again(work, fact):
            monitor(work, [fact.child_id])


def when_plan_submitted(work: Work, fact: PlanSubmitted) -> None:
    """Put a submitted plan into the queue of plans to rate, with its counts."""
    plan = plans_store.load(work.connection, fact.plan_id)
    if plan is None or plan.submission >= fact.submission:
        return
    decided = plans_store.decision_on(work.connection, plan.id, fact.submission)  # known where the plan was lost
    plans_store.save(
        work.connection,
        replace(
            plan,
            state=PlanState.SUBMITTED if decided is None else STATE_AFTER[decided.decision],
            submission=fact.submission,
            first_submitted_on=plan.first_submitted_on or fact.submitted_on,
            submitted_on=fact.submitted_on,
            due_on=fact.due_on,
            headings=fact.headings,
            answered=fact.answered,
            targets=fact.targets,
            pupil_premium_pence=fact.pupil_premium_pence,
            views_given=fact.views_given,
            decided_on=None if decided is None else london_date(decided.decided_at),
        ),
    )
    if fact.meeting_held_on is not None:
        known = plans_store.load_meeting(work.connection, fact.plan_id)
        meeting = known or PlanMeeting(fact.plan_id, fact.child_id, meeting_id="")
        plans_store.save_meeting(work.connection, replace(meeting, held_on=fact.meeting_held_on))
    monitor(work, [fact.child_id])


def when_plan_returned(work: Work, fact: PlanReturned) -> None:
    """Hear that pep has put the plan back as it was asked."""
    plan = plans_store.load(work.connection, fact.plan_id)
    if plan is not None and plan.submission == fact.submission and plan.state is PlanState.SUBMITTED:
        plans_store.save(work.connection, replace(plan, state=PlanState.RETURNED, decided_on=fact.returned_on))


def when_plan_approved(work: Work, fact: PlanApproved) -> None:
    """Hear that an approved plan stands in the care plan, and when the next one is due; said again, it is no news."""
    plan = plans_store.load(work.connection, fact.plan_id)
    if plan is None or plan.submission != fact.submission or plan.state is PlanState.SUPERSEDED:
        return
    approved = replace(
        plan,
        state=PlanState.APPROVED,
        decided_on=plan.decided_on or fact.approved_on,
        next_due_on=fact.next_due_on,
    )
    if approved != plan:
        plans_store.save(work.connection, approved)


def when_plan_superseded(work: Work, fact: PlanSuperseded) -> None:
    """Hear that a later plan has replaced one: it is neither due nor to be rated any more."""
    plan = plans_store.load(work.connection, fact.plan_id)
    if plan is not None and plan.state is not PlanState.SUPERSEDED:
        plans_store.save(
            work.connection,
            replace(
                plan,
                state=PlanState.SUPERSEDED,
                superseded_on=fact.superseded_on,
                superseded_by=fact.by_plan_id,
            ),
        )
        monitor(work, [fact.child_id])


def when_meeting_arranged(work: Work, fact: MeetingArranged | MeetingMoved) -> None:
    """Keep the time of a plan's meeting; the review of the care plan is about no plan."""
    if not fact.plan_id:
        return
    plans_store.save_meeting(
        work.connection, PlanMeeting(fact.plan_id, fact.child_id, fact.meeting_id, starts_at=fact.starts_at)
    )


def when_meeting_cancelled(work: Work, fact: MeetingCancelled) -> None:
    """Forget the time of a meeting that will not take place."""
    known = plans_store.load_meeting(work.connection, fact.plan_id)
    if known is not None and known.meeting_id == fact.meeting_id and known.held_on is None:
        plans_store.save_meeting(work.connection, replace(known, starts_at=None))


def when_meeting_held(work: Work, fact: MeetingHeld) -> None:
    """Keep the day a plan's meeting was held."""
    if not fact.plan_id:
        return
    known = plans_store.load_meeting(work.connection, fact.plan_id)
    starts_at = known.starts_at if known is not None and known.meeting_id == fact.meeting_id else None
    meeting = PlanMeeting(fact.plan_id, fact.child_id, fact.meeting_id, starts_at, fact.held_on)
    plans_store.save_meeting(work.connection, meeting)


def when_meeting_restated(work: Work, fact: MeetingRestated) -> None:
    """Keep how a plan's meeting stands; of several the one that was told of last comes last."""
    if fact.state != "cancelled" and fact.plan_id:
        meeting = PlanMeeting(fact.plan_id, fact.child_id, fact.meeting_id, fact.starts_at, fact.held_on)
        plans_store.save_meeting(work.connection, meeting)


def when_concern_answered(work: Work, fact: ConcernAnswered) -> None:
    """Keep how a concern was answered in the care plan; that may end it."""
    concern = concerns_store.load(work.connection, fact.concern_id)
    if concern is None:
        return
    answered = replace(
        concern,
        state=ConcernState.ANSWERED if concern.is_live else concern.state,
        answer=fact.answer,
        answered_on=fact.answered_on,
        owner_id=fact.owner_id,
        by_date=fact.by_date,
    )
    concerns_store.save(work.connection, answered)
    monitor(work, [fact.child_id])


def _said_again(work: Work, fact: PlanOpened) -> bool:
    """Tell whether a plan is told of anew for those who lost it: what became of it since is about to be told too."""
    return work.cause is not None and london_date(work.cause.time) > fact.opened_on


SUBSCRIPTIONS: Mapping[type, Callable[[Work, Any], None]] = {
    SchoolRecorded: when_school_recorded,
    ChildEnteredCare: when_child_entered_care,
    ChildDetailsChanged: when_child_details_changed,
    ChildSchoolChanged: when_child_school_changed,
    ChildLeftCare: when_child_left_care,
    PlanOpened: when_plan_opened,
    PlanSubmitted: when_plan_submitted,
    PlanReturned: when_plan_returned,
    PlanApproved: when_plan_approved,
    PlanSuperseded: when_plan_superseded,
    MeetingArranged: when_meeting_arranged,
    MeetingMoved: when_meeting_arranged,
    MeetingCancelled: when_meeting_cancelled,
    MeetingHeld: when_meeting_held,
    MeetingRestated: when_meeting_restated,
    ConcernAnswered: when_concern_answered,
    RecordErased: when_record_erased,
}
