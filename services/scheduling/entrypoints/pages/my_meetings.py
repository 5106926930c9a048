"""My meetings: the list a worker starts from."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, url_for

from services.scheduling.application.unknown_mail import count_unknown
from services.scheduling.application.worklist import Line, my_meetings
from services.scheduling.domain.meeting import MeetingState
from services.scheduling.entrypoints.wording import meeting_title, role_title, small, when, why_meeting
from shared.contracts.permissions import PERMISSIONS
from shared.platform.access import may
from shared.platform.web.access import allowed
from shared.platform.web.pages import render_page
from shared.platform.web.unit import reading
from shared.platform.web.whose import authorities_shown

SOON = timedelta(days=7)
SHOWN = 100
pages = Blueprint("my_meetings", __name__)


@pages.get("/")
@allowed("scheduling.worklist.read")
def index() -> Response:
    """Show what to arrange, what to look at and what is coming up."""
    with reading() as work:
        mine = my_meetings(work)
        unknown = count_unknown(work)
        today = work.today
        keeps_diary = may(work, "scheduling.diary.keep_own")
        whose = authorities_shown(work, {line.child.id for line in mine.everything})
        has_work = bool(work.actor.kinds & PERMISSIONS["scheduling.meeting.record_held"].team)
    to_do = [
        *(_put_back(line, today) for line in mine.put_back),
        *(_mail(line) for line in mine.mails_to_read),
        *(_to_arrange(line, today) for line in mine.to_arrange),
        *(_to_record(line) for line in mine.to_record),
    ]
    to_do = [item | {"authority": whose.get(item["child_id"], "")} for item in to_do]
    to_do.sort(key=lambda item: (not item["overdue"], item["sort"]))
    return render_page(
        "scheduling/my_meetings.html",
        title="My meetings",
        to_do=to_do[:SHOWN],
        to_do_count=len(to_do),
        coming_up=[_coming(line) | {"authority": whose.get(line.child.id, "")} for line in mine.coming_up[:SHOWN]],
        coming_up_count=len(mine.coming_up),
        unknown_mails=unknown,
        has_work=has_work or bool(to_do),
        keeps_diary=keeps_diary,
        wide=True,
    )


def _item(line: Line, what: str, why: str, endpoint: str) -> dict[str, Any]:
    return {
        "what": what,
        "href": url_for(endpoint, meeting_id=line.meeting.id),
        "child": line.child.name,
        "child_id": line.child.id,
        "why": why,
        "due": None,
        "overdue": False,
        "soon": False,
        "tag": "",
        "sort": line.meeting.meet_by,
    }


def _to_arrange(line: Line, today: date) -> dict[str, Any]:
    item = _item(line, f"Arrange the {small(meeting_title(line.meeting))}", why_meeting(line.meeting), "arrange.times")
    return item | _due(line, today)


def _put_back(line: Line, today: date) -> dict[str, Any]:
    who = " and ".join(f"{each.name or 'the'} ({small(role_title(each.role))})" for each in line.meeting.who_cannot)
    why = f"{who} must be there and cannot come. Other times are on the page of the meeting."
    return _item(line, "Find another time", why, "meeting.show") | _due(line, today)


def _mail(line: Line) -> dict[str, Any]:
    count = line.held_mails
    what = "Look at a reply that came by mail" if count == 1 else f"Look at {count} replies that came by mail"
    why = "It could not be counted without somebody looking at it."
    return _item(line, what, why, "meeting.show")


def _to_record(line: Line) -> dict[str, Any]:
    booking = line.meeting.booking
    assert booking is not None  # noqa: S101 - only a meeting with a time can be over
    why = f"The meeting was on {when(booking.starts_at, booking.ends_at)}."
    return _item(line, "Say whether the meeting was held and who came", why, "holding.ask") | {"sort": booking.day}


def _due(line: Line, today: date) -> dict[str, Any]:
    meet_by = line.meeting.meet_by
    return {"due": meet_by, "overdue": line.is_overdue(today), "soon": meet_by <= today + SOON}


def _coming(line: Line) -> dict[str, Any]:
    meeting = line.meeting
    assert meeting.booking is not None  # noqa: S101 - only meetings with a time are coming up
    return {
        "href": url_for("meeting.show", meeting_id=meeting.id),
        "child": line.child.name,
        "what": meeting_title(meeting),
        "booking": meeting.booking,
        "state": "put_back" if meeting.state is MeetingState.PUT_BACK else meeting.state.value,
        "yes": line.yes,
        "invited": len(meeting.invitees),
    }
