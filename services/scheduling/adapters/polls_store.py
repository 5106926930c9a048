"""Loads and saves polls; finds those with something to do, and the times that they hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from services.scheduling.adapters.tables_polls import poll, poll_link, poll_proposal, poll_respondent
from services.scheduling.domain.polls import Choice, Poll, PollState, Proposal, Respondent
from shared.kernel.errors import Conflict

LIVE = (PollState.OPEN.value, PollState.CLOSED.value)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a live poll has come; `mine_waits` says that the actor is asked and has not answered."""

    meeting_id: str
    state: PollState
    closes_on: date
    asked: int
    answered: int
    mine_waits: bool

    @property
    def is_ready(self) -> bool:
        """Tell whether a time can be chosen: everybody has answered, or no more answers are taken."""
        return self.state is PollState.CLOSED or self.answered == self.asked > 0


@dataclass(frozen=True, slots=True)
class Held:
    """A time that somebody is being asked about for a meeting (aware instants)."""

    meeting_id: str
    starts_at: datetime
    ends_at: datetime


def add(connection: Connection, new: Poll) -> None:
    """Store a new poll; raises `Conflict` where another of the same meeting is live."""
    try:
        with connection.begin_nested():
            connection.execute(insert(poll).values(id=new.id, **_values(new)))
    except IntegrityError as error:
        raise Conflict(
            "poll_already_asked", "People are being asked about times already. Withdraw that first to ask anew."
        ) from error
    connection.execute(
        insert(poll_proposal),
        [
            {"id": one.id, "poll_id": new.id, "starts_at": one.starts_at, "ends_at": one.ends_at}
            for one in new.proposals
        ],
    )
    _replace_respondents(connection, new, ())


def save(connection: Connection, before: Poll, after: Poll) -> None:
    """Store what changed; the caller has loaded the poll to be changed, so nobody else changes it meanwhile."""
    connection.execute(update(poll).where(poll.c.id == after.id).values(_values(after)))
    if before.respondents != after.respondents:
        _replace_respondents(connection, after, before.respondents)


def to_be_changed(connection: Connection, poll_id: str) -> Poll | None:
    """Return a poll that nobody else changes until this transaction ends, or None."""
    connection.execute(select(poll.c.id).where(poll.c.id == poll_id).with_for_update())
    found = _load_where(connection, poll.c.id == poll_id)
    return found[0] if found else None


def load(connection: Connection, poll_id: str) -> Poll | None:
    """Return a poll, or None."""
    found = _load_where(connection, poll.c.id == poll_id)
    return found[0] if found else None


def of_meeting(connection: Connection, meeting_id: str) -> list[Poll]:
    """Return the polls of a meeting, the live one first and then the newest."""
    found = _load_where(connection, poll.c.meeting_id == meeting_id)
    return sorted(found, key=lambda one: (one.state.is_live, one.opened_at), reverse=True)


def live_of_meetings(connection: Connection, meeting_ids: Iterable[str]) -> list[Poll]:
    """Return the polls of several meetings of which no time was chosen yet."""
    return _load_where(connection, poll.c.meeting_id.in_(sorted(set(meeting_ids))) & poll.c.state.in_(LIVE))


def all_open(connection: Connection) -> list[Poll]:
    """Return every poll that takes answers."""
    return _load_where(connection, poll.c.state == PollState.OPEN.value)


def progress(connection: Connection, meeting_ids: Iterable[str], actor: Collection[str]) -> dict[str, Progress]:
    """Return how far the live polls of some meetings have come; one query for each 500 meetings."""
    wanted = sorted(set(meeting_ids))
    found: dict[str, Progress] = {}
    unheard = poll_respondent.c.answered_at.is_(None)
    mine = poll_respondent.c.person_id.in_(sorted(actor)) & unheard & (poll.c.state == PollState.OPEN.value)
    for at in range(0, len(wanted), 500):
        query = (
            select(
                poll.c.meeting_id,
                poll.c.state,
                poll.c.closes_on,
                func.count(poll_respondent.c.id),
                func.count(poll_respondent.c.answered_at),
                func.count(poll_respondent.c.id).filter(mine),
            )
            .outerjoin(poll_respondent, poll_respondent.c.poll_id == poll.c.id)
            .where(poll.c.meeting_id.in_(wanted[at : at + 500]), poll.c.state.in_(LIVE))
            .group_by(poll.c.id, poll.c.meeting_id, poll.c.state, poll.c.closes_on)
        )
        for meeting_id, state, closes_on, asked, answered, waits in connection.execute(query):
            found[meeting_id] = Progress(meeting_id, PollState(state), closes_on, asked, answered, bool(waits))
    return found


def held(connection: Connection, person_ids: Iterable[str], first: datetime, last: datetime) -> dict[str, list[Held]]:
    """Return the times between two instants that open polls hold for people who must be there; one query.

    What somebody has said that they cannot make is not held for them.
    """
    query = (
        select(
            poll_respondent.c.person_id,
            poll_respondent.c.choices,
            poll.c.meeting_id,
            poll_proposal.c.id,
            poll_proposal.c.starts_at,
            poll_proposal.c.ends_at,
        )
        .join(poll, poll.c.id == poll_respondent.c.poll_id)
        .join(poll_proposal, poll_proposal.c.poll_id == poll.c.id)
        .where(
            poll_respondent.c.person_id.in_(sorted(set(person_ids))),
            poll_respondent.c.required,
            poll.c.state == PollState.OPEN.value,
            poll_proposal.c.starts_at < last,
            poll_proposal.c.ends_at > first,
        )
        .order_by(poll_proposal.c.starts_at)
    )
    found: dict[str, list[Held]] = {}
    for person_id, choices, meeting_id, proposal_id, starts_at, ends_at in connection.execute(query):
        if choices.get(proposal_id) != Choice.NO.value:
            found.setdefault(person_id, []).append(Held(meeting_id, starts_at, ends_at))
    return found


def _replace_respondents(connection: Connection, stored: Poll, before: Sequence[Respondent]) -> None:
    kept = {each.id for each in stored.respondents}
    known = {each.id: each for each in before}
    gone = sorted(known.keys() - kept)
    if gone:
        connection.execute(delete(poll_link).where(poll_link.c.respondent_id.in_(gone)))
        connection.execute(delete(poll_respondent).where(poll_respondent.c.id.in_(gone)))
    fresh = []
    for position, each in enumerate(stored.respondents):
        values = _of_respondent(stored.id, position, each)
        if each.id not in known:
            fresh.append(values)
        elif known[each.id] != each:
            connection.execute(update(poll_respondent).where(poll_respondent.c.id == each.id).values(values))
    if fresh:
        connection.execute(insert(poll_respondent), fresh)


def _of_respondent(poll_id: str, position: int, each: Respondent) -> dict[str, Any]:
    return {
        "id": each.id,
        "poll_id": poll_id,
        "person_id": each.person_id,
        "role": each.role,
        "name": each.name,
        "email": each.email,
        "required": each.required,
        "position": position,
        "choices": {proposal_id: choice.value for proposal_id, choice in each.choices.items()},
        "comment": each.comment,
        "answered_at": each.answered_at,
        "answered_by": each.answered_by,
        "reminded_at": each.reminded_at,
    }


def _values(one: Poll) -> dict[str, Any]:
    return {
        "meeting_id": one.meeting_id,
        "state": one.state.value,
        "opened_at": one.opened_at,
        "opened_by": one.opened_by,
        "closes_on": one.closes_on,
        "shows_counts": one.shows_counts,
        "ended_at": one.ended_at,
        "chosen": one.chosen,
        "told_answered_at": one.told_answered_at,
    }


def _load_where(connection: Connection, condition: ColumnElement[bool]) -> list[Poll]:
    newest_first = (poll.c.opened_at.desc(), poll.c.id)
    rows = connection.execute(select(poll).where(condition).order_by(*newest_first)).mappings().all()
    if not rows:
        return []
    ids = [row["id"] for row in rows]
    proposals: dict[str, list[Proposal]] = {}
    times = select(poll_proposal).where(poll_proposal.c.poll_id.in_(ids)).order_by(poll_proposal.c.starts_at)
    for row in connection.execute(times).mappings():
        proposals.setdefault(row["poll_id"], []).append(Proposal(row["id"], row["starts_at"], row["ends_at"]))
    asked: dict[str, list[Respondent]] = {}
    people = select(poll_respondent).where(poll_respondent.c.poll_id.in_(ids)).order_by(poll_respondent.c.position)
    for row in connection.execute(people).mappings():
        asked.setdefault(row["poll_id"], []).append(_respondent(row))
    return [_poll(row, tuple(proposals.get(row["id"], ())), tuple(asked.get(row["id"], ()))) for row in rows]


def _respondent(row: Mapping[Any, Any]) -> Respondent:
    return Respondent(
        id=row["id"],
        person_id=row["person_id"],
        role=row["role"],
        name=row["name"],
        email=row["email"],
        required=row["required"],
        choices={proposal_id: Choice(choice) for proposal_id, choice in row["choices"].items()},
        comment=row["comment"],
        answered_at=row["answered_at"],
        answered_by=row["answered_by"],
        reminded_at=row["reminded_at"],
    )


def _poll(row: Mapping[Any, Any], proposals: tuple[Proposal, ...], respondents: tuple[Respondent, ...]) -> Poll:
    return Poll(
        id=row["id"],
        meeting_id=row["meeting_id"],
        opened_at=row["opened_at"],
        opened_by=row["opened_by"],
        closes_on=row["closes_on"],
        proposals=proposals,
        respondents=respondents,
        shows_counts=row["shows_counts"],
        state=PollState(row["state"]),
        ended_at=row["ended_at"],
        chosen=row["chosen"],
        told_answered_at=row["told_answered_at"],
    )
