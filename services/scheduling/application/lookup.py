"""Finding a meeting and what belongs to it, as far as the actor may see it."""

from __future__ import annotations

from services.scheduling.adapters import children_store, history_store, meetings_store, term_store
from services.scheduling.adapters.children_store import Child
from services.scheduling.adapters.history_store import Happening
from services.scheduling.adapters.policies import load_policies
from services.scheduling.domain.meeting import Kind, Meeting, MeetingState
from services.scheduling.domain.policy import MeetingPolicy, policy_on
from services.scheduling.domain.term_calendar import TermCalendar
from shared.kernel.errors import NoSuchRecord, Stale
from shared.platform.access import Standing, standing
from shared.platform.bank_holidays import ENGLAND_AND_WALES
from shared.platform.work import Work


def find_meeting(work: Work, meeting_id: str, action: str = "scheduling.meeting.read") -> Meeting:
    """Return a meeting to somebody who may do `action` to it.

    Raises `NotFound` where there is none or they may not know of it, `Denied` where their role does not allow it.
    """
    found = meetings_store.load(work.connection, meeting_id)
    if found is None:
        raise NoSuchRecord
    standing_to(work, found).permit(action, found.kind.value)
    return found


def find_meeting_of_plan(work: Work, plan_id: str) -> Meeting:
    """Return the meeting of a plan that matters now: the newest that is still open, else the newest.

    Raises `NotFound` where there is none or the actor may not know of it, `Denied` as `find_meeting`.
    """
    meetings = meetings_store.of_plan(work.connection, plan_id)
    if not meetings:
        raise NoSuchRecord
    # One that was asked for later the same day is newer than the plan's own.
    newest = max(meetings, key=lambda one: (one.state.is_open, one.asked_on, one.request_id != one.plan_id))
    standing_to(work, newest).permit("scheduling.meeting.read")
    return newest


def find_meeting_of_review(work: Work, review_id: str) -> Meeting:
    """Return the meeting of a review of the care plan; raises `NotFound` or `Denied` as `find_meeting`."""
    found = meetings_store.with_request(work.connection, review_id)
    if found is None or found.kind is not Kind.REVIEW:
        raise NoSuchRecord
    standing_to(work, found).permit("scheduling.meeting.read", found.kind.value)
    return found


def standing_to(work: Work, meeting: Meeting) -> Standing:
    """Return how the actor stands to a meeting: a parent who is told after may read it once it was held."""
    found = standing(work, meeting.child_id)
    return found.once_over() if meeting.state is MeetingState.HELD else found


def find_unchanged(work: Work, meeting_id: str, seen_version: int, action: str) -> Meeting:
    """Return a meeting that is still as the actor last saw it; raises `Stale` when somebody changed it since."""
    found = find_meeting(work, meeting_id, action)
    if found.version != seen_version:
        raise Stale(
            "meeting_changed",
            "Somebody changed this meeting while you were looking at it. Nothing you entered has been saved yet.",
            version=found.version,
            seen=seen_version,
        )
    return found


def child_of(work: Work, child_id: str) -> Child:
    """Return what is known of a child; one not heard of yet is called "Child"."""
    found = children_store.load_child(work.connection, child_id)
    return found or Child(child_id, "Child")


def policy_for(work: Work, meeting: Meeting) -> MeetingPolicy:
    """Return the policy that the authority of a meeting has in force today for meetings of its kind."""
    return policy_on(load_policies(meeting.authority), work.today).for_kind(meeting.kind.value)


def calendar_for(work: Work, child: Child) -> TermCalendar:
    """Return the term calendar of a child's school; without one it answers from the usual school year."""
    stored = term_store.load(work.connection, child.school_urn) if child.school_urn else None
    return TermCalendar(child.school_name or "the school", stored.entries if stored else (), ENGLAND_AND_WALES)


def note(work: Work, meeting: Meeting, what: str, **facts: object) -> None:
    """Add a line to a meeting's history."""
    found = None if work.actor.system else standing(work, meeting.child_id)
    actor = found.actor if found else work.actor
    happening = Happening(
        at=work.now,
        actor_id=actor.person_id,
        actor_name=actor.name,
        acting_as=found.acting_as if found else "",
        what=what,
        facts=facts,
    )
    history_store.add(work.connection, meeting.id, happening)
