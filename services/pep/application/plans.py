"""Opening, submitting and deciding plans."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from services.pep.adapters import forms_store, history_store, plans_store, targets_store
from services.pep.adapters.plans_store import PlanRow
from services.pep.adapters.policies import load_calendar
from services.pep.application.circumstances import record_of
from services.pep.application.facts import plan_opened, plan_submitted
from services.pep.application.history import entry, record
from services.pep.application.placement import refuse_what_gives_it_away
from services.pep.application.plan_worklist import worklist_items as worklist_items
from services.pep.domain import plan as steps
from services.pep.domain.children import Child
from services.pep.domain.circumstances import with_record
from services.pep.domain.forms import Answers, Form
from services.pep.domain.periods import long_date
from services.pep.domain.plan import Plan, PlanKind, PlanState
from services.pep.domain.submission import Reason, headings_in_numbers, meeting_reason, reasons_not_to_submit
from services.pep.domain.targets import Target
from services.pep.domain.views import ChildViews
from shared.contracts.pep import PlanSubmitted
from shared.contracts.permissions import PERMISSIONS
from shared.kernel.errors import Conflict, DomainError, Stale
from shared.kernel.ids import new_id
from shared.platform import roster
from shared.platform.access import may, permit
from shared.platform.work import Work


@dataclass(frozen=True, slots=True)
class PlanToOpen:
    """What opening a plan needs: the child, why, and the two dates with the rule that set them."""

    child: Child
    kind: PlanKind
    rule: str
    meet_by: date
    due_on: date


@dataclass(frozen=True, slots=True)
class PlanParts:
    """A plan with everything that decides whether it may be submitted."""

    plan: Plan
    form: Form
    answers: Answers
    targets: tuple[Target, ...]
    views: ChildViews | None

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Return what must be put right before the plan is submitted, the meeting left aside."""
        return reasons_not_to_submit(self.plan, self.form, self.answers, self.targets)


def open_plan(work: Work, child: Child, kind: PlanKind, rule: str, meet_by: date, due_on: date) -> Plan:
    """Open a plan for a child and tell the other services, so that its meeting is arranged.

    Raises `Conflict` when the child already has a plan of this kind for the term.
    """
    opened = open_many(work, [PlanToOpen(child, kind, rule, meet_by, due_on)])
    return opened[0]


def open_many(work: Work, rows: Iterable[PlanToOpen]) -> list[Plan]:
    """Open many plans in a constant number of statements, for an import or the first day of a term.

    A plan belongs to the term in which it is due. Raises `Conflict` when a child already has a plan of the kind for the
    term; nothing is opened then.
    """
    wanted = list(rows)
    versions = forms_store.versions_on(work.connection, {row.child.authority for row in wanted}, work.today)
    kept = plans_store.last_circumstances(work.connection, {row.child.id for row in wanted})
    plans = [
        Plan(
            id=new_id(),
            child_id=row.child.id,
            authority=row.child.authority,
            kind=row.kind,
            term=load_calendar(row.child.authority).terms.term_of(row.due_on).key,
            phase=row.child.phase.value,
            form_version=forms_store.version_for(versions, row.child.authority, row.child.phase.value),
            opened_on=work.today,
            meet_by=row.meet_by,
            due_on=row.due_on,
            rule=row.rule,
            circumstances=with_record(kept.get(row.child.id, ()), record_of(row.child, row.kind)),
        )
        for row in wanted
    ]
    taken = plans_store.taken_places(work.connection, {plan.child_id for plan in plans})
    for plan in plans:
        place = (plan.child_id, plan.term, plan.kind.value)
        if place in taken:
            raise Conflict("plan_already_open", "The child already has a plan of this kind for this term.")
        taken.add(place)
    plans_store.add_plans(work.connection, plans)
    history_store.add_entries(
        work.connection,
        [
            entry(
                work,
                plan.child_id,
                plan.id,
                "plan_opened",
                meet_by=long_date(plan.meet_by),
                due_on=long_date(plan.due_on),
            )
            for plan in plans
        ],
    )
    for plan in plans:
        work.publish(f"child/{plan.child_id}", plan_opened(plan))
    return plans


def current_plan(work: Work, child_id: str) -> Plan | None:
    """Return the child's newest plan that no later one has replaced, or None."""
    plans = plans_store.plans_of(work.connection, child_id)
    return next((plan for plan in plans if plan.state is not PlanState.SUPERSEDED), None)


def approved_plan(work: Work, child_id: str) -> Plan | None:
    """Return the child's plan that is approved and in force, or None."""
    plans = plans_store.plans_of(work.connection, child_id)
    return next((plan for plan in plans if plan.state is PlanState.APPROVED), None)


def plans_of_child(work: Work, child_id: str) -> list[Plan]:
    """Return a child's plans, the newest first."""
    permit(work, "pep.plan.read", child_id)
    return plans_store.plans_of(work.connection, child_id)


def list_plans(
    work: Work,
    *,
    states: Collection[PlanState] = (),
    term: str = "",
    child_id: str = "",
    limit: int = 50,
    offset: int = 0,
) -> tuple[list[PlanRow], int]:
    """Return the plans that the actor may read, by due date, and how many there are."""
    readers = PERMISSIONS["pep.plan.read"].team
    child_ids: Collection[str] | None
    if child_id:
        permit(work, "pep.plan.read", child_id)
        child_ids = [child_id]
    elif may(work, "pep.plan.read"):
        child_ids = None
    else:
        children = roster.children_of(work.connection, work.actor.person_ids, work.today)
        child_ids = [one for one, roles in children.items() if roles & readers]
    return plans_store.list_plans(
        work.connection,
        work.actor.authorities,
        child_ids=child_ids,
        states=states,
        term=term,
        limit=limit,
        offset=offset,
    )


def load_permitted(work: Work, plan_id: str, action: str, part: str | None = None) -> Plan:
    """Return a plan if the actor may do `action` to its child's record (or that part); raises `NotFound`, `Denied`."""
    plan = plans_store.load_plan(work.connection, plan_id)
    permit(work, action, plan.child_id, field=part, plan_id=plan.id)
    return plan


def child_name(work: Work, plan: Plan) -> str:
    """Return the full name of a plan's child."""
    return plans_store.child_names(work.connection, [plan.child_id])[plan.child_id][0]


def parts_of(work: Work, plan: Plan) -> PlanParts:
    """Return a plan with its form, answers, targets and views."""
    sections = plans_store.sections_of(work.connection, [plan.id])[plan.id]
    answers = {key: saved.answers for key, saved in sections.items()}
    return PlanParts(
        plan=plan,
        form=forms_store.form_of_plan(work.connection, plan, answers),
        answers=answers,
        targets=targets_store.targets_of(work.connection, [plan.id])[plan.id],
        views=targets_store.views_of(work.connection, [plan.id]).get(plan.id),
    )


def submission_of(plan: Plan, parts: PlanParts, on: date) -> PlanSubmitted:
    """Return a plan's submission of a day in numbers."""
    answered = headings_in_numbers(parts.form, parts.answers)
    given = parts.views is not None and parts.views.given
    return plan_submitted(plan, on, answered, parts.targets, views_given=given)


def submit_plan(work: Work, plan_id: str, seen_version: int, no_meeting_reason: str = "") -> Plan:
    """Submit a plan to the Virtual School.

    A plan must hold what SI 2010/959 Schedule 1 paragraph 2 lists. It is submitted after its meeting; where none took
    place a reason is needed, which is kept and shown. Raises `DomainError` plan_not_ready with the reasons, `Conflict`
    for the state, `Stale` when the plan changed since it was read, `InvalidInput` for a reason that cannot be kept.
    """
    plan = load_permitted(work, plan_id, "pep.plan.submit")
    if plan.version != seen_version:
        raise Stale("plan_changed", "The plan changed since you opened the page. Look at it again, then submit it.")
    refuse_what_gives_it_away(work, plan.child_id, {"no_meeting_reason": no_meeting_reason})
    parts = parts_of(work, plan)
    reasons = list(parts.reasons)
    if not no_meeting_reason.strip() and (meeting := meeting_reason(plan)):
        reasons.append(meeting)
    if reasons and plan.is_open:
        raise DomainError(
            "plan_not_ready",
            "The plan cannot be submitted yet. See what is missing.",
            reasons=[
                {
                    "kind": reason.kind.value,
                    "words": reason.words,
                    "section": reason.section,
                    "field": reason.field,
                    "target_id": reason.target_id,
                    "waits_for": reason.owner.value,
                    "heading": reason.heading.value if reason.heading else "",
                }
                for reason in reasons
            ],
        )
    without_meeting = plan.state in (PlanState.DUE, PlanState.DATED)
    plan = plans_store.save_plan(
        work.connection, steps.submit(plan, work.today, bool(parts.reasons), no_meeting_reason)
    )
    if without_meeting:
        record(
            work,
            plan.child_id,
            plan.id,
            "plan_submitted_without_meeting",
            submission=str(plan.submission),
            reason=plan.no_meeting_reason,
        )
    else:
        record(work, plan.child_id, plan.id, "plan_submitted", submission=str(plan.submission))
    work.publish(f"child/{plan.child_id}", submission_of(plan, parts, work.today))
    return plan
