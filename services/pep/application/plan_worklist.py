"""What plans and views ask of the signed-in person; a constant number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from services.pep.adapters import care_plan_store, children_store, forms_store, plans_store, targets_store
from services.pep.adapters.plans_store import PlanRow
from services.pep.adapters.policies import load_calendar
from services.pep.domain.clocks import next_review
from services.pep.domain.forms import TARGETS, Answers, Form
from services.pep.domain.periods import long_date
from services.pep.domain.plan import PlanState
from services.pep.domain.submission import Reason, ReasonKind, reasons_not_to_submit
from services.pep.domain.targets import Target
from services.pep.domain.views import ChildViews
from services.pep.domain.worklist import WorkItem
from shared.contracts.permissions import PERMISSIONS
from shared.contracts.roles import Role
from shared.platform import roster
from shared.platform.work import Work

READ_AFTER_APPROVAL = timedelta(days=14)
"""For so long a newly approved plan is on the Independent Reviewing Officer's list in any case."""
READ_BEFORE_REVIEW = timedelta(days=28)
"""So long before a review what was agreed since the last one is on that list."""

_CARE = PERMISSIONS["pep.plan.edit_care_sections"].team
_SCHOOL = PERMISSIONS["pep.plan.edit_school_sections"].team
_SUBMITS = PERMISSIONS["pep.plan.submit"].team
_RATES = PERMISSIONS["virtual_school.plan.rate"]


@dataclass(frozen=True, slots=True)
class _Asked:
    """One open plan, with what the items about it are made from."""

    row: PlanRow
    roles: frozenset[Role]
    form: Form
    answers: Answers
    targets: tuple[Target, ...]
    views: ChildViews | None
    has_teacher: bool
    parts: frozenset[str] | None = frozenset()

    def writes_for_school(self, reason: Reason) -> bool:
        """Tell whether what is missing in the school's part is asked of the person; a delegate's parts are theirs."""
        stands_in = Role.VIRTUAL_SCHOOL_CASEWORKER in self.roles and not self.has_teacher
        if Role.DESIGNATED_TEACHER in self.roles or stands_in:
            return True
        return Role.DELEGATE in self.roles and (self.parts is None or (reason.section or TARGETS) in self.parts)


def worklist_items(work: Work) -> list[WorkItem]:
    """Return what the signed-in person has to do about the plans and views of the children of their teams."""
    children = roster.children_of(work.connection, work.actor.person_ids, work.today)
    rows = plans_store.open_plans_of(work.connection, set(children))
    ids = [row.plan.id for row in rows]
    sections = plans_store.sections_of(work.connection, ids)
    targets = targets_store.targets_of(work.connection, ids)
    views = targets_store.views_of(work.connection, ids)
    teams = roster.teams(work.connection, {row.plan.child_id for row in rows}, work.today)
    is_delegate = any(Role.DELEGATE in roles for roles in children.values())
    delegated = roster.delegated_to(work.connection, work.actor.person_ids, work.today) if is_delegate else {}
    items: list[WorkItem] = []
    for row in rows:
        plan = row.plan
        answers = {key: saved.answers for key, saved in sections[plan.id].items()}
        asked = _Asked(
            row=row,
            roles=children[plan.child_id],
            form=forms_store.form_of_plan(work.connection, plan, answers),
            answers=answers,
            targets=targets[plan.id],
            views=views.get(plan.id),
            has_teacher=any(member.role is Role.DESIGNATED_TEACHER for member in teams[plan.child_id]),
            parts=delegated[plan.child_id].parts if plan.child_id in delegated else frozenset(),
        )
        items += _plan_items(asked)
    return items + _review_items(work, children) + _rating_items(work, children)


def _plan_items(asked: _Asked) -> Iterator[WorkItem]:
    plan, name, roles = asked.row.plan, asked.row.short_name, asked.roles
    reasons = reasons_not_to_submit(plan, asked.form, asked.answers, asked.targets)
    held = plan.state in (PlanState.HELD, PlanState.RETURNED)
    due = f"The plan must be complete by then ({plan.kind.words.lower()})."
    if plan.state is PlanState.RETURNED and roles & _SUBMITS:
        yield _item(asked, "mend", f"Mend {name}’s plan and submit it again", "The Virtual School returned it.")
    elif held and not reasons and roles & _SUBMITS:
        yield _item(asked, "submit", f"Submit {name}’s plan", "The meeting was held and nothing is missing.")
    if plan.state is PlanState.DUE and roles & _CARE:
        yield WorkItem(
            key=f"arrange/{plan.id}",
            what=f"Arrange {name}’s PEP meeting",
            why="The meeting must be held by then.",
            path=f"/plans/{plan.id}/meeting",
            by=plan.meet_by,
            child_id=plan.child_id,
            child_name=asked.row.child_name,
            service="scheduling",
        )
    for owner, whose, gaps in (
        (Role.SOCIAL_WORKER, "social worker’s", _of(Role.SOCIAL_WORKER, reasons) if roles & _CARE else []),
        (
            Role.DESIGNATED_TEACHER,
            "school’s",
            [one for one in _of(Role.DESIGNATED_TEACHER, reasons) if asked.writes_for_school(one)],
        ),
    ):
        answers = sum(reason.kind is ReasonKind.ANSWER for reason in gaps)
        if gaps:
            what = f"Write the {whose} sections of {name}’s plan" if answers else f"Set targets in {name}’s plan"
            why = f"{_count(answers, 'answer')} missing. {due}" if answers else f"Targets are not whole yet. {due}"
            yield _item(asked, f"write-{owner.value}", what, why)
    if Role.CHILD in roles and not (asked.views and asked.views.given):
        yield WorkItem(
            key=f"views/{plan.id}",
            what="Tell us what you think",
            why="Your plan for school is being made. What you say comes first.",
            path=f"/plans/{plan.id}/views",
            by=plan.meet_by,
            child_id=plan.child_id,
            child_name=asked.row.child_name,
        )
    if Role.CARER in roles and "carer_contribution" not in asked.answers:
        yield WorkItem(
            key=f"carer/{plan.id}",
            what=f"Say how things are going for {name}",
            why="You do not have to, but what you know helps the meeting.",
            path=f"/plans/{plan.id}/sections/carer_contribution",
            by=plan.meet_by,
            child_id=plan.child_id,
            child_name=asked.row.child_name,
        )


def _of(owner: Role, reasons: Iterable[Reason]) -> list[Reason]:
    return [reason for reason in reasons if reason.owner is owner]


def _review_items(work: Work, children: Mapping[str, frozenset[Role]]) -> list[WorkItem]:
    """Ask the Independent Reviewing Officer to read what was agreed since the last review, when the next comes near."""
    reviewed = [child_id for child_id, roles in children.items() if Role.IRO in roles]
    approved = care_plan_store.last_approvals(work.connection, reviewed)
    items = []
    for child in children_store.load_many(work.connection, approved).values():
        since, review = approved[child.id], next_review(child, load_calendar(child.authority))
        was_reviewed = bool(child.reviews_held) and max(child.reviews_held) >= since
        soon = review.on <= work.today + READ_BEFORE_REVIEW or since >= work.today - READ_AFTER_APPROVAL
        if child.in_care and not child.on_short_breaks and soon and not was_reviewed:
            items.append(
                WorkItem(
                    key=f"education-part/{child.id}",
                    what=f"Read the education part of {child.short_name}’s care plan",
                    why=f"A plan was approved on {long_date(since)}. The next review must be held by then.",
                    path=f"/children/{child.id}/care-plan",
                    by=review.on,
                    child_id=child.id,
                    child_name=child.shown_name,
                )
            )
    return items


def _rating_items(work: Work, children: Mapping[str, frozenset[Role]]) -> list[WorkItem]:
    """Return the submitted plans that wait for the signed-in person's rating, which is given in the Virtual School."""
    whole_authority = bool(work.actor.kinds & _RATES.authority)
    own = [child_id for child_id, roles in children.items() if roles & _RATES.team]
    if not whole_authority and not own:
        return []
    rows, _total = plans_store.list_plans(
        work.connection,
        work.actor.authorities,
        child_ids=None if whole_authority else own,
        states=[PlanState.SUBMITTED],
        in_care=True,
    )
    return [
        WorkItem(
            key=f"rate/{row.plan.id}",
            what=f"Rate {row.short_name}’s plan",
            why=f"It was submitted to the Virtual School ({row.plan.kind.words.lower()}).",
            path=f"/plans/{row.plan.id}",
            child_id=row.plan.child_id,
            child_name=row.child_name,
            service="virtual_school",
        )
        for row in rows
    ]


def _item(asked: _Asked, key: str, what: str, why: str) -> WorkItem:
    plan = asked.row.plan
    return WorkItem(
        f"{key}/{plan.id}", what, why, f"/plans/{plan.id}", plan.due_on, plan.child_id, asked.row.child_name
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
