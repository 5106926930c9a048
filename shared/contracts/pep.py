"""What the pep service tells the others.

The subject of every fact but the first three and the last is `child/<child_id>`, so all that pep says of one child
arrives in order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from shared.contracts.registry import event, personal


@event("pep.person.recorded.v1")
@dataclass(frozen=True, slots=True)
class PersonRecorded:
    """A person is known to the authority, or their details changed. Subject `person/<person_id>`.

    `kinds` are the roles in which they may sign in (see `shared.contracts.roles`); `organisation` is the body they act
    for; `school_urn` is set for school staff. `language` is the code of the language in which they wish to be written
    to besides English; empty: none.
    """

    person_id: str
    authority: str
    kinds: tuple[str, ...]
    organisation: str
    name: str = personal()
    email: str | None = personal(default=None)
    school_urn: str | None = None
    active: bool = True
    language: str = personal(default="")


@event("pep.school.recorded.v1")
@dataclass(frozen=True, slots=True)
class SchoolRecorded:
    """A school is known, or its record changed. Subject `school/<urn>`."""

    urn: str
    name: str
    phase: str
    town: str = ""
    open: bool = True


@event("pep.session.ended.v1")
@dataclass(frozen=True, slots=True)
class SessionEnded:
    """Somebody signed out, or their session was ended; whoever shows it is no longer let in.

    Subject `sessions/<person_id>`. `session_id` is a hash of what the browser holds, which stays secret.
    """

    session_id: str
    person_id: str
    started_at: datetime
    ended_at: datetime


@event("pep.child.entered_care.v1")
@dataclass(frozen=True, slots=True)
class ChildEnteredCare:
    """A child became looked after.

    `phase` is early_years, primary, secondary or post_16; `year_group` runs from -1 (nursery) over 0 (Reception) to 13.
    """

    child_id: str
    authority: str
    reference: str
    entered_care_on: date
    phase: str
    year_group: int
    name: str = personal()
    school_urn: str | None = None
    no_school_since: date | None = None
    upn: str | None = personal(default=None)


@event("pep.child.details_changed.v1")
@dataclass(frozen=True, slots=True)
class ChildDetailsChanged:
    """What a child is called, or the phase or year group, changed."""

    child_id: str
    phase: str
    year_group: int
    name: str = personal()


@event("pep.child.school_changed.v1")
@dataclass(frozen=True, slots=True)
class ChildSchoolChanged:
    """A child joined a school, or (`school_urn` empty) has none since that date."""

    child_id: str
    since: date
    school_urn: str | None = None


@event("pep.child.left_care.v1")
@dataclass(frozen=True, slots=True)
class ChildLeftCare:
    """A child is no longer looked after."""

    child_id: str
    left_on: date


@event("pep.team.member_joined.v1")
@dataclass(frozen=True, slots=True)
class TeamMemberJoined:
    """A person joined the team around the child in a role, from a date.

    A delegate `acts_for` the designated teacher with this person's id, in these `parts` of the plan or (none) in all.
    """

    child_id: str
    membership_id: str
    person_id: str
    role: str
    from_date: date
    name: str = personal()
    email: str | None = personal(default=None)
    acts_for: str | None = None
    parts: tuple[str, ...] = ()


@event("pep.team.member_left.v1")
@dataclass(frozen=True, slots=True)
class TeamMemberLeft:
    """A membership ended; `until` is its last day."""

    child_id: str
    membership_id: str
    person_id: str
    role: str
    until: date


@event("pep.parent.standing_changed.v1")
@dataclass(frozen=True, slots=True)
class ParentStandingChanged:
    """How far a parent is told of a matter changed: of meetings invited, told_after or not_told; of school told or not.

    `until` is the last day of it; from the next day on nothing is told. While nothing was said of a parent they are
    not told of meetings, and told of the school.
    """

    child_id: str
    person_id: str
    matter: str
    standing: str
    until: date | None = None


@event("pep.emergency.opened.v1")
@dataclass(frozen=True, slots=True)
class EmergencyOpened:
    """Somebody who is not on the child's team opened the record in an emergency, and may read it `until` an instant.

    `reason` is a code (see `shared.contracts.emergency`).
    """

    child_id: str
    opening_id: str
    person_id: str
    reason: str
    opened_at: datetime
    until: datetime


@event("pep.emergency.closed.v1")
@dataclass(frozen=True, slots=True)
class EmergencyClosed:
    """A record that was opened in an emergency was closed again before its time."""

    child_id: str
    opening_id: str
    person_id: str
    closed_at: datetime


@event("pep.plan.opened.v1")
@dataclass(frozen=True, slots=True)
class PlanOpened:
    """A plan was opened, so a meeting is to be arranged.

    `kind` is first, termly or early. `meet_by` is the latest date for the meeting and `due_on` the date by which the
    plan must be complete; `rule` is the code of the rule that set them. `term` names the school term (2026-autumn).
    """

    child_id: str
    plan_id: str
    kind: str
    term: str
    opened_on: date
    meet_by: date
    due_on: date
    rule: str


@event("pep.meeting.requested.v1")
@dataclass(frozen=True, slots=True)
class MeetingRequested:
    """Someone asked for a further PEP meeting on a plan; `reason` is a code (concern, worker_asked)."""

    child_id: str
    plan_id: str
    request_id: str
    meet_by: date
    reason: str
    concern_id: str | None = None


@event("pep.review.due.v1")
@dataclass(frozen=True, slots=True)
class ReviewDue:
    """A review of a child's care plan is due, so a meeting of its own is to be arranged, which is about no plan.

    `kind` is first, second, later or early. `meet_by` is the last day for it, and `rule` the code of the rule that set
    it.
    """

    child_id: str
    review_id: str
    kind: str
    opened_on: date
    meet_by: date
    rule: str


@event("pep.review.withdrawn.v1")
@dataclass(frozen=True, slots=True)
class ReviewWithdrawn:
    """A review that was due needs no meeting any more; `reason` is a code (not_needed, held_elsewhere)."""

    child_id: str
    review_id: str
    reason: str


@event("pep.plan.submitted.v1")
@dataclass(frozen=True, slots=True)
class PlanSubmitted:
    """A plan was submitted to the Virtual School; `submission` counts from 1.

    `answered` counts the headings of Schedule 1 paragraph 2 that are answered (of `headings`); money is in pence.
    """

    child_id: str
    plan_id: str
    submission: int
    term: str
    submitted_on: date
    due_on: date
    headings: int
    answered: int
    targets: int
    pupil_premium_pence: int
    views_given: bool
    meeting_held_on: date | None = None


@event("pep.plan.returned.v1")
@dataclass(frozen=True, slots=True)
class PlanReturned:
    """pep has put a plan back with the school and the social worker, as the Virtual School asked."""

    child_id: str
    plan_id: str
    submission: int
    returned_on: date


@event("pep.plan.approved.v1")
@dataclass(frozen=True, slots=True)
class PlanApproved:
    """A plan is approved and the education part of the care plan has been written from it."""

    child_id: str
    plan_id: str
    submission: int
    approved_on: date
    next_due_on: date | None = None


@event("pep.plan.superseded.v1")
@dataclass(frozen=True, slots=True)
class PlanSuperseded:
    """A later plan (`by_plan_id`) was approved and replaced this one, in whatever state it was."""

    child_id: str
    plan_id: str
    superseded_on: date
    by_plan_id: str


@event("pep.concern.answered.v1")
@dataclass(frozen=True, slots=True)
class ConcernAnswered:
    """A concern was answered in the care plan: `answer` is action or early_meeting."""

    child_id: str
    concern_id: str
    answer: str
    answered_on: date
    owner_id: str | None = None
    by_date: date | None = None


@event("pep.record.erased.v1")
@dataclass(frozen=True, slots=True)
class RecordErased:
    """A child's record was erased when its time had come; every service erases what it has of it.

    Subject `record/<child_id>`. `rule` is birthday or death; `people` are those who were known through this child
    alone.
    """

    child_id: str
    authority: str
    rule: str
    due_on: date
    asked_by: str
    approved_by: str
    erased_at: datetime
    people: tuple[str, ...] = ()
