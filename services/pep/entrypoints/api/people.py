"""The API of the people of the authority: list, record, change, no longer here, hand over a caseload."""

from __future__ import annotations

from typing import Any

from flask import url_for

from services.pep.adapters.people_store import PeopleFilter
from services.pep.application import caseload, people
from services.pep.application.people import HeldPlace, PersonRecord
from services.pep.domain.people import PersonDetails
from services.pep.entrypoints.child_schemas import MemberSchema
from services.pep.entrypoints.people_schemas import (
    CaseloadSchema,
    GoneSchema,
    HeldPlaceSchema,
    PeoplePageSchema,
    PeopleQuerySchema,
    PersonSchema,
    RecordedPersonSchema,
)
from shared.contracts.roles import Role
from shared.platform.roster import Membership, Person
from shared.platform.web.access import allowed
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.unit import reading, writing
from shared.platform.work import Work

api = ApiBlueprint("people_api", __name__, url_prefix="/api/people", description="Staff and designated teachers")


@api.get("")
@allowed("pep.people.read")
@api.arguments(PeopleQuerySchema, location="query")
@api.response(200, PeoplePageSchema)
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List the staff and designated teachers, page by page."""
    page, size = query.pop("page"), query.pop("page_size")
    role = query.pop("role")
    chosen = PeopleFilter(role=Role(role) if role else None, **query)
    with reading() as work:
        found, total = people.list_people(work, chosen, offset=(page - 1) * size, limit=size)
    return {"items": [_body(person) for person in found], "total": total, "page": page, "page_size": size}


@api.post("")
@allowed("pep.person.record")
@api.arguments(PersonSchema)
@api.response(201, RecordedPersonSchema)
def record(values: dict[str, Any]) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Record a member of staff; a designated teacher needs a `school_urn`."""
    with writing() as work:
        person = people.record_new(work, _details(values))
    with reading() as work:
        return _shown(people.person_record(work, person.id)), 201, {"Location": url_for(".show", person_id=person.id)}


@api.get("/<person_id>")
@allowed("pep.people.read")
@api.etag
@api.response(200, RecordedPersonSchema)
def show(person_id: str) -> dict[str, Any]:
    """Return a member of staff."""
    with reading() as work:
        return _shown(people.person_record(work, person_id))


@api.patch("/<person_id>")
@allowed("pep.person.record")
@api.etag
@api.arguments(PersonSchema(partial=True))
@api.response(200, RecordedPersonSchema)
def change(values: dict[str, Any], person_id: str) -> dict[str, Any]:
    """Change a member of staff's details; what is not sent is left as it is. Needs If-Match."""
    with writing() as work:
        record = _seen(work, person_id)
        people.change_person(work, person_id, record.version, _details({**_body(record.person), **values}))
    with reading() as work:
        return _shown(people.person_record(work, person_id))


@api.get("/<person_id>/places")
@allowed("pep.people.read")
@api.response(200, HeldPlaceSchema(many=True))
def places(person_id: str) -> list[dict[str, Any]]:
    """Return the places on teams that a person holds or will hold."""
    with reading() as work:
        people.person_record(work, person_id)
        return [_place(one) for one in people.held_places(work, person_id)]


@api.post("/<person_id>/gone")
@allowed("pep.person.record")
@api.arguments(GoneSchema)
@api.response(200, RecordedPersonSchema)
@api.alt_response(409, description="gone_already, or places_changed where other `places` end than were sent")
def gone(values: dict[str, Any], person_id: str) -> dict[str, Any]:
    """Record that somebody is no longer here: they may not sign in, and their places on teams end today."""
    with writing() as work:
        version = people.person_record(work, person_id).version
        people.mark_as_gone(work, person_id, version, values["places"])
    with reading() as work:
        return _shown(people.person_record(work, person_id))


@api.post("/<person_id>/back")
@allowed("pep.person.record")
@api.response(200, RecordedPersonSchema)
def back(person_id: str) -> dict[str, Any]:
    """Record that somebody is here after all; places on teams that ended stay ended."""
    with writing() as work:
        people.mark_as_back(work, person_id, people.person_record(work, person_id).version)
    with reading() as work:
        return _shown(people.person_record(work, person_id))


@api.post("/<person_id>/handover")
@allowed("pep.caseload.hand_over")
@api.arguments(CaseloadSchema)
@api.response(201, MemberSchema(many=True))
@api.alt_response(409, description="no_caseload, caseload_changed, or role_taken; nothing was handed over")
def hand_over(values: dict[str, Any], person_id: str) -> list[Membership]:
    """Hand every child of a worker in a role over to another, from a day; all or none."""
    with writing() as work:
        return caseload.hand_over_caseload(
            work, person_id, Role(values["role"]), values["person_id"], values["from_date"], seen=values["places"]
        )


def _details(values: dict[str, Any]) -> PersonDetails:
    return PersonDetails(
        name=values["name"],
        email=values["email"] or "",
        roles=frozenset(Role(role) for role in values["roles"]),
        organisation=values["organisation"],
        school_urn=values["school_urn"],
    )


def _shown(record: PersonRecord) -> dict[str, Any]:
    return {**_body(record.person), "version": record.version}


def _body(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "email": person.email,
        "roles": [role.value for role in people.staff_roles(person)],
        "organisation": person.organisation,
        "school_urn": person.school_urn,
        "here": person.active,
    }


def _place(one: HeldPlace) -> dict[str, Any]:
    member = one.membership
    return {
        "membership_id": member.id,
        "child_name": one.child_name,
        "role": member.role.value,
        "from_date": member.from_date,
        "until": member.until,
    }


def _seen(work: Work, person_id: str) -> PersonRecord:
    """Return the person, having compared If-Match with them as they are now."""
    record = people.person_record(work, person_id)
    api.check_etag(_shown(record), RecordedPersonSchema)
    return record
