"""What this service does when it hears what pep has done."""

from __future__ import annotations

from datetime import date

from services.scheduling.adapters import children_store, meetings_store
from services.scheduling.application.lookup import note
from services.scheduling.application.meetings import call_off_and_tell
from services.scheduling.domain.meeting import Kind, Meeting, MeetingState, Reason
from shared.contracts.pep import (
    ChildDetailsChanged,
    ChildEnteredCare,
    ChildLeftCare,
    ChildSchoolChanged,
    MeetingRequested,
    PlanApproved,
    PlanOpened,
    PlanSuperseded,
    ReviewDue,
    ReviewWithdrawn,
    SchoolRecorded,
)
from shared.kernel.ids import new_id
from shared.platform.access import authority_of
from shared.platform.work import Work


def when_child_entered_care(work: Work, fact: ChildEnteredCare) -> None:
    """Keep a copy of the child's name and school; a meeting that was asked for before is of the child's authority."""
    children_store.record_child(work.connection, fact.child_id, fact.authority, fact.name, fact.school_urn)
    meetings_store.give_to(work.connection, fact.child_id, fact.authority)


def when_details_changed(work: Work, fact: ChildDetailsChanged) -> None:
    """Keep the child's name."""
    children_store.change_child(work.connection, fact.child_id, {"name": fact.name})


def when_school_changed(work: Work, fact: ChildSchoolChanged) -> None:
    """Keep which school's calendar counts."""
    children_store.change_child(work.connection, fact.child_id, {"school_urn": fact.school_urn})


def when_school_recorded(work: Work, fact: SchoolRecorded) -> None:
    """Keep a copy of the school's name."""
    children_store.record_school(work.connection, fact.urn, fact.name, fact.town)


def when_plan_opened(work: Work, fact: PlanOpened) -> None:
    """Put the plan's meeting on the social worker's list."""
    _ask_for_meeting(
        work, fact.child_id, fact.plan_id, fact.plan_id, Reason(fact.kind), fact.rule, fact.meet_by, fact.term
    )


def when_meeting_requested(work: Work, fact: MeetingRequested) -> None:
    """Put a further meeting on the social worker's list."""
    earlier = meetings_store.of_plan(work.connection, fact.plan_id)
    term = earlier[0].term if earlier else ""
    reason = Reason.CONCERN if fact.reason == "concern" else Reason.WORKER_ASKED
    _ask_for_meeting(work, fact.child_id, fact.plan_id, fact.request_id, reason, fact.reason, fact.meet_by, term)


def when_plan_approved(work: Work, fact: PlanApproved) -> None:
    """Take the plan's own meeting off the list when it still had no (good) time: the plan is complete without it.

    A meeting that is arranged stays until somebody says that it was held or cancels it, and one that was asked for
    over a concern stays whatever becomes of the plan.
    """
    for meeting in meetings_store.of_plan(work.connection, fact.plan_id):
        unarranged = meeting.state in (MeetingState.TO_ARRANGE, MeetingState.PUT_BACK)
        if unarranged and meeting.request_id == meeting.plan_id:
            call_off_and_tell(work, meeting, "not_needed")


def when_plan_superseded(work: Work, fact: PlanSuperseded) -> None:
    """Close the meetings of a replaced plan that have no (good) time: what is to be agreed belongs in the later plan.

    A meeting that is arranged stays, and so does one put back whose time has passed: it may have been held after all.
    """
    for meeting in meetings_store.of_plan(work.connection, fact.plan_id):
        unarranged = meeting.state in (MeetingState.TO_ARRANGE, MeetingState.PUT_BACK)
        if unarranged and not _has_begun(work, meeting):
            call_off_and_tell(work, meeting, "plan_superseded")


def when_review_due(work: Work, fact: ReviewDue) -> None:
    """Put the meeting of a review of the care plan on the lists of those who arrange it."""
    if meetings_store.with_request(work.connection, fact.review_id) is not None:
        return
    reason = Reason(fact.kind)
    _add(work, _asked_for(work, fact.child_id, "", fact.review_id, reason, fact.rule, fact.meet_by, "", Kind.REVIEW))


def when_review_withdrawn(work: Work, fact: ReviewWithdrawn) -> None:
    """Call the meeting of a review off that needs none any more, unless it has begun."""
    meeting = meetings_store.with_request(work.connection, fact.review_id)
    if meeting is not None and meeting.state.is_open and not _has_begun(work, meeting):
        call_off_and_tell(work, meeting, "not_needed")


def when_child_left_care(work: Work, fact: ChildLeftCare) -> None:
    """Cancel what was to come for a child who is no longer looked after."""
    children_store.change_child(work.connection, fact.child_id, {"left_care_on": fact.left_on})
    for meeting in meetings_store.of_children(work.connection, [fact.child_id]):
        if meeting.state.is_open and not _has_begun(work, meeting):
            call_off_and_tell(work, meeting, "child_left_care")


def _has_begun(work: Work, meeting: Meeting) -> bool:
    return meeting.booking is not None and meeting.booking.starts_at <= work.now


def _ask_for_meeting(
    work: Work, child_id: str, plan_id: str, request_id: str, reason: Reason, rule: str, meet_by: date, term: str
) -> None:
    if meetings_store.with_request(work.connection, request_id) is None:
        _add(work, _asked_for(work, child_id, plan_id, request_id, reason, rule, meet_by, term, Kind.PEP))


def _asked_for(
    work: Work,
    child_id: str,
    plan_id: str,
    request_id: str,
    reason: Reason,
    rule: str,
    meet_by: date,
    term: str,
    kind: Kind,
) -> Meeting:
    return Meeting(
        id=new_id(),
        authority=authority_of(work, child_id),
        child_id=child_id,
        plan_id=plan_id,
        request_id=request_id,
        reason=reason,
        rule=rule,
        term=term,
        asked_on=work.today,
        meet_by=meet_by,
        kind=kind,
    )


def _add(work: Work, meeting: Meeting) -> None:
    meetings_store.add(work.connection, meeting)
    note(work, meeting, "asked_for", reason=meeting.reason.value, meet_by=meeting.meet_by.isoformat())
