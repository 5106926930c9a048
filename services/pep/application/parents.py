"""What each parent is told of: one person decides, a second confirms, and the other services are told the outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.pep.adapters import children_store, parents_store
from services.pep.domain.parents import (
    STANDING_WORDS,
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
from shared.kernel.errors import Conflict, NoSuchRecord
from shared.kernel.ids import new_id
from shared.platform import roster, standings
from shared.platform.access import may, permit
from shared.platform.roster import Membership
from shared.platform.standings import KeptStanding
from shared.platform.work import Work

TOLD_OF = (Matter.MEETINGS, Matter.SCHOOL)
"""What the other services hear the outcome of; the placement and the plan are shown nowhere else."""


@dataclass(frozen=True, slots=True)
class MatterView:
    """How far somebody is told of one matter today, until when, and every decision on it, the newest first."""

    matter: Matter
    standing: ParentStanding
    until: date | None
    decisions: tuple[Decision, ...]

    @property
    def words(self) -> str:
        """Return how far they are told, as a page shows it."""
        return STANDING_WORDS[self.matter, self.standing]

    @property
    def waiting(self) -> tuple[Decision, ...]:
        """Return the decisions that wait for a second person."""
        return tuple(one for one in self.decisions if one.state is State.WAITING)


@dataclass(frozen=True, slots=True)
class ParentView:
    """One parent on the team, with each matter they are told of or not."""

    member: Membership
    matters: tuple[MatterView, ...]

    def on(self, matter: Matter) -> MatterView:
        """Return how they stand to one matter."""
        return next(one for one in self.matters if one.matter is matter)


def parents_of(work: Work, child_id: str) -> list[ParentView]:
    """Return the parents on a child's team now or later, as far as the reader may see; raises `NotFound`, `Denied`."""
    permit(work, "pep.parents.read", child_id)
    decisions = parents_store.of_children(work.connection, [child_id])
    if not may(work, "pep.parents.read", child_id, field="ground"):
        decisions = []
    return [
        ParentView(member, _views(work, child_id, member.person_id, decisions)) for member in _parents(work, child_id)
    ]


def placement_for_school(work: Work, child_id: str) -> MatterView:
    """Return whether the child's school of today is told where the child lives, with the decisions about it."""
    permit(work, "pep.placement.tell_school", child_id)
    urn = children_store.load(work.connection, child_id).school_urn or ""
    known = standings.of_audience(work.connection, child_id, urn)
    return _view(work, urn, Matter.PLACEMENT, known, parents_store.of_children(work.connection, [child_id]))


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
    matter: Matter = Matter.MEETINGS,
    reference: str = "",
    until: date | None = None,
) -> Decision:
    """Decide how far a parent is told of a matter.

    What lets them know less holds at once; what lets them know more waits for a second person. Raises `InvalidInput`
    by field, `Conflict` while an earlier decision waits, `NotFound`, `Denied`.
    """
    parent(work, child_id, parent_id)
    children_store.lock(work.connection, child_id)
    new = _decision(work, child_id, parent_id, matter, standing, ground, reference, until)
    check_may_decide(_on_same_matter(work, new), new, work.today)
    parents_store.add(work.connection, new)
    _tell_outcome(work, new)
    return new


def decide_for_school(
    work: Work,
    child_id: str,
    standing: ParentStanding,
    ground: Ground,
    *,
    reference: str = "",
    until: date | None = None,
) -> Decision:
    """Decide whether the child's school is told where the child lives; it holds at once, and for this school alone.

    Raises `InvalidInput` by field, `Conflict` where the child has no school, `NotFound`, `Denied`.
    """
    permit(work, "pep.placement.tell_school", child_id)
    children_store.lock(work.connection, child_id)
    urn = children_store.load(work.connection, child_id).school_urn
    if urn is None:
        raise Conflict("no_school", "The child is on no school’s roll, so there is nobody to tell.")
    new = _decision(work, child_id, urn, Matter.PLACEMENT, standing, ground, reference, until)
    check_may_decide(_on_same_matter(work, new), new, work.today)
    new = replace(new, state=State.CONFIRMED, settled_at=work.now)
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
    mine = roster.children_of(work.connection, work.actor.person_ids, work.today)
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


def _decision(
    work: Work,
    child_id: str,
    audience: str,
    matter: Matter,
    standing: ParentStanding,
    ground: Ground,
    reference: str,
    until: date | None,
) -> Decision:
    return Decision(
        id=new_id(),
        child_id=child_id,
        person_id=audience,
        matter=matter,
        standing=standing,
        ground=ground,
        reference=reference.strip(),
        until=until,
        decided_by=work.actor.person_id,
        decided_by_name=work.actor.name,
        decided_at=work.now,
    )


def _views(work: Work, child_id: str, audience: str, decisions: Sequence[Decision]) -> tuple[MatterView, ...]:
    """Return how somebody stands to each matter today; `decisions` are those that the reader may see."""
    known = standings.of_audience(work.connection, child_id, audience)
    return tuple(_view(work, audience, matter, known, decisions) for matter in Matter)


def _view(
    work: Work, audience: str, matter: Matter, known: Mapping[Matter, KeptStanding], decisions: Sequence[Decision]
) -> MatterView:
    kept = known.get(matter, KeptStanding(matter.undecided))
    standing = kept.on(work.today)
    of_this = tuple(one for one in reversed(decisions) if (one.person_id, one.matter) == (audience, matter))
    return MatterView(matter, standing, kept.until if standing is kept.standing else None, of_this)


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
    matter = decision.matter
    standing, until = standing_on(matter, _on_same_matter(work, decision), work.today)
    child_id, audience = decision.child_id, decision.person_id
    undecided = KeptStanding(matter.undecided)
    kept = standings.of_audience(work.connection, child_id, audience).get(matter, undecided)
    if kept != KeptStanding(standing, until):
        standings.keep(work.connection, child_id, audience, matter, KeptStanding(standing, until))
        if matter in TOLD_OF:
            fact = ParentStandingChanged(child_id, audience, matter.value, standing.value, until)
            work.publish(f"child/{child_id}", fact)
