"""Improves a draft of a term with the CP-SAT solver of OR-Tools, which is installed only by those who want it.

The draft that there is is its hint, and what it finds is never dearer. It is told to use eight workers even on two
processors: with two, none of them works on the bound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from math import ceil
from time import monotonic
from typing import Any

from services.scheduling.adapters.cp_sat_model import TermModel
from services.scheduling.domain.term_plan import Problem, Starts, cost_of

WORKERS = 8
MOST_CHOICES = 60_000
"""So many possible starts are looked at; a term with more keeps the cheapest of each meeting, and the page says so."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far the solver is: what its best draft costs, and what none of the drafts looked at can be cheaper than.

    Both with `Worth.unplaced` for each meeting without a place that could have one. `choices` of `possible` starts are
    looked at. `starts` is the draft where it is a new one; `seconds` since it began.
    """

    cost: int
    bound: int
    seconds: float
    choices: int
    possible: int
    starts: Mapping[str, int] | None = None
    proven: bool = False

    @property
    def gap(self) -> float:
        """Return by how much of its cost the draft may still be too dear: 0.02 are 2 per cent."""
        return max(0, self.cost - self.bound) / self.cost if self.cost else 0.0


def is_installed() -> bool:
    """Tell whether the solver is there; nothing is loaded for it."""
    return find_spec("ortools") is not None


def price_of(problem: Problem, starts: Starts) -> int:
    """Return what the solver minimises: the cost, and the price of what could be placed and is not."""
    left = sum(1 for one in problem.meetings if one.id not in starts and problem.possible(one))
    return cost_of(problem, starts).total + problem.worth.unplaced * left


def improve(
    problem: Problem,
    hint: Starts,
    seconds: float,
    tell: Callable[[Step], None] = lambda step: None,
    *,
    most_choices: int = MOST_CHOICES,
) -> Step:
    """Look for a better draft for so many seconds, and return the last step; `tell` hears of each before."""
    from ortools.sat.python import cp_model

    begun = monotonic()
    model = TermModel(problem, hint, cp_model.CpModel(), most_choices)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = WORKERS
    solver.parameters.max_time_in_seconds = seconds
    cheapest = price_of(problem, hint)

    def step(cost: int, bound: float, **more: Any) -> Step:
        return Step(
            cost, min(cost, ceil(bound - 1e-6)), monotonic() - begun, len(model.choices), model.possible, **more
        )

    class Better(cp_model.CpSolverSolutionCallback):
        """Hears of every better draft."""

        def on_solution_callback(self) -> None:
            """Say so."""
            nonlocal cheapest
            cheapest = round(self.objective_value)
            tell(step(cheapest, self.best_objective_bound, starts=model.read(self.boolean_value)))

    solver.best_bound_callback = lambda bound: tell(step(cheapest, bound))
    status = solver.solve(model.model, Better())
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return step(price_of(problem, hint), solver.best_objective_bound, starts=dict(hint))
    proven = status == cp_model.OPTIMAL
    found = model.read(solver.boolean_value)
    return step(round(solver.objective_value), solver.best_objective_bound, starts=found, proven=proven)
