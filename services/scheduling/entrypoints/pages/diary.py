"""One's own diary: where it is published, and that it is read no more."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from services.scheduling.adapters.term_calendars import UnusableCalendar
from services.scheduling.application.diaries import fetch_diary, forget_diary, keep_diary, own_diary
from shared.platform.web.access import allowed
from shared.platform.web.forms import FormState
from shared.platform.web.pages import render_page
from shared.platform.web.unit import current_runtime, reading, writing

KEEP = "scheduling.diary.keep_own"
pages = Blueprint("diary", __name__, url_prefix="/diary")


@pages.get("")
@allowed(KEEP)
def show() -> Response:
    """Show whether one's diary is read, and how that went."""
    return _page(FormState())


@pages.post("")
@allowed(KEEP)
def save() -> BaseResponse:
    """Read a diary for the first time, and keep where it is."""
    address = request.form.get("address", "").strip()
    try:
        if not address:
            raise UnusableCalendar("nothing_given", "Enter the address at which your calendar is published.")
        raw = fetch_diary(address, allow_loopback=current_runtime().settings.may_fetch_loopback)
        with writing() as work:
            keep_diary(work, address, raw)
    except UnusableCalendar as refused:
        return _page(FormState.typed({"address": [refused.message]}), 422)
    flash("Your diary was read. From now on, times when you are busy are not offered.", "success")
    return redirect(url_for("diary.show"), 303)


@pages.post("/forget")
@allowed(KEEP)
def forget() -> BaseResponse:
    """Read a diary no more, and forget what was read from it."""
    with writing() as work:
        forget_diary(work)
    flash("Your diary is no longer read, and what was read from it is forgotten.", "success")
    return redirect(url_for("diary.show"), 303)


def _page(form: FormState, status: int = 200) -> Response:
    with reading() as work:
        own = own_diary(work)
    return render_page("scheduling/diary.html", title="Your diary", status=status, own=own, form=form)
