"""Who the invented people are to the services: ids that stay the same, and each child's family."""

from __future__ import annotations

import uuid
from datetime import date

from services.pep.application.placement import NewPlacement
from services.pep.domain.schools import School as RegisteredSchool
from shared.contracts.roles import Role
from shared.platform.roster import Person
from suite.demo.children import Child
from suite.demo.staff import SCHOOLS, STAFF, Staff

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "northmoor.example")
STREETS = ("Rowan Close", "Mill Lane", "Elm Row", "Station Road", "Larch Way", "Weir Street", "Chapel Hill")
YOUNGEST_WHO_SIGNS_IN = 3
"""The year group from which a child has a place on the team and a page of their own."""


def staff_id(key: str) -> str:
    """Return the id of a member of staff, the same in every home."""
    return str(uuid.uuid5(NAMESPACE, key))


def person_of(member: Staff, authority: str) -> Person:
    """Return a member of staff as the services know them."""
    return Person(
        id=staff_id(member.key),
        authority=authority,
        name=member.name,
        email=member.email,
        kinds=frozenset({member.role}),
        organisation=member.organisation,
        school_urn=member.school_urn,
    )


def everybody(authority: str, members: tuple[Staff, ...] = STAFF) -> list[Person]:
    """Return the staff as the services know them."""
    return [person_of(member, authority) for member in members]


def schools() -> list[RegisteredSchool]:
    """Return the schools as the register would have them."""
    return [
        RegisteredSchool(
            urn=school.urn,
            name=school.name,
            phase=school.phase,
            town=school.town,
            local_authority="Northmoor",
        )
        for school in SCHOOLS
    ]


SPEAKS = {
    "Olena Petrenko": "uk",
    "Agnieszka Wilk": "pl",
    "Omar Mahmoud": "ar",
    "Samir Al-Sayed": "ar",
    "Ewa Zielinska": "pl",
    "Anh Tran": "vi",
    "Yonas Tesfay": "ti",
}
"""Who wishes to be written to in a language besides English; nothing is translated into Tigrinya."""


def family_of(child: Child) -> list[tuple[str, str | None, Role]]:
    """Return carer, parent and (if old enough) the child: name, e-mail address or None, role.

    Some parents have no address: they are told of a meeting by letter.
    """
    row = child.row
    found: list[tuple[str, str | None, Role]] = [(row.carer, _address(row.carer, "carers"), Role.CARER)]
    if row.parent:
        found.append((row.parent, _address(row.parent, "families") if row.born % 3 else None, Role.PARENT))
    if row.group >= YOUNGEST_WHO_SIGNS_IN:
        found.append((row.name, _address(row.name, "young") if row.group >= 9 else None, Role.CHILD))
    return found


def home_of(child: Child, since: date, carer_id: str) -> NewPlacement:
    """Return where a child lives: no such street, postcode area or telephone number exists."""
    number = int(child.reference) if child.reference.isdigit() else child.row.born
    return NewPlacement(
        since=since,
        address=f"{number % 89 + 2} {STREETS[number % len(STREETS)]}\nNorthmoor",
        postcode=f"NM{number % 9 + 1} {number % 7 + 1}XZ",
        carer_id=carer_id,
        carer_name=child.row.carer,
        carer_phone=f"01632 960{number % 1000:03}",
    )


def _address(name: str, domain: str) -> str:
    return f"{name.lower().replace(' ', '.').replace(chr(39), '')}@{domain}.example"
