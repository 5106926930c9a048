"""Schools' term calendars over the API."""

from __future__ import annotations

from typing import Any

from services.scheduling.adapters.calendar_fetch import fetch_calendar
from services.scheduling.application.terms import SchoolTerms, import_file, look_at_terms, may_import
from services.scheduling.entrypoints.api import schemas
from shared.kernel.errors import InvalidInput
from shared.platform.web.access import allowed
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.unit import current_runtime, reading, writing

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
    with reading() as work:
        may_import(work, urn)
    if given["calendar"]:
        raw, source = given["calendar"].encode(), "sent over the API"
    else:
        # No transaction is open while somebody else's server takes its time.
        allow_loopback = current_runtime().settings.may_fetch_loopback
        raw, source = fetch_calendar(given["address"], allow_loopback=allow_loopback), given["address"]
    with writing() as work:
        return _shown(import_file(work, urn, raw, source))


def _shown(terms: SchoolTerms) -> dict[str, Any]:
    stored = terms.stored
    return {
        "urn": terms.school.urn,
        "name": terms.school.name,
        "source": stored.source if stored else "",
        "imported_at": stored.imported_at if stored else None,
        "dates": list(stored.entries) if stored else [],
    }
