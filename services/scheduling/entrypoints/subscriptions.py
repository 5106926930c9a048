"""Which facts of other services this one listens to, and what it does on each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.scheduling.application import emergencies, erasing, parents, reactions, seats
from shared.contracts import pep
from shared.platform.emergencies import EMERGENCY_SUBSCRIPTIONS
from shared.platform.roster import ROSTER_SUBSCRIPTIONS
from shared.platform.sessions import SESSION_SUBSCRIPTIONS
from shared.platform.work import Work

SUBSCRIPTIONS: Mapping[type, Callable[[Work, Any], None]] = {
    **ROSTER_SUBSCRIPTIONS,
    **SESSION_SUBSCRIPTIONS,
    **EMERGENCY_SUBSCRIPTIONS,
    pep.SchoolRecorded: reactions.when_school_recorded,
    pep.ChildEnteredCare: reactions.when_child_entered_care,
    pep.ChildDetailsChanged: reactions.when_details_changed,
    pep.ChildSchoolChanged: reactions.when_school_changed,
    pep.ChildLeftCare: reactions.when_child_left_care,
    pep.ParentStandingChanged: parents.when_standing_changed,
    pep.TeamMemberLeft: seats.when_member_left,
    pep.EmergencyOpened: emergencies.when_opened,
    pep.PlanOpened: reactions.when_plan_opened,
    pep.MeetingRequested: reactions.when_meeting_requested,
    pep.PlanApproved: reactions.when_plan_approved,
    pep.PlanSuperseded: reactions.when_plan_superseded,
    pep.ReviewDue: reactions.when_review_due,
    pep.ReviewWithdrawn: reactions.when_review_withdrawn,
    pep.RecordErased: erasing.when_record_erased,
}
