"""The API of schools."""

from __future__ import annotations

from typing import Any

from services.pep.application import schools
from services.pep.domain.schools import School
from services.pep.entrypoints.child_schemas import SchoolSchema, SchoolsQuerySchema
from services.pep.entrypoints.people_schemas import NewSchoolSchema
from shared.kernel.errors import NotFound
from shared.platform.web.access import allowed
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.unit import reading, writing

api = ApiBlueprint("schools_api", __name__, url_prefix="/api/schools", description="Schools of the national register")


@api.get("")
@allowed("pep.school.read")
@api.arguments(SchoolsQuerySchema, location="query")
@api.response(200, SchoolSchema(many=True))
def index(query: dict[str, Any]) -> list[School]:
    """Return the first open schools whose name, town or URN has `search`."""
    with reading() as work:
        return schools.find_schools(work, query["search"], limit=query["limit"])[0]


@api.post("")
@allowed("pep.school.record")
@api.arguments(NewSchoolSchema)
@api.response(201, SchoolSchema)
def record(values: dict[str, Any]) -> School:
    """Record a school by hand, where the register has not been imported."""
    with writing() as work:
        return schools.add_school(work, School(**values))


@api.get("/<urn>")
@allowed("pep.school.read")
@api.response(200, SchoolSchema)
def show(urn: str) -> School:
    """Return a school."""
    with reading() as work:
        school = schools.school_named(work, urn)
    if school is None:
        raise NotFound("school_not_found", "No school with this URN is known.")
    return school
