"""Answering the concerns that monitoring raised, in the care plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from services.pep.adapters import care_plan_store, plans_store
from services.pep.adapters.policies import load_calendar
from services.pep.application.history import record
from services.pep.application.placement import refuse_what_gives_it_away
from services.pep.application.plans import current_plan
from services.pep.domain.concerns import (
    EARLY_MEETING_WORKING_DAYS,
    Concern,
    ConcernState,
    answer_with_action,
    answer_with_early_meeting,
    finish_action,
)
from services.pep.domain.periods import long_date
from services.pep.domain.plan import PlanState
from services.pep.domain.team import answers_today
from services.pep.domain.worklist import WorkItem
from shared.contracts.pep import ConcernAnswered, MeetingRequested
from shared.contracts.permissions import PERMISSIONS
from shared.kernel.errors import Conflict, Denied, InvalidInput, Stale
from shared.kernel.ids import new_id
from shared.kernel.working_days import add_working_days
from shared.platform import roster
from shared.platform.access import authority_of, may, permit
from shared.platform.work import Work


@dataclass(frozen=True, slots=True)
class ConcernPage:
    """A concern with the people who could take an action on."""

    concern: Concern
    child_name: str
    short_name: str
    owners: tuple[roster.Membership, ...]
    early_meeting_by: date
    plan_id: str
    may_answer: bool
    may_finish: bool


def read_concern(work: Work, concern_id: str) -> ConcernPage:
    """Return a concern; raises `NotFound` or `Denied`. Whoever owns its action may read it too."""
    concern = care_plan_store.load_concern(work.connection, concern_id)
    owns = _is_theirs(work, concern) and may(work, "pep.concern.finish_action", concern.child_id)
    permit(work, "pep.concern.finish_action" if owns else "pep.care_plan.read", concern.child_id)
    name, short_name = plans_store.child_names(work.connection, [concern.child_id])[concern.child_id]
    plan = current_plan(work, concern.child_id)
    return ConcernPage(
        concern=concern,
        child_name=name,
        short_name=short_name,
        owners=tuple(_possible_owners(work, concern.child_id)),
        early_meeting_by=_early_meeting_by(work, concern),
        plan_id=plan.id if plan else "",
        may_answer=may(work, "pep.concern.answer", concern.child_id),
        may_finish=_may_finish(work, concern),
    )


def answer_by_action(
    work: Work, concern_id: str, *, action: str, owner_id: str, by_date: date | None, seen_version: int
) -> Concern:
    """Answer a concern with an action, its owner (somebody on the child’s team) and a date; tells the others.

    Raises `InvalidInput` by field, `Conflict` when it is answered or closed, `Stale`.
    """
    concern = _to_answer(work, concern_id, seen_version)
    refuse_what_gives_it_away(work, concern.child_id, {"action": action})
    owner = next((one for one in _possible_owners(work, concern.child_id) if one.person_id == owner_id), None)
    if owner_id and owner is None:
        raise InvalidInput({"owner_id": ["Choose somebody on the child’s team."]})
    answered = answer_with_action(
        concern,
        action=action,
        owner_id=owner.person_id if owner else "",
        owner_name=owner.name if owner else "",
        by_date=by_date,
        today=work.today,
    )
    saved = _save_answer(work, answered)
    _record(work, saved, "concern_answered_action", owner=saved.owner_name, by_date=_day(saved.by_date))
    return saved


def answer_by_early_meeting(work: Work, concern_id: str, seen_version: int) -> Concern:
    """Answer a concern with an early PEP meeting on the child's current plan; scheduling is asked to arrange it.

    The meeting is to be held within `EARLY_MEETING_WORKING_DAYS`. Raises `Conflict` when it is answered or closed, or
    the child has no plan that a meeting could be about, and `Stale`.
    """
    concern = _to_answer(work, concern_id, seen_version)
    plan = current_plan(work, concern.child_id)
    if plan is None:
        raise Conflict("no_plan", "The child has no plan yet. Open a plan first; its meeting can then be arranged.")
    meet_by = _early_meeting_by(work, concern)
    saved = _save_answer(work, answer_with_early_meeting(concern, plan_id=plan.id, meet_by=meet_by, today=work.today))
    if plan.state is PlanState.DUE and meet_by < plan.meet_by:
        plans_store.save_plan(work.connection, replace(plan, meet_by=meet_by))
    work.publish(
        f"child/{concern.child_id}",
        MeetingRequested(
            child_id=concern.child_id,
            plan_id=plan.id,
            request_id=new_id(),
            meet_by=meet_by,
            reason="concern",
            concern_id=concern.id,
        ),
    )
    _record(work, saved, "concern_answered_meeting", by_date=_day(meet_by))
    record(work, concern.child_id, plan.id, "meeting_requested", meet_by=_day(meet_by))
    return saved


def finish_promised_action(work: Work, concern_id: str, seen_version: int) -> Concern:
    """Say that the promised action is done; its owner, or whoever may answer concerns. Raises `Conflict`, `Stale`."""
    concern = care_plan_store.load_concern(work.connection, concern_id)
    permit(work, "pep.concern.finish_action", concern.child_id)
    if not _may_finish(work, concern):
        raise Denied("not_the_owner", f"{concern.owner_name} promised this. Only they or the social worker can say so.")
    _check_seen(concern, seen_version)
    saved = care_plan_store.save_concern(work.connection, finish_action(concern, work.today))
    _record(work, saved, "concern_action_done")
    return saved


def concerns_of_child(work: Work, child_id: str) -> list[Concern]:
    """Return a child's concerns, the newest first."""
    permit(work, "pep.care_plan.read", child_id)
    return care_plan_store.concerns_of(work.connection, child_id)


def worklist_items(work: Work) -> list[WorkItem]:
    """Return the concerns that the signed-in person must answer, and the actions that are theirs; four queries.

    What somebody promised who is no longer on the team is their successor's, and without one those who answer concerns.
    """
    children = roster.children_of(work.connection, work.actor.person_ids, work.today)
    answers_for = [child_id for child_id, roles in children.items() if roles & PERMISSIONS["pep.concern.answer"].team]
    concerns = care_plan_store.concerns_to_act_on(work.connection, answers_for, children)
    promised = {concern.child_id for concern in concerns if concern.state is not ConcernState.OPEN}
    teams = roster.whole_teams(work.connection, promised)
    names = plans_store.child_names(work.connection, {concern.child_id for concern in concerns})
    items = []
    for concern in concerns:
        if concern.state is not ConcernState.OPEN:
            owners = answers_today(teams[concern.child_id], concern.owner_id, work.today)
            if not (owners & work.actor.person_ids or (not owners and concern.child_id in answers_for)):
                continue
        items.append(_work_item(work, concern, *names[concern.child_id]))
    return items


def _work_item(work: Work, concern: Concern, name: str, short_name: str) -> WorkItem:
    if concern.state is ConcernState.OPEN:
        what = f"Answer a concern about {short_name}: {concern.title[0].lower()}{concern.title[1:]}"
        why = "The Virtual School’s monitoring raised it. Answer with an action or an early meeting."
    elif concern.owner_id in work.actor.person_ids:
        what, why = f"Do what you promised for {short_name}: {concern.action}", f"Concern: {concern.title}."
    else:
        what = f"Do what {concern.owner_name} promised for {short_name}: {concern.action}"
        why = f"Concern: {concern.title}. {concern.owner_name} is no longer on the team."
    by = concern.answer_by if concern.state is ConcernState.OPEN else concern.by_date
    return WorkItem(f"concern/{concern.id}", what, why, f"/concerns/{concern.id}", by, concern.child_id, name)


def _is_theirs(work: Work, concern: Concern) -> bool:
    """Tell whether the action that was promised is the actor's: their own, or taken over from who has left."""
    team = roster.whole_team(work.connection, concern.child_id)
    return bool(answers_today(team, concern.owner_id, work.today) & work.actor.person_ids)


def _to_answer(work: Work, concern_id: str, seen_version: int) -> Concern:
    concern = care_plan_store.load_concern(work.connection, concern_id)
    permit(work, "pep.concern.answer", concern.child_id)
    _check_seen(concern, seen_version)
    return concern


def _check_seen(concern: Concern, seen_version: int) -> None:
    if concern.version != seen_version:
        raise Stale("concern_changed", "Somebody changed this concern in the meantime. Look at it again.")


def _save_answer(work: Work, answered: Concern) -> Concern:
    saved = care_plan_store.save_concern(
        work.connection, replace(answered, answered_by=work.actor.person_id, answered_by_name=work.actor.name)
    )
    assert saved.answer is not None  # noqa: S101 - both callers have just set it
    work.publish(
        f"child/{saved.child_id}",
        ConcernAnswered(
            child_id=saved.child_id,
            concern_id=saved.id,
            answer=saved.answer.value,
            answered_on=work.today,
            owner_id=saved.owner_id or None,
            by_date=saved.by_date,
        ),
    )
    return saved


def _record(work: Work, concern: Concern, code: str, **facts: str) -> None:
    plan = current_plan(work, concern.child_id)
    record(work, concern.child_id, plan.id if plan else "", code, title=concern.title, **facts)


def _possible_owners(work: Work, child_id: str) -> list[roster.Membership]:
    """Return those on the team who can be asked to do something: everybody but delegates, the child and parents."""
    team = roster.team(work.connection, child_id, work.today)
    return [member for member in team if member.role.value not in ("child", "parent", "advocate", "delegate")]


def _may_finish(work: Work, concern: Concern) -> bool:
    if not concern.action_is_open:
        return False
    return _is_theirs(work, concern) or may(work, "pep.concern.answer", concern.child_id)


def _early_meeting_by(work: Work, concern: Concern) -> date:
    calendar = load_calendar(authority_of(work, concern.child_id))
    return add_working_days(work.today, EARLY_MEETING_WORKING_DAYS, calendar.holidays)


def _day(day: date | None) -> str:
    return long_date(day) if day else "no date"
