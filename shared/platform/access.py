"""The one policy function. Pages, API, mails and commands ask it; nothing else decides.

Relationship first: whom a person may see follows from a live, dated place in the team around the child; what they may
see or do there follows from the role. Default deny.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.contracts.permissions import PERMISSIONS
from shared.contracts.roles import Role
from shared.kernel.errors import Denied, NotFound
from shared.platform import roster

if TYPE_CHECKING:
    from shared.platform.work import Work


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person acting for an organisation, or the suite itself (`system`)."""

    person_id: str
    name: str
    kinds: frozenset[Role]
    organisation: str
    authority: str
    school_urn: str | None = None
    system: bool = False


@dataclass(frozen=True, slots=True)
class Thing:
    """What is acted on: a child's record (with the roles the actor has on its team today) or the authority itself."""

    kind: str
    id: str
    authority: str
    team_roles: frozenset[Role] = frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """`allowed`, and a stable code why: team, authority, system; not_on_team, role_may_not, field_sealed, no_rule."""

    allowed: bool
    reason: str


def system_actor(authority: str) -> Actor:
    """Return the actor of the suite's own jobs and reactions."""
    return Actor("", "PEP Suite", frozenset(), "", authority, system=True)


def actor_for(person: roster.Person) -> Actor:
    """Return a known person as an actor."""
    return Actor(person.id, person.name, person.kinds, person.organisation, person.authority, person.school_urn)


def decide(actor: Actor, action: str, thing: Thing, field: str | None = None) -> Decision:
    """Decide whether `actor` may do `action` to `thing` (or to one `field` of it)."""
    permission = PERMISSIONS.get(action)
    if permission is None:
        return Decision(False, "no_rule")
    if actor.system:
        return Decision(True, "system")
    team, authority = permission.team, permission.authority
    if field is not None and field in permission.fields:
        team, authority = team & permission.fields[field], authority & permission.fields[field]
    if thing.team_roles & team:
        return Decision(True, "team")
    if actor.authority == thing.authority and actor.kinds & authority:
        return Decision(True, "authority")
    if thing.team_roles & permission.team:
        return Decision(False, "field_sealed")
    return Decision(False, "role_may_not" if thing.team_roles else "not_on_team")


def child_thing(work: Work, child_id: str) -> Thing:
    """Return a child's record as the actor stands to it today."""
    roles = roster.roles_on(work.connection, work.actor.person_id, child_id, work.today)
    return Thing("child", child_id, work.settings.authority, roles)


def may(work: Work, action: str, child_id: str | None = None, field: str | None = None) -> bool:
    """Tell whether the actor may do `action` to a child's record, or (no child) in the authority."""
    return _ask(work, action, child_id, field).allowed


def permit(work: Work, action: str, child_id: str | None = None, field: str | None = None) -> None:
    """Let `action` pass or refuse it.

    Raises `NotFound` where the actor may not know that the child exists, `Denied` where they may but not do this.
    """
    decision = _ask(work, action, child_id, field)
    if decision.allowed:
        return
    if child_id is not None and decision.reason == "not_on_team" and not may_know_of(work, child_id):
        raise NotFound("child_not_found", "There is no such record, or you are not on this child's team.")
    raise Denied(
        decision.reason, "Your role does not allow this. Ask the child's social worker if you think it should."
    )


def may_know_of(work: Work, child_id: str) -> bool:
    """Tell whether the actor may know that a child's record exists."""
    return may(work, f"{work.service}.child.read", child_id)


def acting_as(work: Work, child_id: str) -> str:
    """Return the role in which the actor acts on a child's record: their team role, else their kind, else empty."""
    roles = child_thing(work, child_id).team_roles or work.actor.kinds
    return next((role.value for role in Role if role in roles), "")


def _ask(work: Work, action: str, child_id: str | None, field: str | None) -> Decision:
    if child_id is None:
        return decide(work.actor, action, Thing("authority", work.settings.authority, work.settings.authority), field)
    return decide(work.actor, action, child_thing(work, child_id), field)
