"""One's own diary: where it is published, and that it is read no more."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from services.scheduling.adapters.term_calendars import UnusableCalendar
from services.scheduling.application.diaries import DiarySource, fetch_diary, forget_diary, keep_diary, own_diary
from shared.platform.web.access import allowed
from shared.platform.web.forms import FormState
from shared.platform.web.pages import render_page
from shared.platform.web.unit import current_runtime, reading, writing

KEEP = "scheduling.diary.keep_own"
_CALDAV_FIELDS = {
    "caldav_address": "Enter the address of your calendar server.",
    "user_name": "Enter the user name that you have on the calendar server.",
    "app_password": "Enter the app password.",  # nosec B105 - what a person reads
}
"""What has to be filled in to read a diary on a CalDAV server, with what to say where it is not."""
pages = Blueprint("diary", __name__, url_prefix="/diary")


@pages.get("")
@allowed(KEEP)
def show() -> Response:
    """Show whether one's diary is read, and how that went."""
    return _page(FormState())


@pages.post("")
@allowed(KEEP)
def save() -> BaseResponse:
    """Read a published diary for the first time, and keep where it is."""
    address = request.form.get("address", "").strip()
    if not address:
        return _page(FormState.typed({"address": ["Enter the address at which your calendar is published."]}), 422)
    return _read(DiarySource(address), "address")


@pages.post("/caldav")
@allowed(KEEP)
def save_caldav() -> BaseResponse:
    """Read a diary on a CalDAV server for the first time; keep where it is, and the password sealed."""
    given = {key: request.form.get(key, "").strip() for key in _CALDAV_FIELDS}
    missing = {key: [words] for key, words in _CALDAV_FIELDS.items() if not given[key]}
    if missing:
        return _page(FormState.typed(missing), 422)
    return _read(DiarySource(given["caldav_address"], given["user_name"], given["app_password"]), "caldav_address")


@pages.post("/forget")
@allowed(KEEP)
def forget() -> BaseResponse:
    """Read a diary no more, and forget what was read from it."""
    with writing() as work:
        forget_diary(work)
    flash("Your diary is no longer read, and what was read from it is forgotten.", "success")
    return redirect(url_for("diary.show"), 303)


def _read(source: DiarySource, at_fault: str) -> BaseResponse:
    runtime = current_runtime()
    try:
        raw = fetch_diary(source, runtime.clock.now(), allow_loopback=runtime.settings.may_fetch_loopback)
        with writing() as work:
            keep_diary(work, source, raw)
    except UnusableCalendar as refused:
        return _page(FormState.typed({at_fault: [refused.message]}), 422)
    flash("Your diary was read. From now on, times when you are busy are not offered.", "success")
    return redirect(url_for("diary.show"), 303)


def _page(form: FormState, status: int = 200) -> Response:
    with reading() as work:
        own = own_diary(work)
    return render_page("scheduling/diary.html", title="Your diary", status=status, own=own, form=form)
