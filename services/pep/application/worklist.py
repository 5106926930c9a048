"""My work: what the signed-in person should do next, from every part of the service."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from services.pep.adapters import children_store, people_store, reviews_store, schools_store
from services.pep.adapters.children_store import ChildFilter
from services.pep.adapters.policies import load_calendar
from services.pep.application.concerns import worklist_items as concern_items
from services.pep.application.emergencies import worklist_items as emergency_items
from services.pep.application.parents import worklist_items as parent_items
from services.pep.application.plan_worklist import worklist_items as plan_items
from services.pep.application.retention import worklist_items as retention_items
from services.pep.application.review_worklist import worklist_items as review_items
from services.pep.domain import clocks
from services.pep.domain.children import Child
from services.pep.domain.periods import Calendar
from services.pep.domain.schools import School
from services.pep.domain.worklist import WorkItem, in_order
from shared.contracts.roles import Role
from shared.platform import roster
from shared.platform.access import may, permit
from shared.platform.roster import Membership
from shared.platform.work import Work

REVIEW_AHEAD = timedelta(days=21)


def my_work(work: Work) -> tuple[WorkItem, ...]:
    """Return everything that waits for the signed-in person, the earliest date first."""
    permit(work, "pep.worklist.read")
    return in_order(
        [
            *emergency_items(work),
            *children_items(work),
            *review_items(work),
            *plan_items(work),
            *concern_items(work),
            *parent_items(work),
            *retention_items(work),
        ]
    )


def children_items(work: Work) -> list[WorkItem]:
    """Return what is to be done about children and their teams, for the roles the person has there."""
    mine = roster.children_of(work.connection, work.actor.person_ids, work.today)
    found = children_store.load_many(work.connection, mine)
    children = [child for child in found.values() if child.in_care and not child.on_short_breaks]
    teams = roster.teams(work.connection, mine, work.today)
    schools = schools_store.find_many(work.connection, {child.school_urn for child in children if child.school_urn})
    to_hold = reviews_store.to_hold(work.connection, [child.id for child in children])
    items: list[WorkItem] = []
    for child in children:
        calendar = load_calendar(child.authority)
        held = {member.role for member in teams[child.id]}
        if mine[child.id] & {Role.SOCIAL_WORKER}:
            items += _gaps_in_team(child, held, schools)
            items += _school_to_find(child, calendar)
        if child.id in to_hold:
            continue
        if Role.IRO in mine[child.id] or (Role.IRO not in held and Role.SOCIAL_WORKER in mine[child.id]):
            items += _review(child, calendar, work.today)
    return [*items, *_nobody_to_work_with(work), *_children_without_social_worker(work)]


def _gaps_in_team(child: Child, held: set[Role], schools: dict[str, School]) -> Iterable[WorkItem]:
    if child.school_urn is not None and Role.DESIGNATED_TEACHER not in held:
        school = schools[child.school_urn].name if child.school_urn in schools else "the school"
        yield _item(
            child,
            "designated_teacher",
            "Add the designated teacher to the team",
            f"Nobody at {school} is on the team, so nobody is asked for the school’s part of the plan.",
            f"team/add?role={Role.DESIGNATED_TEACHER}",
        )
    if Role.IRO not in held:
        yield _item(
            child,
            "iro",
            "Add the Independent Reviewing Officer to the team",
            "The care plan is reviewed by an Independent Reviewing Officer, who reads the education plan first.",
            f"team/add?role={Role.IRO}",
        )


def _school_to_find(child: Child, calendar: Calendar) -> Iterable[WorkItem]:
    if child.no_school_since is not None and child.year_group >= 0:
        deadline = clocks.no_school(child.no_school_since, calendar)
        why = f"On no school’s roll: {deadline.why}. {deadline.citation}."
        yield _item(child, "school", "Secure a school place", why, "school", deadline.on)


def _review(child: Child, calendar: Calendar, today: date) -> Iterable[WorkItem]:
    deadline = clocks.next_review(child, calendar)
    if deadline.on <= today + REVIEW_AHEAD:
        why = f"{deadline.why}. {deadline.citation}."
        yield _item(child, "review", "Hold the review of the care plan, and record it", why, "reviews/add", deadline.on)


def _nobody_to_work_with(work: Work) -> Iterable[WorkItem]:
    """Ask for the people first, where a new authority has no social worker or no designated teacher on record."""
    if not may(work, "pep.person.record"):
        return
    for role, noun in ((Role.SOCIAL_WORKER, "social workers"), (Role.DESIGNATED_TEACHER, "designated teachers")):
        if not people_store.anybody(work.connection, work.actor.authority, role):
            yield WorkItem(
                key=f"record-{role.value}",
                what=f"Record the {noun} of the authority",
                why="Nobody is known in this role, so nobody can be put on the team around a child.",
                path=f"/people/new?role={role.value}",
            )


def _children_without_social_worker(work: Work) -> Iterable[WorkItem]:
    if not may(work, "pep.team.allocate"):
        return
    chosen = ChildFilter(without_social_worker_on=work.today)
    _, count = children_store.page(work.connection, work.actor.authorities, chosen, offset=0, limit=1)
    if count:
        yield WorkItem(
            key="children-without-social-worker",
            what=f"Add a social worker for {count:,} {'child' if count == 1 else 'children'}",
            why="Nobody arranges the meeting or fills in the plan for a child without a social worker.",
            path="/allocate",
        )


def missing_roles(team: Iterable[Membership]) -> list[Role]:
    """Return the roles that every team should have and this one lacks."""
    held = {member.role for member in team}
    return [role for role in (Role.SOCIAL_WORKER, Role.IRO, Role.DESIGNATED_TEACHER) if role not in held]


def _item(child: Child, what_for: str, what: str, why: str, page: str, by: date | None = None) -> WorkItem:
    path = f"/children/{child.id}/{page}"
    return WorkItem(f"{what_for}/{child.id}", what, why, path, by, child.id, child.shown_name)
