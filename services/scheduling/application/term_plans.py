"""Drafting a term's meetings, and adjusting the draft: one function an intent. Nothing is sent from here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime, timedelta

from services.scheduling.adapters import meetings_store, term_plan_store
from services.scheduling.adapters.policies import load_policies
from services.scheduling.application.lookup import policy_for
from services.scheduling.application.term_knowledge import times_open
from services.scheduling.domain.policy import policy_on
from services.scheduling.domain.term_draft import (
    Options,
    Placement,
    PlacementState,
    PlanState,
    Progress,
    TermPlan,
    check_span,
)
from services.scheduling.domain.term_question import DayOff
from services.scheduling.domain.term_rules import TermRules
from shared.contracts.permissions import HEAD, SOCIAL_CARE
from shared.kernel.errors import Conflict, Denied, InvalidInput, NoSuchRecord, Stale
from shared.kernel.ids import new_id
from shared.platform import roster
from shared.platform.access import permit, standing
from shared.platform.work import Work

READ, DRAFT, ADJUST = "scheduling.term_plan.read", "scheduling.term_plan.draft", "scheduling.term_plan.adjust"


def rules_of(work: Work, authority: str) -> TermRules:
    """Return an authority's rules for drafts of a term; raises `Conflict` where its policy has none."""
    rules = policy_on(load_policies(authority), work.today).term_plan
    if rules is None:
        raise Conflict("no_term_rules", "Your authority has no rules for drafts of a term yet. Ask for them.")
    return rules


def usual_options(work: Work) -> Options:
    """Return what the authority's policy says of social workers, to begin a form with."""
    worker, usual = rules_of(work, work.actor.authority).worker, Options()
    return Options(worker.a_day or usual.a_day, worker.a_week or usual.a_week, worker.fair_a_week or usual.fair_a_week)


def drafts_everybody(work: Work) -> bool:
    """Tell whether the actor drafts the term of the whole authority, not of their own teams alone."""
    return bool(work.actor.kinds & HEAD)


def start_draft(work: Work, first: date, last: date, options: Options) -> TermPlan:
    """Ask for a draft of every meeting still to arrange between two days; the worker makes it within moments.

    Of the whole authority for its Virtual School head, of the own teams for a team manager.
    """
    permit(work, DRAFT)
    check_span(first, last, work.today)
    rules_of(work, work.actor.authority)
    new = TermPlan(
        id=new_id(),
        authority=work.actor.authority,
        made_by=work.actor.person_id,
        made_by_name=work.actor.name,
        made_at=work.now,
        whole_authority=drafts_everybody(work),
        first=first,
        last=last,
        options=options,
    )
    term_plan_store.add(work.connection, new)
    return new


def find_draft(work: Work, term_plan_id: str, action: str = READ) -> TermPlan:
    """Return a draft of the actor's authority to somebody who may do `action`; raises `NotFound` or `Denied`."""
    found = term_plan_store.load(work.connection, term_plan_id)
    if found is None or not (work.actor.system or found.authority == work.actor.authority):
        raise NoSuchRecord
    permit(work, action)
    return found


def directs(work: Work, plan: TermPlan) -> bool:
    """Tell whether the actor may draft this again and send it: the head any, a team manager their own."""
    return work.actor.system or bool(work.actor.kinds & HEAD) or plan.made_by in work.actor.person_ids


def find_own_draft(work: Work, term_plan_id: str, action: str = DRAFT) -> TermPlan:
    """Return a draft to whoever is in charge of it; raises `Denied` for others."""
    found = find_draft(work, term_plan_id, action)
    if not directs(work, found):
        raise Denied(
            "not_your_draft", "Only whoever made this draft, or the Virtual School head, can do that. Ask one of them."
        )
    return found


def children_shown(work: Work) -> Collection[str] | None:
    """Return the children whose meetings in a draft the actor sees: those they work with; None for everybody's."""
    if work.actor.system or work.actor.kinds & HEAD:
        return None
    mine = roster.children_of(work.connection, work.actor.person_ids, work.today)
    return {child_id for child_id, roles in mine.items() if roles & SOCIAL_CARE}


def draft_again(work: Work, term_plan_id: str, seen_version: int, options: Options | None = None) -> TermPlan:
    """Draft the term again from where it is: what is locked stays, and as few as possible move."""
    plan = _adjustable(work, term_plan_id, seen_version)
    return term_plan_store.save(work.connection, _waiting(plan, options or plan.options))


def add_day_off(work: Work, term_plan_id: str, off: DayOff, seen_version: int) -> TermPlan:
    """Let somebody be away in a draft, and draft it again: what if they are off that week?"""
    plan = _adjustable(work, term_plan_id, seen_version)
    errors: dict[str, list[str]] = {}
    if off.last < off.first:
        errors["last"] = ["The last day must be on or after the first day."]
    if off.person_id not in roster.people_by_id(work.connection, [off.person_id]):
        errors["person_id"] = ["Select who is away."]
    if errors:
        raise InvalidInput(errors)
    term_plan_store.add_day_off(work.connection, plan.id, off)
    return term_plan_store.save(work.connection, _waiting(plan, plan.options))


def remove_day_off(work: Work, term_plan_id: str, number: int, seen_version: int) -> TermPlan:
    """Take back that somebody is away, and draft the term again."""
    plan = _adjustable(work, term_plan_id, seen_version)
    term_plan_store.remove_day_off(work.connection, plan.id, number)
    return term_plan_store.save(work.connection, _waiting(plan, plan.options))


def stop(work: Work, term_plan_id: str) -> None:
    """Be content with the draft that there is by now; it is ready a moment later."""
    plan = find_own_draft(work, term_plan_id)
    if plan.state in (PlanState.WAITING, PlanState.PLANNING):
        term_plan_store.ask_to_stop(work.connection, plan.id)


def discard(work: Work, term_plan_id: str, seen_version: int) -> TermPlan:
    """Give a draft up; what was sent from it stays arranged."""
    plan = find_own_draft(work, term_plan_id)
    if plan.state is PlanState.DISCARDED:
        return plan
    if plan.state is PlanState.SENDING:
        plan.check_adjustable()
    _check_version(plan.version, seen_version)
    return term_plan_store.save(work.connection, replace(plan, state=PlanState.DISCARDED, finished_at=work.now))


def find_placement(work: Work, term_plan_id: str, meeting_id: str, action: str = READ) -> tuple[TermPlan, Placement]:
    """Return a draft and one meeting's line in it, to somebody who may do `action` to that child's.

    Raises `NotFound` where there is none or they may not know of it, `Denied` where their role does not allow it.
    """
    plan = term_plan_store.load(work.connection, term_plan_id)
    line = term_plan_store.placement(work.connection, term_plan_id, meeting_id) if plan else None
    if plan is None or line is None or not (work.actor.system or plan.authority == work.actor.authority):
        raise NoSuchRecord
    standing(work, line.child_id).permit(action)
    return plan, line


def move_in_draft(work: Work, term_plan_id: str, meeting_id: str, starts_at: datetime, seen_version: int) -> Placement:
    """Give a meeting another of the times that are open in a draft; it is locked there.

    Raises `Conflict` for a time that does not suit, or that another meeting of the draft has taken meanwhile.
    """
    plan, line = _to_adjust(work, term_plan_id, meeting_id, seen_version)
    if starts_at not in {one.starts_at for one in times_open(work, plan, line, rules_of(work, plan.authority))}:
        raise Conflict(
            "time_not_open", "That time is not open any more: somebody has another meeting then. Choose another time."
        )
    meeting = meetings_store.load(work.connection, meeting_id)
    assert meeting is not None  # noqa: S101 - a line always has its meeting
    ends_at = starts_at + timedelta(minutes=policy_for(work, meeting).meeting_minutes)
    return term_plan_store.save_placement(work.connection, line.moved_to(starts_at, ends_at))


def lock_in_draft(work: Work, term_plan_id: str, meeting_id: str, seen_version: int, *, locked: bool) -> Placement:
    """Keep a meeting's time when the term is drafted again, or let it go."""
    _, line = _to_adjust(work, term_plan_id, meeting_id, seen_version)
    if line.state is not PlacementState.PLANNED:
        raise Conflict("not_placed", "This meeting has no time in the draft. Choose one first.")
    return term_plan_store.save_placement(work.connection, replace(line, locked=locked))


def leave_out(work: Work, term_plan_id: str, meeting_id: str, seen_version: int, *, out: bool) -> Placement:
    """Leave a meeting out of a draft, to be arranged by hand, or take it in again when the term is next drafted."""
    _, line = _to_adjust(work, term_plan_id, meeting_id, seen_version)
    if out:
        changed = line.left_out()
    elif line.state is PlacementState.LEFT_OUT:
        changed = replace(line, state=PlacementState.UNPLACED)
    else:
        changed = line
    return term_plan_store.save_placement(work.connection, changed)


def _to_adjust(work: Work, term_plan_id: str, meeting_id: str, seen_version: int) -> tuple[TermPlan, Placement]:
    plan, line = find_placement(work, term_plan_id, meeting_id, ADJUST)
    plan.check_adjustable()
    if line.state is PlacementState.GONE:
        raise Conflict("meeting_arranged_otherwise", "This meeting was arranged or called off meanwhile.")
    _check_version(line.version, seen_version)
    return plan, line


def _adjustable(work: Work, term_plan_id: str, seen_version: int) -> TermPlan:
    plan = find_own_draft(work, term_plan_id)
    plan.check_adjustable()
    _check_version(plan.version, seen_version)
    return plan


def _check_version(version: int, seen: int) -> None:
    if version != seen:
        raise Stale(
            "term_plan_changed", "Somebody changed this draft while you were looking at it. Look at it again.",
            version=version, seen=seen,
        )  # fmt: skip


def _waiting(plan: TermPlan, options: Options) -> TermPlan:
    fresh = Progress(meetings=plan.progress.meetings, placed=plan.progress.placed)
    return replace(
        plan, state=PlanState.WAITING, options=options, stop_asked=False, finished_at=None, progress=fresh, problem=""
    )
