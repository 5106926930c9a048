"""My meetings: the list a worker starts from."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, url_for

from services.scheduling.adapters.polls_store import Progress
from services.scheduling.application.unknown_mail import count_unknown
from services.scheduling.application.unwanted import own_record
from services.scheduling.application.worklist import Line, my_meetings
from services.scheduling.domain.meeting import MeetingState
from services.scheduling.domain.polls import PollState
from services.scheduling.entrypoints.wording import meeting_title, role_title, small, when, why_meeting
from shared.contracts.permissions import PERMISSIONS
from shared.platform.access import may
from shared.platform.web.access import allowed
from shared.platform.web.filters import day, plural
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
        keeps_hours = may(work, "scheduling.hours.keep_own")
        reads_rooms = may(work, "scheduling.rooms.read")
        reads_drafts = may(work, "scheduling.term_plan.read")
        own_child_id = own_record(work)
        whose = authorities_shown(work, {line.child.id for line in mine.everything})
        has_work = bool(work.actor.kinds & PERMISSIONS["scheduling.meeting.record_held"].team)
    to_do = [
        *(_put_back(line, today) for line in mine.put_back),
        *(_mail(line) for line in mine.mails_to_read),
        *(_to_arrange(line, today) for line in mine.to_arrange),
        *(_to_record(line) for line in mine.to_record),
        *(_to_say(line, today) for line in mine.to_say),
        *(_to_choose(line) for line in mine.to_choose),
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
        keeps_hours=keeps_hours,
        reads_rooms=reads_rooms,
        reads_drafts=reads_drafts,
        own_child_id=own_child_id,
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
    if line.poll is not None and line.sees_poll:
        return _asked(line, line.poll) | _due(line, today)
    item = _item(line, f"Arrange the {small(meeting_title(line.meeting))}", why_meeting(line.meeting), "arrange.times")
    return item | _due(line, today)


def _asked(line: Line, poll: Progress) -> dict[str, Any]:
    """Return the arranging of a meeting as it is listed while people are asked, or once they were."""
    title = small(meeting_title(line.meeting))
    answered = f"{poll.answered} of the {plural(poll.asked, 'person', 'people')} asked have said which times suit"
    if poll.state is PollState.CLOSED:
        return _item(line, f"Choose a time for the {title}", f"No more answers are taken: {answered}.", "polls.show")
    if poll.is_ready:
        return _item(line, f"Choose a time for the {title}", "Everybody has said which times suit.", "polls.show")
    why = f"{answered}; they have until {day(poll.closes_on)}."
    return _item(line, f"Arrange the {title}", why, "polls.show") | {"tag": "People are asked"}


def _to_choose(line: Line) -> dict[str, Any]:
    assert line.poll is not None  # noqa: S101 - only lines with a poll are to be chosen from
    return _asked(line, line.poll)


def _to_say(line: Line, today: date) -> dict[str, Any]:
    assert line.poll is not None  # noqa: S101 - only lines with a poll wait for somebody's word
    closes_on = line.poll.closes_on
    why = "A meeting is being arranged, and you are asked which of some times would do."
    item = _item(line, "Say which times suit you", why, "polls.mine")
    return item | {"due": closes_on, "soon": closes_on <= today + timedelta(days=1), "sort": closes_on}


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
