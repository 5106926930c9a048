"""What pep does when it hears from the other services: meetings, decisions on plans, concerns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from services.pep.adapters import care_plan_store, history_store, plans_store
from services.pep.application import review_meetings
from services.pep.application.care_plan import write_from_approved
from services.pep.application.history import record, time_words
from services.pep.application.plan_page import ANSWER_WORDS, title_of
from services.pep.application.plans import current_plan
from services.pep.domain import concerns as concern_steps
from services.pep.domain import plan as steps
from services.pep.domain.concerns import Concern
from services.pep.domain.periods import long_date
from services.pep.domain.plan import Invitee, MeetingWent, Plan, PlanMeeting
from shared.contracts.pep import PlanApproved, PlanReturned, PlanSuperseded
from shared.contracts.scheduling import (
    InviteeReplied,
    MeetingArranged,
    MeetingCancelled,
    MeetingHeld,
    MeetingMoved,
    MeetingPutBack,
    MeetingRestated,
)
from shared.contracts.virtual_school import ConcernClosed, ConcernRaised, PlanQualityApproved, PlanQualityReturned
from shared.kernel.clock import london_date
from shared.kernel.errors import Conflict
from shared.platform import roster
from shared.platform.work import Work


def when_meeting_arranged(work: Work, fact: MeetingArranged) -> None:
    """Show the meeting on the plan."""
    if fact.review_id:
        review_meetings.when_arranged(work, fact)
        return
    _put_meeting(work, fact, "meeting_arranged")


def when_meeting_moved(work: Work, fact: MeetingMoved) -> None:
    """Show the meeting's new time and people on the plan."""
    if fact.review_id:
        review_meetings.when_arranged(work, fact)
        return
    _put_meeting(work, fact, "meeting_moved")


def when_meeting_cancelled(work: Work, fact: MeetingCancelled) -> None:
    """Take the meeting off the plan; it is due again unless another meeting stands."""
    if fact.review_id:
        review_meetings.when_off(work, fact)
        return
    if _end_meeting(work, fact.meeting_id, "cancelled"):
        record(work, fact.child_id, fact.plan_id, "meeting_cancelled")
        _due_again(work, fact.plan_id)


def when_meeting_put_back(work: Work, fact: MeetingPutBack) -> None:
    """Show that the meeting is to be arranged anew, and whose answer did it."""
    if fact.review_id:
        review_meetings.when_off(work, fact)
        return
    if _end_meeting(work, fact.meeting_id, "put_back"):
        role = title_of(fact.role)
        record(work, fact.child_id, fact.plan_id, "meeting_put_back", role=role[0].lower() + role[1:])
        _due_again(work, fact.plan_id)


def when_invitee_replied(work: Work, fact: InviteeReplied) -> None:
    """Show an invitee's answer."""
    if fact.review_id:
        review_meetings.when_replied(work, fact)
        return
    meeting = plans_store.load_meeting(work.connection, fact.meeting_id)
    if meeting is None:
        return
    plans_store.put_meeting(work.connection, meeting.with_answer(fact.person_id, fact.role, fact.required, fact.answer))
    person = roster.person(work.connection, fact.person_id)
    record(
        work,
        fact.child_id,
        fact.plan_id,
        "invitee_replied",
        who=person.name if person else title_of(fact.role),
        answer=ANSWER_WORDS.get(fact.answer, fact.answer).lower(),
    )


def when_meeting_held(work: Work, fact: MeetingHeld) -> None:
    """Show that the meeting took place and who came; the plan can now be finished and submitted."""
    if fact.review_id:
        review_meetings.when_held(work, fact)
        return
    plan = plans_store.find_plan(work.connection, fact.plan_id)
    if plan is None:
        return
    meeting = plans_store.load_meeting(work.connection, fact.meeting_id)
    if meeting is not None:
        went = _went(fact)
        held = replace(meeting, state="held", held_on=fact.held_on, attended=fact.attended, went=went)
        plans_store.put_meeting(work.connection, held)
    _advance(work, plan, lambda: steps.hold_meeting(plan, fact.held_on))
    _record_held(work, plan, fact.held_on, fact.attended)


def when_meeting_restated(work: Work, fact: MeetingRestated) -> None:
    """Take over how a meeting stands where that is not known; a plan that waits for its meeting follows."""
    if fact.review_id:
        review_meetings.when_restated(work, fact)
        return
    plan = plans_store.find_plan(work.connection, fact.plan_id)
    known = plans_store.load_meeting(work.connection, fact.meeting_id)
    if plan is None:
        return
    meeting = PlanMeeting(
        id=fact.meeting_id,
        plan_id=plan.id,
        child_id=plan.child_id,
        starts_at=fact.starts_at,
        ends_at=fact.ends_at,
        mode=fact.mode,
        state=fact.state,
        invitees=tuple(Invitee(one.person_id, one.role, one.required, one.answer) for one in fact.invitees),
        attended=fact.attended,
        held_on=fact.held_on,
        went=_went(fact) if fact.held_on is not None else None,
    )
    if meeting == known:
        return
    plans_store.put_meeting(work.connection, meeting)
    if plan.state is steps.PlanState.DUE and fact.state == "arranged":
        _advance(work, plan, lambda: steps.arrange_meeting(plan))
        record(work, plan.child_id, plan.id, "meeting_arranged", when=time_words(fact.starts_at))
    elif plan.state in steps.BEFORE_MEETING and fact.held_on is not None:
        held_on = fact.held_on
        _advance(work, plan, lambda: steps.hold_meeting(plan, held_on))
        _record_held(work, plan, fact.held_on, fact.attended)
    elif known is not None and fact.state in ("put_back", "cancelled"):
        _due_again(work, plan.id)


def when_plan_quality_approved(work: Work, fact: PlanQualityApproved) -> None:
    """Approve the plan, write the care plan's education part from it, and let it replace the plans before it."""
    plan = _plan_decided(work, fact.plan_id, fact.submission)
    if plan is None:
        return
    plan = plans_store.save_plan(
        work.connection, steps.approve(plan, fact.decided_on, fact.rating, tuple(fact.reasons))
    )
    record(work, plan.child_id, plan.id, "plan_approved", rating=fact.rating)
    written = write_from_approved(work, plan)
    work.publish(
        f"child/{plan.child_id}",
        PlanApproved(
            child_id=plan.child_id,
            plan_id=plan.id,
            submission=plan.submission,
            approved_on=fact.decided_on,
            next_due_on=written.next_due_on,
        ),
    )
    _supersede_earlier(work, plan, fact.decided_on)


def when_plan_quality_returned(work: Work, fact: PlanQualityReturned) -> None:
    """Put the plan back with school and social worker, with what to mend."""
    plan = _plan_decided(work, fact.plan_id, fact.submission)
    if plan is None:
        return
    mend = tuple(fact.mend_words or fact.mend)
    plan = plans_store.save_plan(work.connection, steps.return_plan(plan, fact.rating, mend))
    codes = ", ".join(code_words(code) for code in fact.mend)
    record(work, plan.child_id, plan.id, "plan_returned", rating=fact.rating, codes=codes or "no reason given")
    work.publish(
        f"child/{plan.child_id}",
        PlanReturned(child_id=plan.child_id, plan_id=plan.id, submission=plan.submission, returned_on=fact.decided_on),
    )


def when_concern_raised(work: Work, fact: ConcernRaised) -> None:
    """Put the concern into the care plan, where the social worker must answer it."""
    if care_plan_store.find_concern(work.connection, fact.concern_id) is not None:
        return
    concern = Concern(
        id=fact.concern_id,
        child_id=fact.child_id,
        rule=fact.rule,
        raised_on=fact.raised_on,
        answer_by=fact.answer_by,
        evidence=dict(fact.evidence),
    )
    care_plan_store.add_concern(work.connection, concern)
    _record_concern(work, concern, "concern_raised", fact.raised_on)


def when_concern_closed(work: Work, fact: ConcernClosed) -> None:
    """Close the concern in the care plan."""
    concern = care_plan_store.find_concern(work.connection, fact.concern_id)
    if concern is None or concern.state is concern_steps.ConcernState.CLOSED:
        return
    care_plan_store.save_concern(work.connection, concern_steps.close(concern, fact.closed_on, fact.outcome))
    _record_concern(work, concern, "concern_closed", fact.closed_on, outcome=code_words(fact.outcome).lower())


def code_words(code: str) -> str:
    """Return a code of another service as words: `targets_not_smart` is “Targets not smart”."""
    words = code.replace("_", " ")
    return words[:1].upper() + words[1:]


def _put_meeting(work: Work, fact: MeetingArranged | MeetingMoved, code: str) -> None:
    plan = plans_store.find_plan(work.connection, fact.plan_id)
    if plan is None:
        return
    plans_store.put_meeting(
        work.connection,
        PlanMeeting(
            id=fact.meeting_id,
            plan_id=plan.id,
            child_id=plan.child_id,
            starts_at=fact.starts_at,
            ends_at=fact.ends_at,
            mode=fact.mode,
            state="arranged",
            invitees=tuple(Invitee(one.person_id, one.role, one.required, one.answer) for one in fact.invitees),
        ),
    )
    _advance(work, plan, lambda: steps.arrange_meeting(plan))
    record(work, plan.child_id, plan.id, code, when=time_words(fact.starts_at))


def _went(fact: MeetingHeld | MeetingRestated) -> MeetingWent:
    return MeetingWent(
        quorate=fact.quorate,
        why_counted=fact.why_counted,
        apologies=fact.apologies,
        no_shows=fact.no_shows,
        participation=fact.participation,
        child_attended=fact.child_attended,
        child_conveyed=fact.child_conveyed,
    )


def _record_held(work: Work, plan: Plan, held_on: date, attended: Sequence[str]) -> None:
    count = f"{len(attended)} {'person' if len(attended) == 1 else 'people'}"
    record(work, plan.child_id, plan.id, "meeting_held", held_on=long_date(held_on), count=count)


def _end_meeting(work: Work, meeting_id: str, state: str) -> bool:
    """Set the meeting's state; False when pep never heard of it."""
    meeting = plans_store.load_meeting(work.connection, meeting_id)
    if meeting is not None:
        plans_store.put_meeting(work.connection, replace(meeting, state=state))
    return meeting is not None


def _due_again(work: Work, plan_id: str) -> None:
    meetings = plans_store.meetings_of(work.connection, [plan_id])[plan_id]
    if not any(meeting.state == "arranged" for meeting in meetings):
        plan = plans_store.load_plan(work.connection, plan_id)
        _advance(work, plan, lambda: steps.put_back_meeting(plan))


def _advance(work: Work, plan: Plan, step: Callable[[], Plan]) -> None:
    """Save the plan's next state; where the plan is past it (a later plan replaced it), it stays as it is."""
    try:
        after = step()
    except Conflict:
        return
    if after != plan:
        plans_store.save_plan(work.connection, after)


def _supersede_earlier(work: Work, plan: Plan, on: date) -> None:
    """Let a plan approved `on` that day replace the child's plans that were due before it, and tell of each."""
    for earlier in plans_store.plans_of(work.connection, plan.child_id):
        if earlier.due_on < plan.due_on and earlier.state is not steps.PlanState.SUPERSEDED:
            plans_store.save_plan(work.connection, steps.supersede(earlier))
            record(work, plan.child_id, earlier.id, "plan_superseded", on=long_date(on))
            fact = PlanSuperseded(plan.child_id, earlier.id, superseded_on=on, by_plan_id=plan.id)
            work.publish(f"child/{plan.child_id}", fact)


def _plan_decided(work: Work, plan_id: str, submission: int) -> Plan | None:
    """Return the plan a decision is about, if that submission still waits for one."""
    plan = plans_store.find_plan(work.connection, plan_id)
    if plan is None or plan.state is not steps.PlanState.SUBMITTED or plan.submission != submission:
        return None
    return plan


def _record_concern(work: Work, concern: Concern, code: str, on: date, **facts: str) -> None:
    """Add what became of a concern `on` that day to the history, unless it is told again and stands there already."""
    if work.cause is not None and london_date(work.cause.time) > on:
        steps = history_store.history_of(work.connection, concern.child_id)
        told = (each for each in steps if each.code == code and each.facts.get("title") == concern.title)
        if any(london_date(each.at) >= on for each in told):
            return
    plan = current_plan(work, concern.child_id)
    record(work, concern.child_id, plan.id if plan else "", code, title=concern.title, **facts)
