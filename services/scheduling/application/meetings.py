"""Arranging, moving, cancelling and recording a meeting: one function an intent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from services.scheduling.adapters import held_store, mail_in_store, meetings_store
from services.scheduling.application.guests import choose_guests
from services.scheduling.application.lookup import find_meeting, find_unchanged, note, policy_for
from services.scheduling.application.parents import tell_after
from services.scheduling.application.polls_ends import drop_polls, settle_polls
from services.scheduling.application.rooms import with_room
from services.scheduling.application.short_notice import check_late_reason, is_at_short_notice, keep_late_change
from services.scheduling.application.slots import alternatives
from services.scheduling.application.telling import as_told, held_facts, tell_invitees
from services.scheduling.application.unwanted import check_wanted, keep_reasons
from services.scheduling.domain.holding import Account, how_it_went
from services.scheduling.domain.itip import Act
from services.scheduling.domain.joining import with_ways_to_join
from services.scheduling.domain.meeting import (
    Answer,
    Booking,
    Guest,
    Intent,
    Kind,
    Meeting,
    MeetingState,
    book,
    call_off,
    follow,
    hold,
)
from shared.contracts.scheduling import MeetingArranged, MeetingCancelled, MeetingHeld, MeetingMoved
from shared.kernel.clock import london_date
from shared.kernel.errors import Conflict
from shared.kernel.ids import new_id
from shared.platform import roster
from shared.platform.work import Work

REARRANGING = ("rearranging", "no_show")
CANCEL_REASONS = (*REARRANGING, "not_needed", "child_left_care", "plan_superseded")
NOTHING_TOLD = Account()


@dataclass(frozen=True, slots=True)
class Wish:
    """What the worker chose: when and where, and who (each person's id with whether they must be there).

    `late_reason` is a code of `short_notice.LATE_REASONS` where a meeting is changed at short notice. `joins` says of a
    meeting in person and online how people take part, by their ids: in_person or online. `nevertheless` is why people
    are invited whom the child does not want there.
    """

    booking: Booking
    required_by_person: Mapping[str, bool]
    late_reason: str = ""
    joins: Mapping[str, str] = field(default_factory=dict)
    nevertheless: str = ""


def arrange(work: Work, meeting_id: str, wish: Wish, seen_version: int) -> Meeting:
    """Give a meeting its time and invite people.

    Raises `Stale` when it was changed since it was read, `Conflict` when it is arranged already or when somebody who
    must be there, or the room, is booked elsewhere (`facts["alternatives"]` then holds other times), `InvalidInput`
    for a wish that cannot be met. Where a room is booked and no place given, the place is the room's. Doing the same
    twice is doing it once.
    """
    return _book(work, meeting_id, wish, seen_version, Intent.ARRANGE)


def move(work: Work, meeting_id: str, wish: Wish, seen_version: int) -> Meeting:
    """Change a meeting's time, place or invitees; the invitees' calendar entries move with it. Raises as `arrange`."""
    return _book(work, meeting_id, wish, seen_version, Intent.MOVE)


def cancel(work: Work, meeting_id: str, reason: str, seen_version: int, late_reason: str = "") -> Meeting:
    """Cancel a meeting; with the reason `rearranging` it goes back on the list to be arranged anew.

    A review of the care plan is only rearranged here: whether one is needed is said where the child's reviews are. At
    short notice it asks for a `late_reason`, and raises `InvalidInput` without one.
    """
    found = find_meeting(work, meeting_id, "scheduling.meeting.arrange")
    if found.state is MeetingState.CANCELLED and found.version == seen_version + 1:
        return found
    meeting = find_unchanged(work, meeting_id, seen_version, "scheduling.meeting.arrange")
    if meeting.kind is Kind.REVIEW and reason != "rearranging":
        raise Conflict(
            "review_is_due", "A review is arranged anew. Whether it is needed is said in the child’s reviews."
        )
    late = is_at_short_notice(work, meeting)
    check_late_reason(late, late_reason)
    return call_off_and_tell(work, meeting, reason, late_reason if late else "")


def call_off_and_tell(work: Work, meeting: Meeting, reason: str, late_reason: str = "") -> Meeting:
    """Call a meeting off, tell those who were invited, and tell the other services."""
    late = is_at_short_notice(work, meeting)
    called_off = meetings_store.save(work.connection, call_off(meeting, reason, again=reason in REARRANGING))
    if meeting.booking is not None:
        tell_invitees(work, called_off, late=late)
    note(work, called_off, "cancelled", reason=reason, late=late, late_reason=late_reason)
    if late:
        keep_late_change(work, meeting, "cancelled", late_reason)
    if not called_off.state.is_open:
        drop_polls(work, called_off)
    fact = MeetingCancelled(
        meeting.child_id,
        meeting.plan_id,
        meeting.id,
        reason,
        meeting.kind.value,
        meeting.review_id,
        late,
        late_reason,
    )
    work.publish(f"child/{meeting.child_id}", fact)
    return called_off


def remind(work: Work, meeting_id: str) -> int:
    """Ask those who have not answered once more, by e-mail; return how many are asked."""
    found = find_meeting(work, meeting_id, "scheduling.meeting.arrange")
    follow(found.state, Intent.ANSWER)
    asked = ask_again(work, found)
    if asked:
        note(work, found, "reminded", asked=asked)
    return asked


def ask_again(work: Work, found: Meeting) -> int:
    """Queue the mails that ask the silent once more; return how many are asked."""
    meeting = _with_current_addresses(work, found)
    silent = {each.id for each in meeting.invitees if each.answer is Answer.NEEDS_ACTION and each.email}
    if silent:
        tell_invitees(work, meeting, dict.fromkeys(silent, Act.ASKED_AGAIN))
    return len(silent)


def record_held(
    work: Work, meeting_id: str, attended: Iterable[str], seen_version: int, account: Account = NOTHING_TOLD
) -> Meeting:
    """Record that a meeting took place, who came (ids of invited people) and how it went.

    Raises `InvalidInput` (`counts`) where somebody who had to be there was not and the account does not say why the
    meeting counts.
    """
    came = list(attended)
    found = find_meeting(work, meeting_id, "scheduling.meeting.record_held")
    if found.state is MeetingState.HELD and found.version == seen_version + 1 and set(found.attended) == set(came):
        return found
    meeting = find_unchanged(work, meeting_id, seen_version, "scheduling.meeting.record_held")
    held = hold(meeting, came, work.now)
    went = how_it_went(held, account, policy_for(work, held).quorum)
    held = meetings_store.save(work.connection, held)
    held_store.add(work.connection, went)
    assert held.booking is not None  # noqa: S101 - a meeting that was held had a time
    code = went.participation.code.value if went.participation else ""
    note(
        work,
        held,
        "held",
        attended=len(held.attended),
        invited=len(held.invitees),
        quorate=went.quorate,
        why_counted=went.why_counted,
        participation=code,
    )
    held_on = london_date(held.booking.starts_at)
    fact = MeetingHeld(
        held.child_id,
        held.plan_id,
        held.id,
        held_on,
        held.attended,
        kind=held.kind.value,
        review_id=held.review_id,
        **held_facts(went),
    )
    work.publish(f"child/{held.child_id}", fact)
    tell_after(work, held)
    drop_polls(work, held)
    return held


def _book(work: Work, meeting_id: str, wish: Wish, seen_version: int, intent: Intent) -> Meeting:
    found = find_meeting(work, meeting_id, "scheduling.meeting.arrange")
    wish = replace(wish, booking=with_room(work, found, wish.booking))
    if found.version == seen_version + 1 and _is_as_wished(found, wish):
        return found
    before = find_unchanged(work, meeting_id, seen_version, "scheduling.meeting.arrange")
    follow(before.state, intent)
    guests = choose_guests(work, before, wish.required_by_person, wish.booking.day)
    reasons = check_wanted(work, before, guests, wish.nevertheless)
    late = is_at_short_notice(work, before) and _is_another(before.booking, wish.booking)
    check_late_reason(late, wish.late_reason)
    booked = with_ways_to_join(book(before, wish.booking, guests, iter(new_id, ""), work.now), wish.joins)
    after = _save_or_offer_others(work, _arranger_comes(work, booked), guests)
    tell_invitees(work, after, _accepted_proposals(work, before, wish.booking), late=late)
    keep_reasons(work, after, reasons)
    if late:
        keep_late_change(work, before, "moved", wish.late_reason)
    _say_so(work, before, after, intent, late_reason=wish.late_reason if late else "")
    settle_polls(work, before, after)
    return after


def _accepted_proposals(work: Work, before: Meeting, booking: Booking) -> dict[str, Act]:
    """Return whose proposed time the meeting is moved to; their proposals are dealt with by that."""
    accepted: dict[str, Act] = {}
    if before.booking is None or before.booking.starts_at == booking.starts_at:
        return accepted
    for mail in mail_in_store.waiting(work.connection, before.id):
        if mail.is_proposal and mail.invitee_id and mail.proposed_start == booking.starts_at:
            accepted[mail.invitee_id] = Act.PROPOSAL_ACCEPTED
            mail_in_store.settle(work.connection, mail.id, work.actor.person_id, work.now)
    return accepted


def _arranger_comes(work: Work, booked: Meeting) -> Meeting:
    """Take it that whoever chose the time can come; they still get it into their calendar."""
    invitees = tuple(
        replace(each, answer=Answer.ACCEPTED, answered_at=work.now, answered_by="worker")
        if each.person_id in work.actor.person_ids and each.answer is Answer.NEEDS_ACTION
        else each
        for each in booked.invitees
    )
    return replace(booked, invitees=invitees)


def _with_current_addresses(work: Work, meeting: Meeting) -> Meeting:
    """Return the meeting with the names and addresses that its invitees have today; saved when any is new."""
    people = roster.people_by_id(work.connection, [each.person_id for each in meeting.invitees])
    invitees = tuple(
        replace(each, name=person.name, email=person.email or "") if (person := people.get(each.person_id)) else each
        for each in meeting.invitees
    )
    if invitees == meeting.invitees:
        return meeting
    return meetings_store.save(work.connection, replace(meeting, invitees=invitees))


def _save_or_offer_others(work: Work, booked: Meeting, guests: tuple[Guest, ...]) -> Meeting:
    try:
        return meetings_store.save(work.connection, booked)
    except Conflict as taken:
        assert booked.booking is not None  # noqa: S101 - only a booking can collide
        people: object = taken.facts.get("person_ids", [])
        names = [guest.name for guest in guests if isinstance(people, list) and guest.person_id in people]
        minutes = int((booked.booking.ends_at - booked.booking.starts_at).total_seconds() // 60)
        who = " and ".join(names) or "Somebody who must be there"
        of_people = f"{who} has just been booked for another meeting at that time. Choose another time."
        raise Conflict(
            taken.code,
            taken.message if taken.code == "room_booked" else of_people,
            people=names,
            alternatives=[
                {"start": slot.starts_at.isoformat(), "end": slot.ends_at.isoformat()}
                for slot in alternatives(work, booked, guests, minutes)
            ],
        ) from taken


def _is_as_wished(meeting: Meeting, wish: Wish) -> bool:
    chosen = {each.person_id: each.required for each in meeting.invitees}
    same_ways = with_ways_to_join(meeting, wish.joins) == meeting
    return meeting.booking == wish.booking and chosen == dict(wish.required_by_person) and same_ways


def _is_another(was: Booking | None, now: Booking) -> bool:
    """Tell whether somebody who goes by the earlier booking would come at the wrong time or to the wrong place."""
    return was is not None and (was.starts_at, was.place, was.mode) != (now.starts_at, now.place, now.mode)


def _say_so(work: Work, before: Meeting, after: Meeting, intent: Intent, *, late_reason: str = "") -> None:
    assert after.booking is not None  # noqa: S101 - it has just been booked
    booking = after.booking
    first = intent is Intent.ARRANGE
    if first:
        work.publish(f"child/{after.child_id}", as_told(MeetingArranged, after, booking))
    else:
        moved = replace(as_told(MeetingMoved, after, booking), late=bool(late_reason), late_reason=late_reason)
        work.publish(f"child/{after.child_id}", moved)
    was = before.booking.starts_at.isoformat() if before.booking else ""
    what = "arranged" if first else "moved" if was != booking.starts_at.isoformat() else "changed"
    short = {"late_reason": late_reason} if late_reason else {}
    starts_at = booking.starts_at.isoformat()
    note(work, after, what, starts_at=starts_at, was_at=was, invited=len(after.invitees), **short)
