"""The chase list, as a page and as a spreadsheet."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request, url_for
from werkzeug.datastructures import MultiDict

from services.scheduling.application.chase_list import ChaseLine, ChaseList, Waits, Wanted, chase_list
from services.scheduling.entrypoints import chase_words
from services.scheduling.entrypoints.wording import meeting_title, role_title, when
from shared.platform.web.access import allowed
from shared.platform.web.chips import filter_chips
from shared.platform.web.forms import FormState
from shared.platform.web.pages import render_page
from shared.platform.web.tables_as_csv import csv_answer
from shared.platform.web.unit import reading
from shared.platform.web.whose import authorities_shown

SHOWN = 200
pages = Blueprint("chase", __name__, url_prefix="/chase")


@pages.get("")
@allowed("scheduling.chase.read")
def index() -> Response:
    """Show every meeting that waits for somebody, filtered as the address says."""
    wanted = read_wanted(request.args)
    with reading() as work:
        found = chase_list(work, wanted)
        whose = authorities_shown(work, {line.child.id for line in found.lines})
    shown = found.lines[:SHOWN]
    return render_page(
        "scheduling/chase.html",
        title="Chase list",
        wide=True,
        lines=shown,
        total=len(found.lines),
        ring=[line for line in found.lines if line.chase.ring],
        whose=whose,
        filters=FormState.asked(),
        chips=filter_chips(url_for("chase.index"), request.args, _chip_words(found)),
        waits=[{"value": key.value, "text": text} for key, text in chase_words.WAITS.items()],
        workers=[{"value": person_id, "text": name} for person_id, name in found.workers],
        export=url_for("chase.export", **_given(wanted)),
        words=chase_words,
        meeting_title=meeting_title,
        when=when,
        role_title=role_title,
    )


@pages.get("/list.csv")
@allowed("scheduling.chase.export")
def export() -> Response:
    """Give the chase list as CSV."""
    with reading() as work:
        found = chase_list(work, read_wanted(request.args), export=True)
        today = work.today
    heading = ("Child", "Meeting", "Social worker", "Waits for", "Who", "To telephone", "When", "Latest date", "Next")
    return csv_answer(f"chase-list-{today.isoformat()}.csv", heading, (_cells(line) for line in found.lines))


def read_wanted(args: MultiDict[str, str]) -> Wanted:
    """Return which lines an address asks for; what it says that is not known does not narrow the list."""
    waits = args.get("waits", "")
    return Wanted(
        waits=waits if waits in set(Waits) else "",
        worker=args.get("worker", "")[:36],
        ring=args.get("ring") == "yes",
        overdue=args.get("overdue") == "yes",
    )


def _given(wanted: Wanted) -> dict[str, Any]:
    flags = {name: "yes" for name in ("ring", "overdue") if getattr(wanted, name)}
    return {key: value for key, value in {"waits": wanted.waits, "worker": wanted.worker}.items() if value} | flags


def _chip_words(found: ChaseList) -> Any:
    workers, waits = dict(found.workers), {key.value: text for key, text in chase_words.WAITS.items()}
    return {
        "waits": lambda value: f"Waits for: {waits[value].lower()}" if value in waits else value,
        "worker": lambda value: workers.get(value, "Somebody"),
        "ring": lambda _value: "To telephone",
        "overdue": lambda _value: "Past the latest date",
    }


def _cells(line: ChaseLine) -> tuple[object, ...]:
    meeting = line.chase.meeting
    booking = meeting.booking
    return (
        line.child.name,
        meeting_title(meeting),
        ", ".join(name for _id, name in line.workers),
        chase_words.WAITS[line.waits],
        chase_words.waited_for(line),
        chase_words.names(line.chase.ring),
        when(booking.starts_at, booking.ends_at) if booking else "",
        meeting.meet_by.isoformat(),
        chase_words.next_words(line.chase),
    )
