"""Drafts a term for 1,500 children, and improves the draft.

.venv/bin/python -m benchmarks.term_plan [SECONDS] [SEED]

Prints what was placed, what the draft costs, the bound, the journeys; the quick draft beside the plain way, which takes
the meetings as they come and gives each the first time that suits. The targets: every meeting placed that can be, the
quick draft in under a second, the improved one within 2 per cent of the proven bound after SECONDS (60).
"""

from __future__ import annotations

import sys
from time import perf_counter

from benchmarks.term_plan.town import town
from services.scheduling.adapters.cp_sat import improve, is_installed, price_of
from services.scheduling.domain.term_board import Board
from services.scheduling.domain.term_greedy import draft
from services.scheduling.domain.term_plan import Problem, Starts, bits_of, broken_rules, cost_of

QUICK, CLOSE = 1.0, 0.02


def drafted_plainly(problem: Problem) -> dict[str, int]:
    """Take the meetings as they come, and give each the first time that suits everybody."""
    board = Board(problem)
    for meeting in problem.meetings:
        first = next(bits_of(board.open_starts(meeting)), None)
        if first is not None:
            board.place(meeting, first)
    return dict(board.starts)


def main(seconds: float = 60, seed: int = 1) -> int:
    """Time and print; return 1 when a target is missed."""
    problem = town(seed)
    possible = sum(problem.possible(meeting).bit_count() for meeting in problem.meetings)
    could = sum(1 for meeting in problem.meetings if problem.possible(meeting))
    print(f"{len(problem.meetings)} meetings, {possible} possible starts; {could} meetings have any")
    plain, plain_took = timed(drafted_plainly, problem)
    quick, quick_took = timed(draft, problem)
    show("as they come", problem, plain, plain_took)
    show("quick draft", problem, quick, quick_took)
    print(f"the quick draft costs {price_of(problem, quick) / price_of(problem, plain):.2f} of the plain one")
    met = quick_took < QUICK and len(quick) == could and not broken_rules(problem, quick)
    if is_installed():
        begun = perf_counter()
        step = improve(problem, quick, seconds)
        best = dict(step.starts or quick)
        show("improved", problem, best, perf_counter() - begun)
        proven = ", proven the best" if step.proven else ""
        print(
            f"bound {step.bound}, gap {100 * step.gap:.2f}%{proven}; {step.choices} of {step.possible} starts looked at"
        )
        met = met and step.gap <= CLOSE and not broken_rules(problem, best)
    else:
        print("the solver is not installed, so nothing was improved")
    return 0 if met else 1


def timed(way, problem: Problem) -> tuple[dict[str, int], float]:  # type: ignore[no-untyped-def]
    begun = perf_counter()
    made = way(problem)
    return made, perf_counter() - begun


def show(name: str, problem: Problem, starts: Starts, took: float) -> None:
    cost = cost_of(problem, starts)
    print(
        f"{name:>12}: {len(starts)} placed, cost {cost.total} ({cost.days} for days, {cost.journeys} for "
        f"{cost.visits} journeys), {took:.2f} s"
    )


if __name__ == "__main__":
    sys.exit(main(*(float(one) if n == 0 else int(one) for n, one in enumerate(sys.argv[1:]))))
