"""Which steps of their ladders meetings have behind them, and who was told; every step once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, insert, or_, select, update

from services.scheduling.adapters.tables import meeting
from services.scheduling.adapters.tables_together import chase_notice, chase_step, late_change
from services.scheduling.domain.chasing import Outcome, Round, Taken
from services.scheduling.domain.meeting import MeetingState


@dataclass(frozen=True, slots=True)
class LateChange:
    """A change at short notice: `what` is moved or cancelled, `was_at` when the meeting would have been."""

    meeting_id: str
    at: datetime
    was_at: datetime
    what: str
    reason: str


def to_chase(connection: Connection, now: datetime, until: datetime, meet_by: date) -> list[str]:
    """Return the ids of the meetings that may be chased: put back, to arrange by a day, or coming up to an instant."""
    query = select(meeting.c.id).where(
        or_(
            meeting.c.state == MeetingState.PUT_BACK.value,
            (meeting.c.state == MeetingState.TO_ARRANGE.value) & (meeting.c.meet_by <= meet_by),
            (meeting.c.state == MeetingState.ARRANGED.value)
            & (meeting.c.starts_at > now)
            & (meeting.c.starts_at <= until),
        )
    )
    return list(connection.execute(query.order_by(meeting.c.id)).scalars())


def taken(connection: Connection, rounds: Mapping[str, Round]) -> dict[str, list[Taken]]:
    """Return for each meeting the steps of its present round that are behind us."""
    wanted = sorted(rounds)
    found: dict[str, list[Taken]] = {each: [] for each in wanted}
    for at in range(0, len(wanted), 500):
        query = select(chase_step).where(chase_step.c.meeting_id.in_(wanted[at : at + 500]))
        for row in connection.execute(query.order_by(chase_step.c.taken_on)).mappings():
            if row["round"] == rounds[row["meeting_id"]].number:
                step = Taken(row["days"], row["taken_on"], Outcome(row["outcome"]), row["reached"])
                found[row["meeting_id"]].append(step)
    return found


def add(connection: Connection, meeting_id: str, present: Round, step: Taken) -> None:
    """Store that a step is behind us; a second time is refused by the database."""
    connection.execute(
        insert(chase_step).values(
            meeting_id=meeting_id,
            round=present.number,
            days=step.days,
            taken_on=step.on,
            outcome=step.outcome.value,
            reached=step.reached,
        )
    )


def add_notices(
    connection: Connection, meeting_id: str, present: Round, days: int, people: Iterable[str], on: date
) -> None:
    """Store who is to be told of a step."""
    rows = [
        {
            "meeting_id": meeting_id,
            "round": present.number,
            "days": days,
            "person_id": person_id,
            "told_on": on,
            "mailed": False,
        }
        for person_id in dict.fromkeys(people)
    ]
    if rows:
        connection.execute(insert(chase_notice), rows)


def has_unmailed(connection: Connection) -> bool:
    """Tell whether somebody is still to be written to."""
    query = select(chase_notice.c.person_id).where(chase_notice.c.mailed.is_(False)).limit(1)
    return connection.execute(query).first() is not None


def take_unmailed(connection: Connection) -> dict[str, list[str]]:
    """Return of which meetings each person is still to be written to, and count them as written to."""
    query = select(chase_notice.c.person_id, chase_notice.c.meeting_id).where(chase_notice.c.mailed.is_(False))
    found: dict[str, list[str]] = {}
    for person_id, meeting_id in connection.execute(query.order_by(chase_notice.c.person_id)):
        found.setdefault(person_id, []).append(meeting_id)
    if found:
        connection.execute(update(chase_notice).where(chase_notice.c.mailed.is_(False)).values(mailed=True))
    return found


def told(connection: Connection, meeting_id: str) -> dict[tuple[int, int], list[str]]:
    """Return the ids of those who were told of a meeting, by the round and the days of the step."""
    query = select(chase_notice).where(chase_notice.c.meeting_id == meeting_id).order_by(chase_notice.c.person_id)
    found: dict[tuple[int, int], list[str]] = {}
    for row in connection.execute(query).mappings():
        found.setdefault((row["round"], row["days"]), []).append(row["person_id"])
    return found


def add_late_change(connection: Connection, change: LateChange) -> None:
    """Store a change at short notice."""
    connection.execute(
        insert(late_change).values(
            meeting_id=change.meeting_id,
            at=change.at,
            was_at=change.was_at,
            what=change.what,
            reason=change.reason,
        )
    )


def late_changes(connection: Connection, meeting_ids: Iterable[str], after: datetime) -> dict[str, LateChange]:
    """Return the latest change at short notice of each meeting that would have begun after an instant."""
    wanted = sorted(set(meeting_ids))
    found: dict[str, LateChange] = {}
    for at in range(0, len(wanted), 500):
        query = select(late_change).where(
            late_change.c.meeting_id.in_(wanted[at : at + 500]), late_change.c.was_at > after
        )
        for row in connection.execute(query.order_by(late_change.c.at)).mappings():
            found[row["meeting_id"]] = LateChange(**row)
    return found


def lately_cancelled(connection: Connection, after: datetime) -> list[str]:
    """Return the ids of the meetings called off at short notice that would have begun after an instant."""
    query = select(late_change.c.meeting_id).where(late_change.c.was_at > after, late_change.c.what == "cancelled")
    return sorted(set(connection.execute(query).scalars()))
