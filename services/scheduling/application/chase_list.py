"""The chase list: every meeting that waits for an answer, a time or a way out, and what happens next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.scheduling.adapters import chase_store, children_store, meetings_store
from services.scheduling.adapters.children_store import Child
from services.scheduling.application.chasing import Chase, chases
from services.scheduling.application.worklist import OPEN_STATES
from services.scheduling.domain.chasing import Dated, Ladder
from services.scheduling.domain.meeting import MeetingState
from shared.contracts.permissions import PERMISSIONS
from shared.contracts.roles import Role
from shared.platform import roster
from shared.platform.access import note_children
from shared.platform.work import Work

READ, EXPORT = "scheduling.chase.read", "scheduling.chase.export"


class Waits(StrEnum):
    """What a meeting waits for."""

    ANSWERS = "answers"
    ARRANGING = "arranging"
    REPLANNING = "replanning"
    LATE_CHANGE = "late_change"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines are wanted; what is empty or False does not narrow the list."""

    waits: str = ""
    worker: str = ""
    ring: bool = False
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class ChaseLine:
    """One meeting on the chase list; `workers` are the child's social workers, by id and name."""

    chase: Chase
    child: Child
    workers: tuple[tuple[str, str], ...]
    waits: Waits
    today: date

    @property
    def next(self) -> Dated | None:
        """Return what comes next if nobody does anything."""
        return self.chase.next

    @property
    def is_overdue(self) -> bool:
        """Tell whether the latest date has passed."""
        return self.chase.meeting.meet_by < self.today

    def fits(self, wanted: Wanted) -> bool:
        """Tell whether the line is wanted."""
        return (
            wanted.waits in ("", self.waits.value)
            and (not wanted.worker or wanted.worker in {one for one, _name in self.workers})
            and (not wanted.ring or bool(self.chase.ring))
            and (not wanted.overdue or self.is_overdue)
        )


@dataclass(frozen=True, slots=True)
class ChaseList:
    """The lines that are wanted, the most pressing first, and the social workers there are to choose from."""

    lines: tuple[ChaseLine, ...]
    workers: tuple[tuple[str, str], ...]


def chase_list(work: Work, wanted: Wanted, *, export: bool = False) -> ChaseList:
    """Return the chase list of the children the actor answers for; a few statements, however many there are.

    What is only on time is not on it: a meeting to arrange is, once its ladder has begun.
    """
    ids = _children(work, EXPORT if export else READ)
    meetings = meetings_store.of_children(work.connection, ids, OPEN_STATES)
    late = chase_store.lately_cancelled(work.connection, work.now)
    meetings += [one for one in meetings_store.with_ids(work.connection, late) if one.child_id in set(ids)]
    waiting = [(chase, waits) for chase in chases(work, meetings) if (waits := _waits(work, chase)) is not None]
    child_ids = {chase.meeting.child_id for chase, _waits in waiting}
    children = children_store.load_children(work.connection, child_ids)
    teams = roster.teams(work.connection, child_ids, work.today)
    lines = [
        ChaseLine(
            chase,
            children.get(chase.meeting.child_id) or Child(chase.meeting.child_id, "Child"),
            _workers(teams.get(chase.meeting.child_id, ())),
            waits,
            work.today,
        )
        for chase, waits in waiting
    ]
    chosen = sorted((line for line in lines if line.fits(wanted)), key=_pressing)
    if export:
        note_children(work, EXPORT, {line.child.id for line in chosen})
    everybody = {one for line in lines for one in line.workers}
    return ChaseList(tuple(chosen), tuple(sorted(everybody, key=lambda one: one[1])))


def _children(work: Work, action: str) -> list[str]:
    """Return the children on whose chase list the actor may look: the same answer as `permit` gives of each."""
    permission = PERMISSIONS[action]
    mine = roster.children_of(work.connection, work.actor.person_ids, work.today)
    found = {child_id for child_id, roles in mine.items() if roles & permission.team}
    if work.actor.system or work.actor.kinds & permission.authority:
        found.update(children_store.all_child_ids(work.connection, work.actor.authority))
    return sorted(found)


def _waits(work: Work, chase: Chase) -> Waits | None:
    meeting = chase.meeting
    if meeting.booking is not None and meeting.booking.starts_at <= work.now:
        return None
    if chase.late is not None and chase.ring:
        return Waits.LATE_CHANGE
    if meeting.state is MeetingState.PUT_BACK:
        return Waits.REPLANNING
    if chase.ladder is Ladder.ANSWERS:
        return Waits.ANSWERS if chase.waited_for else None
    begun = chase.ladder is Ladder.ARRANGING and (
        meeting.meet_by < work.today or any(each.on <= work.today for each in chase.steps)
    )
    return Waits.ARRANGING if begun else None


def _workers(team: Iterable[roster.Membership]) -> tuple[tuple[str, str], ...]:
    return tuple((one.person_id, one.name) for one in team if one.role is Role.SOCIAL_WORKER)


def _pressing(line: ChaseLine) -> tuple[bool, bool, date, str]:
    meeting = line.chase.meeting
    day = meeting.booking.day if meeting.booking else meeting.meet_by
    return (line.waits is not Waits.LATE_CHANGE, not line.chase.ring, day, line.child.name)
