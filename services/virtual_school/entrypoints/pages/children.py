"""The cohort, and one child."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, request, url_for

from services.virtual_school.application import cohort
from services.virtual_school.application.cohort import CohortPage
from services.virtual_school.domain.attendance import monday_of
from services.virtual_school.domain.children import PHASE_WORDS, year_group_words
from services.virtual_school.domain.cohort import CohortFilter, CohortOrder, CohortRow
from services.virtual_school.domain.plans import STANDING_WORDS, Standing, term_words
from services.virtual_school.domain.suspensions import REASONS
from services.virtual_school.entrypoints.schemas import read_cohort_query
from services.virtual_school.entrypoints.words import answer_words, closing_words, evidence_words
from shared.platform.web.access import allowed
from shared.platform.web.forms import FormState
from shared.platform.web.pages import render_page
from shared.platform.web.tables_as_csv import csv_answer
from shared.platform.web.unit import reading
from shared.platform.web.whose import authorities_shown

pages = Blueprint("children", __name__)

COLUMNS = (
    (CohortOrder.NAME, "Child"),
    (CohortOrder.YEAR_GROUP, "Year"),
    (CohortOrder.SCHOOL, "School"),
    (None, "Caseworker"),
    (CohortOrder.DUE, "Plan"),
    (CohortOrder.ATTENDANCE, "Attendance"),
    (CohortOrder.SUSPENSIONS, "Suspensions"),
    (CohortOrder.CONCERNS, "Concerns"),
)
# The orders in which the largest, not the smallest, is looked for first.
LARGEST_FIRST = {CohortOrder.SUSPENSIONS, CohortOrder.CONCERNS}


@pages.get("/children")
@allowed("virtual_school.cohort.read")
def children() -> Any:
    """Show the cohort, filtered and sorted as the address says."""
    asked = read_cohort_query(request.args.to_dict())
    with reading() as work:
        page = cohort.view_cohort(work, asked)
        whose = authorities_shown(work, [row.child_id for row in page.cohort.rows])
    return render_page(
        "virtual_school/children.html",
        title="Children",
        wide=True,
        page=page,
        asked=asked,
        filters=FormState.asked(),
        chips=list(_chips(page)),
        tabs=list(_tabs(page)),
        columns=[_column(asked, order, words) for order, words in COLUMNS],
        phases=[{"value": key, "text": words} for key, words in PHASE_WORDS.items()],
        year_groups=[{"value": str(year), "text": year_group_words(year)} for year in range(-1, 14)],
        schools=[{"value": school.urn, "text": school.name} for school in page.schools],
        caseworkers=[{"value": person_id, "text": name} for person_id, name in page.caseworkers],
        whose=whose,
        address=lambda number: url_for(".children", **{**_given(asked), "page": number}),
        export=url_for(".export", **_given(asked)),
    )


@pages.get("/children.csv")
@allowed("virtual_school.cohort.export")
def export() -> Response:
    """Give what the cohort page shows, all pages of it, as CSV."""
    asked = read_cohort_query(request.args.to_dict())
    with reading() as work:
        whole = cohort.whole_cohort(work, asked)
        today = work.today
    heading = (
        "Child", "Reference", "Phase", "Year group", "School", "Caseworker", "Plan", "Term", "Due on",
        "Sessions possible", "Sessions attended", "Attendance %", "Suspensions", "Concerns", "Concerns unanswered",
    )  # fmt: skip
    return csv_answer(f"children-{today.isoformat()}.csv", heading, (_cells(row) for row in whole.rows))


@pages.get("/children/<child_id>")
@allowed("virtual_school.child.read")
def child(child_id: str) -> Any:
    """Show one child: plans, attendance by week, suspensions, concerns."""
    with reading() as work:
        view = cohort.view_child(work, child_id)
        today = work.today
    return render_page(
        "virtual_school/child.html",
        title=view.child.name,
        view=view,
        today=today,
        this_week=monday_of(today).isoformat(),
        rating_of={(rated.plan_id, rated.submission): rated for rated in view.ratings},
        reasons=REASONS,
        evidence_words=evidence_words,
        answer_words=answer_words,
        closing_words=closing_words,
        year=year_group_words(view.child.year_group),
        phase=PHASE_WORDS.get(view.child.phase, view.child.phase),
    )


def _cells(row: CohortRow) -> tuple[object, ...]:
    tenths = row.attendance.tenths
    return (
        row.name, row.reference, PHASE_WORDS.get(row.phase, row.phase), row.year, row.school, row.caseworker,
        row.standing.words, term_words(row.term), row.due_on.isoformat() if row.due_on else "",
        row.attendance.possible, row.attendance.attended, "" if tenths is None else f"{tenths // 10}.{tenths % 10}",
        row.suspensions, row.concerns, row.unanswered,
    )  # fmt: skip


def _given(asked: CohortFilter) -> dict[str, Any]:
    """Return what is asked as an address says it, without the page."""
    given: dict[str, Any] = {
        "state": asked.state.value if asked.state else None,
        "phase": asked.phase,
        "school": asked.school,
        "caseworker": asked.caseworker,
        "year_group": asked.year_group,
        "search": asked.search or None,
        "under": asked.under,
        "concerns": "true" if asked.concerns else None,
        "order": asked.order.value if asked.order is not CohortOrder.NAME else None,
        "descending": "true" if asked.descending else None,
    }
    return {key: value for key, value in given.items() if value is not None}


def _chips(page: CohortPage) -> Iterator[dict[str, str]]:
    asked = page.asked
    schools = {school.urn: school.name for school in page.schools}
    words = {
        "state": asked.state.words if asked.state else "",
        "phase": PHASE_WORDS.get(asked.phase or "", ""),
        "school": schools.get(asked.school or "", asked.school or ""),
        "caseworker": dict(page.caseworkers).get(asked.caseworker or "", "Another caseworker"),
        "year_group": year_group_words(asked.year_group) if asked.year_group is not None else "",
        "search": f"“{asked.search}”",
        "under": f"Attendance under {asked.under}%",
        "concerns": "With a concern",
    }
    given = _given(asked)
    for key, text in words.items():
        if key in given:
            rest = {name: value for name, value in given.items() if name != key}
            yield {"text": text, "href": url_for(".children", **rest)}


def _tabs(page: CohortPage) -> Iterator[dict[str, Any]]:
    """Return the standings as links, each with how many children there are under the other filters."""
    rest = {key: value for key, value in _given(page.asked).items() if key != "state"}
    everyone = page.cohort.everyone
    yield {"text": "Everyone", "count": everyone, "href": url_for(".children", **rest), "current": not page.asked.state}
    for standing, words in STANDING_WORDS.items():
        if standing is Standing.SUPERSEDED:  # never the plan that counts now
            continue
        yield {
            "text": words,
            "count": page.cohort.counts.get(standing, 0),
            "href": url_for(".children", **{**rest, "state": standing.value}),
            "current": page.asked.state is standing,
        }


def _column(asked: CohortFilter, order: CohortOrder | None, words: str) -> dict[str, Any]:
    """Return a column's heading: what a click sorts by, and how it is sorted now."""
    if order is None:
        return {"words": words, "href": "", "sort": ""}
    sorted_now = asked.order is order
    descending = not asked.descending if sorted_now else order in LARGEST_FIRST
    address = {**_given(asked), "order": order.value, "descending": "true" if descending else "false"}
    return {
        "words": words,
        "href": url_for(".children", **address),
        "sort": ("descending" if asked.descending else "ascending") if sorted_now else "",
    }
