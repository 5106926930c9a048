"""The record of a review, and what it agreed: written by the reviewing officer, done by its owners, followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from services.pep.adapters import children_store, plans_store, reviews_store
from services.pep.adapters.policies import load_policy
from services.pep.application.history import record
from services.pep.application.placement import refuse_what_gives_it_away
from services.pep.application.reviews import newest_plan, permitted_review, unchanged_review
from services.pep.domain import review_record as steps
from services.pep.domain.children import Child
from services.pep.domain.periods import long_date
from services.pep.domain.review_record import ActionState, ReviewAction, ReviewRecord
from services.pep.domain.reviews import Review, plan_is_ready, record_written
from services.pep.domain.team import answers_today
from shared.contracts.participation import Conveyed, Participation
from shared.contracts.permissions import ARRANGES_REVIEWS
from shared.contracts.roles import Role
from shared.kernel.errors import Denied, Stale
from shared.kernel.ids import new_id
from shared.platform import roster
from shared.platform.access import may, permit, standing
from shared.platform.roster import Membership
from shared.platform.work import Work

DO_NOT_OWN = frozenset({Role.CHILD, Role.PARENT, Role.ADVOCATE, Role.DELEGATE})
"""Who is not given something to do by a review."""


@dataclass(frozen=True, slots=True)
class Written:
    """What the officer writes of a review."""

    child_there: bool
    how: Conveyed
    seen_alone: bool
    not_alone_why: str
    decisions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ActionPage:
    """Something a review agreed, as its owner and the officer see it."""

    action: ReviewAction
    review: Review
    child_name: str
    short_name: str
    may_settle: bool
    may_read_review: bool


def write_record(work: Work, review_id: str, written: Written, seen_version: int) -> ReviewRecord:
    """Write the record of a review, or amend it; every version is kept. Whether the plan was ready is as it is now.

    Raises `InvalidInput` by field, `Conflict` before the review was held, `Stale` (by the review's version).
    """
    review = unchanged_review(work, review_id, seen_version, "pep.review.write_record")
    child = children_store.load(work.connection, review.child_id)
    earlier = reviews_store.records_of(work.connection, [review.id])[review.id]
    day = review.held_on or work.today
    made = ReviewRecord(
        review_id=review.id,
        child_id=child.id,
        version=len(earlier) + 1,
        child_there=written.child_there,
        how=written.how,
        participation=Participation(written.child_there, written.how, child.age_on(day) < 4).code.value,
        seen_alone=written.seen_alone,
        not_alone_why="" if written.seen_alone else written.not_alone_why.strip(),
        plan_ready=earlier[-1].plan_ready if earlier else _plan_ready(work, child, day),
        decisions=written.decisions,
        written_by=work.actor.person_id,
        written_by_name=work.actor.name,
        written_at=work.now,
    )
    steps.check_record(review, made)
    refuse_what_gives_it_away(
        work, child.id, {"decisions": "\n".join(made.decisions), "not_alone_why": made.not_alone_why}
    )
    reviews_store.save(work.connection, record_written(review))
    reviews_store.add_record(work.connection, made)
    record(work, child.id, "", "review_amended" if earlier else "review_written", held_on=long_date(day))
    return made


def add_action(
    work: Work, review_id: str, *, what: str, owner_id: str, by_date: date | None, for_plan: bool
) -> ReviewAction:
    """Put on the list what was agreed: what, who does it, by when. Raises `InvalidInput` by field, `Conflict`."""
    review = permitted_review(work, review_id, "pep.review.write_record")
    owners = {member.person_id: member for member in possible_owners(work, review.child_id)}
    steps.check_action(review, what, owner_id, by_date, owners)
    refuse_what_gives_it_away(work, review.child_id, {"what": what})
    assert by_date is not None  # noqa: S101 - checked above
    owner = owners[owner_id]
    action = ReviewAction(
        new_id(), review.id, review.child_id, what.strip(), owner_id, owner.name, owner.role.value, by_date, for_plan
    )
    reviews_store.add_action(work.connection, action)
    record(work, review.child_id, "", "action_agreed", owner=owner.name, by_date=long_date(by_date))
    return action


def settle_action(work: Work, action_id: str, *, done: bool, outcome: str, seen_version: int) -> ReviewAction:
    """Say that something agreed is done, or why not: its owner, the officer or the social worker.

    Raises `InvalidInput`, `Conflict`, `Stale`, `Denied` for somebody whose it is not.
    """
    action = reviews_store.load_action(work.connection, action_id)
    permit(work, "pep.review.settle_action", action.child_id)
    if not _may_settle(work, action):
        raise Denied("not_the_owner", f"{action.owner_name} does this. Only they or the social worker can say so.")
    if action.version != seen_version:
        raise Stale("action_changed", "Somebody changed this action in the meantime. Look at it again.")
    refuse_what_gives_it_away(work, action.child_id, {"outcome": outcome})
    settled = steps.settle(action, done=done, outcome=outcome, by_name=work.actor.name, today=work.today)
    saved = reviews_store.save_action(work.connection, settled)
    record(work, action.child_id, "", f"action_{saved.state.value}")
    return saved


def read_action(work: Work, action_id: str) -> ActionPage:
    """Return something a review agreed; whoever does it may read it, and those who read reviews."""
    action = reviews_store.load_action(work.connection, action_id)
    owns = _is_theirs(work, action) and may(work, "pep.review.settle_action", action.child_id)
    permit(work, "pep.review.settle_action" if owns else "pep.review.read", action.child_id)
    review = reviews_store.load(work.connection, action.review_id)
    name, short_name = plans_store.child_names(work.connection, [action.child_id])[action.child_id]
    reads = may(work, "pep.review.read", action.child_id)
    return ActionPage(action, review, name, short_name, _may_settle(work, action), reads)


def possible_owners(work: Work, child_id: str) -> list[Membership]:
    """Return those on the team who can be given something to do."""
    return [one for one in roster.team(work.connection, child_id, work.today) if one.role not in DO_NOT_OWN]


def actions_on_plan(work: Work, child_id: str) -> list[ReviewAction]:
    """Return what reviews agreed about a child's education, for the child's plan; the caller has asked the policy."""
    return reviews_store.actions_for_plan(work.connection, child_id)


def owners_today(work: Work, action: ReviewAction, team: Mapping[str, list[Membership]]) -> frozenset[str]:
    """Return who does something today: who was asked, or their successor in the role."""
    return answers_today(team[action.child_id], action.owner_id, work.today)


def _is_theirs(work: Work, action: ReviewAction) -> bool:
    team = {action.child_id: roster.whole_team(work.connection, action.child_id)}
    return bool(owners_today(work, action, team) & work.actor.person_ids)


def _may_settle(work: Work, action: ReviewAction) -> bool:
    if action.state is not ActionState.OPEN or not may(work, "pep.review.settle_action", action.child_id):
        return False
    follows = bool(standing(work, action.child_id).thing.team_roles & ARRANGES_REVIEWS)
    return follows or _is_theirs(work, action)


def _plan_ready(work: Work, child: Child, day: date) -> bool | None:
    if not load_policy(child.authority).plans_for(child.year_group):
        return None
    plan = newest_plan(plans_store.plans_of(work.connection, child.id))
    return plan_is_ready(plan) and plan is not None and plan.submitted_on is not None and plan.submitted_on <= day
