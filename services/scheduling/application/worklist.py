"""My meetings: what to arrange, what to look at, what is coming up, for the person who is signed in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from services.scheduling.adapters import children_store, mail_in_store, meetings_store, polls_store
from services.scheduling.adapters.children_store import Child
from services.scheduling.adapters.polls_store import Progress
from services.scheduling.application.parents import may_read
from services.scheduling.application.places import as_actor_knows
from services.scheduling.domain.meeting import Answer, Meeting, MeetingState
from shared.contracts.permissions import PERMISSIONS
from shared.contracts.roles import Role
from shared.platform import roster
from shared.platform.access import permit
from shared.platform.work import Work

READ = "scheduling.meeting.read"
OPEN_STATES = (MeetingState.TO_ARRANGE, MeetingState.ARRANGED, MeetingState.PUT_BACK)


@dataclass(frozen=True, slots=True)
class Line:
    """One meeting on a list, with the child's name and what the actor may do about it."""

    meeting: Meeting
    child: Child
    may_arrange: bool
    may_record_held: bool
    held_mails: int = 0
    poll: Progress | None = None
    sees_poll: bool = False

    def is_overdue(self, today: date) -> bool:
        """Tell whether the latest date has passed without the meeting having taken place."""
        return self.meeting.meet_by < today

    @property
    def yes(self) -> int:
        """Return how many have said that they come."""
        return sum(1 for each in self.meeting.invitees if each.answer is Answer.ACCEPTED)


@dataclass(frozen=True, slots=True)
class MyMeetings:
    """The lists of one person, each in the order in which to deal with it."""

    put_back: tuple[Line, ...]
    to_arrange: tuple[Line, ...]
    to_record: tuple[Line, ...]
    mails_to_read: tuple[Line, ...]
    to_say: tuple[Line, ...]
    to_choose: tuple[Line, ...]
    coming_up: tuple[Line, ...]

    @property
    def everything(self) -> tuple[Line, ...]:
        """Return the lines of all lists."""
        return (*self.put_back, *self.to_arrange, *self.to_record, *self.mails_to_read, *self.to_say, *self.coming_up)

    @property
    def to_do(self) -> int:
        """Return how many things there are to do."""
        own = len(self.to_say) + len(self.to_choose)
        return len(self.put_back) + len(self.to_arrange) + len(self.to_record) + len(self.mails_to_read) + own


def my_meetings(work: Work) -> MyMeetings:
    """Return what the actor has to do about meetings, and what is coming up for the children they work with."""
    permit(work, "scheduling.worklist.read")
    lines = list_lines(work, OPEN_STATES)
    over = [line for line in lines if _is_over(line.meeting, work)]
    booked = [line for line in lines if line.meeting.booking and line not in over]
    return MyMeetings(
        put_back=tuple(
            line
            for line in lines
            if line.meeting.state is MeetingState.PUT_BACK and line.may_arrange and line not in over
        ),
        to_arrange=tuple(line for line in lines if line.meeting.state is MeetingState.TO_ARRANGE and line.may_arrange),
        to_record=tuple(line for line in over if line.may_record_held),
        mails_to_read=tuple(line for line in lines if line.held_mails and line.may_arrange),
        to_say=tuple(line for line in lines if line.poll and line.poll.mine_waits),
        to_choose=tuple(
            line
            for line in lines
            if line.poll and line.poll.is_ready and line.sees_poll and line.meeting.state is not MeetingState.TO_ARRANGE
        ),
        coming_up=tuple(
            sorted(booked, key=lambda line: line.meeting.booking.starts_at if line.meeting.booking else work.now)
        ),
    )


def list_lines(work: Work, states: Iterable[MeetingState] = (), *, child_id: str = "", plan_id: str = "") -> list[Line]:
    """Return the meetings the actor may see, by latest date: a few queries, however many meetings there are."""
    roles = _children(work)
    if child_id:
        roles = {child_id: roles[child_id]} if child_id in roles else {}
    found = meetings_store.of_children(work.connection, roles, states, plan_id=plan_id)
    return _lines(work, found, roles)


def lines_between(
    work: Work, first: datetime, last: datetime, *, invited: bool = False, school_urn: str = ""
) -> list[Line]:
    """Return the meetings between two instants that the actor may see, the earliest first.

    `invited` leaves only those to which they are asked themselves, `school_urn` those of a school's children.
    """
    people = work.actor.person_ids if invited else ()
    found = meetings_store.between(
        work.connection, work.actor.authorities, first, last, invited=people, school_urn=school_urn
    )
    mine = roster.children_of(work.connection, work.actor.person_ids, work.today)
    sees_all = {one.authority for one in work.actor.records if one.kinds & PERMISSIONS[READ].authority}
    roles = {
        one.child_id: mine.get(one.child_id, frozenset())
        for one in found
        if one.child_id in mine or one.authority in sees_all
    }
    return _lines(work, [one for one in found if one.child_id in roles], roles)


def _lines(work: Work, found: Iterable[Meeting], roles: Mapping[str, frozenset[Role]]) -> list[Line]:
    meetings = [one for one in found if not _asks_the_policy(roles[one.child_id]) or may_read(work, one)]
    children = children_store.load_children(work.connection, {meeting.child_id for meeting in meetings})
    held = mail_in_store.waiting_counts(work.connection)
    polls = polls_store.progress(work.connection, [meeting.id for meeting in meetings], work.actor.person_ids)
    return [
        Line(
            as_actor_knows(work, meeting) if Role.PARENT in roles[meeting.child_id] else meeting,
            children.get(meeting.child_id) or Child(meeting.child_id, "Child"),
            _may(roles[meeting.child_id], "scheduling.meeting.arrange", meeting),
            _may(roles[meeting.child_id], "scheduling.meeting.record_held", meeting),
            held.get(meeting.id, 0),
            polls.get(meeting.id),
            _may(roles[meeting.child_id], "scheduling.poll.read", meeting),
        )
        for meeting in meetings
    ]


def _children(work: Work) -> Mapping[str, frozenset[Role]]:
    """Return the children whose meetings the actor may see, with the actor's roles on the team of each."""
    mine = roster.children_of(work.connection, work.actor.person_ids, work.today)
    if work.actor.system or work.actor.kinds & PERMISSIONS[READ].authority:
        ids = children_store.all_child_ids(work.connection, work.actor.authority)
        everyone: dict[str, frozenset[Role]] = dict.fromkeys(ids, frozenset[Role]())
        return everyone | mine
    return mine


def _asks_the_policy(roles: frozenset[Role]) -> bool:
    """Tell whether somebody reads some meetings of a child and others not: a parent, or a teacher's delegate."""
    return bool(roles & {Role.PARENT, Role.DELEGATE})


def _may(roles: frozenset[Role], action: str, meeting: Meeting) -> bool:
    row = PERMISSIONS[action]
    return bool(roles & row.team & row.fields.get(meeting.kind.value, row.team))


def _is_over(meeting: Meeting, work: Work) -> bool:
    return meeting.booking is not None and meeting.booking.ends_at <= work.now
