"""Looking at a draft of a term: its lines with names, its figures by week, worker and school."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from services.scheduling.adapters import children_store, meetings_store, term_plan_store
from services.scheduling.adapters.children_store import Child
from services.scheduling.application.term_plans import DRAFT, READ, children_shown, directs, find_draft
from services.scheduling.domain.meeting import Meeting
from services.scheduling.domain.term_draft import Placement, PlacementState, TermPlan, count_states
from services.scheduling.domain.term_question import DayOff
from shared.contracts.roles import Role
from shared.kernel.clock import london_date
from shared.platform import roster
from shared.platform.access import may, permit
from shared.platform.work import Work


@dataclass(frozen=True, slots=True)
class Row:
    """One meeting of a draft with who it is about and who works with them."""

    line: Placement
    meeting: Meeting
    child: Child
    worker_id: str = ""
    worker: str = ""

    @property
    def day(self) -> date | None:
        """Return the day in England on which the draft has it."""
        return london_date(self.line.starts_at) if self.line.starts_at else None

    @property
    def monday(self) -> date | None:
        """Return the Monday of its week."""
        return monday_of(self.day) if self.day else None


@dataclass(frozen=True, slots=True)
class DraftFilter:
    """Which lines of a draft to show; empty is any. `week` is the Monday."""

    worker: str = ""
    school: str = ""
    week: date | None = None
    state: str = ""

    def takes(self, row: Row) -> bool:
        """Tell whether a row is to be shown."""
        return (
            self.worker in ("", row.worker_id)
            and self.school in ("", row.child.school_urn)
            and self.week in (None, row.monday)
            and self.state in ("", row.line.state.value)
        )


@dataclass(frozen=True, slots=True)
class DraftView:
    """A draft as one person sees it. `everything` are all the lines that they may see, `rows` those that fit a filter.

    `people` are those of the meetings by id, for the days off and for what to relax.
    """

    plan: TermPlan
    rows: Sequence[Row]
    everything: Sequence[Row]
    directs: bool
    days_off: Sequence[tuple[int, DayOff]] = ()
    people: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listed:
    """A draft in a list, with how many of its meetings are in each state."""

    plan: TermPlan
    counts: Mapping[PlacementState, int]


def list_drafts(work: Work) -> list[Listed]:
    """Return the drafts of the actor's authority, the newest first; three queries."""
    permit(work, READ)
    plans = term_plan_store.of_authority(work.connection, work.actor.authority)
    shown = [plan for plan in plans if plan.whole_authority or directs(work, plan) or _concerns(work)]
    counts = term_plan_store.counts(work.connection, [plan.id for plan in shown])
    return [Listed(plan, counts[plan.id]) for plan in shown]


def look_at_draft(
    work: Work, term_plan_id: str, asked: DraftFilter | None = None, states: Collection[PlacementState] = ()
) -> DraftView:
    """Return a draft with those of its lines that the actor may see: a few queries, however many there are.

    `states` narrows it to lines in these states; `asked` only what is in `rows`.
    """
    plan = find_draft(work, term_plan_id)
    children = children_shown(work)
    lines = term_plan_store.placements(work.connection, plan.id, states=states, child_ids=children)
    rows = _rows(work, lines)
    days_off = term_plan_store.days_off(work.connection, plan.id)
    people = {row.worker_id: row.worker for row in rows if row.worker_id}
    named = {off.person_id for _, off in days_off} | {one.hindrance_person for one in lines if one.hindrance_person}
    people |= {key: one.name for key, one in roster.people_by_id(work.connection, named - people.keys()).items()}
    return DraftView(
        plan,
        [row for row in rows if asked is None or asked.takes(row)],
        rows,
        directs=directs(work, plan) and may(work, DRAFT),
        days_off=days_off,
        people=people,
    )


def count_lines(work: Work, term_plan_id: str) -> Mapping[PlacementState, int]:
    """Return how many of the lines that the actor may see are in each state."""
    children = children_shown(work)
    if children is None:
        return term_plan_store.counts(work.connection, [term_plan_id])[term_plan_id]
    return count_states(term_plan_store.placements(work.connection, term_plan_id, child_ids=children))


def row_of(work: Work, line: Placement) -> Row:
    """Return one line with its names."""
    (row,) = _rows(work, [line])
    return row


def people_in(work: Work, plan: TermPlan) -> list[tuple[str, str]]:
    """Return those who work for the children of a draft, by name: who may be away; two queries."""
    lines = term_plan_store.placements(work.connection, plan.id, child_ids=children_shown(work))
    teams = roster.teams(work.connection, {one.child_id for one in lines}, work.today)
    working = {Role.SOCIAL_WORKER, Role.DESIGNATED_TEACHER, Role.VIRTUAL_SCHOOL_CASEWORKER}
    found = {one.person_id: one.name for team in teams.values() for one in team if one.role in working}
    return sorted(found.items(), key=lambda one: one[1])


def monday_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def _concerns(work: Work) -> bool:
    return bool(work.actor.kinds & {Role.SOCIAL_WORKER, Role.TEAM_MANAGER})


def _rows(work: Work, lines: Iterable[Placement]) -> list[Row]:
    chosen = list(lines)
    ids = {one.child_id for one in chosen}
    children = children_store.load_children(work.connection, ids)
    teams = roster.teams(work.connection, ids, work.today)
    meetings = {one.id: one for one in meetings_store.of_children(work.connection, ids)}
    workers = {
        child_id: one for child_id, team in teams.items() for one in reversed(team) if one.role is Role.SOCIAL_WORKER
    }
    rows = []
    for line in chosen:
        worker = workers.get(line.child_id)
        child = children.get(line.child_id) or Child(line.child_id, "Child")
        meeting = meetings[line.meeting_id]
        rows.append(Row(line, meeting, child, worker.person_id if worker else "", worker.name if worker else ""))
    return rows


@dataclass(frozen=True, slots=True)
class Week:
    """How many meetings each day of a week has, Monday to Friday."""

    monday: date
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A draft in numbers: meetings by day, by worker and week, and the days on which each school is visited."""

    mondays: Sequence[date]
    by_day: Mapping[date, int]
    workers: Sequence[tuple[str, str]]
    by_worker: Mapping[tuple[str, date], int]
    schools: Sequence[tuple[str, str, int, int]]

    @property
    def weeks(self) -> list[Week]:
        """Return the meetings of each week by day, Monday to Friday."""
        return [
            Week(monday, tuple(self.by_day.get(monday + timedelta(days=day), 0) for day in range(5)))
            for monday in self.mondays
        ]

    @property
    def most_a_day(self) -> int:
        """Return the most meetings on any day."""
        return max(self.by_day.values(), default=0)


def picture_of(view: DraftView) -> Picture:
    """Return the picture of a draft; `schools` are (URN, name, meetings, days on which there are any)."""
    placed = [row for row in view.everything if row.day and row.line.state is not PlacementState.GONE]
    by_day = Counter(row.day for row in placed if row.day is not None)
    by_worker = Counter((row.worker_id, row.monday) for row in placed if row.monday is not None)
    days: dict[tuple[str, str], set[date]] = {}
    meetings: Counter[tuple[str, str]] = Counter()
    for row in placed:
        school = (row.child.school_urn or "", row.child.school_name or "No school")
        meetings[school] += 1
        days.setdefault(school, set()).add(row.day or view.plan.first)
    first, last = monday_of(min(by_day, default=view.plan.first)), max(by_day, default=view.plan.first)
    mondays = [first + timedelta(weeks=number) for number in range((last - first).days // 7 + 1)]
    workers = sorted({(row.worker_id, row.worker or "Nobody yet") for row in placed}, key=lambda one: one[1])
    schools = sorted(((*school, meetings[school], len(on)) for school, on in days.items()), key=lambda one: one[1])
    return Picture(mondays, by_day, workers, by_worker, schools)
