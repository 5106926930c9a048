"""What reviews, what they agreed, disagreements and visits ask of the signed-in person; a few queries in all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from services.pep.adapters import children_store, disagreements_store, plans_store, reviews_store
from services.pep.adapters.policies import load_calendar, load_policy
from services.pep.application.review_records import owners_today
from services.pep.application.reviews import newest_plan
from services.pep.application.visits import visits_due
from services.pep.domain import reviews as steps
from services.pep.domain.children import Child
from services.pep.domain.periods import after, before, long_date
from services.pep.domain.plan import Plan
from services.pep.domain.policy import Rule
from services.pep.domain.review_record import ActionState, ReviewAction, late
from services.pep.domain.reviews import Review, ReviewState
from services.pep.domain.worklist import WorkItem
from shared.contracts.permissions import ARRANGES_REVIEWS, PERMISSIONS
from shared.contracts.roles import Role
from shared.platform import roster
from shared.platform.work import Work

VISITS_AHEAD = timedelta(days=14)
_VISITS = PERMISSIONS["pep.visit.record"].team
_PLAN = frozenset({Role.SOCIAL_WORKER, Role.DESIGNATED_TEACHER})


@dataclass(frozen=True, slots=True)
class _Asked:
    """One child with the person's roles there, and what items are made from."""

    child: Child
    roles: frozenset[Role]
    reviews: list[Review]
    plan: Plan | None
    has_officer: bool


def worklist_items(work: Work) -> list[WorkItem]:
    """Return what the signed-in person has to do about reviews and visits of the children of their teams."""
    mine = roster.children_of(work.connection, work.actor.person_ids, work.today)
    found = children_store.load_many(work.connection, mine)
    children = {one.id: one for one in found.values() if one.in_care and not one.on_short_breaks}
    reviews = reviews_store.of_children(work.connection, list(children))
    plans = plans_store.plans_of_children(work.connection, list(children))
    teams = roster.whole_teams(work.connection, children)
    items: list[WorkItem] = []
    for child in children.values():
        now = {member.role for member in teams[child.id] if member.is_live(work.today)}
        plan = newest_plan(plans.get(child.id, []))
        asked = _Asked(child, mine[child.id], reviews[child.id], plan, Role.IRO in now)
        items += _of_reviews(work, asked)
    items += _of_actions(work, children, mine, teams)
    items += _of_disagreements(work, children, mine)
    return items + _of_visits(work, children, mine)


def _of_reviews(work: Work, asked: _Asked) -> Iterator[WorkItem]:
    child, officer = asked.child, Role.IRO in asked.roles
    stands_in = bool(asked.roles & ARRANGES_REVIEWS) and not asked.has_officer
    for review in asked.reviews:
        if review.state is ReviewState.DUE and (officer or stands_in):
            path = f"/reviews/{review.id}/meeting"
            yield _item(asked, "arrange-review", review, f"Arrange the review of {child.short_name}’s care plan", path)
        if review.waits_for_record and review.held_on is not None and officer:
            rule = load_policy(child.authority).at(Rule.REVIEW_RECORDED_WITHIN, review.held_on)
            by = after(review.held_on, rule.period, load_calendar(child.authority))
            yield WorkItem(
                f"record-review/{review.id}",
                f"Write the record of {child.short_name}’s review",
                f"It was held on {long_date(review.held_on)}: {rule.period.words} ({rule.source}).",
                f"/reviews/{review.id}/record",
                by,
                child.id,
                child.shown_name,
            )
        if review.state is ReviewState.DATED:
            yield from _plan_for_review(work, asked, review)


def _plan_for_review(work: Work, asked: _Asked, review: Review) -> Iterator[WorkItem]:
    """Ask for the plan as many days before the day on which it must be ready, and warn the officer once that passed."""
    child, policy, calendar = asked.child, load_policy(asked.child.authority), load_calendar(asked.child.authority)
    if not policy.plans_for(child.year_group) or steps.plan_is_ready(asked.plan):
        return
    ready_by = steps.pack_ready_by(review, policy, calendar)
    asked_from = before(ready_by, policy.at(Rule.PLAN_TO_IRO_BEFORE_REVIEW, review.day).period, calendar)
    why = f"The review is on {long_date(review.day)}, and the plan is read before it."
    path = f"/plans/{asked.plan.id}" if asked.plan else f"/children/{child.id}"
    if asked.roles & _PLAN and work.today >= asked_from:
        what = f"Make {child.short_name}’s plan ready for the review"
        yield WorkItem(f"plan-for-review/{review.id}", what, why, path, ready_by, child.id, child.shown_name)
    if Role.IRO in asked.roles and work.today >= ready_by:
        what = f"{child.short_name}’s plan is not ready for the review: ask for it, or move the review"
        path = f"/reviews/{review.id}"
        yield WorkItem(f"no-plan-for-review/{review.id}", what, why, path, review.day, child.id, child.shown_name)


def _of_actions(
    work: Work,
    children: Mapping[str, Child],
    mine: Mapping[str, frozenset[Role]],
    teams: Mapping[str, list[roster.Membership]],
) -> Iterator[WorkItem]:
    for child_id, actions in reviews_store.actions_of(work.connection, list(children)).items():
        child, whole = children[child_id], dict(teams)
        for action in actions:
            if action.state is ActionState.OPEN and owners_today(work, action, whole) & work.actor.person_ids:
                yield _action_item(child, action)
        if Role.IRO in mine[child_id] and (count := late(actions, work.today)):
            yield WorkItem(
                f"late-actions/{child_id}",
                f"Ask after what was agreed for {child.short_name}: {count} late",
                "What a review decided is done by the day that was agreed, or the reviewing officer is told why not.",
                f"/children/{child_id}/reviews",
                min(action.by_date for action in actions if action.is_late(work.today)),
                child_id,
                child.shown_name,
            )


def _action_item(child: Child, action: ReviewAction) -> WorkItem:
    return WorkItem(
        f"action/{action.id}",
        f"Do what was agreed for {child.short_name}: {action.what}",
        "The review of the care plan agreed it.",
        f"/review-actions/{action.id}",
        action.by_date,
        child.id,
        child.shown_name,
    )


def _of_disagreements(
    work: Work, children: Mapping[str, Child], mine: Mapping[str, frozenset[Role]]
) -> Iterator[WorkItem]:
    mine_to_settle = [child_id for child_id in children if mine[child_id] & ARRANGES_REVIEWS]
    for child_id, disputes in disagreements_store.of_children(work.connection, mine_to_settle).items():
        for dispute in disputes:
            if dispute.is_open:
                yield WorkItem(
                    f"disagreement/{dispute.id}",
                    f"Settle the disagreement about {children[child_id].short_name}’s care plan",
                    f"{dispute.stage.words} since {long_date(dispute.steps[-1].on)}: 20 working days for all stages.",
                    f"/disagreements/{dispute.id}",
                    dispute.settle_by,
                    child_id,
                    children[child_id].shown_name,
                )


def _of_visits(work: Work, children: Mapping[str, Child], mine: Mapping[str, frozenset[Role]]) -> list[WorkItem]:
    visited = [child for child in children.values() if Role.SOCIAL_WORKER in mine[child.id]]
    return [
        WorkItem(
            f"visit/{child_id}",
            f"Visit {children[child_id].short_name}, and record the visit",
            f"{due.why}. {due.citation}.",
            f"/children/{child_id}/visits",
            due.on,
            child_id,
            children[child_id].shown_name,
        )
        for child_id, due in visits_due(work, visited).items()
        if due.on <= work.today + VISITS_AHEAD
    ]


def _item(asked: _Asked, key: str, review: Review, what: str, path: str) -> WorkItem:
    child = asked.child
    deadline = steps.next_review(child, load_calendar(child.authority))
    why = "An early review was asked for."
    if deadline is not None and deadline.rule == review.rule:
        why = f"{deadline.why}. {deadline.citation}."
    return WorkItem(
        f"{key}/{review.id}", what, why, path, review.meet_by, child.id, child.shown_name, service="scheduling"
    )
