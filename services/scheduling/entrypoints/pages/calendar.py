"""The week and the month: one's own meetings, or those of a school's children with the school's term dates."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, request, url_for

from services.scheduling.application.calendar import Calendar, own_calendar, school_calendar
from services.scheduling.domain.calendar_days import month_after, week_of, weeks_of_month
from services.scheduling.entrypoints import wording
from shared.kernel.errors import InvalidInput
from shared.platform.web.access import allowed
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading

WEEK = timedelta(days=7)
VIEWS = ("month", "week")
pages = Blueprint("calendar", __name__)


@pages.get("/calendar")
@allowed("scheduling.worklist.read")
def own() -> Response:
    """Show a month or a week of one's own meetings."""
    with reading() as work:
        view, day = _asked(work.today)
        found = own_calendar(work, *_span(view, day))
        today = work.today
    return _page(found, view, day, today, "Calendar", {})


@pages.get("/schools/<urn>/calendar")
@allowed("scheduling.terms.read")
def school(urn: str) -> Response:
    """Show a month or a week of a school: its term dates, and the meetings of its children."""
    with reading() as work:
        view, day = _asked(work.today)
        found = school_calendar(work, urn, *_span(view, day))
        today = work.today
    name = found.school.name if found.school else urn
    return _page(found, view, day, today, f"Calendar of {name}", {"urn": urn})


def _asked(today: date) -> tuple[str, date]:
    view, text = request.args.get("view", "month"), request.args.get("day", "")
    try:
        day = date.fromisoformat(text) if text else today
    except ValueError as error:
        raise InvalidInput({}, "Write the day as 2027-01-31.") from error
    if view not in VIEWS or not 2000 <= day.year < 2200:
        raise InvalidInput({}, "Choose month or week, and a day from 2000 to 2199.")
    return view, day


def _span(view: str, day: date) -> tuple[date, date]:
    return weeks_of_month(day) if view == "month" else week_of(day)


def _page(found: Calendar, view: str, day: date, today: date, title: str, where: dict[str, str]) -> Response:
    monday = week_of(day)[0]

    def link(view: str, day: date) -> str:
        values: dict[str, Any] = {**where, "view": view, "day": day.isoformat()}
        return url_for(request.endpoint or "calendar.own", **values)

    month = view == "month"
    return render_page(
        "scheduling/calendar.html",
        title=title,
        heading=title,
        found=found,
        weeks=[week for week in found.weeks if not month or any(one.day.month == day.month for one in week)],
        view=view,
        shown=f"{day:%B %Y}" if month else f"Week of {monday.day} {monday:%B %Y}",
        this_month=day.month if month else 0,
        before=link(view, month_after(day, -1) if month else monday - WEEK),
        after=link(view, month_after(day) if month else monday + WEEK),
        other=link("week" if month else "month", today if month and day.month == today.month else day),
        today=today,
        now=link(view, today),
        words=wording,
        wide=True,
    )
