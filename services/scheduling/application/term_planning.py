"""Making a draft of a term: the worker's part. It can be killed at any moment and begin again."""

from __future__ import annotations

import logging
from dataclasses import asdict, replace
from datetime import timedelta

from services.scheduling.adapters import cp_sat_process, term_plan_store
from services.scheduling.adapters.cp_sat import Step, is_installed, price_of
from services.scheduling.application.term_knowledge import Term, read_term
from services.scheduling.application.term_plans import rules_of
from services.scheduling.domain.term_draft import Placement, PlacementState, PlanState, Progress, TermPlan
from services.scheduling.domain.term_greedy import draft
from services.scheduling.domain.term_obstacles import Relaxed, obstacles
from services.scheduling.domain.term_plan import Starts, cost_of
from services.scheduling.domain.term_question import TermProblem
from shared.kernel.errors import DomainError
from shared.platform.access import system_actor
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec
from shared.platform.work import reading_work, writing_work

SILENT = timedelta(seconds=60)
"""A planner of which nothing was heard for so long was killed; another takes the draft up."""

NOT_INSTALLED = "solver_not_installed"
FAILED = "failed"

log = logging.getLogger(__name__)


def plan_due_term(runtime: Runtime, spec: ServiceSpec) -> bool:
    """Make the draft that waits longest, the quick form before the improved one; return whether one was waiting."""
    suite = system_actor()
    with writing_work(runtime, spec, suite) as work:
        plan = term_plan_store.claim_due(work.connection, work.now, work.now - SILENT)
    if plan is None:
        return False
    try:
        _Planner(runtime, spec, plan).make()
    except Exception as problem:
        told = problem.message if isinstance(problem, DomainError) else FAILED
        with writing_work(runtime, spec, suite) as work:
            failed = replace(plan, state=PlanState.READY, finished_at=work.now, problem=told)
            term_plan_store.save(work.connection, failed)
        if not isinstance(problem, DomainError):
            raise
    return True


class _Planner:
    def __init__(self, runtime: Runtime, spec: ServiceSpec, plan: TermPlan) -> None:
        self.runtime, self.spec, self.plan = runtime, spec, plan
        self.suite = system_actor(plan.authority)

    def make(self) -> None:
        with reading_work(self.runtime, self.spec, self.suite) as work:
            term = read_term(work, self.plan)
            put = term.put(self.plan, rules_of(work, self.plan.authority))
        if put is None:
            self._finish(term, None, {}, Progress())
            return
        starts: Starts = draft(put.problem)
        progress = self._progress(term, put, starts)
        if not self._store(term, put, starts, progress):
            return
        problem = ""
        if self.plan.options.seconds and not is_installed():
            problem = NOT_INSTALLED
        elif self.plan.options.seconds and put.problem.meetings:
            starts, progress = self._improve(term, put, starts, progress)
        self._finish(term, put, starts, progress, problem)

    def _improve(self, term: Term, put: TermProblem, starts: Starts, progress: Progress) -> tuple[Starts, Progress]:
        """Let the solver go on from the quick draft, and note how far it is as it goes."""
        latest = [progress]

        def tell(step: Step | None) -> bool:
            if step is not None:
                latest[0] = self._improved(term, put, starts, step, latest[0])
            with writing_work(self.runtime, self.spec, self.suite) as work:
                return term_plan_store.note_progress(work.connection, self.plan.id, latest[0], work.now)

        best = cp_sat_process.improve_apart(put.problem, starts, self.plan.options.seconds, tell)
        if best is None or best.starts is None:
            return starts, latest[0]
        found = dict(best.starts)
        return found, replace(self._improved(term, put, found, best, latest[0]), parts=_parts(put, found))

    def _improved(self, term: Term, put: TermProblem, starts: Starts, step: Step, before: Progress) -> Progress:
        return replace(
            before,
            placed=len(step.starts) if step.starts is not None else before.placed,
            seconds=round(step.seconds, 1),
            cost=step.cost,
            bound=max(0, step.bound),
            choices=step.choices,
            possible=step.possible,
            proven=step.proven,
            improved=True,
        )

    def _progress(self, term: Term, put: TermProblem, starts: Starts) -> Progress:
        return Progress(
            meetings=len(put.problem.meetings),
            placed=len(starts),
            cost=price_of(put.problem, starts),
            parts=_parts(put, starts),
            unknown_diaries=term.unknown_diaries,
        )

    def _store(self, term: Term, put: TermProblem, starts: Starts, progress: Progress) -> bool:
        """Store a draft while it is still being improved; return whether to go on."""
        with writing_work(self.runtime, self.spec, self.suite) as work:
            goes_on = term_plan_store.note_progress(work.connection, self.plan.id, progress, work.now)
            if goes_on:
                term_plan_store.replace_placements(work.connection, self.plan.id, _lines(self.plan, term, put, starts))
        if not goes_on:
            self._finish(term, put, starts, progress)
        return goes_on

    def _finish(
        self, term: Term, put: TermProblem | None, starts: Starts, progress: Progress, problem: str = ""
    ) -> None:
        """Store the draft as it is ready; one that was discarded meanwhile stays discarded."""
        with writing_work(self.runtime, self.spec, self.suite) as work:
            now = term_plan_store.load(work.connection, self.plan.id)
            if now is None or now.state is not PlanState.PLANNING or now.version != self.plan.version:
                return
            ready = replace(now, state=PlanState.READY, finished_at=work.now, progress=progress, problem=problem)
            term_plan_store.save(work.connection, ready)
            lines = _lines(self.plan, term, put, starts) if put is not None else []
            term_plan_store.replace_placements(work.connection, self.plan.id, lines)


def _parts(put: TermProblem, starts: Starts) -> dict[str, int]:
    return asdict(cost_of(put.problem, starts))


def _lines(plan: TermPlan, term: Term, put: TermProblem, starts: Starts) -> list[Placement]:
    """Return the lines of a draft: those placed, those not (each with what to relax), and those left out before."""
    hindered = obstacles(put.problem, starts)
    questions = {one.meeting_id: one.question for one in term.wanted}
    lines = [one for key, one in term.before.items() if key not in questions]
    for meeting_id, question in questions.items():
        meeting, before = term.meetings[meeting_id], term.before.get(meeting_id)
        start = starts.get(meeting_id)
        at = put.instant(start) if start is not None else None
        relaxed = hindered.get(meeting_id) if at is None else None
        was = before.starts_at if before else None
        lines.append(
            _line(
                plan,
                meeting.id,
                meeting.child_id,
                relaxed,
                starts_at=at,
                ends_at=at + timedelta(minutes=question.minutes) if at else None,
                locked=bool(before and before.locked and at is not None),
                moved_from=was if at and was and was != at else None,
                late=meeting_id in put.late,
                version=before.version + 1 if before else 1,
            )
        )
    return lines


def _line(plan: TermPlan, meeting_id: str, child_id: str, relaxed: Relaxed | None, **more: object) -> Placement:
    state = PlacementState.PLANNED if more["starts_at"] is not None else PlacementState.UNPLACED
    bare = Placement(plan.id, meeting_id, child_id, state)
    why: dict[str, object] = {}
    if relaxed is not None:
        why = {"hindrance": relaxed.hindrance.value, "hindrance_person": relaxed.person_id, "opens": relaxed.opens}
    return replace(bare, **more, **why)  # type: ignore[arg-type]
