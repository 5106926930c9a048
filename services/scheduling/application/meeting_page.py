"""What the page of a meeting shows, as far as the person who looks may see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.scheduling.adapters import failing_addresses, history_store, mail_in_store, mail_queue
from services.scheduling.adapters.children_store import Child
from services.scheduling.adapters.failing_addresses import FailingAddress
from services.scheduling.adapters.history_store import Happening
from services.scheduling.adapters.mail_in_store import ReceivedMail
from services.scheduling.adapters.mail_queue import OutgoingMail
from services.scheduling.application.agenda import READ as READ_AGENDA
from services.scheduling.application.agenda import AgendaPage, agenda_of
from services.scheduling.application.guests import missing_roles, propose_guests
from services.scheduling.application.lookup import child_of, find_meeting, standing_to
from services.scheduling.application.places import AT_SCHOOL, as_actor_knows, school_as_actor_knows, sees_school
from services.scheduling.application.polls_page import poll_beside
from services.scheduling.application.slots import alternatives, guests_of
from services.scheduling.application.together import Together, look_together
from services.scheduling.application.unwanted import may_know_of_line
from services.scheduling.domain.meeting import Guest, Invitee, Kind, Meeting, MeetingState
from services.scheduling.domain.polls import Poll
from services.scheduling.domain.slots import Slot
from shared.contracts.roles import Role
from shared.platform.access import may
from shared.platform.work import Work

STAFF_ONLY = frozenset({"name", "to_name", "late_reason", "why", "why_counted"})
"""What a line of history says to professionals only: names, and reasons that may be about somebody."""
_OFFICE = {Kind.PEP: ("mails", "comments"), Kind.REVIEW: ("review_mails", "review_comments")}
"""What those who arrange a meeting read besides, by its kind."""
FAMILY = frozenset({Role.CARER, Role.PARENT, Role.CHILD, Role.ADVOCATE})


@dataclass(frozen=True, slots=True)
class MeetingPage:
    """Everything the page needs; what the reader may not see is absent."""

    meeting: Meeting
    child: Child
    may_arrange: bool
    may_record_answer: bool
    may_record_held: bool
    sees_addresses: bool
    may_read_plan: bool
    may_read_review: bool
    may_read_lessons: bool
    is_over: bool
    alternatives: tuple[Slot, ...]
    missing_roles: tuple[Role, ...]
    not_invited: tuple[Guest, ...]
    left_team: tuple[Invitee, ...]
    history: tuple[Happening, ...]
    sent_mails: tuple[OutgoingMail, ...]
    held_mails: tuple[ReceivedMail, ...]
    failing: Mapping[str, FailingAddress]
    together: Together
    agenda: AgendaPage | None
    poll: Poll | None
    may_ask: bool


def look_at_meeting(work: Work, meeting_id: str) -> MeetingPage:
    """Return a meeting as its page shows it; raises `NotFound` or `Denied` as `find_meeting`."""
    meeting = find_meeting(work, meeting_id)
    child_id = meeting.child_id
    may_arrange = may(work, "scheduling.meeting.arrange", child_id, meeting.kind.value) and meeting.state.is_open
    mails, comments = _OFFICE[meeting.kind]
    sees_mails = may(work, "scheduling.meeting.read", child_id, mails)
    sees_family = may(work, "scheduling.meeting.read", child_id, "family_names")
    sees_comments = may(work, "scheduling.meeting.read", child_id, comments)
    sees_polls = may(work, "scheduling.poll.read", child_id, meeting.kind.value)
    reads_agenda = standing_to(work, meeting).may(READ_AGENDA, meeting.kind.value)
    told_school = sees_school(work, meeting)
    hidden = (frozenset() if sees_family else FAMILY) | (frozenset() if told_school else AT_SCHOOL)
    invited = {each.person_id for each in meeting.invitees}
    team = [guest for guest, _ in propose_guests(work, meeting)] if may_arrange and invited else []
    on_team = {guest.person_id for guest in team}
    guests = guests_of(work, meeting) if may_arrange else ()
    started = meeting.booking is not None and meeting.booking.starts_at <= work.now
    return MeetingPage(
        meeting=_as_seen(work, as_actor_knows(work, meeting), hidden, sees_family, sees_comments),
        child=school_as_actor_knows(work, meeting, child_of(work, child_id)),
        may_arrange=may_arrange,
        may_record_answer=may(work, "scheduling.meeting.record_answer", child_id, meeting.kind.value),
        may_record_held=may(work, "scheduling.meeting.record_held", child_id, meeting.kind.value),
        sees_addresses=may(work, "scheduling.meeting.read", child_id, "addresses"),
        may_read_plan=bool(meeting.plan_id) and may(work, "pep.plan.read", child_id),
        may_read_review=bool(meeting.review_id) and may(work, "pep.review_pack.read", child_id),
        may_read_lessons=may(work, "scheduling.lessons.read", child_id),
        is_over=started,
        alternatives=(
            alternatives(work, meeting, guests) if may_arrange and meeting.state is MeetingState.PUT_BACK else ()
        ),
        missing_roles=missing_roles(work, meeting, guests) if may_arrange and invited else (),
        not_invited=tuple(guest for guest in team if guest.person_id not in invited),
        left_team=tuple(
            each for each in meeting.invitees if team and each.person_id not in on_team and not each.stands_in_for
        ),
        history=tuple(
            _visible(happening, hidden, sees_family)
            for happening in history_store.load(work.connection, meeting.id)
            if (told_school or not _is_of_school(happening))
            and (sees_polls or not happening.what.startswith("poll_"))
            and may_know_of_line(work, meeting, happening)
        ),
        sent_mails=tuple(mail_queue.of_meeting(work.connection, meeting.id)) if sees_mails else (),
        held_mails=tuple(mail_in_store.waiting(work.connection, meeting.id)) if sees_mails else (),
        failing=(
            failing_addresses.among(work.connection, [each.email for each in meeting.invitees]) if sees_mails else {}
        ),
        together=look_together(work, meeting),
        agenda=agenda_of(work, meeting) if reads_agenda else None,
        poll=poll_beside(work, meeting) if sees_polls else None,
        may_ask=may(work, "scheduling.poll.ask", child_id, meeting.kind.value) and meeting.state.is_open,
    )


def _as_seen(work: Work, meeting: Meeting, hidden: frozenset[Role], sees_family: bool, sees_comments: bool) -> Meeting:
    """Leave out the names of those in hidden roles, and what people wrote, but for the reader's own."""
    return replace(
        meeting,
        invitees=tuple(
            each
            if each.person_id in work.actor.person_ids
            else replace(
                each,
                name="" if each.role in hidden else each.name,
                email=each.email if sees_family else "",
                comment=each.comment if sees_comments else "",
            )
            for each in meeting.invitees
        ),
    )


def _visible(happening: Happening, hidden: frozenset[Role], sees_family: bool) -> Happening:
    if sees_family:
        return happening
    facts = {key: value for key, value in happening.facts.items() if key not in STAFF_ONLY}
    by_hidden = happening.acting_as in hidden
    return replace(
        happening, facts=facts, actor_name=Role(happening.acting_as).title if by_hidden else happening.actor_name
    )


def _is_of_school(happening: Happening) -> bool:
    """Tell whether a line says something of the school: what somebody there answered, another place or other people."""
    return happening.what == "changed" or happening.facts.get("role") in AT_SCHOOL
