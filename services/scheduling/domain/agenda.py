"""The agenda of a meeting: what the authority always has on it, and what the child and others add.

What the child writes for the social worker alone is shown to nobody else who is invited, and neither is that there is
such a point.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.scheduling.domain.meeting import Kind, Meeting, Reason
from shared.contracts.roles import Role
from shared.kernel.errors import Conflict, InvalidInput, NotFound

LONGEST = 500
MOST_POINTS = 20
"""How many points one person may have on one agenda."""
OTHER = "other"


class Wish(StrEnum):
    """What somebody wishes of a point: talk about it with everybody, or tell the social worker alone."""

    TALK = "talk"
    WORKER_ONLY = "worker_only"


@dataclass(frozen=True, slots=True)
class Point:
    """A point that somebody added, in the role in which they did; lower `position` comes first."""

    id: str
    meeting_id: str
    person_id: str
    name: str
    role: str
    text: str
    wish: Wish
    position: int
    at: datetime

    @property
    def is_private(self) -> bool:
        """Tell whether it is for the social worker alone."""
        return self.wish is Wish.WORKER_ONLY


@dataclass(frozen=True, slots=True)
class Agenda:
    """An agenda as one reader sees it: the child's points, what is always talked about, and the points of others.

    `starter` is the role that the child would like to start; empty where they did not say.
    """

    of_child: tuple[Point, ...]
    standing: tuple[str, ...]
    of_others: tuple[Point, ...]
    starter: str = ""


def write_point(point: Point, points: Iterable[Point]) -> Point:
    """Return a point as it may be stored beside the others of the agenda.

    Raises `InvalidInput` for an empty or too long one and where somebody but the child writes to the worker alone, and
    `Conflict` when its writer has added as many as one may.
    """
    text = point.text.strip()
    if not text:
        raise InvalidInput({"text": ["Write what it is about."]})
    if len(text) > LONGEST:
        raise InvalidInput({"text": [f"What it is about must be {LONGEST} characters or fewer."]})
    if point.is_private and point.role != Role.CHILD:
        raise InvalidInput({"wish": ["Only the child writes for the social worker alone."]})
    if sum(one.person_id == point.person_id and one.id != point.id for one in points) >= MOST_POINTS:
        raise Conflict("agenda_full", f"You have added {MOST_POINTS} points. Take one back before you add another.")
    return replace(point, text=text)


def as_read(points: Iterable[Point], reader_ids: Collection[str], *, reads_all: bool) -> tuple[Point, ...]:
    """Return the points that a reader sees, in their order: everybody's and their own, or all."""
    seen = (one for one in points if reads_all or not one.is_private or one.person_id in reader_ids)
    return tuple(sorted(seen, key=_place))


def put_together(points: Iterable[Point], standing: Iterable[str], starter: str) -> Agenda:
    """Return the agenda from the points that a reader sees: the child's come first."""
    chosen = list(points)
    return Agenda(
        of_child=tuple(one for one in chosen if one.role == Role.CHILD),
        standing=tuple(standing),
        of_others=tuple(one for one in chosen if one.role != Role.CHILD),
        starter=starter,
    )


def moved(points: Iterable[Point], point_id: str, by: int) -> tuple[Point, ...]:
    """Return the points numbered anew, one of them a place earlier (-1) or later (1) among the child's or the others'.

    The first stays first and the last last. Raises `NotFound` where there is no such point.
    """
    ordered = sorted(points, key=_place)
    point = find_point(ordered, point_id)
    group = [one for one in ordered if (one.role == Role.CHILD) == (point.role == Role.CHILD)]
    other = group.index(point) + by
    if 0 <= other < len(group):
        here, there = ordered.index(point), ordered.index(group[other])
        ordered[here], ordered[there] = ordered[there], ordered[here]
    return _numbered(ordered)


def in_order(points: Iterable[Point], point_ids: Sequence[str]) -> tuple[Point, ...]:
    """Return the points numbered in a new order; raises `InvalidInput` unless each of them is named once."""
    by_id = {one.id: one for one in points}
    if sorted(by_id) != sorted(point_ids):
        raise InvalidInput({"points": ["Name every point of the agenda once."]})
    return _numbered([by_id[point_id] for point_id in point_ids])


def find_point(points: Iterable[Point], point_id: str) -> Point:
    """Return one of some points; raises `NotFound` where it is not among them."""
    for one in points:
        if one.id == point_id:
            return one
    raise NotFound("point_not_found", "This point is not yours, or is no longer on the agenda.")


def standing_points(standing: Mapping[str, tuple[str, ...]], meeting: Meeting) -> tuple[str, ...]:
    """Return what is always talked about at such a meeting: a review, or one for its reason, or any other."""
    occasion = meeting.kind.value if meeting.kind is Kind.REVIEW else meeting.reason.value
    return standing.get(occasion, standing[OTHER])


def read_standing(data: Mapping[str, Iterable[str]]) -> Mapping[str, tuple[str, ...]]:
    """Read the standing agendas of a policy: by the reason of the meeting, `review`, and `other` for all the rest."""
    unknown = set(data) - {OTHER, Kind.REVIEW.value, *(reason.value for reason in Reason)}
    if unknown or OTHER not in data:
        raise KeyError(f"agenda: {', '.join(sorted(unknown)) or OTHER}")
    return {occasion: tuple(str(one) for one in points) for occasion, points in data.items()}


def _place(point: Point) -> tuple[int, datetime, str]:
    return point.position, point.at, point.id


def _numbered(points: Iterable[Point]) -> tuple[Point, ...]:
    return tuple(replace(one, position=number) for number, one in enumerate(points))
