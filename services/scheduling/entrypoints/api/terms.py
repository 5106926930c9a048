"""Schools' term calendars over the API."""

from __future__ import annotations

from datetime import time
from typing import Any

from services.scheduling.adapters.calendar_fetch import fetch_calendar
from services.scheduling.application.school_hours import (
    forget_school_hours,
    hours_of_school,
    keep_school_hours,
    usual_hours,
)
from services.scheduling.application.terms import SchoolTerms, import_file, look_at_terms, may_import
from services.scheduling.domain.policy import MeetingPolicy
from services.scheduling.domain.school_hours import SchoolHours
from services.scheduling.entrypoints.api import schemas
from services.scheduling.entrypoints.times_schemas import SchoolDayFormSchema
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


@blueprint.get("/<urn>/day")
@allowed("scheduling.terms.read")
@blueprint.response(200, schemas.SchoolDaySchema)
def get_day(urn: str) -> dict[str, Any]:
    """Show when a school's day starts and ends; `known` is false where the usual day is taken."""
    with reading() as work:
        known, usual = hours_of_school(work, urn), usual_hours(work)
    return _day(known) if known else {"known": False, **_usual(usual)}


@blueprint.put("/<urn>/day")
@allowed("scheduling.terms.import")
@blueprint.arguments(SchoolDayFormSchema)
@blueprint.response(200, schemas.SchoolDaySchema)
def put_day(given: dict[str, time], urn: str) -> dict[str, Any]:
    """Say when a school's day starts and ends, and lunch."""
    with writing() as work:
        return _day(keep_school_hours(work, urn, **given))


@blueprint.delete("/<urn>/day")
@allowed("scheduling.terms.import")
@blueprint.response(204)
def delete_day(urn: str) -> None:
    """Take the usual day for the school again."""
    with writing() as work:
        forget_school_hours(work, urn)


def _day(known: SchoolHours) -> dict[str, Any]:
    return {
        "known": True,
        **{name: getattr(known, name).strftime("%H:%M") for name in ("starts", "ends", "lunch_starts", "lunch_ends")},
    }


def _usual(policy: MeetingPolicy) -> dict[str, str]:
    times = (policy.lessons_start, policy.lessons_end, policy.lunch_starts, policy.lunch_ends)
    return dict(
        zip(("starts", "ends", "lunch_starts", "lunch_ends"), (one.strftime("%H:%M") for one in times), strict=True)
    )


def _shown(terms: SchoolTerms) -> dict[str, Any]:
    stored = terms.stored
    return {
        "urn": terms.school.urn,
        "name": terms.school.name,
        "source": stored.source if stored else "",
        "imported_at": stored.imported_at if stored else None,
        "dates": list(stored.entries) if stored else [],
    }
