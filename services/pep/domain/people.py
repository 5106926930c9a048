"""The people of an authority: what is recorded of a member of staff or a designated teacher, and what must hold."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from services.pep.domain.team import SCHOOL_STAFF, STAFF
from shared.contracts.roles import Role
from shared.kernel.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class PersonDetails:
    """What is recorded of a member of staff; `roles` are those in which they may sign in and join teams.

    `school_urn` is set for designated teachers and their delegates, and for nobody else.
    """

    name: str
    email: str
    roles: frozenset[Role]
    organisation: str
    school_urn: str | None = None


def check_details(details: PersonDetails) -> None:
    """Raise `InvalidInput` by field unless the details are whole."""
    errors: dict[str, list[str]] = {}
    if not details.name.strip():
        errors["name"] = ["Enter the person’s name."]
    if not details.email.strip():
        errors["email"] = ["Enter an e-mail address: invitations to meetings are sent there."]
    if not details.roles or details.roles - set(STAFF):
        errors["roles"] = ["Select at least one role of staff."]
    teaches = bool(details.roles & SCHOOL_STAFF)
    if teaches and details.school_urn is None:
        errors["school"] = ["Enter the school’s name or URN: a designated teacher works at one school."]
    if not teaches and details.school_urn is not None:
        errors["school"] = ["Only a designated teacher has a school. Leave this empty, or select that role."]
    if not teaches and not details.organisation.strip():
        errors["organisation"] = ["Enter the organisation the person works for."]
    if errors:
        raise InvalidInput(errors)


def check_roles_kept(before: frozenset[Role], after: frozenset[Role], held: Collection[Role]) -> None:
    """Raise `InvalidInput` where a role is taken away that the person holds on the team around a child (`held`)."""
    lost = [role.title for role in STAFF if role in (before - after) and role in held]
    if lost:
        raise InvalidInput(
            {"roles": [f"Still on the team around a child as: {', '.join(lost)}. Hand over the children first."]}
        )
