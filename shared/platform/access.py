"""The one policy function. Pages, API, mails and commands ask it; nothing else decides.

Relationship first: whom a person may see follows from a live, dated place in the team around the child; what they may
see or do there follows from the role. Default deny.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from shared.contracts.emergency import Opening
from shared.contracts.parents import Matter, ParentStanding
from shared.contracts.permissions import IN_EMERGENCIES, NOBODY, PERMISSIONS, Deed, Permission, deed
from shared.contracts.roles import Role
from shared.kernel.errors import Denied, NoSuchRecord
from shared.platform import emergencies, roster, standings
from shared.platform.trail import Kind

if TYPE_CHECKING:
    from shared.platform.trail import Trail
    from shared.platform.work import Work


ACTING_FOR = "acting for "
"""How the audit says for whom a delegate acted: these words and the person's id."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The one thing that a personal link opens: some actions, on one plan of one child, in one role.

    Without a role it is somebody from outside the team, who may do what the table gives to guests.
    """

    child_id: str
    plan_id: str
    actions: frozenset[str]
    role: Role | None

    def covers(self, action: str, thing: Thing) -> bool:
        """Tell whether an action on a thing is within the scope."""
        return action in self.actions and (thing.kind, thing.id, thing.plan_id) == (
            "child",
            self.child_id,
            self.plan_id,
        )


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person acting for an organisation, or the suite itself (`system`).

    `elsewhere` is the same designated teacher as other authorities have recorded them: each record acts in its own
    authority and in no other. `scope` narrows whoever acts by a personal link to what it is for.
    """

    person_id: str
    name: str
    kinds: frozenset[Role]
    organisation: str
    authority: str
    school_urn: str | None = None
    system: bool = False
    elsewhere: tuple[Actor, ...] = ()
    scope: Scope | None = None

    def roles_among(self, roles: frozenset[Role]) -> frozenset[Role]:
        """Return in which of their roles on a team they act: all, or by a personal link the one it is for."""
        return roles if self.scope is None else frozenset(role for role in roles if role is self.scope.role)

    def towards(self, authority: str) -> Actor:
        """Return who the actor is to a thing of an authority: as recorded there, else as they are."""
        if self.authority == authority:
            return self
        if self.system:
            return replace(self, authority=authority)
        return next((one for one in self.elsewhere if one.authority == authority), self)

    @property
    def records(self) -> tuple[Actor, ...]:
        """Return the actor as each authority has recorded them, the one they signed in as first."""
        return (self, *self.elsewhere)

    @property
    def person_ids(self) -> frozenset[str]:
        """Return the ids of all these records."""
        return frozenset(one.person_id for one in self.records)

    @property
    def authorities(self) -> frozenset[str]:
        """Return the authorities that have recorded the actor."""
        return frozenset(one.authority for one in self.records)


@dataclass(frozen=True, slots=True)
class Thing:
    """What is acted on: a child's record (with the roles the actor has on its team today) or the authority itself.

    `authority` is the child's own, as recorded; empty where there is no such child.

    `told` says of a parent, or of a school, how far they are told of each matter that was decided; `over` that the
    thing, such as a meeting, is past; `opening` that the actor, who is not on the team, has opened the record in an
    emergency. A delegate `acts_for` a person, in these `parts` of the plan (None: in all). `plan_id` is
    the plan that is asked about; who acts by a personal link is let near no other.
    """

    kind: str
    id: str
    authority: str
    team_roles: frozenset[Role] = frozenset()
    told: Mapping[Matter, ParentStanding] = field(default_factory=dict)
    over: bool = False
    opening: Opening | None = None
    acts_for: str = ""
    parts: frozenset[str] | None = None
    plan_id: str = ""

    def is_told(self, matter: Matter) -> bool:
        """Tell whether they are told of a matter: those told after, once the thing is over."""
        standing = self.told.get(matter, matter.undecided)
        if standing is ParentStanding.TOLD_AFTER:
            return self.over
        return standing is not ParentStanding.NOT_TOLD


@dataclass(frozen=True, slots=True)
class Decision:
    """`allowed`, and a stable code why.

    team, authority, emergency, guest, system;
    not_on_team, role_may_not, field_sealed, not_delegated, outside_link, no_rule.
    """

    allowed: bool
    reason: str


def system_actor(authority: str = "") -> Actor:
    """Return the actor of the suite's own jobs and reactions; of an authority where they are about one."""
    return Actor("", "PEP Suite", frozenset(), "", authority, system=True)


def actor_for(person: roster.Person, elsewhere: Iterable[roster.Person] = ()) -> Actor:
    """Return a known person as an actor, with the records that other authorities have of the same person."""
    return Actor(
        person.id,
        person.name,
        person.kinds,
        person.organisation,
        person.authority,
        person.school_urn,
        elsewhere=tuple(actor_for(one) for one in elsewhere),
    )


def _settled(actor: Actor, permission: Permission, action: str, thing: Thing) -> Decision | None:
    """Return what is decided already, before anybody's role is looked at; None leaves it to their role."""
    if actor.system:
        return Decision(True, "system")
    if actor.authority != thing.authority:
        return Decision(False, "not_on_team")
    if actor.scope is not None and not actor.scope.covers(action, thing):
        return Decision(False, "outside_link")
    if actor.scope is not None and actor.scope.role is None:
        return Decision(permission.guests, "guest" if permission.guests else "role_may_not")
    return None


def decide(actor: Actor, action: str, thing: Thing, field: str | None = None) -> Decision:
    """Decide whether `actor` may do `action` to `thing` (or to one `field` or part of it).

    What belongs to another authority than the actor's is out of reach, whatever else is said of it.
    """
    permission = PERMISSIONS.get(action)
    if permission is None:
        return Decision(False, "no_rule")
    if (settled := _settled(actor, permission, action, thing)) is not None:
        return settled
    team, authority, roles = permission.team, permission.authority, actor.roles_among(thing.team_roles)
    not_delegated = permission.by_part and not _is_delegated(thing, action, field)
    roles -= {Role.DELEGATE} if not_delegated else NOBODY
    emergency = NOBODY if thing.opening is None else permission.emergency_roles
    if permission.matter is not None and not thing.is_told(permission.matter):
        roles -= permission.by_decision
    if field is not None and field in permission.fields:
        among = permission.fields[field]
        team, authority, emergency = team & among, authority & among, emergency & among
    if field is not None and field in permission.sealed and not thing.is_told(permission.sealed[field]):
        team -= {Role.PARENT}
    if roles & team:
        return Decision(True, "team")
    if actor.kinds & authority:
        return Decision(True, "authority")
    if actor.kinds & emergency:
        return Decision(True, "emergency")
    if not_delegated:
        return Decision(False, "not_delegated")
    if roles & permission.team:
        return Decision(False, "field_sealed")
    return Decision(False, "role_may_not" if roles or thing.opening else "not_on_team")


def _is_delegated(thing: Thing, action: str, part: str | None) -> bool:
    """Tell whether a delegate may do an action to a part; where none is named, some part may be read."""
    if Role.DELEGATE not in thing.team_roles or thing.parts is None:
        return True
    return deed(action) is Deed.READ if part is None else part in thing.parts


@dataclass(frozen=True, slots=True)
class Standing:
    """How an actor stands to one thing today: looked up once, and good for many questions."""

    actor: Actor
    service: str
    thing: Thing
    trail: Trail

    def once_over(self) -> Standing:
        """Return how the actor stands to what is past, such as a meeting that was held."""
        return replace(self, thing=replace(self.thing, over=True))

    def about(self, plan_id: str) -> Standing:
        """Return how the actor stands to one plan of the record."""
        return replace(self, thing=replace(self.thing, plan_id=plan_id)) if plan_id else self

    def may(self, action: str, field: str | None = None) -> bool:
        """Tell whether the actor may do `action`."""
        return decide(self.actor, action, self.thing, field).allowed

    def permit(self, action: str, field: str | None = None) -> None:
        """Let `action` pass or refuse it; either way the answer is kept in the audit.

        Raises `NotFound` where the actor may not know that the child exists, `Denied` where they may but not do this.
        """
        decision = decide(self.actor, action, self.thing, field)
        role = role_for(self.actor, action, self.thing.team_roles)
        of_child = self.thing.kind == "child"
        opening = self.thing.opening if decision.reason == "emergency" else None
        why = opening.why if opening else f"{ACTING_FOR}{self.thing.acts_for}" if role == Role.DELEGATE else ""
        kind = Kind.LINK if self.actor.scope is not None and decision.allowed else None
        child_id = self.thing.id if of_child else ""
        self.trail.note(self.actor, role, action, child_id, allowed=decision.allowed, kind=kind, why=why)
        if decision.allowed:
            self.trail.opening = opening or self.trail.opening
            return
        if decision.reason == "outside_link":
            raise NoSuchRecord
        hidden = of_child and not self.may(f"{self.service}.child.read")
        if hidden and decision.reason == "not_on_team":
            raise NoSuchRecord
        raise Denied(
            decision.reason, "Your role does not allow this. Ask the child's social worker if you think it should."
        )

    @property
    def acting_as(self) -> str:
        """Return the role in which the actor acts: their team role, else their kind, else empty."""
        roles = self.thing.team_roles or self.actor.kinds
        return next((role.value for role in Role if role in roles), "")


def standing(work: Work, child_id: str | None, circle: roster.Circle | None = None) -> Standing:
    """Return how the actor stands to a child's record today, or (no child) to their authority; one query in a unit.

    The authority is the child's own, and the actor is who they are to it. `circle` is what
    the team says of it, where the caller has that already.
    """
    actor, today = work.actor, work.today
    if child_id is None:
        return Standing(actor, work.service, Thing("authority", actor.authority, actor.authority), work.trail)
    found = work.standings.get((actor.person_id, child_id))
    if found is None:
        circle = circle or roster.circle_of(work.connection, actor.person_ids, child_id, today)
        acting = actor.towards(circle.authority)
        held = circle.of(acting.person_id)
        roles = acting.roles_among(held.roles)
        told: dict[Matter, ParentStanding] = {}
        for audience in _audiences(acting, roles):
            kept = standings.of_audience(work.connection, child_id, audience)
            told |= {matter: one.on(today) for matter, one in kept.items()}
        opening = None
        if not roles and acting.kinds & IN_EMERGENCIES:
            opening = emergencies.open_now(work.connection, acting.person_id, child_id, work.now)
        thing = Thing(
            "child",
            child_id,
            circle.authority,
            roles,
            told,
            opening=opening,
            acts_for=held.acts_for,
            parts=held.parts,
        )
        found = work.standings[actor.person_id, child_id] = Standing(acting, work.service, thing, work.trail)
    return found


def _audiences(actor: Actor, roles: frozenset[Role]) -> list[str]:
    """Return as whom decisions are looked up: as themselves for a parent, as the school for a designated teacher."""
    school = [actor.school_urn] if Role.DESIGNATED_TEACHER in roles and actor.school_urn else []
    return [*school, *([actor.person_id] if Role.PARENT in roles else [])]


def may(work: Work, action: str, child_id: str | None = None, field: str | None = None, *, plan_id: str = "") -> bool:
    """Tell whether the actor may do `action` to a child's record (one plan of it), or (no child) in the authority."""
    return standing(work, child_id).about(plan_id).may(action, field)


def permit(
    work: Work, action: str, child_id: str | None = None, field: str | None = None, *, plan_id: str = ""
) -> None:
    """Let `action` pass or refuse it, as `Standing.permit` does."""
    standing(work, child_id).about(plan_id).permit(action, field)


def may_know_of(work: Work, child_id: str) -> bool:
    """Tell whether the actor may know that a child's record exists."""
    return may(work, f"{work.service}.child.read", child_id)


def note_children(work: Work, action: str, child_ids: Iterable[str]) -> None:
    """Note in the audit whose records an action reaches that was permitted for many at once: an export, a file."""
    role, ids = role_for(work.actor, action), list(child_ids)
    whose = roster.authorities_of(work.connection, ids) if work.actor.elsewhere else {}
    for child_id in ids:
        actor = work.actor.towards(whose.get(child_id, work.actor.authority))
        work.trail.note(actor, role, action, child_id, allowed=True)


def note_link_use(work: Work, holder: Actor, role: str, action: str, child_id: str) -> None:
    """Note in the audit that somebody's personal link was used: a mail scanner that opens one leaves an entry too."""
    work.trail.note(holder, role, action, child_id, allowed=True, kind=Kind.LINK)


def authority_of(work: Work, child_id: str) -> str:
    """Return the authority that looks after a child; empty where there is no such child."""
    return standing(work, child_id).thing.authority


def acting_as(work: Work, child_id: str) -> str:
    """Return the role in which the actor acts on a child's record: their team role, else their kind, else empty."""
    return standing(work, child_id).acting_as


def role_for(actor: Actor, action: str, team_roles: frozenset[Role] = NOBODY) -> str:
    """Return the role in which somebody does an action, or asks to: one that it is for, else any they have."""
    permission = PERMISSIONS.get(action, Permission(action))
    entitled = team_roles & permission.team or actor.kinds & permission.authority
    roles = entitled or team_roles or actor.kinds
    return next((role.value for role in Role if role in roles), "")
