"""Which facts of the other services pep listens to."""

from __future__ import annotations

from collections.abc import Mapping

from services.pep.application import reactions, retention
from shared.contracts.scheduling import (
    InviteeReplied,
    MeetingArranged,
    MeetingCancelled,
    MeetingHeld,
    MeetingMoved,
    MeetingPutBack,
    MeetingRestated,
)
from shared.contracts.scheduling import RecordErased as MeetingsErased
from shared.contracts.virtual_school import ConcernClosed, ConcernRaised, PlanQualityApproved, PlanQualityReturned
from shared.contracts.virtual_school import RecordErased as MonitoringErased
from shared.platform.service import Reaction

SUBSCRIPTIONS: Mapping[type, Reaction] = {
    MeetingArranged: reactions.when_meeting_arranged,
    MeetingMoved: reactions.when_meeting_moved,
    MeetingCancelled: reactions.when_meeting_cancelled,
    MeetingPutBack: reactions.when_meeting_put_back,
    InviteeReplied: reactions.when_invitee_replied,
    MeetingHeld: reactions.when_meeting_held,
    MeetingRestated: reactions.when_meeting_restated,
    PlanQualityApproved: reactions.when_plan_quality_approved,
    PlanQualityReturned: reactions.when_plan_quality_returned,
    ConcernRaised: reactions.when_concern_raised,
    ConcernClosed: reactions.when_concern_closed,
    MeetingsErased: retention.when_meetings_erased,
    MonitoringErased: retention.when_monitoring_erased,
}
