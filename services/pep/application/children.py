"""Children: they become looked after, change school, are reviewed, and leave care."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.pep.adapters import children_store
from services.pep.adapters.children_store import ChildFilter
from services.pep.adapters.policies import load_calendar, load_policy
from services.pep.application.circumstances import follow_record
from services.pep.application.facts import entered_care
from services.pep.application.history import record
from services.pep.application.openings import open_plans
from services.pep.application.reviews import close_reviews, held_elsewhere, open_reviews
from services.pep.application.schools import known_school
from services.pep.application.team import disband, follow_school, join_team
from services.pep.domain import clocks
from services.pep.domain.children import LEGAL_STATUSES, SEXES, Child, check_dates, with_review
from services.pep.domain.clocks import Deadline
from services.pep.domain.periods import long_date
from services.pep.domain.terms import phase_of, year_group
from shared.contracts.pep import ChildDetailsChanged, ChildLeftCare, ChildSchoolChanged
from shared.contracts.roles import Role
from shared.kernel.errors import Conflict, InvalidInput
from shared.kernel.ids import new_id
from shared.platform import roster
from shared.platform.access import may, permit
from shared.platform.work import Work

DETAILS = ("name", "known_as", "born_on", "sex", "upn", "legal_status", "entered_care_on", "placement_started_on")


@dataclass(frozen=True, slots=True)
class NewChild:
    """What is known of a child who becomes looked after.

    `placement_started_on` is the first placement's start, empty for the day care began. Without a `school_urn` the
    child is on no school's roll since care began (or not of school age). `team` maps a role to the person who takes
    it.
    """

    reference: str
    name: str
    born_on: date
    legal_status: str
    entered_care_on: date
    placement_started_on: date | None = None
    known_as: str = ""
    sex: str = ""
    upn: str = ""
    school_urn: str | None = None
    school_since: date | None = None
    team: Mapping[Role, str] | None = None


def enter_care(work: Work, new: NewChild) -> Child:
    """Record that a child became looked after: the clocks start, the team is formed, the first plan is opened.

    Raises `InvalidInput` by field, and `Conflict` (`child_known`, with the `child_id`) where the authority knows a
    child by that reference already.
    """
    permit(work, "pep.child.enter_care")
    child = _new_child(work, new)
    known = children_store.find_reference(work.connection, child.authority, child.reference)
    if known is not None:
        raise Conflict("child_known", "The authority knows a child by this reference already.", child_id=known)
    children_store.add(work.connection, [child])
    announce(work, child)
    record(work, child.id, "", "care_entered", entered_on=long_date(child.entered_care_on))
    for role, person_id in (new.team or {}).items():
        person = roster.person(work.connection, person_id)
        if person is None or not person.active or person.authority != child.authority:
            raise InvalidInput({role.value: ["Choose a person from the list."]})
        join_team(work, child, person, role, child.entered_care_on)
    if Role.DESIGNATED_TEACHER not in (new.team or {}):
        follow_school(work, child, child.entered_care_on)
    open_plans(work, [child])
    open_reviews(work, [child])
    return child


def announce(work: Work, child: Child) -> None:
    """Tell the other services that a child became looked after."""
    work.publish(f"child/{child.id}", entered_care(child))


def child_record(work: Work, child_id: str) -> Child:
    """Return a child, without the school for a parent who is not told it.

    Raises `NotFound` for a reader who may not know of them.
    """
    permit(work, "pep.child.read", child_id)
    child = children_store.load(work.connection, child_id)
    return child if sees_school(work, child_id) else _without_school(child)


def sees_school(work: Work, child_id: str) -> bool:
    """Tell whether the reader is told which school a child goes to."""
    return may(work, "pep.child.read", child_id, field="school")


def deadlines_of(work: Work, child: Child) -> tuple[Deadline, ...]:
    """Return the clocks that run for a child today, the earliest first."""
    permit(work, "pep.child.read", child.id)
    return clocks.deadlines(child, work.today, load_policy(child.authority), load_calendar(child.authority))


def list_children(work: Work, chosen: ChildFilter, *, offset: int, limit: int) -> tuple[list[Child], int]:
    """Return one page of the children whom the reader may see, and how many there are in all."""
    permit(work, "pep.children.list")
    ids = visible_ids(work)
    sealed = frozenset(child_id for child_id in _as_parent(work) if not sees_school(work, child_id))
    if ids is not None and chosen.school_urn:
        ids -= sealed
    found, total = children_store.page(
        work.connection, work.actor.authorities, replace(chosen, ids=ids), offset=offset, limit=limit
    )
    return [_without_school(child) if child.id in sealed else child for child in found], total


def visible_ids(work: Work) -> frozenset[str] | None:
    """Return the children whom the reader may see: those on whose team they are; None for every child."""
    if may(work, "pep.child.read"):
        return None
    return frozenset(roster.children_of(work.connection, work.actor.person_ids, work.today))


def _as_parent(work: Work) -> list[str]:
    """Return the children whose parent the actor is."""
    if Role.PARENT not in work.actor.kinds:
        return []
    mine = roster.children_of(work.connection, work.actor.person_ids, work.today)
    return [child_id for child_id, roles in mine.items() if Role.PARENT in roles]


def _without_school(child: Child) -> Child:
    return replace(child, school_urn=None, school_since=None, no_school_since=None)


def change_details(work: Work, child_id: str, version: int, changes: Mapping[str, Any]) -> Child:
    """Correct a child's details (those of `DETAILS`); raises `Stale` when they were changed since `version`.

    An empty `placement_started_on` stands for the day care began. A legal status that begins to need a plan opens one.
    """
    permit(work, "pep.child.edit", child_id)
    before = _seen(work, child_id, version)
    unknown = set(changes) - set(DETAILS)
    if unknown:
        raise InvalidInput({name: ["This cannot be changed here."] for name in sorted(unknown)})
    changed = _with_age(replace(before, **_with_placement(before, changes)), work.today)
    _check(changed, work.today)
    if changed == before:
        return before
    saved = children_store.save(work.connection, changed)
    tell_details(work, before, saved)
    follow_record(work, [saved])
    if before.on_short_breaks and not saved.on_short_breaks:
        open_plans(work, [saved])
        open_reviews(work, [saved])
    elif saved.on_short_breaks:
        close_reviews(work, saved, "The child is looked after for short breaks only.")
    return saved


def _with_placement(before: Child, changes: Mapping[str, Any]) -> Mapping[str, Any]:
    started_on = changes.get("placement_started_on", before.placement_started_on)
    care_began_on = changes.get("entered_care_on", before.entered_care_on)
    return {**changes, "placement_started_on": started_on or care_began_on}


def tell_details(work: Work, before: Child, saved: Child) -> None:
    """Tell the other services what they keep of a child's details, where that changed."""
    known = (before.shown_name, before.phase, before.year_group)
    if known != (saved.shown_name, saved.phase, saved.year_group):
        work.publish(
            f"child/{saved.id}",
            ChildDetailsChanged(saved.id, saved.phase.value, saved.year_group, name=saved.shown_name),
        )


def change_school(work: Work, child_id: str, version: int, school_urn: str | None, since: date) -> Child:
    """Record that a child joined a school, or (`school_urn` empty) is on no school's roll, since a day.

    The designated teacher's place on the team follows the school.
    """
    permit(work, "pep.child.change_school", child_id)
    child = _seen(work, child_id, version)
    if not child.in_care:
        raise Conflict("not_in_care", "The child is no longer looked after.")
    if since > work.today:
        raise InvalidInput({"since": ["The day must be today or in the past."]})
    if since < child.born_on:
        raise InvalidInput({"since": ["The day must not be before the child's date of birth."]})
    if school_urn == child.school_urn and (school_urn is not None or child.no_school_since is not None):
        raise InvalidInput({"school_urn": ["This is the child's school already."]})
    school = known_school(work, school_urn) if school_urn is not None else None
    saved = children_store.save(
        work.connection,
        replace(
            child,
            school_urn=school_urn,
            school_since=since if school_urn else None,
            no_school_since=None if school_urn else since,
        ),
    )
    work.publish(f"child/{child.id}", ChildSchoolChanged(child.id, since, school_urn=school_urn))
    code, facts = ("school_changed", {"school": school.name}) if school else ("school_ended", {})
    record(work, child.id, "", code, since=long_date(since), **facts)
    follow_record(work, [saved])
    follow_school(work, saved, since)
    return saved


def record_review(work: Work, child_id: str, version: int, held_on: date) -> Child:
    """Record that a review of the care plan was held, which starts the clock of the next."""
    permit(work, "pep.review.record", child_id)
    child = _seen(work, child_id, version)
    if not child.entered_care_on <= held_on <= work.today:
        raise InvalidInput({"held_on": ["The review must have been held since the child became looked after."]})
    if held_on in child.reviews_held:
        raise InvalidInput({"held_on": ["A review on this day is recorded already."]})
    saved = children_store.save(work.connection, with_review(child, held_on))
    record(work, child.id, "", "review_recorded", held_on=long_date(held_on))
    held_elsewhere(work, saved, held_on)
    open_reviews(work, [saved])
    return saved


def leave_care(work: Work, child_id: str, version: int, left_on: date) -> Child:
    """Record that a child is no longer looked after: every clock stops, and the places on the team end that day."""
    permit(work, "pep.child.leave_care", child_id)
    child = _seen(work, child_id, version)
    if not child.in_care:
        raise Conflict("not_in_care", "The child is no longer looked after.")
    left = replace(child, left_care_on=left_on)
    _check(left, work.today)
    return end_care(work, left)


def end_care(work: Work, left: Child) -> Child:
    """Save a child as having left care on a day, end the team's work, and tell the other services."""
    assert left.left_care_on is not None  # noqa: S101 - both callers have just set it
    saved = children_store.save(work.connection, left)
    work.publish(f"child/{left.id}", ChildLeftCare(left.id, left.left_care_on))
    close_reviews(work, left, "The child left care.")
    record(work, left.id, "", "care_ended", left_on=long_date(left.left_care_on))
    disband(work, left.id, left.left_care_on)
    return saved


def keep_up_with_the_date(work: Work, after: str, limit: int) -> str:
    """Give the next `limit` children in the authority's care the year group and the plan that they should have today.

    "Next" is by id, beginning behind `after`; returns the id of the last one, or an empty text when there are no more.
    What was done before is not done again, so a walk through all children may end anywhere and begin anew.
    """
    permit(work, "pep.term.open")
    found = children_store.in_care(work.connection, work.actor.authority, after=after, limit=limit)
    grown = {child.id: _with_age(child, work.today) for child in found}
    moved_up = [child for child in found if grown[child.id] != child]
    children_store.save_ages(work.connection, [grown[child.id] for child in moved_up])
    for child in moved_up:
        tell_details(work, child, grown[child.id])
    follow_record(work, [grown[child.id] for child in moved_up])
    open_plans(work, list(grown.values()))
    open_reviews(work, list(grown.values()))
    return found[-1].id if found else ""


def _seen(work: Work, child_id: str, version: int) -> Child:
    """Return the child as it is now, to be saved only if nobody changed it since `version`."""
    return replace(children_store.load(work.connection, child_id), version=version)


def _new_child(work: Work, new: NewChild) -> Child:
    no_school = new.school_urn is None
    group = year_group(new.born_on, work.today)
    child = Child(
        id=new_id(),
        authority=work.actor.authority,
        reference=new.reference.strip(),
        born_on=new.born_on,
        legal_status=new.legal_status,
        entered_care_on=new.entered_care_on,
        placement_started_on=new.placement_started_on or new.entered_care_on,
        phase=phase_of(group),
        year_group=group,
        name=new.name.strip(),
        known_as=new.known_as.strip(),
        sex=new.sex,
        upn=new.upn.strip().upper(),
        school_urn=new.school_urn,
        school_since=None if no_school else new.school_since,
        no_school_since=new.entered_care_on if no_school and group >= 0 else None,
    )
    _check(child, work.today)
    if child.school_urn is not None:
        known_school(work, child.school_urn)
    return child


def _with_age(child: Child, today: date) -> Child:
    group = year_group(child.born_on, today)
    return replace(child, year_group=group, phase=phase_of(group))


def _check(child: Child, today: date) -> None:
    errors: dict[str, list[str]] = {}
    if not child.reference:
        errors["reference"] = ["Enter the child's identifier in the authority's system."]
    if child.legal_status not in LEGAL_STATUSES:
        errors["legal_status"] = ["Choose a legal status."]
    if child.sex not in SEXES:
        errors["sex"] = ["Choose an answer."]
    if child.upn and (len(child.upn) != 13 or not child.upn.isascii() or not child.upn.isalnum()):
        errors["upn"] = ["A UPN has 13 letters and digits. Leave it empty if it is not known."]
    if errors:
        raise InvalidInput(errors)
    check_dates(
        born_on=child.born_on,
        entered_care_on=child.entered_care_on,
        placement_started_on=child.placement_started_on,
        today=today,
        left_care_on=child.left_care_on,
    )
