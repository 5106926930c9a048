"""The reviewing officer's caseload as a page, and as a spreadsheet."""

from __future__ import annotations

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from services.pep.application.review_caseload import CaseloadRow, Show, caseload_rows, export_rows
from services.pep.entrypoints.review_schemas import CaseloadQuerySchema
from shared.platform.access import may
from shared.platform.web.access import allowed
from shared.platform.web.chips import address, filter_chips
from shared.platform.web.forms import FormState
from shared.platform.web.pages import render_page
from shared.platform.web.tables_as_csv import csv_answer
from shared.platform.web.unit import reading
from shared.platform.web.whose import authorities_shown

pages = Blueprint("review_caseload", __name__)

PAGE_SIZE = 50
HEADING = (
    "Child",
    "Identifier",
    "Reviewing officer",
    "Review by",
    "Review",
    "Meeting on",
    "Plan ready",
    "Actions open",
    "Actions late",
    "Disagreement",
    "Working days left",
    "Next visit by",
)


@pages.get("/reviews")
@allowed("pep.reviews.list")
def index() -> Response:
    """Show the children whose reviews one works with, the most pressing first."""
    search, show = _asked()
    with reading() as work:
        rows = caseload_rows(work, search=search, show=show)
        today = work.today
        whose = authorities_shown(work, [row.child.id for row in rows])
        exports, me = may(work, "pep.reviews.export"), work.actor.name
    number, page_count = _page(len(rows))
    words = {"search": lambda text: f"Name or identifier: {text}", "show": lambda code: Show(code).words}
    return render_page(
        "pep/review_caseload.html",
        title="Reviews",
        wide=True,
        rows=rows[(number - 1) * PAGE_SIZE : number * PAGE_SIZE],
        total=len(rows),
        page=number,
        page_count=page_count,
        page_url=lambda to: address(url_for(".index"), [*_chosen(), ("page", str(to))]),
        today=today,
        whose=whose,
        exports=exports,
        me=me,
        form=FormState.asked(),
        chips=filter_chips(url_for(".index"), request.args, words) if search or show else [],
        shows=[{"value": each.value, "text": each.words} for each in Show],
        csv_href=address(url_for(".export"), _chosen()),
    )


@pages.get("/reviews.csv")
@allowed("pep.reviews.export")
def export() -> Response:
    """Give the same table as a spreadsheet."""
    search, show = _asked()
    with reading() as work:
        rows = export_rows(work, search=search, show=show)
        name = f"reviews-{work.today}.csv"
    return csv_answer(name, HEADING, [_cells(row) for row in rows])


def _cells(row: CaseloadRow) -> tuple[object, ...]:
    review = row.review
    return (
        row.child.shown_name,
        row.child.reference,
        row.officer,
        row.review_by,
        review.kind.words if review else "",
        review.meeting_on if review else "",
        {True: "Yes", False: "No", None: "No plan is made"}[row.plan_ready],
        row.actions_open,
        row.actions_late,
        row.disagreement.stage.words if row.disagreement else "",
        row.days_left if row.disagreement else "",
        row.visit.on if row.visit else "",
    )


def _page(total: int) -> tuple[int, int]:
    """Return which page of the table is asked for, and how many there are; what cannot be read is the first."""
    count = max(1, -(-total // PAGE_SIZE))
    text = request.args.get("page", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1
    return min(max(number, 1), count), count


def _chosen() -> list[tuple[str, str]]:
    return [(key, value) for key, value in request.args.items() if value and key != "page"]


def _asked() -> tuple[str, Show | None]:
    """Return the filters of the address; what cannot be read counts as not given."""
    given = {key: request.args.get(key, "") for key in ("search", "show")}
    schema = CaseloadQuerySchema()
    for name in schema.validate(given):
        given.pop(name, None)
    read = schema.load(given)
    return read["search"], Show(read["show"]) if read["show"] else None
