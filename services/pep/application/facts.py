"""What pep tells the others of the things it owns: each as the fact that says how it stands."""

from __future__ import annotations

from datetime import date

from services.pep.domain.children import Child
from services.pep.domain.plan import Plan
from services.pep.domain.schools import School
from services.pep.domain.targets import Target, total_cost_pence
from shared.contracts.emergency import Opening
from shared.contracts.pep import (
    ChildEnteredCare,
    EmergencyOpened,
    PersonRecorded,
    PlanOpened,
    PlanSubmitted,
    SchoolRecorded,
    TeamMemberJoined,
    TeamMemberLeft,
)
from shared.platform.roster import Membership, Person


def person_recorded(person: Person) -> PersonRecorded:
    """Return a person as the others keep them."""
    return PersonRecorded(
        person_id=person.id,
        authority=person.authority,
        kinds=tuple(sorted(person.kinds)),
        organisation=person.organisation,
        name=person.name,
        email=person.email,
        school_urn=person.school_urn,
        active=person.active,
        language=person.language,
    )


def school_recorded(school: School) -> SchoolRecorded:
    """Return a school as the others keep it."""
    return SchoolRecorded(school.urn, school.name, school.phase, town=school.town, open=school.is_open)


def entered_care(child: Child) -> ChildEnteredCare:
    """Return a child as the others keep them."""
    return ChildEnteredCare(
        child_id=child.id,
        authority=child.authority,
        reference=child.reference,
        entered_care_on=child.entered_care_on,
        phase=child.phase.value,
        year_group=child.year_group,
        name=child.shown_name,
        school_urn=child.school_urn,
        no_school_since=child.no_school_since,
        upn=child.upn or None,
    )


def member_joined(member: Membership) -> TeamMemberJoined:
    """Return the beginning of a place on a team."""
    return TeamMemberJoined(
        member.child_id,
        member.id,
        member.person_id,
        member.role.value,
        member.from_date,
        name=member.name,
        email=member.email,
        acts_for=member.acts_for or None,
        parts=member.parts,
    )


def member_left(member: Membership, until: date) -> TeamMemberLeft:
    """Return the end of a place on a team; `until` is its last day."""
    return TeamMemberLeft(member.child_id, member.id, member.person_id, member.role.value, until)


def emergency_opened(opening: Opening) -> EmergencyOpened:
    """Return the opening of a record in an emergency."""
    return EmergencyOpened(
        opening.child_id,
        opening.id,
        opening.person_id,
        opening.reason.value,
        opening.opened_at,
        opening.until,
    )


def plan_opened(plan: Plan) -> PlanOpened:
    """Return a plan as it was opened."""
    return PlanOpened(
        child_id=plan.child_id,
        plan_id=plan.id,
        kind=plan.kind.value,
        term=plan.term,
        opened_on=plan.opened_on,
        meet_by=plan.meet_by,
        due_on=plan.due_on,
        rule=plan.rule,
    )


def plan_submitted(
    plan: Plan, on: date, answered: tuple[int, int], targets: tuple[Target, ...], *, views_given: bool
) -> PlanSubmitted:
    """Return a submission in numbers; `answered` is how many headings, of how many."""
    return PlanSubmitted(
        child_id=plan.child_id,
        plan_id=plan.id,
        submission=plan.submission,
        term=plan.term,
        submitted_on=on,
        due_on=plan.due_on,
        headings=answered[1],
        answered=answered[0],
        targets=len(targets),
        pupil_premium_pence=total_cost_pence(targets),
        views_given=views_given,
        meeting_held_on=plan.held_on,
    )
