"""All that has to be known to place a term's meetings, read at once; and which times are open for one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.scheduling.adapters import children_store, meetings_store, term_plan_store
from services.scheduling.application.guests import invited_to
from services.scheduling.application.knowledge import Asked, questions_for
from services.scheduling.domain.judging import Point, judge
from services.scheduling.domain.meeting import Guest, Kind, Meeting, MeetingState
from services.scheduling.domain.term_board import Board
from services.scheduling.domain.term_draft import Placement, PlacementState, TermPlan
from services.scheduling.domain.term_plan import bits_of
from services.scheduling.domain.term_question import DayOff, TermProblem, Wanted, put_problem
from services.scheduling.domain.term_rules import Bounds, TermRules
from shared.contracts.permissions import SOCIAL_CARE
from shared.contracts.roles import Role
from shared.platform import roster
from shared.platform.work import Work

OFFERED = 40


@dataclass(frozen=True, slots=True)
class Term:
    """What is to be placed, and the lines that the draft had of it, by the id of the meeting."""

    wanted: Sequence[Wanted]
    meetings: Mapping[str, Meeting]
    before: Mapping[str, Placement]
    days_off: Sequence[DayOff]
    unknown_diaries: int = 0

    def put(self, plan: TermPlan, rules: TermRules) -> TermProblem | None:
        """Return the problem, or None where nothing is to be placed."""
        chosen = rules.with_worker(Bounds(plan.options.a_day, plan.options.a_week, plan.options.fair_a_week))
        return put_problem(self.wanted, plan.first, plan.last, chosen, self.days_off) if self.wanted else None


@dataclass(frozen=True, slots=True)
class OpenTime:
    """A time to which a meeting of a draft can be moved, with what speaks for and against it."""

    starts_at: datetime
    ends_at: datetime
    points: tuple[Point, ...]


def read_term(work: Work, plan: TermPlan) -> Term:
    """Read everything for a draft: the meetings still to arrange by its last day; what was left out is left out."""
    before = {one.meeting_id: one for one in term_plan_store.placements(work.connection, plan.id)}
    meetings = [
        meeting
        for meeting in meetings_store.of_children(work.connection, _children(work, plan), [MeetingState.TO_ARRANGE])
        if meeting.kind is Kind.PEP and meeting.meet_by <= plan.last and not _is_out(before.get(meeting.id))
    ]
    return _term(work, plan, meetings, before)


def times_open(work: Work, plan: TermPlan, line: Placement, rules: TermRules) -> list[OpenTime]:
    """Return times open for one meeting beside all the others of the draft, the best first.

    Only the meetings that share a person with it are read.
    """
    before = {one.meeting_id: one for one in term_plan_store.placements(work.connection, plan.id)}
    placed = [key for key, one in before.items() if one.starts_at is not None and one.state is PlacementState.PLANNED]
    children = {before[key].child_id for key in (*placed, line.meeting_id)}
    meetings = {one.id: one for one in meetings_store.of_children(work.connection, children, [MeetingState.TO_ARRANGE])}
    if line.meeting_id not in meetings:
        return []
    near = _neighbours(work, meetings, placed, line.meeting_id)
    # Whatever the draft says is fixed for the moment, but for the one that is to be moved.
    fixed = {key: one for key, one in before.items() if key in near}
    term = _term(work, plan, near.values(), fixed, every_line_locked=True, but=line.meeting_id)
    put = term.put(plan, rules)
    assert put is not None  # noqa: S101 - the meeting itself is among the wanted
    board = Board(put.problem)
    for meeting in put.problem.meetings:
        if meeting.locked is not None:
            board.place(meeting, meeting.locked)
    this = board.meetings[line.meeting_id]
    question = next(one.question for one in term.wanted if one.meeting_id == line.meeting_id)
    length = timedelta(minutes=question.minutes)
    ranked = sorted(bits_of(board.open_starts(this)), key=lambda start: (board.price(this, start), start))
    times = (put.instant(start) for start in ranked[:OFFERED])
    return [OpenTime(one, one + length, judge(question, one, one + length)) for one in times]


def _neighbours(work: Work, meetings: Mapping[str, Meeting], placed: Iterable[str], of: str) -> dict[str, Meeting]:
    invited = invited_to(work, list(meetings.values()))
    needed = {guest.person_id for guest in invited[of] if guest.required}
    must = {key: {one.person_id for one in guests if one.required} for key, guests in invited.items()}
    near = {key for key in placed if needed & must.get(key, set())}
    return {key: meetings[key] for key in near | {of}}


def _is_out(line: Placement | None) -> bool:
    return line is not None and line.state is PlacementState.LEFT_OUT


def _children(work: Work, plan: TermPlan) -> Iterable[str]:
    if plan.whole_authority:
        return children_store.all_child_ids(work.connection, plan.authority)
    mine = roster.children_of(work.connection, [plan.made_by], work.today)
    return [child_id for child_id, roles in mine.items() if roles & SOCIAL_CARE]


def _term(
    work: Work,
    plan: TermPlan,
    meetings: Iterable[Meeting],
    before: Mapping[str, Placement],
    *,
    every_line_locked: bool = False,
    but: str = "",
) -> Term:
    chosen = sorted(meetings, key=lambda one: (one.meet_by, one.asked_on, one.id))
    invited = invited_to(work, chosen)
    asked = [Asked(meeting, invited[meeting.id]) for meeting in chosen if invited[meeting.id]]
    questions = questions_for(work, asked)
    children = children_store.load_children(work.connection, {one.meeting.child_id for one in asked})
    wanted = []
    for one, question in zip(asked, questions, strict=True):
        line, child = before.get(one.meeting.id), children.get(one.meeting.child_id)
        locked = line is not None and (line.locked or every_line_locked) and one.meeting.id != but
        wanted.append(
            Wanted(
                meeting_id=one.meeting.id,
                school=(child.school_urn if child else None) or f"no school: {one.meeting.child_id}",
                question=question,
                roles=_roles(one.guests),
                locked=line.starts_at if line and locked else None,
                previous=line.starts_at if line else None,
            )
        )
    must = {person.id: person.knows_diary for one in questions for person in one.people if person.required}
    days_off = [off for _, off in term_plan_store.days_off(work.connection, plan.id)]
    unknown = sum(1 for knows in must.values() if not knows)
    return Term(wanted, {one.id: one for one in chosen}, before, days_off, unknown)


def _roles(guests: Iterable[Guest]) -> dict[str, Role]:
    return {guest.person_id: Role(guest.role) for guest in guests}
