"""A school's term calendar: what is known, and bringing in a new one."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from services.scheduling.adapters.calendar_fetch import fetch_calendar
from services.scheduling.adapters.term_calendars import MAX_BYTES, UnusableCalendar
from services.scheduling.application.school_hours import (
    forget_school_hours,
    hours_of_school,
    keep_school_hours,
    usual_hours,
)
from services.scheduling.application.terms import import_file, look_at_terms
from services.scheduling.application.terms import may_import as check_may_import
from services.scheduling.domain.term_calendar import TermDateKind
from services.scheduling.entrypoints.times_schemas import SchoolDayFormSchema
from shared.kernel.errors import InvalidInput
from shared.platform.access import may
from shared.platform.web.access import allowed
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.pages import render_page
from shared.platform.web.unit import current_runtime, reading, writing
from shared.platform.web.uploads import FileTooLarge, sent_file

KINDS = {
    TermDateKind.FIRST_DAY: "First day",
    TermDateKind.LAST_DAY: "Last day",
    TermDateKind.TERM: "Term",
    TermDateKind.CLOSED: "Closed to pupils",
    TermDateKind.HOLIDAY: "Holiday",
}
DAY_KEYS = ("starts", "ends", "lunch_starts", "lunch_ends")
pages = Blueprint("terms", __name__, url_prefix="/schools/<urn>/terms")


@pages.get("")
@allowed("scheduling.terms.read")
def show(urn: str) -> Response:
    """Show a school's term calendar."""
    return _page(urn, FormState())


@pages.post("")
@allowed("scheduling.terms.import")
def save(urn: str) -> BaseResponse:
    """Bring in a calendar from a file or an address."""
    upload = None
    address = request.form.get("address", "").strip()
    with reading() as work:
        check_may_import(work, urn)
    try:
        upload = sent_file("calendar", MAX_BYTES)
        if upload is not None:
            raw, name = upload.content, upload.name
        elif address:
            # No transaction is open while somebody else's server takes its time.
            raw, name = fetch_calendar(address, allow_loopback=current_runtime().settings.may_fetch_loopback), address
        else:
            raise UnusableCalendar("nothing_given", "Choose a file or enter an address.")
        with writing() as work:
            found = import_file(work, urn, raw, name)
    except FileTooLarge:
        too_big = "The calendar is larger than 1 MB. Export the term dates only."
        return _page(urn, FormState.typed({"calendar": [too_big]}), 422)
    except UnusableCalendar as refused:
        field = "address" if address and upload is None else "calendar"
        return _page(urn, FormState.typed({field: [refused.message]}), 422)
    count = len(found.stored.entries) if found.stored else 0
    flash(f"{count} term dates of {found.school.name} were brought in.", "success")
    return redirect(url_for("terms.show", urn=urn), 303)


@pages.post("/day")
@allowed("scheduling.terms.import")
def save_day(urn: str) -> BaseResponse:
    """Say when the school's day starts and ends."""
    with reading() as work:
        check_may_import(work, urn)
    values, errors = read_form(SchoolDayFormSchema())
    if not errors:
        try:
            with writing() as work:
                keep_school_hours(work, urn, **values)
        except InvalidInput as refused:
            errors = {key: list(messages) for key, messages in refused.errors.items()}
        else:
            flash("The school's day is kept. Times are offered by it.", "success")
            return redirect(url_for("terms.show", urn=urn), 303)
    return _page(urn, FormState(), 422, FormState.typed(errors))


@pages.post("/day/usual")
@allowed("scheduling.terms.import")
def forget_day(urn: str) -> BaseResponse:
    """Take the usual day for the school again."""
    with writing() as work:
        forget_school_hours(work, urn)
    flash("The usual day is taken for the school again.", "success")
    return redirect(url_for("terms.show", urn=urn), 303)


def _page(urn: str, form: FormState, status: int = 200, day_form: FormState | None = None) -> Response:
    with reading() as work:
        terms = look_at_terms(work, urn)
        school_day, usual = hours_of_school(work, urn), usual_hours(work)
        may_import = may(work, "scheduling.terms.import")
        today = work.today
    entries = terms.stored.entries if terms.stored else ()
    return render_page(
        "scheduling/terms.html",
        title=f"Term dates: {terms.school.name}",
        status=status,
        form=day_form or form,
        day_form=day_form or FormState.saved({name: getattr(school_day, name, None) for name in DAY_KEYS}),
        school_day=school_day,
        usual=usual,
        terms=terms,
        coming=[entry for entry in entries if entry.last >= today],
        past_count=sum(1 for entry in entries if entry.last < today),
        ahead=terms.school_days_ahead(today),
        kinds=KINDS,
        may_import=may_import,
    )
