"""Schools' term calendars over the API."""

from __future__ import annotations

from typing import Any

from services.scheduling.application.terms import SchoolTerms, import_file, import_from_address, look_at_terms
from services.scheduling.entrypoints.api import schemas
from shared.kernel.errors import InvalidInput
from shared.platform.web.access import allowed
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.unit import reading, writing

blueprint = ApiBlueprint(
    "terms_api", __name__, url_prefix="/api/schools", description="Schools' own term calendars, which meetings respect."
)


@blueprint.get("/<urn>/terms")
@allowed("scheduling.terms.read")
@blueprint.response(200, schemas.TermsSchema)
def get_terms(urn: str) -> dict[str, Any]:
    """Show a school's term calendar."""
    with reading() as work:
        return _shown(look_at_terms(work, urn))


@blueprint.put("/<urn>/terms")
@allowed("scheduling.terms.import")
@blueprint.arguments(schemas.TermsInSchema)
@blueprint.response(200, schemas.TermsSchema)
def put_terms(given: dict[str, str], urn: str) -> dict[str, Any]:
    """Bring in a school's term calendar (iCalendar), in the place of the one that was there."""
    if bool(given["calendar"]) == bool(given["address"]):
        raise InvalidInput({"calendar": ["Send either the calendar or its address."]})
    with writing() as work:
        if given["calendar"]:
            return _shown(import_file(work, urn, given["calendar"].encode(), "sent over the API"))
        return _shown(import_from_address(work, urn, given["address"]))


def _shown(terms: SchoolTerms) -> dict[str, Any]:
    stored = terms.stored
    return {
        "urn": terms.school.urn,
        "name": terms.school.name,
        "source": stored.source if stored else "",
        "imported_at": stored.imported_at if stored else None,
        "dates": list(stored.entries) if stored else [],
    }
