"""The agenda of a meeting: reading it, adding to it by page or personal link, ordering it.

No line of history and nothing else says of a point for the social worker alone that there is one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from services.scheduling.adapters import agenda_store
from services.scheduling.application.answers import invitee_actor, open_link
from services.scheduling.application.lookup import find_meeting, note, policy_for, standing_to
from services.scheduling.application.places import AT_SCHOOL, sees_school
from services.scheduling.domain.agenda import (
    Agenda,
    Point,
    Wish,
    as_read,
    find_point,
    in_order,
    moved,
    put_together,
    standing_points,
    write_point,
)
from services.scheduling.domain.meeting import Invitee, Meeting
from shared.contracts.roles import Role
from shared.kernel.errors import Conflict, InvalidInput, NotFound
from shared.kernel.ids import new_id
from shared.platform.access import note_link_use
from shared.platform.work import Work

READ, ADD = "scheduling.agenda.read", "scheduling.agenda.add"
START, ORDER = "scheduling.agenda.start", "scheduling.agenda.order"
FAMILY = frozenset({Role.CARER, Role.PARENT, Role.CHILD, Role.ADVOCATE})


@dataclass(frozen=True, slots=True)
class AgendaPage:
    """An agenda as it is shown to one reader; `own` are the ids of their points.

    `starters` are the roles that may be asked to start, for the child alone.
    """

    meeting: Meeting
    agenda: Agenda
    own: frozenset[str]
    may_add: bool
    may_order: bool
    is_child: bool
    starters: tuple[str, ...]


def look_at_agenda(work: Work, meeting_id: str, action: str = READ) -> AgendaPage:
    """Return a meeting's agenda to somebody who may do `action`; raises `NotFound` or `Denied` as `find_meeting`."""
    return agenda_of(work, find_meeting(work, meeting_id, action))


def agenda_of(work: Work, meeting: Meeting) -> AgendaPage:
    """Return the agenda of a meeting that the actor may read, as far as they may see it."""
    seen = standing_to(work, meeting)
    is_child = seen.may(START)
    points = _points(work, meeting)
    told_school = sees_school(work, meeting)
    shown = _as_shown(
        as_read(points, work.actor.person_ids, reads_all=seen.may(ORDER)),
        work.actor.person_ids,
        names=seen.may("scheduling.meeting.read", "family_names"),
        school=told_school,
    )
    is_open = _is_open(work, meeting)
    return AgendaPage(
        meeting=meeting,
        agenda=_agenda(work, meeting, shown, school=told_school),
        own=_own(points, work.actor.person_ids),
        may_add=is_open and seen.may(ADD, meeting.kind.value),
        may_order=is_open and seen.may(ORDER),
        is_child=is_child,
        starters=_starters(meeting) if is_child and is_open else (),
    )


def agenda_by_link(work: Work, secret: str) -> AgendaPage:
    """Return the agenda to the holder of a personal link; raises `NotFound` as `open_link`.

    A mailbox may be shared, so what was written for the social worker alone is not shown again: only that it is there.
    """
    asked = open_link(work, secret)
    meeting, invitee = asked.meeting, asked.invitee
    own = frozenset({invitee.person_id})
    points = _points(work, meeting)
    told_school = invitee.role != Role.PARENT
    read = tuple(replace(one, text="") if one.is_private else one for one in as_read(points, own, reads_all=False))
    shown = _as_shown(read, own, names=Role(invitee.role) not in FAMILY, school=told_school)
    is_open, is_child = _is_open(work, meeting), invitee.role == Role.CHILD
    return AgendaPage(
        meeting=meeting,
        agenda=_agenda(work, meeting, shown, school=told_school),
        own=_own(points, own),
        may_add=is_open,
        may_order=False,
        is_child=is_child,
        starters=_starters(meeting) if is_child and is_open else (),
    )


def add_point(work: Work, meeting_id: str, text: str, wish: Wish) -> Point:
    """Add a point to a meeting's agenda; raises as `write_point`, and `Conflict` when the meeting is over."""
    meeting = find_meeting(work, meeting_id, ADD)
    found = standing_to(work, meeting)
    return _add(work, meeting, (found.actor.person_id, found.actor.name, found.acting_as), text, wish)


def add_point_by_link(work: Work, secret: str, text: str, wish: Wish) -> Point:
    """Add a point for the holder of a personal link."""
    meeting, invitee = _by_link(work, secret)
    return _add(work, meeting, (invitee.person_id, invitee.name, invitee.role), text, wish)


def own_point(work: Work, meeting_id: str, point_id: str) -> Point:
    """Return a point that the actor added; raises `NotFound` for any other."""
    meeting = find_meeting(work, meeting_id, ADD)
    return _find_own(work, meeting, point_id, work.actor.person_ids)


def own_point_by_link(work: Work, secret: str, point_id: str) -> Point:
    """Return a point that the holder of a personal link added; raises `NotFound` for one they cannot read by it."""
    asked = open_link(work, secret)
    point = _find_own(work, asked.meeting, point_id, {asked.invitee.person_id})
    return find_point([one for one in (point,) if not one.is_private], point_id)


def change_point(work: Work, meeting_id: str, point_id: str, text: str, wish: Wish) -> Point:
    """Change a point that the actor added; raises `NotFound` for any other, else as `add_point`."""
    meeting = find_meeting(work, meeting_id, ADD)
    return _change(work, meeting, _find_own(work, meeting, point_id, work.actor.person_ids), text, wish)


def change_point_by_link(work: Work, secret: str, point_id: str, text: str, wish: Wish) -> Point:
    """Change a point that the holder of a personal link added and may read by it."""
    point = own_point_by_link(work, secret, point_id)
    meeting, _ = _by_link(work, secret)
    return _change(work, meeting, point, text, wish)


def take_point_out(work: Work, meeting_id: str, point_id: str) -> None:
    """Take a point out: one's own, or as the social worker any; raises `NotFound` for any other."""
    meeting = find_meeting(work, meeting_id, ADD)
    points = _points(work, meeting)
    if standing_to(work, meeting).may(ORDER):
        _take_out(work, meeting, find_point(points, point_id))
    else:
        _take_out(work, meeting, _find_own(work, meeting, point_id, work.actor.person_ids))


def take_point_out_by_link(work: Work, secret: str, point_id: str) -> None:
    """Take a point out that the holder of a personal link added."""
    meeting, invitee = _by_link(work, secret)
    _take_out(work, meeting, _find_own(work, meeting, point_id, {invitee.person_id}))


def move_point(work: Work, meeting_id: str, point_id: str, by: int) -> None:
    """Let a point come a place earlier (-1) or later (1)."""
    meeting = find_meeting(work, meeting_id, ORDER)
    _check_open(work, meeting)
    agenda_store.put_in_order(work.connection, moved(_points(work, meeting), point_id, by))


def order_points(work: Work, meeting_id: str, point_ids: Sequence[str]) -> None:
    """Put all points of an agenda in a new order."""
    meeting = find_meeting(work, meeting_id, ORDER)
    _check_open(work, meeting)
    agenda_store.put_in_order(work.connection, in_order(_points(work, meeting), point_ids))


def say_who_starts(work: Work, meeting_id: str, role: str) -> None:
    """Keep which role the child would like to start: their own or that of somebody invited; empty takes it back."""
    _put_starter(work, find_meeting(work, meeting_id, START), role)


def say_who_starts_by_link(work: Work, secret: str, role: str) -> None:
    """Keep who the child would like to start, said by their personal link; raises `NotFound` for anybody else's."""
    if open_link(work, secret).invitee.role != Role.CHILD:
        raise NotFound("not_the_child", "Only the child says who starts.")
    meeting, _ = _by_link(work, secret)
    _put_starter(work, meeting, role)


def _points(work: Work, meeting: Meeting) -> list[Point]:
    return agenda_store.points_of(work.connection, meeting.id)


def _own(points: Sequence[Point], person_ids: Collection[str]) -> frozenset[str]:
    return frozenset(one.id for one in points if one.person_id in person_ids)


def _as_shown(points: Sequence[Point], own: Collection[str], *, names: bool, school: bool) -> tuple[Point, ...]:
    """Leave out what gives away the school to those who are not told it, and the names of family to their like."""
    return tuple(
        one if names or one.person_id in own or one.role not in FAMILY else replace(one, name="")
        for one in points
        if school or one.person_id in own or one.role not in AT_SCHOOL
    )


def _agenda(work: Work, meeting: Meeting, points: Sequence[Point], *, school: bool) -> Agenda:
    usual = standing_points(policy_for(work, meeting).agenda, meeting)
    starter = agenda_store.starter_of(work.connection, meeting.id)
    return put_together(points, usual, "" if starter in AT_SCHOOL and not school else starter)


def _starters(meeting: Meeting) -> tuple[str, ...]:
    invited = {each.role for each in meeting.invitees}
    return (Role.CHILD.value, *(role.value for role in Role if role in invited and role is not Role.CHILD))


def _find_own(work: Work, meeting: Meeting, point_id: str, person_ids: Collection[str]) -> Point:
    return find_point([one for one in _points(work, meeting) if one.person_id in person_ids], point_id)


def _add(work: Work, meeting: Meeting, who: tuple[str, str, str], text: str, wish: Wish) -> Point:
    _check_open(work, meeting)
    points = _points(work, meeting)
    last = max((one.position for one in points), default=0)
    point = write_point(Point(new_id(), meeting.id, *who, text, wish, last + 1, work.now), points)
    agenda_store.add_point(work.connection, point)
    _say_so(work, meeting, "agenda_added", point)
    return point


def _change(work: Work, meeting: Meeting, before: Point, text: str, wish: Wish) -> Point:
    _check_open(work, meeting)
    after = write_point(replace(before, text=text, wish=wish), _points(work, meeting))
    agenda_store.change_point(work.connection, after)
    if before.is_private:
        _say_so(work, meeting, "agenda_added", after)
    elif after != before:
        _say_so(work, meeting, "agenda_taken_out" if after.is_private else "agenda_changed", before)
    return after


def _take_out(work: Work, meeting: Meeting, point: Point) -> None:
    _check_open(work, meeting)
    agenda_store.take_out(work.connection, point.id)
    _say_so(work, meeting, "agenda_taken_out", point)


def _say_so(work: Work, meeting: Meeting, what: str, point: Point) -> None:
    if not point.is_private:
        note(work, meeting, what, role=point.role, name=point.name)


def _put_starter(work: Work, meeting: Meeting, role: str) -> None:
    _check_open(work, meeting)
    if role and role not in _starters(meeting):
        raise InvalidInput({"role": ["Choose somebody who is invited."]})
    agenda_store.put_starter(work.connection, meeting.id, role)


def _is_open(work: Work, meeting: Meeting) -> bool:
    begun = meeting.booking is not None and meeting.booking.starts_at <= work.now
    return meeting.state.is_open and not begun


def _check_open(work: Work, meeting: Meeting) -> None:
    if not _is_open(work, meeting):
        raise Conflict(
            "agenda_closed", "This meeting has begun, is over or was called off, so its agenda stays as it is."
        )


def _by_link(work: Work, secret: str) -> tuple[Meeting, Invitee]:
    """Return what a personal link is about, and note that it was used to change the agenda."""
    asked = open_link(work, secret)
    actor = invitee_actor(work, asked.meeting, asked.invitee)
    note_link_use(work, actor, asked.invitee.role, ADD, asked.meeting.child_id)
    return asked.meeting, asked.invitee
