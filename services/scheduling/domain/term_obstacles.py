"""Why a meeting found no place in a draft of a term, and the one constraint to relax."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from services.scheduling.domain.term_board import Board
from services.scheduling.domain.term_plan import Problem, Starts, ToPlace, starts_in


class Hindrance(StrEnum):
    """What can stand in the way of every time; the last says that no single thing does."""

    OWN_DIARY = "own_diary"
    OTHER_MEETINGS = "other_meetings"
    LATEST_DATE = "latest_date"
    NOTICE = "notice"
    SCHOOL_DAYS = "school_days"
    LESSONS = "lessons"
    SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class Relaxed:
    """The one constraint without which there would be the most times, and how many; `person_id` where it is one's."""

    hindrance: Hindrance
    opens: int = 0
    person_id: str = ""


def obstacles(problem: Problem, starts: Starts) -> dict[str, Relaxed]:
    """Return for each meeting that a draft has no place for what to relax first."""
    board = Board(problem)
    for meeting in problem.meetings:
        if meeting.id in starts:
            board.place(meeting, starts[meeting.id])
    return {meeting.id: _obstacle(board, meeting) for meeting in problem.meetings if meeting.id not in starts}


def _obstacle(board: Board, meeting: ToPlace) -> Relaxed:
    best = Relaxed(Hindrance.SEVERAL)
    for found in _candidates(board, meeting):
        if found.opens > best.opens:
            best = found
    return best


def _candidates(board: Board, meeting: ToPlace) -> Iterator[Relaxed]:
    people, everything = board.problem.people, board.problem.everything
    diaries = {one: people[one].free for one in meeting.required}
    others = {one: everything & ~board.taken_from(one, meeting) for one in meeting.required}

    def count(starts: int, *, without_diary: str = "", without_meetings: str = "") -> int:
        free = everything
        for one in meeting.required:
            free &= everything if one == without_diary else diaries[one]
            free &= everything if one == without_meetings else others[one]
        return (starts & starts_in(free, meeting.length)).bit_count()

    for one in meeting.required:
        yield Relaxed(Hindrance.OWN_DIARY, count(meeting.starts, without_diary=one), one)
        yield Relaxed(Hindrance.OTHER_MEETINGS, count(meeting.starts, without_meetings=one), one)
    for code, starts in meeting.wider:
        yield Relaxed(Hindrance(code), count(starts))
