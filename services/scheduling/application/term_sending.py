"""Sending the invitations of a draft of a term: the click, and then one meeting after the other.

Each meeting is arranged in a unit of its own, by the same function as by hand, and its line says so in the same
transaction: killed at any moment, the job goes on where it was, and nobody is invited twice. The mails themselves wait
in the queue for mail, which sends them at its own pace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from services.scheduling.adapters import children_store, meetings_store, term_plan_store
from services.scheduling.application.guests import invited_to, propose_guests
from services.scheduling.application.lookup import child_of, note
from services.scheduling.application.meetings import Wish, arrange
from services.scheduling.application.term_plans import children_shown, find_own_draft
from services.scheduling.domain.meeting import ASK, Booking, MeetingState, Mode
from services.scheduling.domain.term_draft import Placement, PlacementState, PlanState, TermPlan
from shared.kernel.errors import Conflict, DomainError, Stale
from shared.platform.access import note_children, system_actor
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.platform.work import Work, reading_work, writing_work

SEND = "scheduling.term_plan.send"
BATCH = 20
KEPT_FOR = timedelta(days=180)
"""How long drafts are kept: what was sent from one is in each meeting's history."""


@dataclass(frozen=True, slots=True)
class ToSend:
    """What would go out: the lines with a time, with each child's name, and how many mails and letters that makes."""

    plan: TermPlan
    lines: Sequence[tuple[Placement, str]]
    left: int
    mails: int
    without_address: int


def look_at_sending(work: Work, term_plan_id: str) -> ToSend:
    """Return what sending a draft would do; nothing is changed."""
    plan = find_own_draft(work, term_plan_id, SEND)
    placed = term_plan_store.placements(
        work.connection, plan.id, states=[PlacementState.PLANNED], child_ids=children_shown(work)
    )
    left = term_plan_store.placements(work.connection, plan.id, states=[PlacementState.UNPLACED])
    children = children_store.load_children(work.connection, {one.child_id for one in placed})
    found = meetings_store.of_children(work.connection, children, [MeetingState.TO_ARRANGE])
    chosen = {one.meeting_id for one in placed}
    guests = [one for each in invited_to(work, [one for one in found if one.id in chosen]).values() for one in each]
    return ToSend(
        plan,
        [(one, children[one.child_id].name if one.child_id in children else "Child") for one in placed],
        left=len(left),
        mails=sum(1 for one in guests if one.email),
        without_address=len({one.person_id for one in guests if not one.email}),
    )


def send_invitations(work: Work, term_plan_id: str, seen_version: int) -> TermPlan:
    """Let the invitations of a draft go out. Sending twice is sending once."""
    plan = find_own_draft(work, term_plan_id, SEND)
    if plan.state in (PlanState.SENDING, PlanState.SENT):
        return plan
    plan.check_adjustable()
    if plan.version != seen_version:
        raise Stale("term_plan_changed", "Somebody changed this draft while you were looking at it. Look at it again.")
    lines = term_plan_store.placements(work.connection, plan.id, states=[PlacementState.PLANNED])
    if not lines:
        raise Conflict("nothing_to_send", "No meeting has a time in this draft, so there is nothing to send.")
    note_children(work, SEND, [one.child_id for one in lines])
    term_plan_store.mark_all(work.connection, plan.id, PlacementState.PLANNED, PlacementState.TO_SEND)
    sending = replace(
        plan, state=PlanState.SENDING, sent_by=work.actor.person_id, sent_by_name=work.actor.name, started_at=work.now
    )
    return term_plan_store.save(work.connection, sending)


def send_next_invitations(runtime: Runtime, spec: ServiceSpec) -> int:
    """Arrange the next meetings of a draft that is being sent; return how many were dealt with."""
    with reading_work(runtime, spec, system_actor()) as work:
        plan = term_plan_store.sending(work.connection)
        waiting = [] if plan is None else _waiting(work, plan)
    if plan is None:
        return 0
    for line in waiting:
        _send_one(runtime, spec, plan, line)
    if not waiting:
        with writing_work(runtime, spec, system_actor(plan.authority)) as work:
            term_plan_store.save(work.connection, replace(plan, state=PlanState.SENT, finished_at=work.now))
    return len(waiting)


def forget_old_drafts(work: Work) -> None:
    """Delete drafts that were made half a year ago."""
    term_plan_store.forget_old(work.connection, work.now - KEPT_FOR)


def _waiting(work: Work, plan: TermPlan) -> list[Placement]:
    return term_plan_store.placements(work.connection, plan.id, states=[PlacementState.TO_SEND], limit=BATCH)


def _send_one(runtime: Runtime, spec: ServiceSpec, plan: TermPlan, line: Placement) -> None:
    suite = system_actor(plan.authority)
    try:
        with writing_work(runtime, spec, suite) as work:
            _arrange(work, plan, line)
    except DomainError as refused:
        # The unit is rolled back; why it was refused is kept in another.
        with writing_work(runtime, spec, suite) as work:
            told = replace(line, state=PlacementState.REFUSED, refusal=refused.message)
            term_plan_store.save_placement(work.connection, told)


def _arrange(work: Work, plan: TermPlan, line: Placement) -> None:
    meeting = meetings_store.load(work.connection, line.meeting_id)
    assert meeting is not None  # noqa: S101 - a line always has its meeting
    assert line.starts_at is not None  # noqa: S101 - only lines with a time are sent
    assert line.ends_at is not None  # noqa: S101 - as above
    school = child_of(work, meeting.child_id).school_name
    booking = Booking(line.starts_at, line.ends_at, Mode.IN_PERSON, school or ASK)
    invited = {guest.person_id: guest.required for guest, comes in propose_guests(work, meeting, booking.day) if comes}
    arranged = arrange(work, meeting.id, Wish(booking, invited), meeting.version)
    note(work, arranged, "sent_from_draft", by=plan.sent_by_name)
    term_plan_store.save_placement(work.connection, replace(line, state=PlacementState.SENT, refusal=""))
