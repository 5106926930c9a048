"""What each parent is told of: one person decides, a second confirms, and the other services are told the outcome."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.pep.adapters import children_store, parents_store
from services.pep.domain.parents import (
    Decision,
    Ground,
    State,
    check_may_decide,
    settle,
    standing_on,
)
from services.pep.domain.worklist import WorkItem
from shared.contracts.parents import Matter, ParentStanding
from shared.contracts.pep import ParentStandingChanged
from shared.contracts.permissions import PERMISSIONS
from shared.contracts.roles import Role
from shared.kernel.errors import NoSuchRecord
from shared.kernel.ids import new_id
from shared.platform import roster, standings
from shared.platform.access import may, permit
from shared.platform.roster import Membership
from shared.platform.standings import KeptStanding
from shared.platform.work import Work


@dataclass(frozen=True, slots=True)
class ParentView:
    """One parent on the team: how far they are told today, until when, and every decision, the newest first."""

    member: Membership
    standing: ParentStanding
    until: date | None
    decisions: tuple[Decision, ...]

    @property
    def waiting(self) -> tuple[Decision, ...]:
        """Return the decisions that wait for a second person."""
        return tuple(one for one in self.decisions if one.state is State.WAITING)


def parents_of(work: Work, child_id: str) -> list[ParentView]:
    """Return the parents on a child's team now or later, as far as the reader may see; raises `NotFound`, `Denied`."""
    permit(work, "pep.parents.read", child_id)
    decisions = parents_store.of_children(work.connection, [child_id])
    if not may(work, "pep.parents.read", child_id, field="ground"):
        decisions = []
    kept = standings.of_child(work.connection, child_id, Matter.MEETINGS)
    found = []
    for member in _parents(work, child_id):
        now = kept.get(member.person_id, KeptStanding())
        of_this = tuple(one for one in reversed(decisions) if one.person_id == member.person_id)
        standing = now.on(work.today)
        found.append(ParentView(member, standing, now.until if standing is now.standing else None, of_this))
    return found


def parent(work: Work, child_id: str, parent_id: str) -> ParentView:
    """Return one parent on a child's team; raises `NotFound` and `Denied`."""
    permit(work, "pep.parents.decide", child_id)
    found = next((one for one in parents_of(work, child_id) if one.member.person_id == parent_id), None)
    if found is None:
        raise NoSuchRecord
    return found


def decide_for_parent(
    work: Work,
    child_id: str,
    parent_id: str,
    standing: ParentStanding,
    ground: Ground,
    *,
    reference: str = "",
    until: date | None = None,
) -> Decision:
    """Decide how far a parent is told of meetings.

    What lets them know less holds at once; what lets them know more waits for a second person. Raises `InvalidInput`
    by field, `Conflict` while an earlier decision waits, `NotFound`, `Denied`.
    """
    parent(work, child_id, parent_id)
    children_store.lock(work.connection, child_id)
    new = Decision(
        id=new_id(),
        child_id=child_id,
        person_id=parent_id,
        matter=Matter.MEETINGS,
        standing=standing,
        ground=ground,
        reference=reference.strip(),
        until=until,
        decided_by=work.actor.person_id,
        decided_by_name=work.actor.name,
        decided_at=work.now,
    )
    check_may_decide(_on_same_matter(work, new), new, work.today)
    parents_store.add(work.connection, new)
    _tell_outcome(work, new)
    return new


def settle_decision(work: Work, child_id: str, decision_id: str, *, confirmed: bool) -> Decision:
    """Confirm or refuse, as the second person, what was decided; raises `Conflict`, `NotFound`, `Denied`."""
    permit(work, "pep.parents.confirm", child_id)
    children_store.lock(work.connection, child_id)
    found = parents_store.find(work.connection, decision_id)
    if found is None or found.child_id != child_id:
        raise NoSuchRecord
    actor = work.actor
    changed = settle(_on_same_matter(work, found), found.id, actor.person_id, actor.name, work.now, confirmed=confirmed)
    parents_store.settle(work.connection, changed)
    _tell_outcome(work, found)
    return changed[0]


def worklist_items(work: Work) -> list[WorkItem]:
    """Return the decisions of others that wait for a second person, for the children the actor works with."""
    mine = roster.children_of(work.connection, work.actor.person_id, work.today)
    second = PERMISSIONS["pep.parents.confirm"].team
    asked = [child_id for child_id, roles in mine.items() if roles & second]
    waiting = parents_store.of_children(work.connection, asked, waiting_only=True) if asked else []
    others = [one for one in waiting if one.decided_by != work.actor.person_id]
    children = children_store.load_many(work.connection, {one.child_id for one in others})
    return [
        WorkItem(
            key=f"parent-decision/{one.id}",
            what=f"Confirm or refuse what a parent of {children[one.child_id].short_name} is told",
            why=f"{one.decided_by_name} decided it. A second person has to look at it.",
            path=f"/children/{one.child_id}/parents",
            by=None,
            child_id=one.child_id,
            child_name=children[one.child_id].shown_name,
        )
        for one in others
    ]


def _parents(work: Work, child_id: str) -> list[Membership]:
    team = roster.whole_team(work.connection, child_id)
    return [one for one in team if one.role is Role.PARENT and (one.until is None or one.until >= work.today)]


def _on_same_matter(work: Work, decision: Decision) -> list[Decision]:
    return [
        one
        for one in parents_store.of_children(work.connection, [decision.child_id])
        if (one.person_id, one.matter) == (decision.person_id, decision.matter)
    ]


def _tell_outcome(work: Work, decision: Decision) -> None:
    """Keep how far the parent is told from now on, and tell the other services where that changed."""
    standing, until = standing_on(_on_same_matter(work, decision), work.today)
    child_id, parent_id, matter = decision.child_id, decision.person_id, decision.matter
    kept = standings.of_parent(work.connection, child_id, parent_id).get(matter, KeptStanding())
    if kept != KeptStanding(standing, until):
        standings.keep(work.connection, child_id, parent_id, matter, KeptStanding(standing, until))
        fact = ParentStandingChanged(child_id, parent_id, matter.value, standing.value, until)
        work.publish(f"child/{child_id}", fact)
