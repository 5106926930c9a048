"""Loads and saves meetings with their invitees; keeps nobody booked twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from services.scheduling.adapters import rooms_store
from services.scheduling.adapters.tables import child, claim, invitee, meeting
from services.scheduling.domain.meeting import Answer, Booking, Invitee, Kind, Meeting, MeetingState, Mode, Reason
from services.scheduling.domain.travel import Booked
from shared.kernel.errors import Conflict, Stale

CELL_SECONDS = 15 * 60
_BOOKED = (MeetingState.ARRANGED, MeetingState.PUT_BACK)


def load(connection: Connection, meeting_id: str) -> Meeting | None:
    """Return a meeting, or None."""
    found = _load_where(connection, meeting.c.id == meeting_id)
    return found[0] if found else None


def load_all(connection: Connection, meeting_ids: Iterable[str]) -> dict[str, Meeting]:
    """Return several meetings by their ids."""
    wanted = sorted(set(meeting_ids))
    found: dict[str, Meeting] = {}
    for at in range(0, len(wanted), 500):
        found.update((one.id, one) for one in _load_where(connection, meeting.c.id.in_(wanted[at : at + 500])))
    return found


def with_request(connection: Connection, request_id: str) -> Meeting | None:
    """Return the meeting that a request asked for, or None."""
    found = _load_where(connection, meeting.c.request_id == request_id)
    return found[0] if found else None


def with_invitee(connection: Connection, invitee_id: str) -> Meeting | None:
    """Return the meeting that an invitee is asked to, or None."""
    meeting_ids = select(invitee.c.meeting_id).where(invitee.c.id == invitee_id)
    found = _load_where(connection, meeting.c.id.in_(meeting_ids))
    return found[0] if found else None


def with_ids(connection: Connection, meeting_ids: Iterable[str]) -> list[Meeting]:
    """Return some meetings, by latest date: two queries for every five hundred."""
    wanted = sorted(set(meeting_ids))
    found: list[Meeting] = []
    for at in range(0, len(wanted), 500):
        found += _load_where(connection, meeting.c.id.in_(wanted[at : at + 500]))
    return sorted(found, key=lambda one: (one.meet_by, one.asked_on, one.id))


def of_plan(connection: Connection, plan_id: str) -> list[Meeting]:
    """Return the meetings of a plan, the oldest first."""
    return _load_where(connection, meeting.c.plan_id == plan_id)


def of_children(
    connection: Connection,
    child_ids: Iterable[str],
    states: Iterable[MeetingState] = (),
    *,
    plan_id: str = "",
) -> list[Meeting]:
    """Return the meetings of several children, by latest date: two queries, however many there are."""
    wanted = sorted(set(child_ids))
    found: list[Meeting] = []
    for at in range(0, len(wanted), 500):
        condition: ColumnElement[bool] = meeting.c.child_id.in_(wanted[at : at + 500])
        if chosen := list(states):
            condition = and_(condition, meeting.c.state.in_([state.value for state in chosen]))
        if plan_id:
            condition = and_(condition, meeting.c.plan_id == plan_id)
        found += _load_where(connection, condition)
    return sorted(found, key=lambda one: (one.meet_by, one.asked_on, one.id))


def between(
    connection: Connection,
    authorities: Iterable[str],
    first: datetime,
    last: datetime,
    *,
    invited: Iterable[str] = (),
    school_urn: str = "",
) -> list[Meeting]:
    """Return the meetings of authorities that are booked or were held between two instants, the earliest first.

    `invited` leaves only those to which one of these people is asked, `school_urn` those of a school's children. Two
    queries, however many meetings there are.
    """
    condition = and_(
        meeting.c.authority.in_(sorted(authorities)),
        meeting.c.state.in_([state.value for state in (*_BOOKED, MeetingState.HELD)]),
        meeting.c.starts_at < last,
        meeting.c.ends_at > first,
    )
    if people := sorted(invited):
        asked = select(invitee.c.meeting_id).where(invitee.c.person_id.in_(people))
        condition = and_(condition, meeting.c.id.in_(asked))
    if school_urn:
        condition = and_(condition, meeting.c.child_id.in_(select(child.c.id).where(child.c.school_urn == school_urn)))
    found = _load_where(connection, condition)
    return sorted(found, key=lambda one: (one.booking.starts_at if one.booking else first, one.id))


def children_with_a_time(connection: Connection) -> list[str]:
    """Return the ids of the children who have a meeting with a time, whatever became of it."""
    query = select(meeting.c.child_id).where(meeting.c.starts_at.is_not(None)).distinct().order_by(meeting.c.child_id)
    return list(connection.execute(query).scalars())


def add(connection: Connection, new: Meeting) -> None:
    """Store a new meeting."""
    connection.execute(insert(meeting).values(id=new.id, **_values(new)))
    _replace_invitees(connection, new)


def give_to(connection: Connection, child_id: str, authority: str) -> None:
    """Let the meetings of a child of whom nothing had been heard before be of the authority."""
    unknown = (meeting.c.child_id == child_id, meeting.c.authority == "")
    connection.execute(update(meeting).where(*unknown).values(authority=authority))


def save(connection: Connection, changed: Meeting) -> Meeting:
    """Store a changed meeting and return it with its new version.

    Raises `Stale` when somebody changed it since it was read, and `Conflict` (`person_booked`, with the `person_id`s)
    when somebody who must be there has been booked elsewhere for that time, or (`room_booked`) when the room has.
    """
    stored = replace(changed, version=changed.version + 1)
    done = connection.execute(
        update(meeting)
        .where(meeting.c.id == changed.id, meeting.c.version == changed.version)
        .values(**_values(stored))
    )
    if done.rowcount != 1:
        raise Stale("meeting_changed", "Somebody changed this meeting while you were looking at it.")
    _replace_invitees(connection, stored)
    _replace_claims(connection, stored)
    rooms_store.replace_claims(connection, stored.id, *_room_wanted(stored))
    return stored


def booked(
    connection: Connection, person_ids: Iterable[str], first: datetime, last: datetime
) -> dict[str, tuple[Booked, ...]]:
    """Return the meetings that people are booked for between two instants; one query."""
    found: dict[str, list[Booked]] = {}
    columns = (meeting.c.id, meeting.c.starts_at, meeting.c.ends_at, meeting.c.mode, meeting.c.place)
    query = (
        select(invitee.c.person_id, *columns)
        .join(meeting, meeting.c.id == invitee.c.meeting_id)
        .where(
            invitee.c.person_id.in_(sorted(set(person_ids))),
            meeting.c.state.in_([state.value for state in _BOOKED]),
            meeting.c.starts_at < last,
            meeting.c.ends_at > first,
            or_(invitee.c.required, invitee.c.answer != Answer.DECLINED.value),
        )
        .order_by(invitee.c.person_id, meeting.c.starts_at)
    )
    for row in connection.execute(query):
        one = Booked(row.id, row.starts_at, row.ends_at, Mode(row.mode), row.place)
        found.setdefault(row.person_id, []).append(one)
    return {person_id: tuple(meetings) for person_id, meetings in found.items()}


def quarters(booking: Booking) -> tuple[datetime, datetime]:
    """Return when the first quarter of an hour that a booking touches begins, and when the last one ends."""
    touched = cells(booking)
    begins, ends = touched.start * CELL_SECONDS, touched.stop * CELL_SECONDS
    return datetime.fromtimestamp(begins, UTC), datetime.fromtimestamp(ends, UTC)


def cells(booking: Booking) -> range:
    """Return the quarters of an hour, counted from 1970, that a booking touches."""
    first = int(booking.starts_at.astimezone(UTC).timestamp()) // CELL_SECONDS
    beyond = -(-int(booking.ends_at.astimezone(UTC).timestamp()) // CELL_SECONDS)
    return range(first, beyond)


def _replace_claims(connection: Connection, stored: Meeting) -> None:
    connection.execute(delete(claim).where(claim.c.meeting_id == stored.id))
    if stored.booking is None or stored.state not in _BOOKED:
        return
    # In one order for everybody, so that two bookings wait for one another instead of locking each other out.
    people = sorted(each.person_id for each in stored.invitees if each.required)
    wanted = cells(stored.booking)
    taken = select(claim.c.person_id).where(claim.c.person_id.in_(people), claim.c.cell.in_(list(wanted)))
    already = sorted(set(connection.execute(taken).scalars()))
    if already:
        raise _booked(already)
    rows = [{"person_id": person_id, "cell": cell, "meeting_id": stored.id} for person_id in people for cell in wanted]
    if not rows:
        return
    try:
        with connection.begin_nested():
            connection.execute(insert(claim), rows)
    except IntegrityError as error:
        raise _booked(people) from error


def _room_wanted(stored: Meeting) -> tuple[str, range]:
    """Return which room a meeting takes, and in which quarters of an hour."""
    if stored.booking is None or stored.state not in _BOOKED:
        return "", range(0)
    return stored.booking.room_id, cells(stored.booking)


def _booked(people: Sequence[str]) -> Conflict:
    return Conflict(
        "person_booked",
        "Somebody who must be there has just been booked for another meeting at that time. Choose another time.",
        person_ids=list(people),
    )


def _replace_invitees(connection: Connection, stored: Meeting) -> None:
    connection.execute(delete(invitee).where(invitee.c.meeting_id == stored.id))
    if stored.invitees:
        connection.execute(
            insert(invitee),
            [
                {
                    "id": each.id,
                    "meeting_id": stored.id,
                    "person_id": each.person_id,
                    "role": each.role,
                    "name": each.name,
                    "email": each.email,
                    "required": each.required,
                    "position": position,
                    "answer": each.answer.value,
                    "answered_at": each.answered_at,
                    "answered_by": each.answered_by,
                    "comment": each.comment,
                    "stands_in_for": each.stands_in_for,
                    "joins": each.joins,
                }
                for position, each in enumerate(stored.invitees)
            ],
        )


def _values(one: Meeting) -> dict[str, Any]:
    booking = one.booking
    return {
        "authority": one.authority,
        "child_id": one.child_id,
        "plan_id": one.plan_id,
        "request_id": one.request_id,
        "reason": one.reason.value,
        "rule": one.rule,
        "term": one.term,
        "asked_on": one.asked_on,
        "meet_by": one.meet_by,
        "state": one.state.value,
        "starts_at": booking.starts_at if booking else None,
        "ends_at": booking.ends_at if booking else None,
        "mode": booking.mode.value if booking else None,
        "place": booking.place if booking else "",
        "joining_link": booking.joining_link if booking else "",
        "place_sealed": booking.place_sealed if booking else False,
        "room_id": (booking.room_id or None) if booking else None,
        "attended": list(one.attended),
        "outcome": one.outcome,
        "kind": one.kind.value,
        "version": one.version,
    }


def _load_where(connection: Connection, condition: ColumnElement[bool]) -> list[Meeting]:
    rows = connection.execute(select(meeting).where(condition).order_by(meeting.c.asked_on, meeting.c.id)).mappings()
    found = [dict(row) for row in rows]
    if not found:
        return []
    query = (
        select(invitee)
        .join(meeting, meeting.c.id == invitee.c.meeting_id)
        .where(condition)
        .order_by(invitee.c.position)
    )
    invited: dict[str, list[Invitee]] = {}
    for row in connection.execute(query).mappings():
        invited.setdefault(row["meeting_id"], []).append(_invitee(row))
    return [_meeting(row, tuple(invited.get(row["id"], ()))) for row in found]


def _invitee(row: Mapping[Any, Any]) -> Invitee:
    return Invitee(
        id=row["id"],
        person_id=row["person_id"],
        role=row["role"],
        name=row["name"],
        email=row["email"],
        required=row["required"],
        answer=Answer(row["answer"]),
        answered_at=row["answered_at"],
        answered_by=row["answered_by"],
        comment=row["comment"],
        stands_in_for=row["stands_in_for"],
        joins=row["joins"],
    )


def _meeting(row: Mapping[Any, Any], invitees: tuple[Invitee, ...]) -> Meeting:
    asked_on: date = row["asked_on"]
    booking = None
    if row["starts_at"] is not None:
        booking = Booking(
            starts_at=row["starts_at"],
            ends_at=row["ends_at"],
            mode=Mode(row["mode"]),
            place=row["place"],
            joining_link=row["joining_link"],
            place_sealed=row["place_sealed"],
            room_id=row["room_id"] or "",
        )
    return Meeting(
        id=row["id"],
        authority=row["authority"],
        child_id=row["child_id"],
        plan_id=row["plan_id"],
        request_id=row["request_id"],
        reason=Reason(row["reason"]),
        rule=row["rule"],
        term=row["term"],
        asked_on=asked_on,
        meet_by=row["meet_by"],
        state=MeetingState(row["state"]),
        booking=booking,
        invitees=invitees,
        attended=tuple(row["attended"]),
        outcome=row["outcome"],
        kind=Kind(row["kind"]),
        version=row["version"],
    )
