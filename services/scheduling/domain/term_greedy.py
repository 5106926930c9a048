"""Placing a term's meetings by hand, as it were: those with the fewest options first, then making room, then mending.

It takes well under a second for 1,500 children and is the default; `adapters/cp_sat` goes on from its result.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.scheduling.domain.term_board import Board
from services.scheduling.domain.term_plan import Problem, Starts, ToPlace, bits_of

_DEEP, _TRIES, _ROUNDS, _FEW = 3, 4_000, 6, 100


def draft(problem: Problem, start_from: Starts | None = None) -> dict[str, int]:
    """Return where each meeting starts, as far as a place was found for it.

    Locked meetings stay, and those of the draft before stay where they were as long as that is possible; `start_from`
    is another draft to begin with. Every hard rule holds.
    """
    board = Board(problem)
    _put_back(board, start_from)
    waiting = sorted(
        (meeting for meeting in problem.meetings if meeting.id not in board.starts),
        key=lambda meeting: (board.possible[meeting.id].bit_count(), meeting.ideal, meeting.id),
    )
    left = []
    for meeting in waiting:
        found = board.best_start(meeting)
        if found:
            board.place(meeting, found[0])
        elif board.possible[meeting.id]:
            left.append(meeting)
    _make_room(board, left)
    _mend(board)
    return dict(board.starts)


def _put_back(board: Board, start_from: Starts | None) -> None:
    """Place what is locked, then what was placed before, as far as that is still possible."""
    for meeting in board.problem.meetings:
        if meeting.locked is not None:
            board.place(meeting, meeting.locked)
    for meeting in board.problem.meetings:
        before = meeting.previous if start_from is None else start_from.get(meeting.id)
        if before is not None and meeting.id not in board.starts and board.open_starts(meeting) >> before & 1:
            board.place(meeting, before)


@dataclass
class _Patience:
    """How many more tries there are; a term has to be drafted within a second."""

    tries: int


def _make_room(board: Board, left: list[ToPlace]) -> None:
    """Place what found no place by moving others: each of those finds another place, or moves others in turn."""
    patience = _Patience(_TRIES)
    for meeting in left:
        for deep in range(1, _DEEP + 1):
            if _insert(board, meeting, deep, {meeting.id}, patience):
                break


def _insert(board: Board, meeting: ToPlace, deep: int, settled: set[str], patience: _Patience) -> bool:
    if found := board.best_start(meeting):
        board.place(meeting, found[0])
        return True
    if deep == 0:
        return False
    starts = sorted(bits_of(board.possible[meeting.id]), key=lambda start: board.problem.own_price(meeting, start))
    for start in starts:
        if patience.tries <= 0:
            return False
        patience.tries -= 1
        others = board.in_the_way(meeting, start)
        if not others or len(others) > 2 or any(other.id in settled for other in others):
            continue
        before = dict(board.starts)
        for other in others:
            board.take_up(other)
        if board.open_starts(meeting) >> start & 1:
            board.place(meeting, start)
            settled_now = settled | {meeting.id} | {other.id for other in others}
            if all(_insert(board, other, deep - 1, settled_now, patience) for other in others):
                return True
        _restore(board, before)
    return False


def _restore(board: Board, before: Starts) -> None:
    changed = [one for one in board.starts if board.starts[one] != before.get(one)]
    for one in changed:
        board.take_up(board.meetings[one])
    for one, start in before.items():
        if one not in board.starts:
            board.place(board.meetings[one], start)


def _mend(board: Board) -> None:
    """Take up each meeting in turn and put it down where it is cheapest now, until hardly any gets better."""
    for _ in range(_ROUNDS):
        moved = 0
        for meeting in board.problem.meetings:
            if meeting.locked is not None or meeting.id not in board.starts:
                continue
            was = board.take_up(meeting)
            found = board.best_start(meeting)
            start = found[0] if found and found[1] < board.price(meeting, was) else was
            board.place(meeting, start)
            moved += start != was
        if moved * _FEW <= len(board.starts):
            return
